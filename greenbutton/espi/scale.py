"""Raw integers as the decimal numbers that they stand for, exactly."""

from decimal import Context, Decimal

# espi.xsd UnitMultiplierKind goes from -12 to 12; anything far outside it is a mistake in the feed.
SANE_POWERS = range(-15, 16)
# The largest sums of the largest numbers that a feed may hold, in the smallest units.
WIDE = Context(prec=100)


def shifted(value: int, power_of_ten: int | None) -> Decimal:
    """The value times ten to one of SANE_POWERS; none is 0 (espi.xsd powerOfTenMultiplier)."""
    return Decimal(value).scaleb(power_of_ten or 0, WIDE)


def money(hundred_thousandths: int) -> Decimal:
    """An amount as ESPI has it (espi.xsd IntervalReading.cost), in the currency."""
    return Decimal(hundred_thousandths).scaleb(-5, WIDE)


def plain(number: Decimal) -> str:
    """The number in digits, without an exponent and without zeros that say nothing: 180.92."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
