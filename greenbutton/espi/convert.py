"""Readings and bills as rows, for a spreadsheet or a program.

Which meter reading a block belongs to is known at the end of a document only. So it is read twice,
once for its links and once for its readings, and nothing of it is held but the links.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from io import StringIO
from typing import Any, NamedTuple

from greenbutton.espi.element import FIRST_TIME, LAST_TIME
from greenbutton.espi.entry import date_text
from greenbutton.espi.enums import Currency, FlowDirectionKind, ItemKind, QualityOfReading
from greenbutton.espi.enums import UnitSymbol as Unit
from greenbutton.espi.errors import EspiError
from greenbutton.espi.feed import read_feed
from greenbutton.espi.interval_block import IntervalBlock, IntervalReading
from greenbutton.espi.line_item import LineItem
from greenbutton.espi.links import LinkedMeterReading, LinkedSummary, Linker, Tree
from greenbutton.espi.period import Period
from greenbutton.espi.readable import Readable
from greenbutton.espi.reading_type import ReadingType
from greenbutton.espi.scale import SANE_POWERS, money, plain, shifted
from greenbutton.espi.summary_measurement import SummaryMeasurement
from greenbutton.espi.usage_summary import UsageSummary

# What makes a spreadsheet take a cell for a formula; the last four are their wide twins.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


# Opens the document at its beginning, as often as it is asked to.
Opens = Callable[[], AbstractContextManager[Readable]]


class ReadingRow(NamedTuple):
    """A reading as it is in the document: those that are repeated are repeated here.

    `start` is in ISO 8601, in UTC. `quantity` is `value` times ten to the `power_of_ten`, in
    `unit`; `cost` is in 10^-5 of `currency`, `money` in whole ones. Both are None where the feed
    does not tell, or tells what cannot be.
    """

    usage_point: str
    meter_reading: str
    flow: str
    unit: str
    start: str
    seconds: int | None
    value: int | None
    power_of_ten: int | None
    quantity: Decimal | None
    cost: int | None
    money: Decimal | None
    currency: str
    quality: str
    tou: int | None
    cpp: int | None
    tier: int | None


class LineRow(NamedTuple):
    """A line of a bill; `money` is `amount` in whole units of the bill's currency."""

    note: str
    kind: str
    amount: int | None
    money: Decimal | None

    def __str__(self) -> str:
        amount = "" if self.money is None else plain(self.money)
        return " ".join(filter(None, (self.note or self.kind, amount)))


class BillRow(NamedTuple):
    """A usage summary. Its numbers are as a ReadingRow's; `stated` is when it was drawn up."""

    usage_point: str
    summary: str
    start: str
    seconds: int | None
    unit: str
    value: int | None
    power_of_ten: int | None
    quantity: Decimal | None
    bill: int | None
    bill_money: Decimal | None
    bill_to_date: int | None
    bill_to_date_money: Decimal | None
    additional: int | None
    additional_money: Decimal | None
    currency: str
    tariff: str
    agency: str
    quality: str
    stated: str
    lines: tuple[LineRow, ...]


Row = ReadingRow | BillRow


def reading_rows(opens: Opens, *, max_bytes: int) -> Iterator[ReadingRow]:
    """A row a reading, in the document's order.

    Raises EspiError at once for a document that is refused.
    """
    tree = _links(opens, max_bytes)
    return _reading_rows(tree, opens, max_bytes)


def _reading_rows(tree: Tree, opens: Opens, max_bytes: int) -> Iterator[ReadingRow]:
    meter_readings: dict[str, _Rows] = {}
    with opens() as file:
        for entry in read_feed(file, max_bytes=max_bytes):
            if not isinstance(entry.resource, IntervalBlock):
                continue
            if (identity := tree.blocks.get(entry.ordinal)) is None:
                raise EspiError("The file was changed while it was being read.")
            if identity not in meter_readings:
                meter_readings[identity] = _Rows(tree.meter_readings[identity])
            yield from meter_readings[identity].of(entry.resource)


def bill_rows(opens: Opens, *, max_bytes: int) -> Iterator[BillRow]:
    """A row a usage summary, in the document's order; raises EspiError as reading_rows does."""
    summaries = _links(opens, max_bytes).summaries
    return (bill_of(linked) for _, linked in sorted(summaries.items()))


# What a document can be converted to rows of, with the kind of row.
KINDS: dict[str, tuple[type[Row], Callable[..., Iterator[Row]]]] = {
    "readings": (ReadingRow, reading_rows),
    "bills": (BillRow, bill_rows),
}


def _links(opens: Opens, max_bytes: int) -> Tree:
    """How the document hangs together; it is read to its end, so one that is broken is refused."""
    linker = Linker()
    with opens() as file:
        for entry in read_feed(file, max_bytes=max_bytes):
            linker.add(entry)
    return linker.resolve()


class _Rows:
    """The rows of one meter reading: what they have in common, found once."""

    def __init__(self, linked: LinkedMeterReading) -> None:
        self._linked = linked
        self._type = linked.reading_type or ReadingType()
        self._flow = FlowDirectionKind.words(self._type.flow_direction)
        self._unit = Unit.words(self._type.uom)
        self._currency = Currency.words(self._type.currency)
        self._quality = cache(_quality)

    def of(self, block: IntervalBlock) -> Iterator[ReadingRow]:
        for reading in block.placed(self._type.interval_length):
            yield self._row(reading)

    def _row(self, reading: IntervalReading) -> ReadingRow:
        # espi.xsd ReadingType: what it says of quality, tou, cpp and tier holds for each reading
        # that says nothing itself.
        its = self._type
        default = () if its.default_quality is None else (its.default_quality,)
        return ReadingRow(
            usage_point=self._linked.usage_point,
            meter_reading=self._linked.identity,
            flow=self._flow,
            unit=self._unit,
            start=moment(reading.start),
            seconds=reading.seconds,
            value=reading.value,
            power_of_ten=its.power_of_ten,
            quantity=quantity(reading.value, its.power_of_ten),
            cost=reading.cost,
            money=_money(reading.cost),
            currency=self._currency,
            quality=self._quality(reading.qualities or default),
            tou=its.tou if reading.tou is None else reading.tou,
            cpp=its.cpp if reading.cpp is None else reading.cpp,
            tier=its.consumption_tier if reading.tier is None else reading.tier,
        )


def _quality(qualities: tuple[int, ...]) -> str:
    return "; ".join(map(QualityOfReading.words, qualities))


def bill_of(linked: LinkedSummary) -> BillRow:
    """A usage summary as a row."""
    summary = linked.entry.resource
    assert isinstance(summary, UsageSummary)
    period = summary.billing_period or Period()
    used = summary.overall_consumption or SummaryMeasurement()
    return BillRow(
        usage_point=linked.usage_point,
        summary=linked.identity,
        start=moment(period.start),
        seconds=period.seconds,
        unit=Unit.words(used.uom),
        value=used.value,
        power_of_ten=used.power_of_ten,
        quantity=quantity(used.value, used.power_of_ten),
        bill=summary.bill_last_period,
        bill_money=_money(summary.bill_last_period),
        bill_to_date=summary.bill_to_date,
        bill_to_date_money=_money(summary.bill_to_date),
        additional=summary.cost_additional_last_period,
        additional_money=_money(summary.cost_additional_last_period),
        currency=Currency.words(summary.currency),
        tariff=summary.tariff_profile or "",
        agency=summary.billing_charge_source or "",
        quality=QualityOfReading.words(summary.quality_of_reading),
        stated=moment(summary.status_time_stamp),
        lines=tuple(_line(item) for item in summary.line_items),
    )


def _line(item: LineItem) -> LineRow:
    return LineRow(
        item.note or "", ItemKind.words(item.item_kind), item.amount, _money(item.amount)
    )


def moment(seconds: int | None) -> str:
    """UTC seconds in ISO 8601: 2026-03-02T05:00:00Z; "" for what no calendar has."""
    if seconds is None or not FIRST_TIME <= seconds <= LAST_TIME:
        return ""
    return date_text(datetime.fromtimestamp(seconds, UTC))


def quantity(value: int | None, power_of_ten: int | None) -> Decimal | None:
    """A raw value in its unit, unless the power of ten is a mistake."""
    if value is None or (power_of_ten or 0) not in SANE_POWERS:
        return None
    return shifted(value, power_of_ten)


def _money(hundred_thousandths: int | None) -> Decimal | None:
    return None if hundred_thousandths is None else money(hundred_thousandths)


def as_csv(kind: type[Row], rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of a CSV file (RFC 4180), the names of the columns first."""
    buffer = StringIO()
    writer = csv.writer(buffer)
    writer.writerow(kind._fields)
    yield _taken(buffer)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
        yield _taken(buffer)


def _taken(buffer: StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def _cell(value: object) -> str | int | None:
    """Numbers as numbers; text that a spreadsheet would take for a formula, as text."""
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, Decimal):
        return plain(value)
    text = "; ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def as_json(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the pieces of a JSON array, an object a line; decimals are strings, to stay exact."""
    before = "[\n"
    for row in rows:
        yield before + json.dumps(as_object(row), ensure_ascii=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def as_object(row: ReadingRow | BillRow | LineRow) -> dict[str, Any]:
    """A row as json takes it."""
    return {name: _json(value) for name, value in zip(row._fields, row, strict=True)}


def _json(value: object) -> object:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, tuple):
        return [as_object(line) for line in value]
    return value
