"""The table of a run: which test of the suite passed, failed or does not apply, by profile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import pytest

from tests.conformance.target import PROFILES

Outcome = Literal["passed", "failed", "not applicable"]
OUTCOMES: tuple[Outcome, ...] = ("passed", "failed", "not applicable")
# What a report carries to the end of the run, also from another process.
PROPERTY = "conformance"
INTRODUCTION = """\
# Conformance

The Data Custodian tests of OpenESPI-GreenButtonCMDTest, written anew and run over HTTP against the
sandbox by `make conformance`, which also writes this page. A client with the `certified` profile
gets documents for every rule of the suite; one with `export` gets the quirks of a real export.

A missing token is answered by 401 (RFC 6750, section 3.1). That counts as passed where the suite
wants 403.
"""


@dataclass
class Row:
    """One test of the suite, over all its cases."""

    chapter: str
    id: str
    sentence: str
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    reasons: set[str] = field(default_factory=set)

    def add(self, profile: str, outcome: Outcome) -> None:
        """One case more: a failed one counts before all, one that does not apply after all."""
        for each in [profile] if profile else PROFILES:
            known = {self.outcomes.get(each, outcome), outcome}
            self.outcomes[each] = next(
                one for one in ("failed", "passed", "not applicable") if one in known
            )


def rows_of(reports: Iterable[pytest.TestReport]) -> list[Row]:
    """The rows that the reports of a run come to, in the order of the suite."""
    rows: dict[tuple[str, str], Row] = {}
    for report in reports:
        for name, value in report.user_properties:
            if name != PROPERTY or (report.passed and report.when != "call"):
                continue
            chapter, id_, sentence, profile = str(value).split("\n")
            row = rows.setdefault((chapter, id_), Row(chapter, id_, sentence))
            row.add(profile, _outcome(report))
            if report.skipped:
                row.reasons.add(_reason(report))
    return [rows[key] for key in sorted(rows)]


def _outcome(report: pytest.TestReport) -> Outcome:
    if report.skipped:
        return "not applicable"
    return "passed" if report.passed else "failed"


def _reason(report: pytest.TestReport) -> str:
    assert isinstance(report.longrepr, tuple)
    return str(report.longrepr[2]).removeprefix("Skipped: ")


def as_text(rows: list[Row]) -> list[str]:
    """For a terminal."""
    widths = [max(len(row.chapter) for row in rows), max(len(row.id) for row in rows)]
    lines = [f"{'':{sum(widths) + 1}}  {'  '.join(f'{each:14}' for each in PROFILES)}"]
    for row in rows:
        outcomes = "  ".join(f"{row.outcomes.get(each, '-'):14}" for each in PROFILES)
        lines.append(f"{row.chapter:{widths[0]}} {row.id:{widths[1]}}  {outcomes}  {row.sentence}")
        lines += [f"{'':{sum(widths) + 3}}({reason})" for reason in sorted(row.reasons)]
    return [*lines, *totals(rows)]


def totals(rows: list[Row]) -> list[str]:
    """A line for each profile."""
    return [
        f"{profile}: "
        + ", ".join(
            f"{sum(row.outcomes.get(profile) == outcome for row in rows)} {outcome}"
            for outcome in OUTCOMES
        )
        for profile in PROFILES
    ]


def as_markdown(rows: list[Row]) -> str:
    """For the docs."""
    lines = [INTRODUCTION, *(f"- {line}" for line in totals(rows)), ""]
    lines += [f"| | Test | What it holds to | {' | '.join(PROFILES)} |"]
    lines += [f"|{'---|' * (3 + len(PROFILES))}"]
    for row in rows:
        what = " ".join([row.sentence, *(f"*{reason}*" for reason in sorted(row.reasons))])
        outcomes = " | ".join(row.outcomes.get(each, "") for each in PROFILES)
        lines.append(f"| {row.chapter} | {row.id} | {what} | {outcomes} |")
    return "\n".join([*lines, ""])
