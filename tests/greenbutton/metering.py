"""Meters, readings and bills put straight into the tables, for tests of what shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from authorizations.models import Authorization
from greenbutton.display.periods import midnight
from greenbutton.models import MeterReading, ReadingDay, UsagePoint, UsageSummary

HOUR = 3600
ELECTRICITY, GAS, WATER = 0, 1, 2
WH, THERM, CUBIC_METRE, WATT = 72, 169, 42, 38
DELIVERED, RECEIVED = 1, 19
DELTA, BULK, INSTANTANEOUS = 4, 1, 12
NET = 4
MAXIMUM = 8
CANADIAN, AMERICAN = 124, 840


def add_point(
    authorization: Authorization, kind: int | None = ELECTRICITY, title: str = ""
) -> UsagePoint:
    """A usage point of a service."""
    number = authorization.usage_points.count()
    return authorization.usage_points.create(identity=f"point-{number}", kind=kind, title=title)


def add_meter_reading(
    point: UsagePoint,
    uom: int | None = WH,
    *,
    power_of_ten: int | None = 0,
    flow: int | None = DELIVERED,
    accumulation: int | None = DELTA,
    currency: int | None = None,
    qualifier: int | None = None,
    title: str = "",
) -> MeterReading:
    """A series without readings yet."""
    number = point.meter_readings.count()
    return point.meter_readings.create(
        identity=f"{point.identity}-reading-{number}",
        title=title,
        uom=uom,
        power_of_ten=power_of_ten,
        flow_direction=flow,
        accumulation_behaviour=accumulation,
        currency=currency,
        data_qualifier=qualifier,
    )


def add_day(
    reading: MeterReading,
    day: date,
    values: Sequence[int | None],
    *,
    seconds: int = HOUR,
    costs: Sequence[int | None] | None = None,
) -> ReadingDay:
    """A day of gapless readings from its first local instant on."""
    authorization = reading.usage_point.authorization
    return ReadingDay.objects.create(
        authorization=authorization,
        meter_reading=reading,
        day=day,
        start=midnight(day, authorization.zone),
        seconds=seconds,
        values=list(values),
        costs=None if costs is None else list(costs),
        count=len(values),
        total=sum(value for value in values if value is not None),
        total_cost=None if costs is None else sum(cost for cost in costs if cost is not None),
    )


def hours_of(day: date, zone: ZoneInfo) -> int:
    """How many hours the local day has."""
    length = midnight(day + timedelta(days=1), zone) - midnight(day, zone)
    return int(length.total_seconds()) // HOUR


def add_days(
    reading: MeterReading, first: date, days: int, value_at: Callable[[date, int], int]
) -> int:
    """Hourly readings for so many local days, and their sum; `value_at` knows day and hour."""
    zone = reading.usage_point.authorization.zone
    total = 0
    for number in range(days):
        day = first + timedelta(days=number)
        values = [value_at(day, hour) for hour in range(hours_of(day, zone))]
        total += add_day(reading, day, values).total
    return total


def add_bill(point: UsagePoint, first: date, days: int, **values: object) -> UsageSummary:
    """A bill for so many local days."""
    zone = point.authorization.zone
    start, end = midnight(first, zone), midnight(first + timedelta(days=days), zone)
    return UsageSummary.objects.create(
        **{
            "usage_point": point,
            "identity": f"bill-{point.pk}-{first}",
            "start": start,
            "seconds": int((end - start).total_seconds()),
            "currency": CANADIAN,
            **values,
        }
    )


def at(*parts: int) -> datetime:
    """An instant in UTC."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]
