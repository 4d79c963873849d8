"""How good a meter's readings are: what is missing, measured twice, estimated, or not as billed.

Pure: the plain columns of stored days in, a report out. Instants are UTC seconds and spans are half
open, so that a local day of 23 or 25 hours is neither a gap nor an overlap. A day whose readings
follow one another without a gap is one span, and its array of values stays closed unless a bill
begins or ends within it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_DOWN, Decimal
from itertools import pairwise
from operator import attrgetter, itemgetter
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from greenbutton.display.periods import last_midnight, midnight
from greenbutton.display.units import Quantity, Unit, scaled
from greenbutton.espi.enums import QualityOfReading
from greenbutton.espi.scale import WIDE, plain
from greenbutton.ingest.calendar import Calendar

HOUR = 3600
DAY_SECONDS = 86_400
# A reading this long or longer is a day's, or a month's: it has to last as long as its day does.
HALF_A_DAY = DAY_SECONDS // 2
LONGEST_DAY = 25 * HOUR
HUNDREDTH = Decimal("0.01")

# A reading of any of these was not simply read off the meter.
ESTIMATED = {
    QualityOfReading.MANUALLY_EDITED,
    QualityOfReading.ESTIMATED_FROM_REFERENCE_DAY,
    QualityOfReading.ESTIMATED_BY_INTERPOLATION,
    QualityOfReading.DERIVED,
    QualityOfReading.PROJECTED,
    QualityOfReading.WEATHER_NORMALISED,
}
# These say that it was. All others (mixed, questionable, other, numbers that the schema does not
# know) leave open whether it was.
MEASURED = {
    QualityOfReading.VALID,
    QualityOfReading.RAW,
    QualityOfReading.VALIDATED,
    QualityOfReading.VERIFIED,
    QualityOfReading.REVENUE_QUALITY,
}


def percent(part: int, whole: int) -> Decimal:
    """A share in percent, rounded down to hundredths; a part that is not nothing never says 0.

    Rounded down, since only what is complete may say 100.
    """
    exact = Decimal(100 * part) / whole
    rounded = exact.quantize(HUNDREDTH, ROUND_DOWN)
    return max(rounded, HUNDREDTH) if part else rounded


class Span(NamedTuple):
    """From `begin` up to, but not with, `end`."""

    begin: int
    end: int

    @property
    def seconds(self) -> int:
        return self.end - self.begin

    def common(self, other: Span) -> int:
        """How many seconds the two have in common."""
        return max(0, min(self.end, other.end) - max(self.begin, other.begin))


@dataclass(frozen=True, slots=True)
class StoredDay:
    """What a ReadingDay tells of its readings without their values; `start` in UTC seconds."""

    day: date
    start: int
    seconds: int
    count: int
    total: int
    without_value: int
    offsets: Sequence[int] | None = None
    durations: Sequence[int] | None = None

    @property
    def last_start(self) -> int:
        """When the day's last reading starts."""
        if self.offsets is None:
            return self.start + (self.count - 1) * self.seconds
        return self.start + self.offsets[-1]

    @property
    def end(self) -> int:
        """When the last of its readings has ended."""
        return max(span.end for span in self.spans())

    @property
    def measured(self) -> int:
        """How long its readings last together."""
        return self.count * self.seconds if self.durations is None else sum(self.durations)

    @property
    def longest(self) -> int:
        """How long its longest reading lasts."""
        return self.seconds if self.durations is None else max(self.durations)

    def readings(self) -> Iterator[Span]:
        """Each reading of the day, in the order of their starts."""
        if self.offsets is None or self.durations is None:
            for start in range(self.start, self.start + self.count * self.seconds, self.seconds):
                yield Span(start, start + self.seconds)
        else:
            for offset, lasts in zip(self.offsets, self.durations, strict=True):
                yield Span(self.start + offset, self.start + offset + lasts)

    def spans(self) -> list[Span]:
        """What its readings cover: one span where they follow one another without a gap."""
        if self.offsets is None:
            return [Span(self.start, self.start + self.count * self.seconds)]
        return list(self.readings())


# --- Covered, missing, measured twice -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Coverage:
    """From the first reading's start to the last one's end: what no reading covers, or several."""

    span: Span
    gaps: tuple[Span, ...]
    overlaps: tuple[Span, ...]

    @property
    def missing(self) -> int:
        """Seconds that no reading covers."""
        return total_of(self.gaps)

    @property
    def twice(self) -> int:
        """Seconds that more than one reading covers."""
        return total_of(self.overlaps)

    @property
    def percent(self) -> Decimal:
        """How much of the span the readings cover."""
        return percent(self.span.seconds - self.missing, self.span.seconds)

    @property
    def longest_gap(self) -> int:
        return max((gap.seconds for gap in self.gaps), default=0)

    def covered_in(self, span: Span) -> int:
        """Seconds of another span that readings cover."""
        first = bisect_right(self.gaps, span.begin, key=itemgetter(1))
        last = bisect_left(self.gaps, span.end, key=itemgetter(0))
        missing = sum(gap.common(span) for gap in self.gaps[first:last])
        return self.span.common(span) - missing


def total_of(spans: Iterable[Span]) -> int:
    """How long they last together."""
    return sum(span.seconds for span in spans)


def coverage_of(days: Iterable[StoredDay]) -> Coverage:
    """What the days cover; there is at least one.

    Sorted here, since a day may end after the next one begins: readings may be longer than a day,
    and St. John's once left a day and began it again.
    """
    spans = sorted(span for day in days for span in day.spans())
    begin, end = spans[0]
    gaps: list[Span] = []
    overlaps: list[Span] = []
    for span in spans[1:]:
        if span.begin > end:
            gaps.append(Span(end, span.begin))
        elif span.begin < end:
            _extend(overlaps, Span(span.begin, min(span.end, end)))
        end = max(end, span.end)
    return Coverage(Span(begin, end), tuple(gaps), tuple(overlaps))


def _extend(spans: list[Span], span: Span) -> None:
    """Add a span that begins no earlier than the last one, and join the two where they touch."""
    if spans and span.begin <= spans[-1].end:
        spans[-1] = Span(spans[-1].begin, max(spans[-1].end, span.end))
    else:
        spans.append(span)


# --- Estimated or measured ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Qualities:
    """How many readings have which quality; None where neither they nor their type say any."""

    counts: Mapping[int | None, int]

    @property
    def readings(self) -> int:
        return sum(self.counts.values())

    @property
    def estimated(self) -> Decimal:
        """Percent of the readings that were estimated, edited, derived or projected."""
        return percent(self._count_of(ESTIMATED), self.readings)

    @property
    def unknown(self) -> Decimal:
        """Percent of the readings that do not say whether they were."""
        known = self._count_of(ESTIMATED) + self._count_of(MEASURED)
        return percent(self.readings - known, self.readings)

    def _count_of(self, qualities: Container[int | None]) -> int:
        return sum(count for quality, count in self.counts.items() if quality in qualities)


# --- Days on which clocks change ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OddDay:
    """A local day that has not 24 hours, and how long the readings that start on it last.

    `fits` is None where a reading is longer than a day, so that nothing can be said of one day.
    """

    day: date
    seconds: int
    measured: int
    fits: bool | None

    @property
    def hours(self) -> str:
        return in_hours(self.seconds)

    @property
    def measured_hours(self) -> str:
        return in_hours(self.measured)


def in_hours(seconds: int) -> str:
    """`23`, `24.5`."""
    return plain((Decimal(seconds) / HOUR).quantize(HUNDREDTH))


def odd_days_of(days: Sequence[StoredDay], coverage: Coverage, zone: ZoneInfo) -> list[OddDay]:
    """The days that have not 24 hours, of those that lie wholly between first and last reading."""
    stored = {day.day: day for day in days}
    found = []
    for day, seconds in lengths_of_odd_days(min(stored), max(stored), zone).items():
        hull = Span(int(midnight(day, zone).timestamp()), _end_of(day, zone))
        if hull.common(coverage.span) < hull.seconds:
            continue
        row = stored.get(day)
        measured = row.measured if row else 0
        fits = _fits(row, seconds) if row else None if coverage.covered_in(hull) else False
        found.append(OddDay(day, seconds, measured, fits))
    return found


def _end_of(day: date, zone: ZoneInfo) -> int:
    return int(last_midnight(day + timedelta(days=1), zone).timestamp())


def _fits(row: StoredDay, seconds: int) -> bool | None:
    """Whether the readings that start on a day last as long as the day does.

    Readings that need not start with a day (hours, where clocks change by half an hour) may miss it
    by less than one of them.
    """
    if row.longest > LONGEST_DAY:
        return None
    beside = abs(row.measured - seconds)
    return beside == 0 or (row.longest < HALF_A_DAY and beside < row.longest)


def lengths_of_odd_days(first: date, last: date, zone: ZoneInfo) -> dict[date, int]:
    """How many seconds have that local date, for each day from first to last that has not 24 hours.

    Only the days around a change of clocks are counted out: St. John's changed at 00:01 until 2011,
    which made the day before 59 minutes longer, too.
    """
    calendar = Calendar(zone)
    around = [first + timedelta(days=n) for n in range(-1, (last - first).days + 3)]
    offsets = [datetime.combine(day, time.min, zone).utcoffset() for day in around]
    changed = {around[n] for n, (one, other) in enumerate(pairwise(offsets)) if one != other}
    near = {day + timedelta(days=beside) for day in changed for beside in (-1, 0, 1)}
    lengths = {day: _seconds_of(day, calendar) for day in sorted(near) if first <= day <= last}
    return {day: seconds for day, seconds in lengths.items() if seconds != DAY_SECONDS}


def _seconds_of(day: date, calendar: Calendar) -> int:
    at, end = int(midnight(day, calendar.zone).timestamp()), _end_of(day, calendar.zone)
    seconds = 0
    while at < end:
        _, stretch_end, of_day = calendar.span(at)
        if of_day == day:
            seconds += min(stretch_end, end) - at
        at = stretch_end
    return seconds


# --- Bills and the readings of their periods ------------------------------------------------------

# compared: the readings cover the period.   partly: some of it is not measured.
# uneven: they do not begin and end with it. other_unit: it is billed in another unit.
Outcome = Literal["compared", "partly", "uneven", "other_unit"]


@dataclass(frozen=True, slots=True)
class Billed:
    """What a bill says was used, in which period; first and last day as it is shown elsewhere."""

    first: date
    last: date
    span: Span
    used: Quantity


@dataclass(frozen=True, slots=True)
class BillCheck:
    """A bill beside the sum of the readings that start in its period, in the bill's unit."""

    billed: Billed
    outcome: Outcome
    covered: Decimal
    measured: Quantity | None = None

    @property
    def difference(self) -> Quantity | None:
        """What was measured less what was billed."""
        if self.measured is None:
            return None
        return Quantity(
            WIDE.subtract(self.measured.value, self.billed.used.value), self.billed.used.unit
        )

    @property
    def percent(self) -> Decimal | None:
        """The difference in percent of what was billed; None where that is nothing."""
        if self.difference is None or not self.billed.used.value:
            return None
        share = WIDE.divide(self.difference.value, abs(self.billed.used.value))
        return WIDE.multiply(share, Decimal(100))


@dataclass(frozen=True, slots=True)
class Part:
    """The readings that start within a span: their raw sum, and from where to where they reach."""

    total: int
    without_value: int
    begin: int
    end: int


class Readings:
    """Days in order of their first readings, for sums of what starts within a span.

    `values` holds those of the days in which a span begins or ends (see `cut_by`), by day.
    """

    def __init__(
        self,
        days: Iterable[StoredDay],
        values: Mapping[date, Sequence[int | None]],
    ) -> None:
        self.days = sorted(days, key=attrgetter("start"))
        self.values = values
        self.starts = [day.start for day in self.days]

    def within(self, span: Span) -> Part | None:
        """The readings that start in a span, each counted whole; None where there are none."""
        parts = [
            self._whole(day)
            if span.begin <= day.start and day.last_start < span.end
            else self._cut(day, span)
            for day in self._near(span)
        ]
        found = [part for part in parts if part is not None]
        if not found:
            return None
        return Part(
            sum(part.total for part in found),
            sum(part.without_value for part in found),
            min(part.begin for part in found),
            max(part.end for part in found),
        )

    def _near(self, span: Span) -> list[StoredDay]:
        """The days of which a reading starts in the span: none starts 25 hours after its first."""
        first = bisect_left(self.starts, span.begin - LONGEST_DAY)
        return [
            day
            for day in self.days[first : bisect_left(self.starts, span.end)]
            if day.last_start >= span.begin
        ]

    def _whole(self, day: StoredDay) -> Part:
        return Part(day.total, day.without_value, day.start, day.end)

    def _cut(self, day: StoredDay, span: Span) -> Part | None:
        values = self.values.get(day.day, ())
        if len(values) != day.count:  # stored anew since the days were read
            values = [None] * day.count
        inside = [
            (reading, value)
            for reading, value in zip(day.readings(), values, strict=True)
            if span.begin <= reading.begin < span.end
        ]
        if not inside:
            return None
        known = [value for _, value in inside if value is not None]
        end = max(reading.end for reading, _ in inside)
        return Part(sum(known), len(inside) - len(known), inside[0][0].begin, end)


def cut_by(spans: Iterable[Span], days: Iterable[StoredDay]) -> set[date]:
    """The days that have readings on both sides of a span's begin or end."""
    edges = sorted({edge for span in spans for edge in span})
    found = set()
    for day in days:
        after = bisect_right(edges, day.start)
        if after < len(edges) and edges[after] <= day.last_start:
            found.add(day.day)
    return found


def check_bill(
    billed: Billed, readings: Readings, coverage: Coverage, unit: Unit, power_of_ten: int | None
) -> BillCheck:
    """Compare a bill with the readings of its period, where they measure all of it.

    A reading belongs where it starts, and counts whole. An hour more or less at either end is let
    pass, since utilities forget changes of clocks; hours missing within the period are not.
    """
    span = billed.span
    covered = coverage.covered_in(span)
    share = percent(covered, span.seconds)
    part = readings.within(span)
    if not unit.is_known or unit != billed.used.unit:
        return BillCheck(billed, "other_unit", share)
    if part is None or part.without_value:
        return BillCheck(billed, "partly", share)
    if max(abs(part.begin - span.begin), abs(part.end - span.end)) > HOUR:
        outcome: Outcome = "uneven" if covered == span.seconds else "partly"
        return BillCheck(billed, outcome, share)
    if coverage.covered_in(Span(part.begin, part.end)) < part.end - part.begin:
        return BillCheck(billed, "partly", share)
    measured = Quantity(scaled(part.total, power_of_ten, unit), unit)
    return BillCheck(billed, "compared", share, measured)


# --- All of it ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Report:
    """How good one meter reading's readings are."""

    coverage: Coverage
    without_value: int
    qualities: Qualities
    odd_days: tuple[OddDay, ...]
    bills: tuple[BillCheck, ...]

    @property
    def readings(self) -> int:
        return self.qualities.readings

    @property
    def misfits(self) -> list[OddDay]:
        """The days of 23 or 25 hours whose readings do not last as long."""
        return [day for day in self.odd_days if day.fits is False]

    @property
    def worst_bill(self) -> BillCheck | None:
        """Of the bills that could be compared, the one that is furthest off."""
        sizes = {
            number: abs(check.percent)
            for number, check in enumerate(self.bills)
            if check.percent is not None
        }
        return self.bills[max(sizes, key=sizes.__getitem__)] if sizes else None
