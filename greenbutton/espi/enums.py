"""The numbers of espi.xsd's enumerations, with words for people.

Feeds hold numbers that the schema does not know, so a resource keeps the plain number, and
these classes are only for looking at it: `UnitSymbol.words(72)` is "Wh".
"""

from enum import IntEnum
from typing import Self


class Code(IntEnum):
    """A number with its words."""

    text: str

    def __new__(cls, number: int, text: str) -> Self:
        member = int.__new__(cls, number)
        member._value_ = number
        member.text = text
        return member

    @classmethod
    def known(cls, number: int | None) -> Self | None:
        """The member of that number, None for a number that the schema does not know."""
        return next((member for member in cls if member == number), None)

    @classmethod
    def words(cls, number: int | None) -> str:
        """Words for any number: "" for none, "code 99" for one that the schema does not know."""
        member = cls.known(number)
        return member.text if member else "" if number is None else f"code {number}"


class ServiceKind(Code):
    ELECTRICITY = 0, "electricity"
    GAS = 1, "gas"
    WATER = 2, "water"
    TIME = 3, "time"
    HEAT = 4, "heat"
    REFUSE = 5, "refuse"
    SEWERAGE = 6, "sewerage"
    RATES = 7, "rates"
    TV_LICENCE = 8, "TV licence"
    INTERNET = 9, "internet"
    WEATHER = 10, "weather"


class UnitSymbol(Code):
    """`uom`. The words are the unit's sign, without the multiplier."""

    NONE = 0, ""
    AMPERE = 5, "A"
    KELVIN = 6, "K"
    DEGREE_CELSIUS = 23, "°C"
    SECOND = 27, "s"
    VOLT = 29, "V"
    OHM = 30, "Ω"
    JOULE = 31, "J"
    HERTZ = 33, "Hz"
    WATT = 38, "W"
    PASCAL = 39, "Pa"
    CUBIC_METRE = 42, "m³"
    CUBIC_METRE_PER_SECOND = 45, "m³/s"
    JOULE_PER_KELVIN = 51, "J/K"
    VOLT_AMPERE = 61, "VA"
    VOLT_AMPERE_REACTIVE = 63, "VAr"
    COS_PHI = 65, "cos φ"
    VOLT_SQUARED = 67, "V²"
    AMPERE_SQUARED = 69, "A²"
    VOLT_AMPERE_HOUR = 71, "VAh"
    WATT_HOUR = 72, "Wh"
    VOLT_AMPERE_REACTIVE_HOUR = 73, "VArh"
    MONEY = 80, "money"
    WATT_PER_SECOND = 81, "W/s"
    LITRE_PER_SECOND = 82, "L/s"
    Q_HOUR = 101, "Qh"
    VOLT_SQUARED_HOUR = 104, "V²h"
    AMPERE_SQUARED_HOUR = 105, "A²h"
    AMPERE_HOUR = 106, "Ah"
    WATT_HOUR_PER_CUBIC_METRE = 107, "Wh/m³"
    TIME_STAMP = 108, "timestamp"
    BOOLEAN = 109, "yes or no"
    COUNT = 111, "count"
    CODE = 114, "code"
    WATT_HOUR_PER_REVOLUTION = 115, "Wh/rev"
    CUBIC_FOOT = 119, "ft³"
    CUBIC_FOOT_COMPENSATED = 120, "ft³ (compensated)"
    CUBIC_FOOT_COMPENSATED_PER_HOUR = 123, "ft³/h (compensated)"
    CUBIC_METRE_PER_HOUR = 125, "m³/h"
    CUBIC_METRE_COMPENSATED_PER_HOUR = 126, "m³/h (compensated)"
    CUBIC_METRE_UNCOMPENSATED_PER_HOUR = 127, "m³/h (uncompensated)"
    US_GALLON = 128, "US gal"
    US_GALLON_PER_HOUR = 129, "US gal/h"
    IMPERIAL_GALLON = 130, "imp gal"
    IMPERIAL_GALLON_PER_HOUR = 131, "imp gal/h"
    BTU = 132, "BTU"
    BTU_PER_HOUR = 133, "BTU/h"
    LITRE = 134, "L"
    LITRE_PER_HOUR = 137, "L/h"
    LITRE_COMPENSATED_PER_HOUR = 138, "L/h (compensated)"
    LITRE_UNCOMPENSATED_PER_HOUR = 139, "L/h (uncompensated)"
    PASCAL_GAUGE = 140, "Pa (gauge)"
    PSI_ABSOLUTE = 141, "psi (absolute)"
    PSI_GAUGE = 142, "psi (gauge)"
    VOLT_PER_VOLT = 151, "V/V"
    POWER_FACTOR = 153, "power factor"
    PASCAL_ABSOLUTE = 155, "Pa (absolute)"
    LITRE_UNCOMPENSATED = 156, "L (uncompensated)"
    LITRE_COMPENSATED = 157, "L (compensated)"
    MINUTE = 159, "min"
    HOUR = 160, "h"
    JOULE_PER_KILOGRAM = 165, "J/kg"
    CUBIC_METRE_UNCOMPENSATED = 166, "m³ (uncompensated)"
    CUBIC_METRE_COMPENSATED = 167, "m³ (compensated)"
    THERM = 169, "therm"


class UnitMultiplier(Code):
    """`powerOfTenMultiplier`. Real feeds also use powers without a sign of their own, as -5."""

    PICO = -12, "p"
    NANO = -9, "n"
    MICRO = -6, "µ"
    MILLI = -3, "m"
    CENTI = -2, "c"
    DECI = -1, "d"
    NONE = 0, ""
    DECA = 1, "da"
    HECTO = 2, "h"
    KILO = 3, "k"
    MEGA = 6, "M"
    GIGA = 9, "G"
    TERA = 12, "T"


class Currency(Code):
    """ISO 4217 numbers; the words are the ISO letters."""

    OTHER = 0, ""
    AUD = 36, "AUD"
    CAD = 124, "CAD"
    CNY = 156, "CNY"
    DKK = 208, "DKK"
    INR = 356, "INR"
    JPY = 392, "JPY"
    NOK = 578, "NOK"
    RUB = 643, "RUB"
    SEK = 752, "SEK"
    CHF = 756, "CHF"
    GBP = 826, "GBP"
    USD = 840, "USD"
    EUR = 978, "EUR"


class CommodityKind(Code):
    NOT_APPLICABLE = 0, "not applicable"
    ELECTRICITY_SECONDARY_METERED = 1, "electricity"
    ELECTRICITY_PRIMARY_METERED = 2, "electricity (primary metered)"
    COMMUNICATION = 3, "communication"
    AIR = 4, "air"
    INSULATIVE_GAS = 5, "insulative gas"
    INSULATIVE_OIL = 6, "insulative oil"
    NATURAL_GAS = 7, "natural gas"
    PROPANE = 8, "propane"
    POTABLE_WATER = 9, "drinking water"
    STEAM = 10, "steam"
    WASTE_WATER = 11, "waste water"
    HEATING_FLUID = 12, "heating fluid"
    COOLING_FLUID = 13, "cooling fluid"
    NON_POTABLE_WATER = 14, "non-drinking water"
    NOX = 15, "NOx"
    SO2 = 16, "SO₂"
    CH4 = 17, "CH₄"
    CO2 = 18, "CO₂"
    CARBON = 19, "carbon"
    HCH = 20, "HCH"
    PFC = 21, "PFC"
    SF6 = 22, "SF₆"
    TV = 23, "TV"
    INTERNET = 24, "internet"
    REFUSE = 25, "refuse"
    ELECTRICITY_TRANSMISSION_METERED = 26, "electricity (transmission metered)"


class FlowDirectionKind(Code):
    NOT_APPLICABLE = 0, "not applicable"
    FORWARD = 1, "delivered to the customer"
    LAGGING = 2, "lagging"
    LEADING = 3, "leading"
    NET = 4, "delivered minus received"
    Q1_PLUS_Q2 = 5, "reactive, Q1 + Q2"
    Q1_PLUS_Q3 = 7, "reactive, Q1 + Q3"
    Q1_PLUS_Q4 = 8, "reactive, Q1 + Q4"
    Q1_MINUS_Q4 = 9, "reactive, Q1 − Q4"
    Q2_PLUS_Q3 = 10, "reactive, Q2 + Q3"
    Q2_PLUS_Q4 = 11, "reactive, Q2 + Q4"
    Q2_MINUS_Q3 = 12, "reactive, Q2 − Q3"
    Q3_PLUS_Q4 = 13, "reactive, Q3 + Q4"
    Q3_MINUS_Q2 = 14, "reactive, Q3 − Q2"
    QUADRANT_1 = 15, "reactive, Q1"
    QUADRANT_2 = 16, "reactive, Q2"
    QUADRANT_3 = 17, "reactive, Q3"
    QUADRANT_4 = 18, "reactive, Q4"
    REVERSE = 19, "received from the customer"
    TOTAL = 20, "delivered plus received"
    TOTAL_BY_PHASE = 21, "delivered plus received, by phase"


class QualityOfReading(Code):
    VALID = 0, "valid"
    MANUALLY_EDITED = 7, "edited by hand"
    ESTIMATED_FROM_REFERENCE_DAY = 8, "estimated from a similar day"
    ESTIMATED_BY_INTERPOLATION = 9, "estimated by interpolation"
    QUESTIONABLE = 10, "questionable"
    DERIVED = 11, "derived"
    PROJECTED = 12, "projected"
    MIXED = 13, "mixed"
    RAW = 14, "raw"
    WEATHER_NORMALISED = 15, "normalised for the weather"
    OTHER = 16, "other"
    VALIDATED = 17, "validated"
    VERIFIED = 18, "verified"
    REVENUE_QUALITY = 19, "good for billing"


class ItemKind(Code):
    GENERATION_FEE = 1, "generation fee"
    DELIVERY_FEE = 2, "delivery fee"
    USAGE_FEE = 3, "usage fee"
    ADMINISTRATION_FEE = 4, "administration fee"
    TAX = 5, "tax"
    GENERATION_CREDIT = 6, "generation credit"
    DELIVERY_CREDIT = 7, "delivery credit"
    ADMINISTRATION_CREDIT = 8, "administration credit"
    PAYMENT = 9, "payment"
    INFORMATION = 10, "information"


class AccumulationKind(Code):
    NOT_APPLICABLE = 0, "not applicable"
    BULK_QUANTITY = 1, "register"
    CONTINUOUSLY_CUMULATIVE = 2, "continuously cumulative"
    CUMULATIVE = 3, "cumulative"
    DELTA = 4, "in each interval"
    INDICATING = 6, "indicating"
    SUMMATION = 9, "summation"
    TIME_DELAY = 10, "time delay"
    INSTANTANEOUS = 12, "instantaneous"
    LATCHING_QUANTITY = 13, "latching quantity"
    BOUNDED_QUANTITY = 14, "bounded quantity"


class AuthorizationStatus(Code):
    REVOKED = 0, "revoked"
    ACTIVE = 1, "active"
    DENIED = 2, "denied"
