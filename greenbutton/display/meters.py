"""What there is to look at: a customer's services, their meters, and the series these measure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal

from django.db.models import Max, Min

from authorizations.models import Authorization
from greenbutton.display.units import Unit, scaled, unit_of
from greenbutton.espi.enums import (
    AccumulationKind,
    DataQualifierKind,
    FlowDirectionKind,
    ServiceKind,
)
from greenbutton.models import Meter as StoredMeter
from greenbutton.models import MeterReading, ReadingDay, UsagePoint

# Anything else, or nothing, is "other": never guessed from elsewhere.
KINDS: dict[int, tuple[str, str]] = {
    ServiceKind.ELECTRICITY: ("electricity", "Electricity"),
    ServiceKind.GAS: ("gas", "Gas"),
    ServiceKind.WATER: ("water", "Water"),
    ServiceKind.HEAT: ("heat", "Heat"),
    ServiceKind.REFUSE: ("refuse", "Refuse"),
    ServiceKind.SEWERAGE: ("sewerage", "Sewerage"),
}
OTHER = ("other", "Other service")

Role = Literal["used", "delivered", "returned", "net"]
# Every other direction is something used; "delivered" it is called where some is sent back as well.
ROLES: dict[int, Role] = {FlowDirectionKind.NET: "net", FlowDirectionKind.REVERSE: "returned"}
# The key of several meters put together.
TOGETHER = "all"
ROLE_ORDER: tuple[Role, ...] = ("used", "delivered", "returned", "net")
ROLE_LABELS: dict[Role, str] = {
    "used": "Used",
    "delivered": "From the grid",
    "returned": "Sent back",
    "net": "Net",
}

# How readings are put together: amounts are added up, levels averaged; of highest values the
# highest counts, and of what a register shows the latest.
Measure = Literal["amount", "level", "highest", "register"]
REGISTERS: set[int | None] = {
    AccumulationKind.BULK_QUANTITY,
    AccumulationKind.CONTINUOUSLY_CUMULATIVE,
    AccumulationKind.CUMULATIVE,
}
MOMENTS: set[int | None] = {AccumulationKind.INDICATING, AccumulationKind.INSTANTANEOUS}
# What a level is of, in plain words; any other is called by its unit.
LEVELS = {
    "kW": "demand",
    "kVA": "apparent demand",
    "kvar": "reactive demand",
    "V": "voltage",
    "A": "current",
}

DAY_SECONDS = 86_400
# Readings this long or longer are a day's each: none fits in twice, also where clocks change.
BY_DAY = DAY_SECONDS // 2 + 1


@dataclass(frozen=True, slots=True)
class Extent:
    """From which day to which there are readings, and how long the shortest lasts."""

    first: date
    last: date
    seconds: int

    def __or__(self, other: Extent) -> Extent:
        return Extent(
            min(self.first, other.first),
            max(self.last, other.last),
            min(self.seconds, other.seconds),
        )


@dataclass(frozen=True, slots=True)
class Series:
    """Meter readings that may be put together: one unit, one direction, one measure."""

    role: Role
    unit: Unit
    measure: Measure
    readings: tuple[MeterReading, ...]
    extent: Extent

    @property
    def is_level(self) -> bool:
        """Whether it is none of those that are added up."""
        return self.measure != "amount"

    @property
    def label(self) -> str:
        """What is measured, in plain words: `Used`, `Sent back`, `Highest demand`."""
        if self.measure == "amount":
            return ROLE_LABELS[self.role]
        if self.measure == "register":
            said = "Meter reading"
        else:
            level = LEVELS.get(self.unit.symbol, self.unit.name)
            said = f"Highest {level}" if self.measure == "highest" else level.capitalize()
        if self.role in {"returned", "net"}:
            return f"{said}, {ROLE_LABELS[self.role].lower()}"
        return said

    @property
    def sign(self) -> int:
        """Which way its bars point: what was sent back points down."""
        return -1 if self.role == "returned" else 1

    @property
    def currency(self) -> int | None:
        """The currency of its costs, where its readings agree on one."""
        named = {reading.currency for reading in self.readings}
        return named.pop() if len(named) == 1 else None

    def scale(self, reading: MeterReading, value: int) -> Decimal:
        return scaled(value, reading.power_of_ten, self.unit)

    def joined(self, other: Series) -> Series:
        """Both as one."""
        readings = self.readings + other.readings
        return replace(self, readings=readings, extent=self.extent | other.extent)


@dataclass(frozen=True, slots=True)
class Meter:
    """A choice of the page: one meter, several of a kind together, or a side measurement.

    `place` is the meter that a choice is about, and `measured` what of it.
    """

    key: str
    place: str
    place_label: str
    measured: str
    series: tuple[Series, ...]

    @property
    def extent(self) -> Extent:
        extent, *others = (series.extent for series in self.series)
        for other in others:
            extent |= other
        return extent

    @property
    def unit(self) -> Unit:
        return self.series[0].unit

    @property
    def measure(self) -> Measure:
        return self.series[0].measure


@dataclass(frozen=True, slots=True)
class Service:
    """Electricity, gas, water …: the usage points of a kind, and the meters that have readings."""

    slug: str
    label: str
    points: tuple[UsagePoint, ...]
    point_labels: dict[int, str]
    meters: tuple[Meter, ...]

    def meter(self, key: str) -> Meter | None:
        """The chosen meter, else the first; None where nothing was measured yet."""
        chosen = (meter for meter in self.meters if meter.key == key)
        return next(chosen, self.meters[0] if self.meters else None)

    def places(self) -> list[Meter]:
        """The first choice of each meter: its main measurement."""
        first: dict[str, Meter] = {}
        for meter in self.meters:
            first.setdefault(meter.place, meter)
        return list(first.values())

    def measured_at(self, meter: Meter) -> list[Meter]:
        """Everything that is measured where this is."""
        return [one for one in self.meters if one.place == meter.place]


def services_of(authorization: Authorization) -> list[Service]:
    """The customer's services, in the order of ESPI's numbers."""
    shared = authorization.usage_points.shared()
    points = shared.prefetch_related("meter_readings").order_by("kind", "id")
    extents, numbers = extents_of(authorization), numbers_of(authorization)
    by_kind: dict[tuple[str, str], list[UsagePoint]] = {}
    for point in points:
        kind = OTHER if point.kind is None else KINDS.get(point.kind, OTHER)
        by_kind.setdefault(kind, []).append(point)
    return [
        service_of(slug, label, points_of_kind, extents, numbers)
        for (slug, label), points_of_kind in by_kind.items()
    ]


def extents_of(authorization: Authorization) -> dict[int, Extent]:
    """For each meter reading that has any readings, where they lie."""
    rows = (
        ReadingDay.objects.filter(authorization=authorization)
        .order_by()
        .values_list("meter_reading_id")
        .annotate(Min("day"), Max("day"), Min("seconds"))
    )
    return {meter_reading: Extent(*extent) for meter_reading, *extent in rows}


def numbers_of(authorization: Authorization) -> dict[int, str]:
    """The number on the meter at each service location that has just one."""
    rows = StoredMeter.objects.filter(
        authorization=authorization, is_meter=True, service_location__isnull=False
    )
    found: dict[int, set[str]] = {}
    for location, number in rows.values_list("service_location_id", "serial_number"):
        found.setdefault(location, set()).add(number)
    return {place: numbers.pop() for place, numbers in found.items() if len(numbers) == 1}


def service_of(
    slug: str,
    label: str,
    points: Sequence[UsagePoint],
    extents: dict[int, Extent],
    numbers: dict[int, str],
) -> Service:
    """One service with its choices: all meters together first, then each, then side measurements.

    Meters are put together only if they measure in the same unit.
    """
    labels = labels_of(points, numbers)
    mains: list[Meter] = []
    sides: list[Meter] = []
    for point in points:
        main, side = meters_of(point, labels[point.pk], extents)
        mains += main
        sides += side
    together = meters_together(mains)
    return Service(slug, label, tuple(points), labels, (*together, *mains, *sides))


def labels_of(points: Sequence[UsagePoint], numbers: dict[int, str]) -> dict[int, str]:
    """A name for each usage point: its own where that tells it apart, else a number.

    The number is what stands on the meter, where the customer's side of the feeds tells it.
    """
    titles = Counter(point.title for point in points)
    known = [numbers.get(point.service_location_id or 0, "") for point in points]
    labels = {}
    for count, (point, number) in enumerate(zip(points, known, strict=True), start=1):
        if point.title and titles[point.title] == 1:
            labels[point.pk] = point.title
        elif number and known.count(number) == 1:
            labels[point.pk] = f"Meter {number}"
        else:
            labels[point.pk] = f"Meter {count}" if len(points) > 1 else "Meter"
    return labels


def meters_of(
    point: UsagePoint, label: str, extents: dict[int, Extent]
) -> tuple[list[Meter], list[Meter]]:
    """The point's main series as one meter, and everything else that it measures, each alone.

    The same quantity often comes twice, as hours and as days: only the finer one is the main one,
    so that nothing is counted double. Net is left aside where what was used is there.
    """
    found = [
        series_of(reading, extents[reading.pk])
        for reading in point.meter_readings.all()
        if reading.pk in extents
    ]
    found.sort(key=lambda one: (not one.unit.is_known, one.is_level, one.extent.seconds))
    if any(one.role in {"returned", "net"} for one in found):
        found = [as_delivered(one) for one in found]
    main: dict[Role, Series] = {}
    for series in found:
        if all(same_quantity(series, other) for other in main.values()):
            main.setdefault(series.role, series)
    if "used" in main or "delivered" in main:
        main.pop("net", None)
    parts = tuple(main[role] for role in ROLE_ORDER if role in main)
    if not parts:
        return [], []
    times = Counter(series.label for series in found)
    sides = [
        Meter(series.readings[0].uid, point.uid, label, side_label(series, times), (series,))
        for series in found
        if series not in parts
    ]
    return [Meter(point.uid, point.uid, label, main_label(parts), parts)], sides


def series_of(reading: MeterReading, extent: Extent) -> Series:
    """One meter reading as a series of its own."""
    unit = unit_of(reading.uom, reading.power_of_ten)
    role = ROLES.get(reading.flow_direction or 0, "used")
    return Series(role, unit, measure_of(reading, unit), (reading,), extent)


def measure_of(reading: MeterReading, unit: Unit) -> Measure:
    """How the readings of a series are put together."""
    if reading.accumulation_behaviour in REGISTERS:
        return "register"
    if unit.is_level or reading.accumulation_behaviour in MOMENTS:
        is_highest = reading.data_qualifier == DataQualifierKind.MAXIMUM
        return "highest" if is_highest else "level"
    return "amount"


def as_delivered(series: Series) -> Series:
    """Where some is sent back, or may be, what comes from the grid is not all that is used."""
    return replace(series, role="delivered") if series.role == "used" else series


def same_quantity(one: Series, other: Series) -> bool:
    """Whether the two can share a chart."""
    return one.unit == other.unit and one.measure == other.measure


def main_label(parts: Sequence[Series]) -> str:
    """What a meter's main choice is called beside its others."""
    return "From and to the grid" if len(parts) > 1 else parts[0].label


def side_label(series: Series, times: Counter[str]) -> str:
    """What a side measurement is called: what it measures and, if more do, what sets it apart.

    That is its title, else its unit and how finely it is cut.
    """
    if times[series.label] == 1:
        return series.label
    cut = "by day" if series.extent.seconds >= BY_DAY else "by interval"
    return f"{series.label}, {series.readings[0].title or f'{series.unit.name}, {cut}'}"


def meters_together(meters: Sequence[Meter]) -> list[Meter]:
    """The meters that measure as the first one does, added up; none if it is alone in that."""
    alike = [meter for meter in meters if meter.measure == "amount" and meter.unit.is_known]
    alike = [meter for meter in alike if same_quantity(meter.series[0], alike[0].series[0])]
    if len(alike) < 2:
        return []
    found = [series for meter in alike for series in meter.series]
    if any(series.role in {"returned", "net"} for series in found):
        found = [as_delivered(series) for series in found]
    joined: dict[Role, Series] = {}
    for series in found:
        known = joined.get(series.role)
        joined[series.role] = known.joined(series) if known else series
    parts = tuple(joined[role] for role in ROLE_ORDER if role in joined)
    label = f"{'All ' if len(alike) == len(meters) else ''}{len(alike)} meters"
    return [Meter(TOGETHER, TOGETHER, label, main_label(parts), parts)]
