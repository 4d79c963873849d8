"""Interval blocks: what feeds mostly are, so their readings are kept and read by the column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from operator import lt
from typing import NamedTuple, cast, overload

from lxml import etree

from greenbutton.espi import period
from greenbutton.espi.element import (
    ESPI,
    MAX_INT16,
    MAX_INT32,
    Element,
    espi,
    local_name,
    note_passed_over,
    note_unknown,
    number,
    seconds,
)
from greenbutton.espi.enums import QualityOfReading
from greenbutton.espi.findings import Findings
from greenbutton.espi.period import Period
from greenbutton.espi.plain_readings import COLUMNS, STRANGERS


class IntervalReading(NamedTuple):
    """espi.xsd IntervalReading.

    `start` in UTC seconds, `cost` in 10^-5 of the reading type's currency, `value` raw: the
    reading type scales it. `start` or `seconds` are None where the feed leaves them to the
    block's start and the reading type's interval length: see `placed`.
    """

    start: int | None
    seconds: int | None
    value: int | None
    cost: int | None = None
    qualities: tuple[int, ...] = ()
    tou: int | None = None
    cpp: int | None = None
    tier: int | None = None


# One number a reading; None where the reading has none.
Column = list[int | None]


@dataclass(frozen=True, slots=True, eq=False)
class Readings(Sequence[IntervalReading]):
    """Readings by the column: equally long lists, or None where no reading has such a thing.

    `qualities` are the first of each reading; all of those that have several are in
    `several_qualities`, by the reading's index.
    """

    starts: Column
    seconds: Column
    values: Column
    costs: Column | None
    qualities: Column | None
    tou: Column | None
    cpp: Column | None
    tiers: Column | None
    several_qualities: dict[int, tuple[int, ...]]

    @classmethod
    def of(cls, readings: Iterable[IntervalReading]) -> Readings:
        """Readings that are at hand one by one."""
        rows = list(readings)
        if not rows:
            return cls([], [], [], None, None, None, None, None, {})
        starts, lengths, values, costs, qualities, tou, cpp, tiers = zip(*rows, strict=True)
        return cls(
            list(starts),
            list(lengths),
            list(values),
            _column(costs),
            _column([several[0] if several else None for several in qualities]),
            _column(tou),
            _column(cpp),
            _column(tiers),
            {index: several for index, several in enumerate(qualities) if len(several) > 1},
        )

    @classmethod
    def joined(cls, parts: Sequence[Readings]) -> Readings:
        """The readings of several, in that order."""
        if len(parts) == 1:
            return parts[0]
        several: dict[int, tuple[int, ...]] = {}
        before = 0
        for part in parts:
            several |= {before + index: all_ for index, all_ in part.several_qualities.items()}
            before += len(part)
        return cls(
            [start for part in parts for start in part.starts],
            [lasts for part in parts for lasts in part.seconds],
            [value for part in parts for value in part.values],
            _concatenated([(part.costs, len(part)) for part in parts]),
            _concatenated([(part.qualities, len(part)) for part in parts]),
            _concatenated([(part.tou, len(part)) for part in parts]),
            _concatenated([(part.cpp, len(part)) for part in parts]),
            _concatenated([(part.tiers, len(part)) for part in parts]),
            several,
        )

    def reversed(self) -> Readings:
        """The same, the last first."""
        last = len(self) - 1
        several = {last - index: all_ for index, all_ in self.several_qualities.items()}
        return Readings(
            self.starts[::-1],
            self.seconds[::-1],
            self.values[::-1],
            self.costs and self.costs[::-1],
            self.qualities and self.qualities[::-1],
            self.tou and self.tou[::-1],
            self.cpp and self.cpp[::-1],
            self.tiers and self.tiers[::-1],
            several,
        )

    def __len__(self) -> int:
        return len(self.starts)

    def __iter__(self) -> Iterator[IntervalReading]:
        nothing = repeat(None)
        rows = zip(
            self.starts,
            self.seconds,
            self.values,
            self.costs or nothing,
            self._qualities(),
            self.tou or nothing,
            self.cpp or nothing,
            self.tiers or nothing,
            strict=False,  # nothing has no end
        )
        return map(IntervalReading._make, rows)

    def _qualities(self) -> Iterable[tuple[int, ...]]:
        firsts = self.qualities or repeat(None, len(self))
        plain = (() if first is None else (first,) for first in firsts)
        if not self.several_qualities:
            return plain
        return (self.several_qualities.get(index, one) for index, one in enumerate(plain))

    @overload
    def __getitem__(self, index: int) -> IntervalReading: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[IntervalReading]: ...
    def __getitem__(self, index: int | slice) -> IntervalReading | Sequence[IntervalReading]:
        return list(self)[index]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # its columns are lists


def _column(values: Sequence[int | None]) -> Column | None:
    return None if values.count(None) == len(values) else list(values)


def _concatenated(parts: Sequence[tuple[Column | None, int]]) -> Column | None:
    """Columns one after the other; where one is absent, so many readings have nothing."""
    if all(column is None for column, _ in parts):
        return None
    return [*chain.from_iterable(column or [None] * count for column, count in parts)]


@dataclass(frozen=True, slots=True)
class IntervalBlock:
    """espi.xsd IntervalBlock. `start` and `seconds` are advisory: readings may lie outside."""

    start: int | None = None
    seconds: int | None = None
    readings: Sequence[IntervalReading] = ()

    @property
    def columns(self) -> Readings:
        """The readings by the column."""
        return self.readings if isinstance(self.readings, Readings) else Readings.of(self.readings)

    def placed(self, interval_length: int | None) -> Iterator[IntervalReading]:
        """Yield the readings with the times that the feed left out.

        espi.xsd IntervalReading.timePeriod is optional; without it, readings of
        ReadingType.intervalLength follow one another from the block's start. What even that
        does not tell stays None.
        """
        at = self.start
        for reading in self.readings:
            start = at if reading.start is None else reading.start
            lasts = interval_length if reading.seconds is None else reading.seconds
            at = None if start is None or lasts is None else start + lasts
            yield reading._replace(start=start, seconds=lasts)


INTERVAL = espi("interval")
READING = espi("IntervalReading")
COST = espi("cost")
READING_QUALITY = espi("ReadingQuality")
QUALITY = espi("quality")
TIME_PERIOD = espi("timePeriod")
START = espi("start")
DURATION = espi("duration")
VALUE = espi("value")
TIER = espi("consumptionTier")
TOU = espi("tou")
CPP = espi("cpp")


def read(element: Element, findings: Findings) -> IntervalBlock:
    interval = None
    parts: list[Readings] = []
    single: list[IntervalReading] = []
    for child in element:
        tag = child.tag
        if tag == READING:
            columns = child.get(COLUMNS)
            if columns is None:
                single.append(_read_reading(child, findings))
                continue
            if single:
                parts.append(Readings.of(single))
                single = []
            parts.append(_read_run(columns.split(), (child.text or "").split()))
            for name in child.get(STRANGERS, "").split():
                note_passed_over(name, findings, len(parts[-1]))
        elif tag == INTERVAL:
            interval = period.SHAPE.read(child, findings)
        else:
            note_unknown(child, findings)
    if single or not parts:
        parts.append(Readings.of(single))
    readings = Readings.joined(parts)
    _look_around(interval, readings, findings)
    _look_at_qualities(readings, findings)
    interval = interval or Period()
    return IntervalBlock(interval.start, interval.seconds, readings)


KNOWN_QUALITIES: set[int | None] = {None, *QualityOfReading}
# The columns that each leaf of a reading fills.
_COLUMN_OF = {
    "start": "starts",
    "duration": "seconds",
    "value": "values",
    "cost": "costs",
    "quality": "qualities",
    "tou": "tou",
    "cpp": "cpp",
    "consumptionTier": "tiers",
}


def _read_run(names: list[str], numbers: list[str]) -> Readings:
    """Plain readings: their numbers row after row, in the columns that are named."""
    columns: dict[str, Column | None] = dict.fromkeys(_COLUMN_OF.values())
    for index, name in enumerate(names):
        columns[_COLUMN_OF[name]] = _integers(numbers[index :: len(names)])
    return Readings(**cast("dict[str, Column]", columns), several_qualities={})


def _integers(column: list[str]) -> Column:
    first = column[0]
    # A length or a quality is nearly always one number, and comparing is quicker than converting.
    return [int(first)] * len(column) if column.count(first) == len(column) else [*map(int, column)]


def _look_at_qualities(readings: Readings, findings: Findings) -> None:
    """Note qualities that the schema does not know; they are kept."""
    given: Sequence[int | None] = readings.qualities or ()
    if several := readings.several_qualities:
        alone = (one for index, one in enumerate(given) if index not in several)
        given = [*alone, *chain(*several.values())]
    for quality in {*given} - KNOWN_QUALITIES:
        findings.note("enum.unknown", "quality", value=str(quality), times=given.count(quality))


def _look_around(interval: Period | None, readings: Readings, findings: Findings) -> None:
    """Note how a block's readings lie to one another and to its interval."""
    if interval is None:
        findings.note("block.no_interval")
    starts = readings.starts
    if not starts or None in starts:
        return
    known = cast("list[int]", starts)
    # Comparing neighbours in C: a block may have a hundred thousand readings.
    if len(known) > 1 and not all(map(lt, known, known[1:])):
        least, most = min(known), max(known)
        if all(map(lt, known[1:], known)):
            findings.note("block.newest_first")
    else:
        least, most = known[0], known[-1]
    if interval is None or interval.start is None or not interval.seconds:
        return
    first, end = interval.start, interval.start + interval.seconds
    if least < first or most >= end:
        outside = sum(not first <= start < end for start in known)
        findings.note("reading.outside_interval", times=outside)


def _read_reading(element: Element, findings: Findings) -> IntervalReading:
    # Feeds are readings nearly throughout: one pass over the children, no searching.
    start = lasts = value = cost = tou = cpp = tier = None
    qualities: list[int] = []
    for child in element:
        tag = child.tag
        if tag == TIME_PERIOD:
            start, lasts = _read_time_period(child, findings)
        elif tag == VALUE:
            value = number(child, findings)
        elif tag == COST:
            cost = number(child, findings)
        elif tag == READING_QUALITY:
            qualities += _read_qualities(child, findings)
        elif tag == TOU:
            tou = number(child, findings, MAX_INT16)
        elif tag == CPP:
            cpp = number(child, findings, MAX_INT16)
        elif tag == TIER:
            tier = number(child, findings, MAX_INT16)
        else:
            note_unknown(child, findings)
    return IntervalReading(start, lasts, value, cost, tuple(qualities), tou, cpp, tier)


def _read_time_period(element: Element, findings: Findings) -> tuple[int | None, int | None]:
    start = lasts = None
    for child in element:
        tag = child.tag
        if tag == START:
            start = seconds(child, findings)
        elif tag == DURATION:
            lasts = _read_duration(child, findings)
        else:
            note_unknown(child, findings)
    return start, lasts


def _read_duration(element: Element, findings: Findings) -> int | None:
    lasts = seconds(element, findings)
    if lasts is None or 0 < lasts <= MAX_INT32:
        return lasts
    # 0 is seen in per-minute meter data: it stands for "as the reading type says".
    code = "number.out_of_range" if lasts else "reading.no_duration"
    findings.note(code, local_name(element))
    return None


def _read_qualities(element: Element, findings: Findings) -> list[int]:
    qualities = []
    for child in element:
        if child.tag == QUALITY:
            quality = number(child, findings, MAX_INT16)
            if quality is not None:
                qualities.append(quality)
        else:
            note_unknown(child, findings)
    return qualities


def write(block: IntervalBlock) -> Element:
    element = etree.Element(espi("IntervalBlock"), nsmap={"espi": ESPI})
    _write_period(element, INTERVAL, block.start, block.seconds)
    for reading in block.readings:
        _write_reading(etree.SubElement(element, READING), reading)
    return element


def _write_reading(element: Element, reading: IntervalReading) -> None:
    _write_number(element, COST, reading.cost)
    for quality in reading.qualities:
        _write_number(etree.SubElement(element, READING_QUALITY), QUALITY, quality)
    _write_period(element, TIME_PERIOD, reading.start, reading.seconds)
    _write_number(element, VALUE, reading.value)
    _write_number(element, TIER, reading.tier)
    _write_number(element, TOU, reading.tou)
    _write_number(element, CPP, reading.cpp)


def _write_period(parent: Element, tag: str, start: int | None, lasts: int | None) -> None:
    if start is not None or lasts is not None:
        element = etree.SubElement(parent, tag)
        _write_number(element, DURATION, lasts)
        _write_number(element, START, start)


def _write_number(parent: Element, tag: str, value: int | None) -> None:
    if value is not None:
        etree.SubElement(parent, tag).text = str(value)
