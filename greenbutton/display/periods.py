"""The periods that a usage page shows: a year, a month, a day of the utility's calendar."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

View = Literal["year", "month", "day"]
VIEWS: tuple[View, ...] = get_args(View)
# Before and after these nothing was measured; they keep "previous" and "next" inside the calendar.
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2199, 12, 31)


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `first` up to, but not with, `end`."""

    view: View
    first: date
    end: date

    @classmethod
    def holding(cls, view: View, day: date) -> Period:
        """The year, month or day that `day` lies in."""
        day = min(max(day, FIRST_DAY), LAST_DAY)
        if view == "year":
            return cls(view, date(day.year, 1, 1), date(day.year + 1, 1, 1))
        if view == "month":
            first = day.replace(day=1)
            return cls(view, first, (first + timedelta(days=31)).replace(day=1))
        return cls(view, day, day + timedelta(days=1))

    @property
    def title(self) -> str:
        """As a heading: `2026`, `November 2026`, `Sunday, 1 November 2026`."""
        if self.view == "year":
            return f"{self.first:%Y}"
        if self.view == "month":
            return f"{self.first:%B %Y}"
        return f"{self.first:%A}, {long_date(self.first)}"

    @property
    def days(self) -> int:
        return (self.end - self.first).days

    def previous(self) -> Period:
        return Period.holding(self.view, self.first - timedelta(days=1))

    def next(self) -> Period:
        return Period.holding(self.view, self.end)

    def a_year_before(self) -> Period:
        """The same days of the year before; for a single day, the same weekday a week before."""
        if self.view == "day":
            return Period.holding("day", self.first - timedelta(days=7))
        return Period(self.view, a_year_before(self.first), a_year_before(self.end))

    def up_to(self, last: date) -> Period:
        """The part that ends with the day `last`, or all of it."""
        return Period(self.view, self.first, min(self.end, last + timedelta(days=1)))

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The first instant of the period in the utility's zone, and the first one after its last.

        In UTC, since two instants in one zone are subtracted by the clock on the wall, which is
        wrong across a change of daylight saving time.
        """
        return midnight(self.first, zone), last_midnight(self.end, zone)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which the day begins in the zone."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def last_midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, from which on it is no more the day before.

    Where St. John's put its clocks back at 00:01, a day began, was left again, and began once more.
    """
    begin = datetime.combine(day, time.min, zone)
    return max(begin.astimezone(UTC), begin.replace(fold=1).astimezone(UTC))


def nearest_midnight(at: datetime, zone: ZoneInfo) -> date:
    """The day whose beginning lies nearest to an instant; of two, the earlier."""
    day = at.astimezone(zone).date()
    after = day + timedelta(days=1)
    return min(day, after, key=lambda one: abs(midnight(one, zone) - at))


def a_year_before(day: date) -> date:
    """The same day of the year before; 29 February becomes 1 March, which keeps ends exclusive."""
    if (day.month, day.day) == (2, 29) and not calendar.isleap(day.year - 1):
        return date(day.year - 1, 3, 1)
    return day.replace(year=day.year - 1)


def long_date(day: date) -> str:
    """`1 November 2026`."""
    return f"{day.day} {day:%B %Y}"


def short_date(day: date) -> str:
    """`1 Nov 2026`."""
    return f"{day.day} {day:%b %Y}"


def clock(at: datetime) -> str:
    """A local time of day as people here say it: `4 pm`, `4:15 pm`."""
    hour = at.hour % 12 or 12
    minutes = f":{at.minute:02}" if at.minute else ""
    return f"{hour}{minutes} {'am' if at.hour < 12 else 'pm'}"


def lasting(seconds: int) -> str:
    """A length of time in its two largest units: `2 days 3 hours`, `15 minutes`."""
    parts = []
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(f"{number:,} {unit}{'' if number == 1 else 's'}")
        elif parts:
            break
    return " ".join(parts[:2]) or "no time"
