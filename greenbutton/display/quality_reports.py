"""The quality reports of stored meter readings: what `quality.py` needs, out of the tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, Count, F, Func, IntegerField, QuerySet, Sum, Value

from authorizations.models import Authorization
from greenbutton.display.bills import bill_of
from greenbutton.display.meters import ROLES, TOGETHER, Meter, Series, Service, services_of
from greenbutton.display.quality import (
    BillCheck,
    Billed,
    Coverage,
    Qualities,
    Readings,
    Report,
    Span,
    StoredDay,
    check_bill,
    coverage_of,
    cut_by,
    odd_days_of,
)
from greenbutton.models import MeterReading, ReadingDay, UsagePoint, UsageSummary

# Counted by the database: the arrays stay there.
_VALUES_THERE = Func(
    Func(
        F("values"),
        Value(None),
        function="array_remove",
        output_field=ArrayField(BigIntegerField(null=True)),
    ),
    function="cardinality",
    output_field=IntegerField(),
)
_EACH_QUALITY = Func(
    F("qualities"), function="unnest", output_field=IntegerField(), set_returning=True
)


@dataclass(frozen=True, slots=True)
class MeterReport:
    """One meter reading's report, under the names that the usage page gives it."""

    service: str
    label: str
    series: Series
    # Whether its usage point also measures what is sent back, alone or taken off.
    has_other_flows: bool
    # Whether a bill says what this series measures.
    is_billed: bool
    report: Report


def is_billed(series: Series, place: Sequence[Meter]) -> bool:
    """Whether bills say what this is: what was delivered; else that less what was sent back.

    Never what was sent back, nor the sum of levels. `place` is all that is measured there.
    """
    if series.is_level or series.role == "returned":
        return False
    if series.role != "net":
        return True
    beside = [one for meter in place for one in meter.series if not one.is_level]
    return all(one.role in {"returned", "net"} for one in beside)


def all_reports_of(authorization: Authorization) -> list[MeterReport]:
    """The reports of every meter reading that has readings."""
    return [
        report
        for service in services_of(authorization)
        for meter in service.meters
        if meter.key != TOGETHER
        for report in reports_of(authorization, service, meter)
    ]


def reports_of(authorization: Authorization, service: Service, meter: Meter) -> list[MeterReport]:
    """The reports of all meter readings that a choice of the usage page puts together."""
    points = {point.pk: point for point in service.points}
    reports = []
    for series in meter.series:
        for reading in series.readings:
            point = points[reading.usage_point_id]
            place = [one for one in service.meters if one.place == point.uid]
            billed = is_billed(series, place)
            label = f"{service.point_labels[point.pk]}: {label_of(series, place)}"
            report = report_of(authorization, reading, series if billed else None)
            others = has_other_flows(point)
            reports.append(MeterReport(service.label, label, series, others, billed, report))
    return reports


def label_of(series: Series, place: Sequence[Meter]) -> str:
    """What the series is called on the usage page, as a choice of its own or as part of one."""
    alone = [meter.measured for meter in place if meter.series == (series,)]
    label = alone[0] if alone else series.label
    return f"{label[0].lower()}{label[1:]}"


def has_other_flows(point: UsagePoint) -> bool:
    """Whether something else than what was delivered is measured there."""
    return any(reading.flow_direction in ROLES for reading in point.meter_readings.all())


def report_of(
    authorization: Authorization, reading: MeterReading, billed_as: Series | None
) -> Report:
    """One meter reading of which there is at least one day; `billed_as` if bills say what it is."""
    rows = ReadingDay.objects.filter(authorization=authorization, meter_reading=reading)
    zone, days = authorization.zone, stored_days(rows)
    coverage = coverage_of(days)
    bills: list[BillCheck] = []
    if billed_as is not None:
        billed = billed_of(reading, zone)
        bills = checks_of(billed, rows, days, coverage, billed_as, reading)
    return Report(
        coverage=coverage,
        without_value=sum(day.without_value for day in days),
        qualities=qualities_of(rows, reading.default_quality),
        odd_days=tuple(odd_days_of(days, coverage, zone)),
        bills=tuple(bills),
    )


def stored_days(rows: QuerySet[ReadingDay]) -> list[StoredDay]:
    """All days of a meter reading, without their values."""
    columns = rows.order_by("day").values_list(
        "day",
        "start",
        "seconds",
        "count",
        "total",
        F("count") - _VALUES_THERE,
        "offsets",
        "durations",
    )
    return [StoredDay(day, int(start.timestamp()), *others) for day, start, *others in columns]


def qualities_of(rows: QuerySet[ReadingDay], default: int | None) -> Qualities:
    """How many readings have which quality; one that says none has its reading type's."""
    counts: Counter[int | None] = Counter()
    silent = rows.filter(qualities=None).aggregate(readings=Sum("count"))["readings"]
    counts[default] += silent or 0
    said = rows.exclude(qualities=None).order_by().annotate(quality=_EACH_QUALITY)
    for quality, count in said.values_list("quality").annotate(times=Count("*")):
        counts[default if quality is None else quality] += count
    return Qualities({quality: count for quality, count in counts.items() if count})


def billed_of(reading: MeterReading, zone: ZoneInfo) -> list[Billed]:
    """The bills of the reading's usage point that say what was used and when, newest first."""
    summaries = UsageSummary.objects.filter(
        usage_point=reading.usage_point_id,
        start__isnull=False,
        seconds__gt=0,
        consumption__isnull=False,
    ).order_by("-start", "-id")
    return [one for summary in summaries if (one := billed_in(summary, zone))]


def billed_in(summary: UsageSummary, zone: ZoneInfo) -> Billed | None:
    """What a bill says of its period; None where the period ends at no time that there is."""
    bill = bill_of([summary], "", zone)
    if summary.start is None or summary.end is None or bill.used is None:
        return None
    assert bill.first is not None
    assert bill.last is not None
    span = Span(int(summary.start.timestamp()), int(summary.end.timestamp()))
    return Billed(bill.first, bill.last, span, bill.used)


def checks_of(
    bills: Sequence[Billed],
    rows: QuerySet[ReadingDay],
    days: Sequence[StoredDay],
    coverage: Coverage,
    series: Series,
    reading: MeterReading,
) -> list[BillCheck]:
    """The bills, those left out in whose time nothing was measured at all."""
    met = [bill for bill in bills if bill.span.common(coverage.span)]
    values = values_of(rows, cut_by([bill.span for bill in met], days))
    readings = Readings(days, values)
    return [check_bill(bill, readings, coverage, series.unit, reading.power_of_ten) for bill in met]


def values_of(rows: QuerySet[ReadingDay], days: Iterable[date]) -> dict[date, list[int | None]]:
    """The values of just these days."""
    return dict(rows.filter(day__in=list(days)).values_list("day", "values"))
