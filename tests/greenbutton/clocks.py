"""Zones whose clocks change in ways of their own, and instants around their changes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

ZONES = {
    name: ZoneInfo(name)
    for name in (
        "America/Toronto",
        "America/Los_Angeles",
        # Changed its clocks at 00:01 until 2011, so a day there was once in two pieces.
        "America/St_Johns",
        # Changes its clocks by half an hour.
        "Australia/Lord_Howe",
    )
}
zones = st.sampled_from(list(ZONES.values()))
# Days beside which a clock changes somewhere, north or south, before 2011 or after.
anchors = st.builds(
    lambda year, at: date(year, *at),
    st.integers(2009, 2027),
    st.sampled_from([(3, 13), (4, 4), (10, 3), (11, 6)]),
)


def instant(day: date) -> int:
    """The day's midnight in Greenwich, in UTC seconds."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def local_date(at: int, zone: ZoneInfo) -> date:
    """The date that the clock on the wall shows, asked of zoneinfo for this instant alone."""
    return datetime.fromtimestamp(at, zone).date()
