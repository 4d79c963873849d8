from decimal import Decimal

import pytest

from greenbutton.display.units import UNITS, UNKNOWN, Money, Quantity, number, scaled, unit_of


@pytest.mark.parametrize(
    ("value", "power_of_ten", "uom", "said"),
    [
        (248530, 0, 72, "248.53 kWh"),
        (248530, None, 72, "248.53 kWh"),
        (248, 3, 72, "248 kWh"),
        (1_234_567, 0, 72, "1,234.6 kWh"),
        (12_345_678, 0, 72, "12,346 kWh"),
        (-1500, 0, 72, "\u22121.50 kWh"),
        (5, 0, 72, "0.005 kWh"),
        (0, 0, 72, "0 kWh"),
        (1, -3, 72, "0 kWh"),
        (12_345, -3, 42, "12.35 m³"),
        (31_400, -3, 169, "31.40 therms"),
        (750, 0, 128, "750 gal"),
        (3600, 3, 31, "3.60 MJ"),
        (2_500, 0, 38, "2.50 kW"),
    ],
)
def test_a_quantity_is_said_in_the_unit_that_people_know(
    value: int, power_of_ten: int | None, uom: int, said: str
) -> None:
    unit = unit_of(uom, power_of_ten)
    assert str(Quantity(scaled(value, power_of_ten, unit), unit)).replace("\u00a0", " ") == said


def test_scaling_is_exact_where_floats_are_not() -> None:
    unit = unit_of(72, -3)
    tenth = scaled(100_000, -3, unit)
    assert tenth + scaled(200_000, -3, unit) == Decimal("0.3")
    assert scaled(2**63 - 1, 0, unit) == Decimal("9223372036854775.807")


@pytest.mark.parametrize("uom", [None, 0, 104, 9999])
def test_a_unit_that_nobody_named_is_not_guessed(uom: int | None) -> None:
    unit = unit_of(uom, 3)
    assert unit is UNKNOWN
    # Not scaled either: the number as it came.
    assert str(Quantity(scaled(12_345, 3, unit), unit)) == "12,345 (unit unknown)"


@pytest.mark.parametrize("power_of_ten", [-1000, 16, 10**9])
def test_an_absurd_power_of_ten_makes_the_unit_unknown(power_of_ten: int) -> None:
    assert unit_of(72, power_of_ten) is UNKNOWN


def test_no_unit_divides_by_nothing() -> None:
    assert all(unit.factor > 0 and unit.symbol for unit in UNITS.values())


@pytest.mark.parametrize(
    ("hundred_thousandths", "currency", "said"),
    [
        (18_092_000, 124, "$180.92"),
        (18_092_000, 978, "€180.92"),
        (18_092_000, 392, "¥181"),
        (-500_000, 840, "\u2212$5.00"),
        (123_456_789_000, 840, "$1,234,567.89"),
        (18_092_000, None, "180.92 (currency not stated)"),
        (18_092_000, 999, "180.92 (currency not stated)"),
    ],
)
def test_money_is_said_with_its_currency(
    hundred_thousandths: int, currency: int | None, said: str
) -> None:
    assert str(Money(hundred_thousandths, currency)).replace("\u00a0", " ") == said


def test_the_largest_number_of_the_largest_power_is_said_in_full() -> None:
    unit = unit_of(72, 15)
    amount = scaled(-(2**63), 15, unit) * 31
    assert number(amount) == "\u2212285,924,533,142,498,050,048,000,000,000,000"


def test_a_number_that_rounds_to_nothing_has_no_minus() -> None:
    assert number(Decimal("-0.0001")) == "0"
