import pytest

from greenbutton.espi import enums
from greenbutton.espi.customer import enums as customer_enums
from greenbutton.espi.enums import (
    Code,
    CommodityKind,
    CRUDOperation,
    Currency,
    DataQualifierKind,
    EnrollmentStatus,
    FlowDirectionKind,
    ItemKind,
    MeasurementKind,
    PhaseCode,
    QualityOfReading,
    ServiceKind,
    ServiceStatusKind,
    StatusCode,
    TimeAttributeKind,
    TimePeriodOfInterest,
    UnitMultiplier,
    UnitSymbol,
    Word,
)

ALL: list[type[Code] | type[Word]] = [
    one
    for module in (enums, customer_enums)
    for one in vars(module).values()
    if isinstance(one, type) and issubclass(one, Code | Word) and one not in (Code, Word)
]


def test_known_numbers_have_words() -> None:
    assert (ServiceKind.words(0), ServiceKind.words(2)) == ("electricity", "water")
    assert [UnitSymbol.words(uom) for uom in (72, 42, 169, 128, 134, 119)] == [
        "Wh",
        "m³",
        "therm",
        "US gal",
        "L",
        "ft³",
    ]
    assert UnitMultiplier.words(3) + UnitSymbol.words(72) == "kWh"
    assert (Currency.words(840), Currency.words(124)) == ("USD", "CAD")
    assert CommodityKind.words(7) == "natural gas"
    assert FlowDirectionKind.words(19) == "received from the customer"
    assert QualityOfReading.words(17) == "validated"
    assert ItemKind.words(5) == "tax"


def test_a_member_is_its_number() -> None:
    assert int(UnitSymbol.WATT_HOUR) == 72
    assert UnitSymbol.known(72) is UnitSymbol.WATT_HOUR


def test_numbers_that_the_schema_does_not_know_are_said_and_not_guessed() -> None:
    assert UnitMultiplier.known(-5) is None
    assert UnitMultiplier.words(-5) == "code -5"
    assert ServiceKind.known(None) is None
    assert ServiceKind.words(None) == ""


@pytest.mark.parametrize("enum", ALL)
def test_no_two_members_share_a_value_or_their_words(enum: type[Code] | type[Word]) -> None:
    assert enum.__members__.keys() == {member.name for member in enum}
    words = [member.text for member in enum]
    assert len(set(words)) == len(words)


@pytest.mark.parametrize(
    ("enum", "numbers"),
    [
        (UnitMultiplier, {-12, -9, -6, -3, -2, -1, 0, 1, 2, 3, 6, 9, 12}),
        (FlowDirectionKind, {*range(22)} - {6}),
        (CommodityKind, {*range(27)}),
        (DataQualifierKind, {0, 2, 4, 5, 7, 8, 9, 11, 12, 16, 17, 23, 24, 25, 26}),
        (QualityOfReading, {0, *range(7, 20)}),
        (TimePeriodOfInterest, {0, 8, 11, 13, 22, 24, 32}),
        (TimeAttributeKind, {*range(8), 10, 14, 15, 16, 31, *range(50, 78)}),
        (ItemKind, {*range(1, 11)}),
        (ServiceKind, {*range(11)}),
        (CRUDOperation, {0, 1, 2, 3}),
        (ServiceStatusKind, {0, 1}),
        (StatusCode, {200, 201, 202, 204, 301, 302, 304, 400, 401, 403, 404, 405, 410, 500}),
        (Currency, {0, 36, 124, 156, 208, 356, 392, 578, 643, 752, 756, 826, 840, 978}),
    ],
)
def test_the_numbers_are_those_of_the_schema(enum: type[Code], numbers: set[int]) -> None:
    assert {int(member) for member in enum} == numbers


def test_the_long_enumerations_hold_what_the_schema_holds_for_certain() -> None:
    wires = "0 16 17 32 33 40 41 64 65 66 72 96 97 128 129 132 136 193 224 225"
    assert {int(member) for member in PhaseCode} == {
        *map(int, wires.split()),
        *(256, 272, 512, 528, 768, 769, 784),
    }
    kinds = {int(member) for member in MeasurementKind}
    assert {0, 2, *range(3, 6), 7, 8, 12, 15, *range(17, 29), *range(90, 156), 81} <= kinds
    assert not {1, 29, 30, 39, 61, 62, 63, 82, 156} & kinds
    units = {int(member) for member in UnitSymbol}
    assert {72, 169, 42, 119, 128, 134, 132, 38, 6, 166, 167, 168, *range(137, 143)} <= units
    assert not {1, 12, 26, 40, 121, 135, 170} & units


def test_times_of_measuring_have_words() -> None:
    assert TimeAttributeKind.words(2) == "15 minutes"
    assert TimeAttributeKind.words(3) == "1 minute"
    assert TimeAttributeKind.words(50) == "fixed blocks of 60 minutes"
    assert TimeAttributeKind.words(77) == "5 minutes rolling by 1"
    assert TimePeriodOfInterest.words(11) == "daily"


def test_words_of_the_schema_have_words_for_people_and_others_speak_for_themselves() -> None:
    assert EnrollmentStatus.words("enrolledPending") == "enrolment pending"
    assert EnrollmentStatus.words("hesitating") == "hesitating"
    assert EnrollmentStatus.words(None) == ""
    assert EnrollmentStatus.known("Enrolled") is None
    assert customer_enums.ServiceKind.words("tvLicence") == "TV licence"
    assert customer_enums.MediaType.words("application/pdf") == "PDF"
