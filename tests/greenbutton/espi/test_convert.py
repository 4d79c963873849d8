from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from typing import BinaryIO

import pytest

from greenbutton.espi import EspiError, generator
from greenbutton.espi.convert import (
    BillRow,
    Opens,
    ReadingRow,
    as_csv,
    as_json,
    bill_rows,
    moment,
    quantity,
    reading_rows,
)
from tests.greenbutton.espi.documents import MEGABYTE, at, block, entry, feed

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus"
PUC = CORPUS / "utilityapi-puc-APUC0000-00-electric.xml"
needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the shared corpus of real feeds is not beside this checkout"
)

START = 1_767_225_600  # 2026-01-01T00:00:00Z
USAGE_POINT = entry("<espi:UsagePoint/>", links="self=u related=u/m related=u/b")
METER_READING = entry("<espi:MeterReading/>", links="self=u/m/1 up=u/m related=b related=t")


def reading_type(inner: str) -> str:
    return entry(f"<espi:ReadingType>{inner}</espi:ReadingType>", links="self=t")


def from_bytes(document: bytes) -> Opens:
    @contextmanager
    def opens() -> Iterator[BytesIO]:
        yield BytesIO(document)

    return opens


def from_file(path: Path) -> Opens:
    @contextmanager
    def opens() -> Iterator[BinaryIO]:
        with path.open("rb") as file:
            yield file

    return opens


def rows(*entries: str) -> list[ReadingRow]:
    return list(reading_rows(from_bytes(feed(*entries)), max_bytes=MEGABYTE))


def bills(*payloads: str) -> list[BillRow]:
    summaries = [
        entry(f"<espi:UsageSummary>{inner}</espi:UsageSummary>", links=f"self=u/b/{number} up=u/b")
        for number, inner in enumerate(payloads)
    ]
    return list(bill_rows(from_bytes(feed(USAGE_POINT, *summaries)), max_bytes=MEGABYTE))


def cells(kind: type[ReadingRow | BillRow], found: list[ReadingRow] | list[BillRow]) -> list[str]:
    """The second line of the CSV file, read back."""
    lines = csv.reader(StringIO("".join(as_csv(kind, found))))
    return list(lines)[1]


def test_a_reading_is_a_row_in_its_unit_and_its_currency() -> None:
    unit = (
        "<espi:currency>124</espi:currency>"
        "<espi:powerOfTenMultiplier>-3</espi:powerOfTenMultiplier>"
    )
    extras = (
        "<espi:cost>1234567</espi:cost><espi:ReadingQuality><espi:quality>8</espi:quality>"
        "</espi:ReadingQuality><espi:tou>1</espi:tou><espi:cpp>2</espi:cpp>"
        "<espi:consumptionTier>3</espi:consumptionTier>"
    )
    (row,) = rows(
        entry(block(at(str(START), "900", "-5") + extras), links="self=b/1 up=b"),
        USAGE_POINT,
        METER_READING,
        reading_type(f"{unit}<espi:uom>72</espi:uom><espi:flowDirection>19</espi:flowDirection>"),
    )
    assert row == ReadingRow(
        usage_point="u",
        meter_reading="u/m/1",
        flow="received from the customer",
        unit="Wh",
        start="2026-01-01T00:00:00Z",
        seconds=900,
        value=-5,
        power_of_ten=-3,
        quantity=Decimal("-0.005"),
        cost=1_234_567,
        money=Decimal("12.34567"),
        currency="CAD",
        quality="estimated from a similar day",
        tou=1,
        cpp=2,
        tier=3,
    )


def test_readings_without_times_follow_one_another_and_take_what_their_type_says() -> None:
    interval = f"<espi:interval><espi:start>{START}</espi:start></espi:interval>"
    value = "<espi:value>1</espi:value>"
    found = rows(
        USAGE_POINT,
        METER_READING,
        reading_type(
            "<espi:intervalLength>3600</espi:intervalLength><espi:tou>4</espi:tou>"
            "<espi:defaultQuality>17</espi:defaultQuality>"
        ),
        entry(block(value, value, interval=interval), links="self=b/1 up=b"),
    )
    assert [row.start for row in found] == ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"]
    assert {(row.seconds, row.tou, row.quality) for row in found} == {(3600, 4, "validated")}


def test_a_reading_of_which_nothing_is_known_is_a_row_all_the_same() -> None:
    (row,) = rows(entry(block("<espi:value>7</espi:value>", interval="<espi:interval/>")))
    assert (row.value, row.quantity, row.money) == (7, Decimal(7), None)
    assert (row.unit, row.start) == ("", "")


def test_a_power_of_ten_that_is_a_mistake_gives_no_quantity() -> None:
    assert quantity(5, 2**31 - 1) is None
    assert quantity(5, -(2**31) + 1) is None
    assert quantity(5, 3) == 5000


def test_times_are_written_as_long_as_a_calendar_has_them() -> None:
    assert moment(-62_135_596_800) == "0001-01-01T00:00:00Z"
    assert moment(253_402_300_799) == "9999-12-31T23:59:59Z"
    assert moment(253_402_300_800) == ""
    assert moment(None) == ""


def test_numbers_stay_numbers_and_have_no_exponent() -> None:
    power = "<espi:powerOfTenMultiplier>12</espi:powerOfTenMultiplier>"
    found = rows(
        USAGE_POINT,
        METER_READING,
        reading_type(power),
        entry(block(at(str(START), value="-9223372036854775807")), links="self=b/1 up=b"),
    )
    said = dict(zip(ReadingRow._fields, cells(ReadingRow, found), strict=True))
    assert said["value"] == "-9223372036854775807"
    assert said["quantity"] == "-9223372036854775807000000000000"
    assert said["cost"] == said["money"] == said["tou"] == ""


@pytest.mark.parametrize(
    "formula", ["=1+1", "+1", "-1", "@SUM(A1)", "＝1+1", "=HYPERLINK(&quot;http://a&quot;)"]
)
def test_text_of_the_feed_never_becomes_a_formula(formula: str) -> None:
    links = f"self={formula.replace('=', '&#61;')}"
    linked = entry("<espi:UsagePoint/>", links=links)
    (row,) = rows(linked, entry(block(at(str(START)))))
    assert row.usage_point.startswith(formula[0])
    assert cells(ReadingRow, [row])[0] == f"'{row.usage_point}"
    (bill,) = bills(f"<espi:tariffProfile>{formula}</espi:tariffProfile>")
    said = dict(zip(BillRow._fields, cells(BillRow, [bill]), strict=True))
    assert said["tariff"] == f"'{bill.tariff}"
    lines = (
        f"<espi:costAdditionalDetailLastPeriod><espi:note>{formula}</espi:note>"
        "</espi:costAdditionalDetailLastPeriod>"
    )
    said = dict(zip(BillRow._fields, cells(BillRow, bills(lines)), strict=True))
    assert said["lines"].startswith("'")


def test_commas_quotes_and_line_breaks_stay_in_their_cell() -> None:
    odd = 'a,"b"\nc'
    (bill,) = bills(f"<espi:tariffProfile>{odd}</espi:tariffProfile>")
    said = dict(zip(BillRow._fields, cells(BillRow, [bill]), strict=True))
    assert said["tariff"] == odd


def test_a_bill_is_a_row_with_its_lines() -> None:
    line = (
        "<espi:costAdditionalDetailLastPeriod><espi:amount>{}</espi:amount>"
        "<espi:note>{}</espi:note><espi:itemKind>5</espi:itemKind>"
        "</espi:costAdditionalDetailLastPeriod>"
    )
    period = f"<espi:duration>86400</espi:duration><espi:start>{START}</espi:start>"
    used = "<espi:uom>72</espi:uom><espi:value>5</espi:value>"
    (bill,) = bills(
        f"<espi:billingPeriod>{period}</espi:billingPeriod>"
        "<espi:billLastPeriod>18092000</espi:billLastPeriod>"
        + line.format(1_300_000, "Tax")
        + line.format(-5, "Rounding")
        + f"<espi:overallConsumptionLastPeriod>{used}</espi:overallConsumptionLastPeriod>"
        "<espi:currency>124</espi:currency>"
    )
    assert (bill.usage_point, bill.summary, bill.start) == ("u", "u/b/0", "2026-01-01T00:00:00Z")
    assert (bill.bill, bill.bill_money, bill.currency) == (18_092_000, Decimal("180.92"), "CAD")
    assert (bill.quantity, bill.unit) == (Decimal(5), "Wh")
    said = dict(zip(BillRow._fields, cells(BillRow, [bill]), strict=True))
    assert said["bill_money"] == "180.92"
    assert said["lines"] == "Tax 13; Rounding -0.00005"
    (written,) = json.loads("".join(as_json([bill])))
    assert written["bill_money"] == "180.92"
    assert written["lines"][1] == {
        "note": "Rounding",
        "kind": "tax",
        "amount": -5,
        "money": "-0.00005",
    }


def test_json_of_nothing_is_an_empty_array() -> None:
    assert json.loads("".join(as_json([]))) == []


def test_rows_are_in_the_order_of_the_document_and_repeated_where_it_repeats() -> None:
    first = entry(block(at("200"), at("100")), links="self=b/1 up=b")
    found = rows(first, first, USAGE_POINT, METER_READING, reading_type(""))
    assert [row.start[-3:] for row in found] == ["20Z", "40Z", "20Z", "40Z"]


def test_a_document_that_is_refused_gives_no_row_and_says_so_at_once() -> None:
    document = feed(entry(block(at(str(START)))))[:-5]
    with pytest.raises(EspiError, match="not well-formed"):
        reading_rows(from_bytes(document), max_bytes=MEGABYTE)
    with pytest.raises(EspiError, match="larger than 10 bytes"):
        bill_rows(from_bytes(feed()), max_bytes=10)


def test_a_file_that_changes_meanwhile_is_refused() -> None:
    documents = iter([feed(), feed(entry(block(at(str(START)))))])

    @contextmanager
    def opens() -> Iterator[BytesIO]:
        yield BytesIO(next(documents))

    with pytest.raises(EspiError, match="was changed"):
        list(reading_rows(opens, max_bytes=MEGABYTE))


@pytest.mark.parametrize(
    "name", ["blocks-first", "no-time-period", "several-in-content", "prefixes"]
)
def test_a_generated_feed_gives_the_same_rows_however_it_is_written(name: str) -> None:
    def converted(*oddities: str) -> list[tuple[object, ...]]:
        plan = generator.Plan(days=2, usage_points=2, oddities=oddities)
        opens = from_bytes(b"".join(generator.generate(plan)))
        found = reading_rows(opens, max_bytes=MEGABYTE)
        return sorted((row.meter_reading, row.start, row.seconds, row.value) for row in found)

    assert converted(name) == converted()
    assert len(converted()) == 96


@needs_corpus
def test_the_real_puc_file_has_its_300_readings() -> None:
    found = list(reading_rows(from_file(PUC), max_bytes=MEGABYTE))
    assert len(found) == 300
    assert sum(row.value or 0 for row in found) == 248_530
    assert {(row.unit, row.seconds) for row in found} == {("Wh", 3600)}


@needs_corpus
@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.xml")), ids=lambda path: path.name)
def test_a_real_file_gives_as_many_rows_as_were_counted_independently(path: Path) -> None:
    expected = json.loads((CORPUS / "expected.json").read_text()).get(path.name)
    if expected is None:
        with pytest.raises(EspiError, match="not well-formed"):
            reading_rows(from_file(path), max_bytes=4 * MEGABYTE)
        return
    found = list(reading_rows(from_file(path), max_bytes=4 * MEGABYTE))
    assert len(found) == expected["readings"]
    assert sum(row.value or 0 for row in found) == expected["value_sum"]
    assert sum(row.cost or 0 for row in found) == expected["cost_sum"]
