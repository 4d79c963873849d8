from greenbutton.espi.enums import (
    CommodityKind,
    Currency,
    FlowDirectionKind,
    ItemKind,
    QualityOfReading,
    ServiceKind,
    UnitMultiplier,
    UnitSymbol,
)


def test_known_numbers_have_words() -> None:
    assert ServiceKind.words(2) == "water"
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
