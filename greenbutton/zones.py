"""Time zones as people choose them, and which of them a file is likely to come from.

LocalTimeParameters are a hint, not a source: SCE cuts their rules short, and a gas utility's offset
has the wrong sign. So a zone is proposed, and the customer confirms it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from greenbutton.espi.local_time_parameters import LocalTimeParameters, decode_rule

# From west to east; of several zones that fit a file, the first is proposed.
COMMON = {
    "Pacific/Honolulu": "Hawaii (Honolulu)",
    "America/Anchorage": "Alaska (Anchorage)",
    "America/Los_Angeles": "Pacific (Los Angeles)",
    "America/Vancouver": "Pacific (Vancouver)",
    "America/Denver": "Mountain (Denver)",
    "America/Edmonton": "Mountain (Edmonton)",
    "America/Phoenix": "Mountain, without daylight saving (Phoenix)",
    "America/Chicago": "Central (Chicago)",
    "America/Winnipeg": "Central (Winnipeg)",
    "America/Regina": "Central, without daylight saving (Regina)",
    "America/Mexico_City": "Mexico City",
    "America/Toronto": "Eastern (Toronto)",
    "America/New_York": "Eastern (New York)",
    "America/Panama": "Eastern, without daylight saving (Panama)",
    "America/Halifax": "Atlantic (Halifax)",
    "America/Puerto_Rico": "Atlantic, without daylight saving (San Juan)",
    "America/St_Johns": "Newfoundland (St. John’s)",
    "America/Sao_Paulo": "São Paulo",
    "UTC": "UTC",
    "Europe/London": "London, Dublin",
    "Europe/Berlin": "Berlin, Paris, Madrid",
    "Europe/Helsinki": "Helsinki, Athens",
    "Africa/Johannesburg": "Johannesburg",
    "Asia/Kolkata": "India",
    "Asia/Manila": "Manila",
    "Asia/Tokyo": "Tokyo",
    "Australia/Perth": "Perth",
    "Australia/Adelaide": "Adelaide",
    "Australia/Darwin": "Darwin",
    "Australia/Sydney": "Sydney, Melbourne",
    "Australia/Brisbane": "Brisbane",
    "Australia/Lord_Howe": "Lord Howe Island",
    "Pacific/Auckland": "Auckland",
}
# Rules of "the last Sunday" and "the fourth Sunday" name one day in most years, but not in all of
# these.
YEARS = (2023, 2024, 2025)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A zone, and whether all that is known speaks for it, so that nobody need be asked."""

    name: str
    is_settled: bool = False


def is_zone(name: str) -> bool:
    """Whether there is such a zone; a path is none."""
    return name in _known()


def label_of(name: str) -> str:
    """What people call the zone: `Eastern (Toronto)`, or its own name."""
    return COMMON.get(name) or name.replace("_", " ")


def choices(chosen: str) -> list[tuple[str, str]]:
    """The common zones with their labels, and the chosen one if it is not among them."""
    others = {} if chosen in COMMON else {chosen: label_of(chosen)}
    return list((others | COMMON).items())


def propose(
    said: Sequence[LocalTimeParameters], utility_zone: str, browser_zone: str
) -> Proposal | None:
    """The zone to cut a file's days in; either of the zones may be blank, for unknown.

    1. The utility's: the registry knows it better than the feed does.
    2. One that fits what the file says: the browser's before any other.
    3. The browser's: people mostly live where their meters are.
    """
    if utility_zone:
        return Proposal(utility_zone, bool(said) and all(fits(utility_zone, one) for one in said))
    candidates = [browser_zone] if browser_zone else []
    candidates += COMMON
    fitting = (name for name in candidates if said and all(fits(name, one) for one in said))
    found = next(fitting, browser_zone)
    return Proposal(found) if found else None


def fits(name: str, said: LocalTimeParameters) -> bool:
    """Whether the zone has the offset and changes its clocks on the days that a file tells.

    Where a rule is missing or makes no sense, the offset alone decides.
    """
    if said.tz_offset is None:
        return False
    standard, changes = clocks_of(name)
    if standard != said.tz_offset:
        return False
    rules = [decode_rule(text) for text in (said.dst_start_rule, said.dst_end_rule) if text]
    if said.dst_offset == 0:
        return not changes
    told = {rule.moment(year) for rule in rules if rule for year in YEARS}
    days = frozenset(moment.date() for moment in told if moment)
    if len(days) < 2 * len(YEARS):
        return True
    return days == changes


@cache
def clocks_of(name: str) -> tuple[int, frozenset[date]]:
    """The zone's standard offset in seconds, and on which local days of YEARS its clocks change."""
    zone = ZoneInfo(name)
    first, end = datetime(YEARS[0], 1, 1, tzinfo=UTC), datetime(YEARS[-1] + 1, 1, 1, tzinfo=UTC)
    midnights = [first + timedelta(days=number) for number in range((end - first).days + 1)]
    changes = {
        # By the clock before the change, as rules tell it.
        (_change(zone, before, after) + _offset(zone, before)).date()
        for before, after in pairwise(midnights)
        if _offset(zone, before) != _offset(zone, after)
    }
    # Summer time is the larger of a zone's offsets.
    standard = min(_offset(zone, midnight) for midnight in midnights)
    return int(standard.total_seconds()), frozenset(changes)


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The minute between the two at which the clock changes."""
    offset = _offset(zone, before)
    while after - before > timedelta(minutes=1):
        middle = before + (after - before) / 2
        if _offset(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


@cache
def _known() -> frozenset[str]:
    # Neither of these two says where it is: one is this machine's, the other one's that has none.
    return frozenset(available_timezones() - {"localtime", "Factory"})
