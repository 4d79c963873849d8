"""Whether two authorizations hold the same: reading by reading, and bill by bill."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from authorizations.models import Authorization
from greenbutton.models import MeterReading, UsageSummary

# What tells one series of readings from another, without the names that each consent has anew.
SERIES = (
    *("usage_point__kind", "uom", "power_of_ten", "flow_direction"),
    *("accumulation_behaviour", "measurement_kind", "interval_length"),
)
BILL = ("usage_point__kind", "start", "seconds", "bill_last_period", "consumption")
# Fewer days in common would say little.
FEWEST_DAYS = 15


@dataclass(frozen=True, slots=True)
class Holdings:
    """What is stored of one authorization."""

    # Each day of each series, with its values; twice where it is there twice.
    days: tuple[tuple[date, object], ...]
    bills: Counter[tuple[object, ...]]
    points: Counter[int | None]
    readings: int

    def inner(self) -> set[date]:
        """Its days without the first and the last, which a consent may share a part of."""
        known = sorted({day for day, _ in self.days})
        return set(known[1:-1])


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
    """What one lacks of a fresh one's, or has too much, in words; empty where nothing."""
    if one.points != fresh.points:
        return f"meters are {_told(one.points)}, not {_told(fresh.points)}"
    common = one.inner() & fresh.inner()
    if len(common) < FEWEST_DAYS:
        return f"only {len(common)} days in common with a fresh one"
    mine, its = (Counter(pair for pair in two.days if pair[0] in common) for two in (one, fresh))
    if mine != its:
        return f"{_many(its - mine)} days of readings lack or differ, {_many(mine - its)} are new"
    if without_bills:
        return "bills are there" if one.bills else ""
    # The shorter history has fewer of them.
    few, many = sorted((one.bills, fresh.bills), key=lambda bills: bills.total())
    if few - many or max(few.values(), default=1) > 1:
        return "its bills are not a fresh one's"
    return ""


def _many(counted: Counter[tuple[date, object]]) -> int:
    return counted.total()


def _told(points: Counter[int | None]) -> str:
    return ", ".join(f"{count} of kind {kind}" for kind, count in points.items()) or "none"
