"""Whether two authorizations hold the same: reading by reading, and bill by bill."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from authorizations.models import Authorization
from greenbutton.models import MeterReading, UsageSummary

# What tells one series of readings from another, without the names that each consent has anew.
SERIES = (
    *("usage_point__kind", "uom", "power_of_ten", "flow_direction"),
    *("accumulation_behaviour", "measurement_kind", "interval_length"),
)
BILL = ("usage_point__kind", "start", "seconds", "bill_last_period", "consumption")
# A consent that was given an hour later may begin, or end, with another day.
NEARLY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Holdings:
    """What is stored of one authorization."""

    # Each day of each series, with its values; twice where it is there twice.
    days: tuple[tuple[date, object], ...]
    bills: Counter[tuple[object, ...]]
    points: Counter[int | None]
    readings: int

    @property
    def first(self) -> date:
        """The first day of which anything is there; far in the future where nothing is."""
        return min((day for day, _ in self.days), default=date.max - NEARLY)

    @property
    def last(self) -> date:
        """The last day of which anything is there; long ago where nothing is."""
        return max((day for day, _ in self.days), default=date.min + NEARLY)


def holdings_of(authorization: Authorization) -> Holdings:
    """What is stored of it, without what its customer no longer shares."""
    series = MeterReading.objects.filter(usage_point__authorization=authorization)
    days: list[tuple[date, object]] = []
    readings = 0
    for key, *what in series.values_list("pk", *SERIES):
        kept = authorization.reading_days.filter(meter_reading=key)
        for day, start, values, count in kept.values_list("day", "start", "values", "count"):
            days.append((day, (*what, start, tuple(values))))
            readings += count
    bills = UsageSummary.objects.filter(usage_point__authorization=authorization)
    points = authorization.usage_points.shared()
    return Holdings(
        tuple(days),
        Counter(bills.values_list(*BILL)),
        Counter(points.values_list("kind", flat=True)),
        readings,
    )


def difference(one: Holdings, fresh: Holdings, *, without_bills: bool = False) -> str:
    """What one lacks of a fresh one's, or has too much, in words; empty where nothing.

    Days that only one of them can have, at both ends, are left out.
    """
    if one.points != fresh.points:
        return f"meters are {_told(one.points)}, not {_told(fresh.points)}"
    if abs(one.first - fresh.first) > NEARLY or one.last < fresh.last - NEARLY:
        return f"it reaches from {one.first} to {one.last}, not {fresh.first} to {fresh.last}"
    begin, end = max(one.first, fresh.first), min(one.last, fresh.last)
    mine, its = (
        Counter(pair for pair in two.days if begin < pair[0] < end) for two in (one, fresh)
    )
    if mine != its:
        lack, more = (its - mine).total(), (mine - its).total()
        return f"{lack} days of a series lack, and {more} are there that should not be"
    return _of_bills(one, fresh, without_bills=without_bills)


def _of_bills(one: Holdings, fresh: Holdings, *, without_bills: bool) -> str:
    if without_bills:
        return "bills are there" if one.bills else ""
    more = one.bills - fresh.bills
    if fresh.bills - one.bills or (more and one.last <= fresh.last) or more & fresh.bills:
        return f"{one.bills.total()} bills are not the {fresh.bills.total()} of a fresh one"
    return ""


def _told(points: Counter[int | None]) -> str:
    return ", ".join(f"{count} of kind {kind}" for kind, count in points.items()) or "none"
