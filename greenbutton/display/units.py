"""Units at the edge: raw integers become what people read (style rule 12).

Nothing else scales. Sums are made of integers and scaled once, in decimal, so that a total on a
page is exactly the sum of what the utility sent.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from greenbutton.espi.enums import Currency as CurrencyCode
from greenbutton.espi.enums import UnitSymbol
from greenbutton.espi.scale import SANE_POWERS, WIDE, money, shifted

NO_BREAK_SPACE = "\u00a0"
MINUS = "\u2212"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that people know, and the factor that turns the feed's unit into it.

    A level (power, voltage) is averaged over time, where an amount (energy, volume) is summed.
    """

    symbol: str
    name: str
    factor: Decimal = Decimal(1)
    is_level: bool = False

    @property
    def is_known(self) -> bool:
        return bool(self.symbol)


UNKNOWN = Unit("", "unit unknown")

_MILLI = Decimal("0.001")
_KWH = Unit("kWh", "kilowatt-hours", _MILLI)
_CUBIC_METRES = Unit("m³", "cubic metres")
_CUBIC_FEET = Unit("ft³", "cubic feet")
_LITRES = Unit("L", "litres")

UNITS: dict[int, Unit] = {
    UnitSymbol.AMPERE: Unit("A", "amperes", is_level=True),
    UnitSymbol.KELVIN: Unit("K", "kelvins", is_level=True),
    UnitSymbol.DEGREE_CELSIUS: Unit("°C", "degrees Celsius", is_level=True),
    UnitSymbol.VOLT: Unit("V", "volts", is_level=True),
    UnitSymbol.JOULE: Unit("MJ", "megajoules", Decimal("0.000001")),
    UnitSymbol.HERTZ: Unit("Hz", "hertz", is_level=True),
    UnitSymbol.WATT: Unit("kW", "kilowatts", _MILLI, is_level=True),
    UnitSymbol.CUBIC_METRE: _CUBIC_METRES,
    UnitSymbol.VOLT_AMPERE: Unit("kVA", "kilovolt-amperes", _MILLI, is_level=True),
    UnitSymbol.VOLT_AMPERE_REACTIVE: Unit("kvar", "kilovars", _MILLI, is_level=True),
    UnitSymbol.COS_PHI: Unit("cos φ", "power factor", is_level=True),
    UnitSymbol.VOLT_AMPERE_HOUR: Unit("kVAh", "kilovolt-ampere-hours", _MILLI),
    UnitSymbol.WATT_HOUR: _KWH,
    UnitSymbol.VOLT_AMPERE_REACTIVE_HOUR: Unit("kvarh", "kilovar-hours", _MILLI),
    UnitSymbol.CUBIC_FOOT: _CUBIC_FEET,
    UnitSymbol.CUBIC_FOOT_COMPENSATED: _CUBIC_FEET,
    UnitSymbol.US_GALLON: Unit("gal", "US gallons"),
    UnitSymbol.IMPERIAL_GALLON: Unit("imp gal", "imperial gallons"),
    UnitSymbol.BTU: Unit("kBtu", "thousand British thermal units", _MILLI),
    UnitSymbol.LITRE: _LITRES,
    UnitSymbol.POWER_FACTOR: Unit("cos φ", "power factor", is_level=True),
    UnitSymbol.LITRE_UNCOMPENSATED: _LITRES,
    UnitSymbol.LITRE_COMPENSATED: _LITRES,
    UnitSymbol.CUBIC_METRE_UNCOMPENSATED: _CUBIC_METRES,
    UnitSymbol.CUBIC_METRE_COMPENSATED: _CUBIC_METRES,
    UnitSymbol.THERM: Unit("therms", "therms"),
}


def unit_of(uom: int | None, power_of_ten: int | None) -> Unit:
    """What people call the feed's unit; UNKNOWN where the feed says none, or nothing sensible."""
    if uom is None or (power_of_ten or 0) not in SANE_POWERS:
        return UNKNOWN
    return UNITS.get(uom, UNKNOWN)


def scaled(value: int, power_of_ten: int | None, unit: Unit) -> Decimal:
    """A raw integer in the given unit, exactly; without a unit, the integer as it came."""
    if not unit.is_known:
        return Decimal(value)
    return WIDE.multiply(shifted(value, power_of_ten), unit.factor)


def round_half_up(value: Decimal, digits: int) -> Decimal:
    """Rounded as people are taught to, a half away from zero."""
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, WIDE)


def number(value: Decimal) -> str:
    """A number as a page shows it: fewer decimals the larger it is, none where it is whole."""
    size = abs(value)
    digits = 0 if size >= 10_000 else 1 if size >= 1000 else 2 if size >= 1 else 3
    rounded = round_half_up(size, digits)
    is_whole = not rounded or value == value.to_integral_value()
    text = f"{rounded:,.0f}" if is_whole else f"{rounded:,}"
    return f"{MINUS}{text}" if value < 0 and text.strip("0,.") else text


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit, which says itself: `248.53 kWh`."""

    value: Decimal
    unit: Unit

    def __str__(self) -> str:
        if not self.unit.is_known:
            return f"{number(self.value)} (unit unknown)"
        return f"{number(self.value)}{NO_BREAK_SPACE}{self.unit.symbol}"


@dataclass(frozen=True, slots=True)
class Currency:
    """How an amount of money is written: sign or code before it, and how many decimals."""

    sign: str
    digits: int = 2


CURRENCIES: dict[int, Currency] = {
    CurrencyCode.AUD: Currency("$"),
    CurrencyCode.CAD: Currency("$"),
    CurrencyCode.CNY: Currency("CN¥"),
    CurrencyCode.DKK: Currency("DKK "),
    CurrencyCode.INR: Currency("₹"),
    CurrencyCode.JPY: Currency("¥", 0),
    CurrencyCode.NOK: Currency("NOK "),
    CurrencyCode.SEK: Currency("SEK "),
    CurrencyCode.CHF: Currency("CHF "),
    CurrencyCode.GBP: Currency("£"),
    CurrencyCode.USD: Currency("$"),
    CurrencyCode.EUR: Currency("€"),
}


@dataclass(frozen=True, slots=True)
class Money:
    """Hundred-thousandths of a currency (an ISO 4217 number), which say themselves: `$180.92`."""

    hundred_thousandths: int
    currency: int | None

    @property
    def value(self) -> Decimal:
        return money(self.hundred_thousandths)

    def __str__(self) -> str:
        minus = MINUS if self.value < 0 else ""
        known = CURRENCIES.get(self.currency) if self.currency else None
        if known is None:
            return f"{minus}{round_half_up(abs(self.value), 2):,} (currency not stated)"
        return f"{minus}{known.sign}{round_half_up(abs(self.value), known.digits):,}"
