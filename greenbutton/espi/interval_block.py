from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from lxml import etree

from greenbutton.espi import period
from greenbutton.espi.element import (
    ESPI,
    MAX_INT16,
    MAX_INT32,
    Element,
    espi,
    local_name,
    number,
    seconds,
)
from greenbutton.espi.findings import Findings
from greenbutton.espi.period import Period


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


@dataclass(frozen=True, slots=True)
class IntervalBlock:
    """espi.xsd IntervalBlock. `start` and `seconds` are advisory: readings may lie outside."""

    start: int | None = None
    seconds: int | None = None
    readings: tuple[IntervalReading, ...] = ()

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
    interval = Period()
    readings: list[IntervalReading] = []
    for child in element:
        tag = child.tag
        if tag == READING:
            readings.append(_read_reading(child, findings))
        elif tag == INTERVAL:
            interval = period.SHAPE.read(child, findings)
    return IntervalBlock(interval.start, interval.seconds, tuple(readings))


def _read_reading(element: Element, findings: Findings) -> IntervalReading:
    # Feeds are readings nearly throughout: one pass over the children, no searching.
    start = lasts = value = cost = tou = cpp = tier = None
    qualities: tuple[int, ...] = ()
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
    return IntervalReading(start, lasts, value, cost, qualities, tou, cpp, tier)


def _read_time_period(element: Element, findings: Findings) -> tuple[int | None, int | None]:
    start = lasts = None
    for child in element:
        tag = child.tag
        if tag == START:
            start = seconds(child, findings)
        elif tag == DURATION:
            lasts = _read_duration(child, findings)
    return start, lasts


def _read_duration(element: Element, findings: Findings) -> int | None:
    lasts = seconds(element, findings)
    if lasts is None or 0 < lasts <= MAX_INT32:
        return lasts
    # 0 is seen in per-minute meter data: it stands for "as the reading type says".
    code = "number.out_of_range" if lasts else "reading.no_duration"
    findings.note(code, local_name(element))
    return None


def _read_qualities(element: Element, findings: Findings) -> tuple[int, ...]:
    qualities: tuple[int, ...] = ()
    for child in element:
        if child.tag == QUALITY:
            quality = number(child, findings, MAX_INT16)
            qualities += () if quality is None else (quality,)
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
