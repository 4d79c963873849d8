from dataclasses import dataclass
from decimal import Decimal

import pytest
from lxml import etree

from greenbutton.espi.element import CUSTOMER, ESPI
from greenbutton.espi.enums import ServiceKind, UsagePointConnectedKind
from greenbutton.espi.findings import Findings
from greenbutton.espi.shape import (
    BOOLEAN,
    DECIMAL,
    HEX,
    TEXT,
    Field,
    Kind,
    Shape,
    code,
    word,
)


@dataclass(frozen=True, slots=True)
class Room:
    name: str | None = None
    doors: tuple[str, ...] = ()
    kind: int | None = None


SHAPE = Shape(
    Room,
    Field("name", "name", TEXT, also=("Name",)),
    Field("door", "doors", TEXT, many=True, within="doors"),
    Field("kind", "kind", code(ServiceKind), within="category"),
    through=("floor",),
)


def read(inner: str, shape: Shape[Room] = SHAPE, namespace: str = ESPI) -> tuple[Room, list[str]]:
    findings = Findings()
    element = etree.fromstring(f'<Room xmlns="{namespace}" xmlns:b="urn:b">{inner}</Room>')
    room = shape.read(element, findings)
    return room, [finding.code for finding in findings]


def value_of(kind: Kind, text: str) -> tuple[object, list[str]]:
    findings = Findings()
    value = kind.read(etree.fromstring(f"<e>{text}</e>"), findings)
    return value, [finding.code for finding in findings]


def test_elements_of_another_namespace_are_not_its() -> None:
    inner = "<name>A</name><b:name>B</b:name><b:door>C</b:door>"
    assert read(inner) == (Room(name="A"), ["element.unknown"] * 2)
    assert read("<name>A</name>", namespace=CUSTOMER) == (Room(), ["element.unknown"])
    assert read("<name>A</name>", SHAPE.under(CUSTOMER), CUSTOMER) == (Room(name="A"), [])


def test_what_is_under_another_namespace_is_written_there() -> None:
    element = SHAPE.under(CUSTOMER).write(Room("A", ("1", "2"), 1))
    assert {etree.QName(one).namespace for one in element.iter()} == {CUSTOMER}
    assert element.nsmap == {"cust": CUSTOMER}


def test_elements_around_values_are_opened_once_and_only_where_needed() -> None:
    written = SHAPE.write(Room("A", ("1", "2"), 1))
    assert [etree.QName(one).localname for one in written.iter()] == [
        *("Room", "name", "doors", "door", "door", "category", "kind")
    ]
    assert [etree.QName(one).localname for one in SHAPE.write(Room()).iter()] == ["Room"]


def test_several_elements_around_many_values_are_one() -> None:
    inner = "<doors><door>1</door></doors><doors><door>2</door><other/></doors>"
    assert read(inner) == (Room(doors=("1", "2")), ["element.unknown"])


def test_a_value_without_the_element_that_belongs_around_it_is_another() -> None:
    inner = "<kind>1</kind><door>1</door><doors><name>A</name></doors>"
    assert read(inner) == (Room(), ["element.unknown"] * 3)


def test_what_came_of_a_request_is_told_apart_from_what_nobody_knows() -> None:
    inner = "<batchItemInfo><name/></batchItemInfo><batchItemInfo/><extension/>"
    assert read(inner) == (Room(), ["element.batch_item_info", "element.unknown"])


def test_what_an_element_wraps_can_be_read_as_if_it_stood_there() -> None:
    inner = "<floor><floor><Name>A</Name></floor><category><kind>2</kind></category></floor>"
    assert read(inner) == (Room(name="A", kind=2), [])


def test_of_an_element_that_comes_twice_the_last_is_taken_and_that_is_said() -> None:
    assert read("<name>A</name><name>B</name><name/>") == (Room(name="B"), ["element.repeated"])


def test_codes_and_words_of_no_schema_are_kept_and_said() -> None:
    assert value_of(code(ServiceKind), "10") == (10, [])
    assert value_of(code(ServiceKind), "77") == (77, ["enum.unknown"])
    assert value_of(code(ServiceKind), "gas") == (None, ["number.unreadable"])
    assert value_of(word(UsagePointConnectedKind), "connected") == ("connected", [])
    assert value_of(word(UsagePointConnectedKind), "Connected") == (
        "Connected",
        ["enum.unknown_word"],
    )


def test_a_finding_about_a_word_does_not_say_the_word() -> None:
    findings = Findings()
    word(UsagePointConnectedKind).read(etree.fromstring("<e>14 Main Street</e>"), findings)
    assert not any("Main" in finding.detail for finding in findings)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("true", (True, [])),
        (" 1\n", (True, [])),
        ("FALSE", (False, [])),
        ("0", (False, [])),
        ("", (None, [])),
        ("yes", (None, ["boolean.unreadable"])),
    ],
)
def test_a_boolean_is_true_or_false_or_left_out(text: str, read: object) -> None:
    assert value_of(BOOLEAN, text) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("1.5", (Decimal("1.5"), [])),
        (" 12E-1 ", (Decimal("1.2"), [])),
        ("INF", (None, ["number.unreadable"])),
        ("NaN", (None, ["number.unreadable"])),
        ("1e999999999", (None, ["number.unreadable"])),
        ("9" * 5000, (None, ["number.unreadable"])),
        ("1_0", (None, ["number.unreadable"])),
    ],
)
def test_a_ratio_is_a_finite_decimal_or_left_out(text: str, read: object) -> None:
    assert value_of(DECIMAL, text) == read


def test_a_ratio_is_written_without_an_exponent() -> None:
    element = etree.Element("e")
    DECIMAL.write(element, Decimal("12E+3"))
    assert element.text == "12000"


@pytest.mark.parametrize("text", ["1e99", "-1E-99", f"{'9' * 30}.{'9' * 30}e-99", "1e-31", ".5"])
def test_a_ratio_that_is_read_is_the_same_when_it_is_written_and_read_again(text: str) -> None:
    ratio, _ = value_of(DECIMAL, text)
    element = etree.Element("e")
    DECIMAL.write(element, ratio)
    assert value_of(DECIMAL, str(element.text)) == (ratio, [])


def test_hexadecimals_are_kept_as_they_are_written() -> None:
    assert value_of(HEX, " 00aF ") == ("00aF", [])
    assert value_of(HEX, "0x10") == (None, ["hex.unreadable"])
    assert value_of(HEX, "F" * 100) == (None, ["hex.unreadable"])
