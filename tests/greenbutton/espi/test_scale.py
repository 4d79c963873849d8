from decimal import Decimal

from greenbutton.espi.scale import SANE_POWERS, money, plain, shifted


def test_values_are_shifted_exactly() -> None:
    assert shifted(248_530, -3) == Decimal("248.530")
    assert shifted(5, None) == 5
    assert shifted(2**63 - 1, max(SANE_POWERS)) == (2**63 - 1) * 10**15
    assert str(shifted(10**40 + 1, -1)) == f"1{'0' * 39}.1"


def test_money_is_in_hundred_thousandths() -> None:
    assert money(18_092_000) == Decimal("180.92")
    assert money(-1) == Decimal("-0.00001")


def test_plain_numbers_have_neither_exponent_nor_idle_zeros() -> None:
    numbers = (
        Decimal("180.92000"),
        Decimal("2.5E+5"),
        Decimal("1E-12"),
        Decimal(100),
        Decimal("0.0"),
    )
    assert list(map(plain, numbers)) == ["180.92", "250000", "0.000000000001", "100", "0"]
