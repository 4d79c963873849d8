"""What a usage page says: the bars of a period, its figures, and how it compares.

A year and a month come from the totals of each day alone; only a day opens its arrays of readings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, F, Func
from django.db.models.expressions import Combinable

from authorizations.models import Authorization
from greenbutton.display.meters import BY_DAY, DAY_SECONDS, Measure, Meter, Series
from greenbutton.display.periods import VIEWS, Period, View, clock, long_date
from greenbutton.display.units import Money, Quantity
from greenbutton.models import ReadingDay

HOUR = 3600
HALF_HOUR = HOUR // 2
# Finer readings than this are drawn by the hour: a phone has no more room.
FINEST_BAR = 900
# A comparison says something only if both times were measured about equally often.
EQUALLY_OFTEN = Decimal("0.9")


# What stands before and after the unit of what is drawn.
CAPTIONS: dict[Measure, tuple[str, str]] = {
    "amount": ("", "{each}"),
    "level": ("average", ""),
    "highest": ("highest", "{each}"),
    "register": ("what the meter showed in", ""),
}


@dataclass(slots=True)
class Tally:
    """What readings come to so far, given in the order of time.

    A scaled amount as its measure wants it, of how many readings, and what they cost (10^-5).
    """

    measure: Measure = "amount"
    amount: Decimal = Decimal(0)
    count: int = 0
    cost: int | None = None

    def add(self, amount: Decimal, count: int, cost: int | None) -> None:
        if self.measure == "register" or (self.measure == "highest" and not self.count):
            self.amount = amount
        elif self.measure == "highest":
            self.amount = max(self.amount, amount)
        else:
            self.amount += amount
        self.count += count
        if cost is not None and self.measure == "amount":
            self.cost = (self.cost or 0) + cost

    def quantity(self, series: Series) -> Quantity:
        """What they come to; for a level (kW, V) the mean of its readings."""
        is_mean = self.measure == "level" and self.count
        return Quantity(self.amount / self.count if is_mean else self.amount, series.unit)

    def money(self, series: Series) -> Money | None:
        return None if self.cost is None else Money(self.cost, series.currency)


def total_of(tallies: Mapping[date, Tally] | Mapping[int, Tally]) -> Tally:
    """All of them as one."""
    parts = list(tallies.values())
    total = Tally(parts[0].measure) if parts else Tally()
    for tally in parts:
        total.add(tally.amount, tally.count, tally.cost)
    return total


@dataclass(frozen=True, slots=True)
class Slot:
    """A place on the time axis, whether anything was measured there or not."""

    label: str
    left: float
    right: float
    opens: Period | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """A slot with what was measured in it: one tally for each series, None where there is none."""

    slot: Slot
    tallies: tuple[Tally | None, ...]
    series: tuple[Series, ...]

    @property
    def quantities(self) -> list[Quantity | None]:
        pairs = zip(self.tallies, self.series, strict=True)
        return [tally.quantity(series) if tally else None for tally, series in pairs]

    @property
    def money(self) -> Money | None:
        """What its first series cost."""
        first = self.tallies[0]
        return first.money(self.series[0]) if first else None


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the summary, its name over it and a remark under it."""

    name: str
    value: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A period of one meter, ready to be drawn and said."""

    meter: Meter
    period: Period
    bars: list[Bar]
    ticks: dict[float, str]
    length: float
    each: str
    figures: list[Figure] = field(default_factory=list)
    remark: str = ""

    @property
    def caption(self) -> str:
        """What a bar's height means: `Kilowatt-hours (kWh) a day`."""
        unit = self.meter.unit
        says_more = unit.symbol not in {"", unit.name}
        name = f"{unit.name} ({unit.symbol})" if says_more else unit.name
        before, after = CAPTIONS[self.meter.measure]
        return f"{before} {name} {after.format(each=self.each)}".strip()

    @property
    def is_empty(self) -> bool:
        return not any(any(bar.tallies) for bar in self.bars)

    @property
    def has_costs(self) -> bool:
        return any(bar.money for bar in self.bars)


def views_of(meter: Meter) -> list[View]:
    """The views that show more than one bar: monthly readings have no days to look into.

    Of readings by day the shortest lasts 23 hours, where clocks changed.
    """
    seconds = meter.extent.seconds
    if seconds > DAY_SECONDS * 2:
        return ["year"]
    return [view for view in VIEWS if view != "day" or seconds < BY_DAY]


def chart_of(authorization: Authorization, meter: Meter, period: Period) -> Chart:
    """Everything that the page says of a meter in a period."""
    zone = authorization.zone
    if period.view == "day":
        return day_chart(authorization, meter, period, zone)
    tallies = tallies_by_day(authorization, meter, period)
    slots = month_slots(period) if period.view == "year" else day_slots(period)
    bars = [bar_of(slot, tallies, meter) for slot in slots]
    ticks = year_ticks() if period.view == "year" else month_ticks(period)
    remark = comparison(authorization, meter, period, total_of(tallies[0]))
    each = "a month" if period.view == "year" else "a day"
    figures = figures_of(meter, tallies)
    return Chart(meter, period, bars, ticks, float(len(slots)), each, figures, remark)


# --- Days -----------------------------------------------------------------------------------------


def _value(template: str) -> Func:
    """One of a day's values, found by the database: the array stays there."""
    return Func(F("values"), template=template, output_field=BigIntegerField(null=True))


# What a day counts for, by the measure of its readings.
OF_A_DAY: dict[Measure, Combinable] = {
    "amount": F("total"),
    "level": F("total"),
    "highest": _value("(SELECT max(value) FROM unnest(%(expressions)s) AS value)"),
    "register": _value("(%(expressions)s)[cardinality(%(expressions)s)]"),
}


def tallies_by_day(
    authorization: Authorization, meter: Meter, period: Period
) -> list[dict[date, Tally]]:
    """For each series, what each day of the period that has readings came to."""
    places = {
        reading.pk: (index, series, reading)
        for index, series in enumerate(meter.series)
        for reading in series.readings
    }
    rows = ReadingDay.objects.filter(
        authorization=authorization,
        meter_reading__in=list(places),
        day__gte=period.first,
        day__lt=period.end,
    )
    tallies: list[dict[date, Tally]] = [{} for _ in meter.series]
    columns = rows.order_by("day").values_list(
        "meter_reading_id", "day", "count", OF_A_DAY[meter.measure], "total_cost"
    )
    for meter_reading, day, count, value, cost in columns:
        if value is None:
            continue
        index, series, reading = places[meter_reading]
        amount = series.scale(reading, value)
        tallies[index].setdefault(day, Tally(meter.measure)).add(amount, count, cost)
    return tallies


def month_slots(period: Period) -> list[Slot]:
    """A slot for each month of the year."""
    months = [Period.holding("month", period.first.replace(month=n)) for n in range(1, 13)]
    return [Slot(month.title, n + 0.1, n + 0.9, month) for n, month in enumerate(months)]


def day_slots(period: Period) -> list[Slot]:
    """A slot for each day of the month."""
    days = [period.first + timedelta(days=n) for n in range(period.days)]
    return [
        Slot(f"{day:%a}, {day.day} {day:%b}", n + 0.1, n + 0.9, Period.holding("day", day))
        for n, day in enumerate(days)
    ]


def bar_of(slot: Slot, tallies: list[dict[date, Tally]], meter: Meter) -> Bar:
    """What the days of a slot came to together."""
    assert slot.opens is not None
    first, end = slot.opens.first, slot.opens.end
    parts = [
        {day: tally for day, tally in of_series.items() if first <= day < end}
        for of_series in tallies
    ]
    return Bar(slot, tuple(total_of(part) if part else None for part in parts), meter.series)


def year_ticks() -> dict[float, str]:
    return {n + 0.5: f"{date(2000, n + 1, 1):%b}" for n in range(12)}


def month_ticks(period: Period) -> dict[float, str]:
    return {day - 0.5: str(day) for day in (1, 5, 10, 15, 20, 25, 30) if day <= period.days}


# --- One day --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading of the day view: which series, when from and how long, and its scaled amount."""

    series: int
    start: datetime
    seconds: int
    amount: Decimal
    cost: int | None


def day_chart(authorization: Authorization, meter: Meter, period: Period, zone: ZoneInfo) -> Chart:
    """One day by its intervals: 23, 24 or 25 hours, as the utility's zone has them."""
    readings = list(readings_of(authorization, meter, period.first))
    begin, end = period.bounds(zone)
    step = step_of({reading.seconds for reading in readings})
    tallies: list[dict[int, Tally]] = [{} for _ in meter.series]
    for reading in readings:
        at = int((reading.start - begin).total_seconds()) // step
        tally = tallies[reading.series].setdefault(at, Tally(meter.measure))
        tally.add(reading.amount, 1, reading.cost)
    length = (end - begin).total_seconds()
    slots = interval_slots(begin, zone, int(length), step)
    bars = [
        Bar(slot, tuple(of_series.get(at) for of_series in tallies), meter.series)
        for at, slot in enumerate(slots)
    ]
    totals = [total_of(of_series) for of_series in tallies]
    remark = comparison(authorization, meter, period, totals[0])
    each = "an hour" if step == HOUR else f"in {step // 60} minutes"
    figures = day_figures(meter, totals, bars)
    ticks = hour_ticks(begin, end, zone)
    return Chart(meter, period, bars, ticks, length / HOUR, each, figures, remark)


def readings_of(authorization: Authorization, meter: Meter, day: date) -> Iterator[Reading]:
    """The readings of a local day, of all the series, without those that have no value."""
    places = {
        reading.pk: (index, series, reading)
        for index, series in enumerate(meter.series)
        for reading in series.readings
    }
    rows = ReadingDay.objects.filter(
        authorization=authorization, meter_reading__in=list(places), day=day
    ).order_by("meter_reading_id")
    columns = rows.values_list(
        "meter_reading_id", "start", "seconds", "values", "costs", "offsets", "durations"
    )
    for meter_reading, start, seconds, values, costs, offsets, durations in columns:
        index, series, reading = places[meter_reading]
        for n, value in enumerate(values):
            if value is None:
                continue
            offset = n * seconds if offsets is None else offsets[n]
            yield Reading(
                index,
                start + timedelta(seconds=offset),
                seconds if durations is None else durations[n],
                series.scale(reading, value),
                None if costs is None else costs[n],
            )


def step_of(lengths: set[int]) -> int:
    """How wide a bar is: the readings' own length where they share one, else an hour."""
    shared = lengths.pop() if len(lengths) == 1 else HOUR
    return shared if FINEST_BAR <= shared <= DAY_SECONDS else HOUR


def interval_slots(begin: datetime, zone: ZoneInfo, length: int, step: int) -> list[Slot]:
    """A slot for each interval of the day, named by the local clock.

    On a day on which the clock changes, each hour says which of the two times it is in.
    """
    is_odd = length != DAY_SECONDS
    slots = []
    for at in range(0, length, step):
        start, end = begin + timedelta(seconds=at), begin + timedelta(seconds=at + step)
        label = f"{local_clock(start, zone, is_odd)} – {local_clock(end, zone, is_odd)}"
        middle, half = (at + step / 2) / HOUR, step / HOUR * 0.42
        slots.append(Slot(label, middle - half, middle + half))
    return slots


def local_clock(at: datetime, zone: ZoneInfo, with_zone: bool) -> str:
    local = at.astimezone(zone)
    return f"{clock(local)} {local:%Z}" if with_zone else clock(local)


def hour_ticks(begin: datetime, end: datetime, zone: ZoneInfo) -> dict[float, str]:
    """A tick at every fourth local hour, wherever on the day's true length it falls.

    Looked for at each half hour, by which Lord Howe's clocks change.
    """
    ticks: dict[float, str] = {}
    for number in range(int((end - begin).total_seconds()) // HALF_HOUR):
        local = (begin + timedelta(seconds=number * HALF_HOUR)).astimezone(zone)
        label = "noon" if local.hour == 12 else clock(local)
        if local.hour % 4 == 0 and not local.minute and label not in ticks.values():
            ticks[number / 2] = label
    return ticks


# --- Figures --------------------------------------------------------------------------------------


def figures_of(meter: Meter, tallies: list[dict[date, Tally]]) -> list[Figure]:
    """The summary of a year or a month."""
    first, days = meter.series[0], tallies[0]
    if not days:
        return total_figures(meter, [total_of(of_series) for of_series in tallies])
    highest = max(days, key=lambda day: days[day].quantity(first).value)
    peak = str(days[highest].quantity(first))
    if meter.measure == "register":
        return register_figures(first, days)
    if meter.measure == "highest":
        return [Figure(first.label, peak, long_date(highest))]
    figures = total_figures(meter, [total_of(of_series) for of_series in tallies])
    if meter.measure == "amount":
        average = Quantity(total_of(days).amount / len(days), first.unit)
        remark = f"over {len(days)} days" if len(days) > 1 else "over one day"
        figures.append(Figure("Average a day", str(average), with_flow(first, remark)))
    if len(days) > 1 and first.extent.seconds <= DAY_SECONDS:
        figures.append(Figure("Highest day", peak, with_flow(first, long_date(highest))))
    return figures


def register_figures(series: Series, days: dict[date, Tally]) -> list[Figure]:
    """What a register showed last, and by how much it had gone on."""
    first, last = min(days), max(days)
    end = days[last].quantity(series)
    figures = [Figure("The meter showed", str(end), f"on {long_date(last)}")]
    if first < last:
        gone = Quantity(end.value - days[first].quantity(series).value, series.unit)
        figures.append(Figure("It went on by", str(gone), f"since {long_date(first)}"))
    return figures


def with_flow(series: Series, remark: str) -> str:
    """The remark, which names the flow where there are several."""
    return f"from the grid, {remark}" if series.role == "delivered" else remark


def day_figures(meter: Meter, totals: list[Tally], bars: list[Bar]) -> list[Figure]:
    """The summary of a single day."""
    first = meter.series[0]
    figures = total_figures(meter, totals) if meter.measure != "highest" else []
    measured = [(bar.quantities[0], bar.slot.label) for bar in bars]
    known = [(quantity, label) for quantity, label in measured if quantity is not None]
    if len(known) > 1 and meter.measure != "register":
        quantity, label = max(known, key=lambda item: item[0].value)
        figures.append(Figure("Highest", str(quantity), with_flow(first, label)))
    return figures


def total_figures(meter: Meter, totals: list[Tally]) -> list[Figure]:
    """What each series came to, what is left of both, and the money where the feed says it."""
    figures = []
    for series, total in zip(meter.series, totals, strict=True):
        if total.count:
            name = f"{series.label}, on average" if series.measure == "level" else series.label
            figures.append(Figure(name, str(total.quantity(series))))
    if (net := net_of(meter, totals)) is not None:
        figures.append(Figure("Net", str(net), "from the grid, less what was sent back"))
    money = totals[0].money(meter.series[0])
    if money is not None:
        figures.append(Figure("Cost", str(money), "of these readings"))
    return figures


def net_of(meter: Meter, totals: list[Tally]) -> Quantity | None:
    """What came less what was sent back, if both were measured equally often."""
    if [series.role for series in meter.series] != ["delivered", "returned"]:
        return None
    delivered, returned = totals
    if delivered.count != returned.count:
        return None
    return Quantity(delivered.amount - returned.amount, meter.unit)


def comparison(authorization: Authorization, meter: Meter, period: Period, total: Tally) -> str:
    """How the period compares with the same days a year before, in words; empty if it cannot."""
    if meter.measure != "amount" or total.amount <= 0:
        return ""
    covered = period.up_to(meter.extent.last)
    before = covered.a_year_before()
    base = total_of(tallies_by_day(authorization, meter, before)[0])
    fewer, more = sorted((total.count, base.count))
    if base.amount <= 0 or fewer < more * EQUALLY_OFTEN:
        return ""
    flow = "from the grid " if meter.series[0].role == "delivered" else ""
    return f"{change(total.amount, base.amount, flow)} {then(period, covered, before)}"


def change(now: Decimal, before: Decimal, flow: str = "") -> str:
    """`12% less than`, `3% more from the grid than`, `About as much as`."""
    percent = round((now - before) / before * 100)
    if percent == 0:
        return f"About as much {flow}as"
    return f"{abs(percent):,}% {'more' if percent > 0 else 'less'} {flow}than"


def then(period: Period, covered: Period, before: Period) -> str:
    """The earlier days in words, as they follow on "than"."""
    if period.view == "day":
        return f"on {before.title}"
    return f"in {before.title}" if covered == period else f"on the same days of {before.title}"
