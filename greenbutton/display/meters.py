"""What there is to look at: a customer's services, their meters, and the series these measure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from django.db.models import Max, Min

from authorizations.models import Authorization
from greenbutton.display.units import Unit, scaled, unit_of
from greenbutton.espi.enums import AccumulationKind, FlowDirectionKind, ServiceKind
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

Role = Literal["used", "returned", "net"]
# Every other direction is something delivered.
ROLES: dict[int, Role] = {FlowDirectionKind.NET: "net", FlowDirectionKind.REVERSE: "returned"}
# The key of several meters put together.
TOGETHER = "all"
ROLE_ORDER: tuple[Role, ...] = ("used", "returned", "net")
ROLE_LABELS: dict[Role, str] = {"used": "Used", "returned": "Sent back", "net": "Net use"}

# A register's state and an instantaneous value are not to be summed.
STATES_NOT_AMOUNTS: set[int | None] = {
    AccumulationKind.BULK_QUANTITY,
    AccumulationKind.CONTINUOUSLY_CUMULATIVE,
    AccumulationKind.CUMULATIVE,
    AccumulationKind.INDICATING,
    AccumulationKind.INSTANTANEOUS,
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
    """Meter readings that may be added up: one unit, one direction."""

    role: Role
    unit: Unit
    is_level: bool
    readings: tuple[MeterReading, ...]
    extent: Extent

    @property
    def label(self) -> str:
        return ROLE_LABELS[self.role]

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
        return Series(self.role, self.unit, self.is_level, readings, self.extent | other.extent)


@dataclass(frozen=True, slots=True)
class Meter:
    """A choice of the page: one meter, several of a kind together, or a side measurement."""

    key: str
    label: str
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
    def is_level(self) -> bool:
        return self.series[0].is_level


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


def services_of(authorization: Authorization) -> list[Service]:
    """The customer's services, in the order of ESPI's numbers."""
    points = authorization.usage_points.prefetch_related("meter_readings").order_by("kind", "id")
    extents = extents_of(authorization)
    by_kind: dict[tuple[str, str], list[UsagePoint]] = {}
    for point in points:
        kind = OTHER if point.kind is None else KINDS.get(point.kind, OTHER)
        by_kind.setdefault(kind, []).append(point)
    return [
        service_of(slug, label, points_of_kind, extents)
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


def service_of(
    slug: str, label: str, points: Sequence[UsagePoint], extents: dict[int, Extent]
) -> Service:
    """One service with its choices: all meters together first, then each, then side measurements.

    Meters are put together only if they measure in the same unit.
    """
    labels = labels_of(points)
    mains: list[Meter] = []
    sides: list[Meter] = []
    for point in points:
        main, side = meters_of(point, labels[point.pk], extents)
        mains += main
        sides += side
    together = meters_together(f"All {len(mains)} meters", mains)
    return Service(slug, label, tuple(points), labels, (*together, *mains, *sides))


def labels_of(points: Sequence[UsagePoint]) -> dict[int, str]:
    """A name for each usage point: its own where that tells it apart, else a number."""
    titles = Counter(point.title for point in points)
    return {
        point.pk: point.title
        if point.title and titles[point.title] == 1
        else (f"Meter {number}" if len(points) > 1 else "Meter")
        for number, point in enumerate(points, start=1)
    }


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
    main: dict[Role, Series] = {}
    for series in found:
        if all(same_quantity(series, other) for other in main.values()):
            main.setdefault(series.role, series)
    if "used" in main:
        main.pop("net", None)
    parts = tuple(main[role] for role in ROLE_ORDER if role in main)
    sides = [
        Meter(series.readings[0].uid, f"{label}: {side_label(series)}", (series,))
        for series in found
        if series not in parts
    ]
    return [Meter(point.uid, label, parts)] if parts else [], sides


def series_of(reading: MeterReading, extent: Extent) -> Series:
    """One meter reading as a series of its own."""
    unit = unit_of(reading.uom, reading.power_of_ten)
    is_level = unit.is_level or reading.accumulation_behaviour in STATES_NOT_AMOUNTS
    role = ROLES.get(reading.flow_direction or 0, "used")
    return Series(role, unit, is_level, (reading,), extent)


def same_quantity(one: Series, other: Series) -> bool:
    """Whether the two can share a chart."""
    return one.unit == other.unit and one.is_level == other.is_level


def side_label(series: Series) -> str:
    """What a side measurement is called: its title, else its unit and how finely it is cut."""
    title = series.readings[0].title
    if title:
        return title
    cut = "by day" if series.extent.seconds >= BY_DAY else "by interval"
    return f"{series.label.lower()}, {series.unit.name}, {cut}"


def meters_together(label: str, meters: Iterable[Meter]) -> list[Meter]:
    """The meters that measure as the first one does, added up; none if it is alone in that."""
    alike = [meter for meter in meters if not meter.is_level and meter.unit.is_known]
    alike = [meter for meter in alike if same_quantity(meter.series[0], alike[0].series[0])]
    if len(alike) < 2:
        return []
    joined: dict[Role, Series] = {}
    for meter in alike:
        for series in meter.series:
            known = joined.get(series.role)
            joined[series.role] = known.joined(series) if known else series
    parts = tuple(joined[role] for role in ROLE_ORDER if role in joined)
    return [Meter(TOGETHER, label, parts)]
