"""The calendar of a place: its midnights, its working days, and the hours of each day."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

HOUR = 3600
QUARTER = 900
DAY = timedelta(days=1)


@lru_cache(maxsize=8192)
def midnight(day: date, zone: ZoneInfo) -> int:
    """The instant at which the local day begins, in UTC seconds."""
    return int(datetime.combine(day, time(), zone).timestamp())


def is_working_day(day: date) -> bool:
    """Monday to Friday, but for the holidays that never move."""
    return day.weekday() < 5 and (day.month, day.day) not in {(1, 1), (7, 1), (12, 25), (12, 26)}


def day_of_year(day: date) -> int:
    """1 on the first of January."""
    return day.timetuple().tm_yday


def days_between(first: date, end: date) -> list[date]:
    """The days from `first` until before `end`."""
    return [first + timedelta(days=n) for n in range((end - first).days)]


def local_hours(day: date, zone: ZoneInfo, seconds: int) -> list[int]:
    """The local hour of each slot of so many seconds: of 23, 24 or 25 hours."""
    start, end = midnight(day, zone), midnight(day + DAY, zone)
    if end - start == 24 * HOUR:
        return [hour for hour in range(24) for _ in range(HOUR // seconds)]
    # The clocks change today: an hour is missing, or one comes twice.
    return [datetime.fromtimestamp(at, zone).hour for at in range(start, end, seconds)]


def next_month(day: date) -> date:
    """The same day of the next month; there has to be one."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=day.day)
