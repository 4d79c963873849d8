"""The steps of a pull as staff read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from authorizations.troubles import problem_words
from greenbutton.ingest import story
from greenbutton.models import Pull
from utilities.client import Problem

WHAT = {
    story.USAGE: "Readings and bills",
    story.CUSTOMER: "Whose account it is",
    story.KEPT: "Kept document",
    story.BULK: "Its part of the Bulk feed",
}


def in_words(pull: Pull) -> list[str]:
    """A sentence for each step, in the zone of the authorization's days."""
    return [step_words(step, pull.authorization.zone) for step in pull.steps]


def step_words(step: Mapping[str, Any], zone: ZoneInfo) -> str:
    """`Readings and bills from 25 October 2026 on: 744 readings (744 new). 1 request, 0.3 s.`"""
    what = WHAT.get(step["what"], step["what"])
    return f"{what}{_window(step, zone)}: {_result(step)}.{_effort(step)}"


def _window(step: Mapping[str, Any], zone: ZoneInfo) -> str:
    if not step["start"]:
        return ""
    start = _day(step["start"], zone)
    return f" from {start} to {_day(step['end'], zone)}" if step["end"] else f" from {start} on"


def _day(iso: str, zone: ZoneInfo) -> str:
    day = datetime.fromisoformat(iso).astimezone(zone)
    return f"{day.day} {day:%B %Y}"


def _result(step: Mapping[str, Any]) -> str:
    result = step["result"]
    if result == story.STORED:
        return "it came" if step["what"] == story.CUSTOMER else _brought(step)
    if result == Problem.COME_LATER:
        after = step["come_after"]
        when = f" in {_seconds(after)}" if after else ""
        return f"the utility asked us to come back{when}"
    if result == story.STOPPED:
        return "sharing was stopped, or another worker took over"
    return problem_words(result) or f"the utility answered “{result}”"


def _brought(step: Mapping[str, Any]) -> str:
    words = [f"{_count(step['readings'], 'reading')} ({step['new']:,} new"]
    words[0] += f", {step['changed']:,} changed)" if step["changed"] else ")"
    if step["bills"]:
        words.append(_count(step["bills"], "new bill"))
    return ", ".join(words)


def _effort(step: Mapping[str, Any]) -> str:
    requests = step["requests"]
    return f" {_count(requests, 'request')}, {_seconds(step['seconds'])}." if requests else ""


def _seconds(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 120 else f"{round(seconds / 60):,} min"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
