"""The numbers and words of espi.xsd's enumerations, with their meaning for people.

Feeds hold numbers that the schema does not know, so a resource keeps the plain number or word,
and these classes are only for looking at it: `UnitSymbol.words(72)` is "Wh".
"""

from enum import IntEnum, StrEnum
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
        if member is not None:  # a member of number 0 is false
            return member.text
        return "" if number is None else f"code {number}"


class Word(StrEnum):
    """A word of the schema, with words for people."""

    text: str

    def __new__(cls, word: str, text: str) -> Self:
        member = str.__new__(cls, word)
        member._value_ = word
        member.text = text
        return member

    @classmethod
    def known(cls, word: str | None) -> Self | None:
        """The member of that word, None for a word that the schema does not know."""
        return next((member for member in cls if member == word), None)

    @classmethod
    def words(cls, word: str | None) -> str:
        """Words for any word: "" for none, itself if the schema does not know it."""
        member = cls.known(word)
        return member.text if member else word or ""


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
    METRE = 2, "m"
    GRAM = 3, "g"
    REVOLUTION_PER_SECOND = 4, "rev/s"
    AMPERE = 5, "A"
    KELVIN = 6, "K"
    MOLE = 7, "mol"
    CANDELA = 8, "cd"
    DEGREE = 9, "°"
    RADIAN = 10, "rad"
    STERADIAN = 11, "sr"
    GRAY = 21, "Gy"
    BECQUEREL = 22, "Bq"
    DEGREE_CELSIUS = 23, "°C"
    SIEVERT = 24, "Sv"
    FARAD = 25, "F"
    SECOND = 27, "s"
    HENRY = 28, "H"
    VOLT = 29, "V"
    OHM = 30, "Ω"
    JOULE = 31, "J"
    NEWTON = 32, "N"
    HERTZ = 33, "Hz"
    LUX = 34, "lx"
    LUMEN = 35, "lm"
    WEBER = 36, "Wb"
    TESLA = 37, "T"
    WATT = 38, "W"
    PASCAL = 39, "Pa"
    SQUARE_METRE = 41, "m²"
    CUBIC_METRE = 42, "m³"
    METRE_PER_SECOND = 43, "m/s"
    METRE_PER_SECOND_SQUARED = 44, "m/s²"
    CUBIC_METRE_PER_SECOND = 45, "m³/s"
    METRE_PER_CUBIC_METRE = 46, "m/m³"
    KILOGRAM_METRE = 47, "kg·m"
    GRAM_PER_CUBIC_METRE = 48, "g/m³"
    SQUARE_METRE_PER_SECOND = 49, "m²/s"
    WATT_PER_METRE_KELVIN = 50, "W/(m·K)"
    JOULE_PER_KELVIN = 51, "J/K"
    SIEMENS = 53, "S"
    RADIAN_PER_SECOND = 54, "rad/s"
    VOLT_AMPERE = 61, "VA"
    VOLT_AMPERE_REACTIVE = 63, "VAr"
    COS_PHI = 65, "cos φ"
    VOLT_SECOND = 66, "V·s"
    VOLT_SQUARED = 67, "V²"
    AMPERE_SECOND = 68, "A·s"
    AMPERE_SQUARED = 69, "A²"
    AMPERE_SQUARED_SECOND = 70, "A²·s"
    VOLT_AMPERE_HOUR = 71, "VAh"
    WATT_HOUR = 72, "Wh"
    VOLT_AMPERE_REACTIVE_HOUR = 73, "VArh"
    VOLT_PER_HERTZ = 74, "V/Hz"
    HERTZ_PER_SECOND = 75, "Hz/s"
    CHARACTER = 76, "char"
    CHARACTER_PER_SECOND = 77, "char/s"
    GRAM_SQUARE_METRE = 78, "g·m²"
    BEL = 79, "B"
    MONEY = 80, "money"
    WATT_PER_SECOND = 81, "W/s"
    LITRE_PER_SECOND = 82, "L/s"
    Q = 100, "Q"
    Q_HOUR = 101, "Qh"
    OHM_METRE = 102, "Ω·m"
    AMPERE_PER_METRE = 103, "A/m"
    VOLT_SQUARED_HOUR = 104, "V²h"
    AMPERE_SQUARED_HOUR = 105, "A²h"
    AMPERE_HOUR = 106, "Ah"
    WATT_HOUR_PER_CUBIC_METRE = 107, "Wh/m³"
    TIME_STAMP = 108, "timestamp"
    BOOLEAN = 109, "yes or no"
    COUNT = 111, "count"
    BEL_MILLIWATT = 113, "Bm"
    CODE = 114, "code"
    WATT_HOUR_PER_REVOLUTION = 115, "Wh/rev"
    VOLT_AMPERE_REACTIVE_HOUR_PER_REVOLUTION = 116, "VArh/rev"
    VOLT_AMPERE_HOUR_PER_REVOLUTION = 117, "VAh/rev"
    END_DEVICE_EVENT_CODE = 118, "event code"
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
    LITRE_PER_LITRE = 143, "L/L"
    GRAM_PER_GRAM = 144, "g/g"
    MOLE_PER_CUBIC_METRE = 145, "mol/m³"
    MOLE_PER_MOLE = 146, "mol/mol"
    MOLE_PER_KILOGRAM = 147, "mol/kg"
    METRE_PER_METRE = 148, "m/m"
    SECOND_PER_SECOND = 149, "s/s"
    HERTZ_PER_HERTZ = 150, "Hz/Hz"
    VOLT_PER_VOLT = 151, "V/V"
    AMPERE_PER_AMPERE = 152, "A/A"
    POWER_FACTOR = 153, "power factor"
    REVOLUTION = 154, "rev"
    PASCAL_ABSOLUTE = 155, "Pa (absolute)"
    LITRE_UNCOMPENSATED = 156, "L (uncompensated)"
    LITRE_COMPENSATED = 157, "L (compensated)"
    KATAL = 158, "kat"
    MINUTE = 159, "min"
    HOUR = 160, "h"
    Q45 = 161, "Q45"
    Q60 = 162, "Q60"
    Q45_HOUR = 163, "Q45h"
    Q60_HOUR = 164, "Q60h"
    JOULE_PER_KILOGRAM = 165, "J/kg"
    CUBIC_METRE_UNCOMPENSATED = 166, "m³ (uncompensated)"
    CUBIC_METRE_COMPENSATED = 167, "m³ (compensated)"
    WATT_PER_WATT = 168, "W/W"
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


class DataQualifierKind(Code):
    NOT_APPLICABLE = 0, "not applicable"
    AVERAGE = 2, "average"
    EXCESS = 4, "excess"
    HIGH_THRESHOLD = 5, "high threshold"
    LOW_THRESHOLD = 7, "low threshold"
    MAXIMUM = 8, "maximum"
    MINIMUM = 9, "minimum"
    NOMINAL = 11, "nominal"
    NORMAL = 12, "normal"
    SECOND_MAXIMUM = 16, "second maximum"
    SECOND_MINIMUM = 17, "second minimum"
    THIRD_MAXIMUM = 23, "third maximum"
    FOURTH_MAXIMUM = 24, "fourth maximum"
    FIFTH_MAXIMUM = 25, "fifth maximum"
    SUM = 26, "sum"


class MeasurementKind(Code):
    """`ReadingType.kind`: what was measured, besides its unit."""

    NOT_APPLICABLE = 0, "not applicable"
    APPARENT_POWER_FACTOR = 2, "apparent power factor"
    CURRENCY = 3, "currency"
    CURRENT = 4, "current"
    CURRENT_ANGLE = 5, "current angle"
    CURRENT_IMBALANCE = 6, "current imbalance"
    DATE = 7, "date"
    DEMAND = 8, "demand"
    DISTANCE = 9, "distance"
    DISTORTION_VOLT_AMPERES = 10, "distortion volt-amperes"
    ENERGIZATION = 11, "energization"
    ENERGY = 12, "energy"
    ENERGIZATION_LOAD_SIDE = 13, "energization load side"
    FAN = 14, "fan"
    FREQUENCY = 15, "frequency"
    FUNDS = 16, "funds"
    IEEE_1366_ASAI = 17, "IEEE 1366 ASAI"
    IEEE_1366_ASIDI = 18, "IEEE 1366 ASIDI"
    IEEE_1366_ASIFI = 19, "IEEE 1366 ASIFI"
    IEEE_1366_CAIDI = 20, "IEEE 1366 CAIDI"
    IEEE_1366_CAIFI = 21, "IEEE 1366 CAIFI"
    IEEE_1366_CEMIN = 22, "IEEE 1366 CEMIn"
    IEEE_1366_CEMSMIN = 23, "IEEE 1366 CEMSMIn"
    IEEE_1366_CTAIDI = 24, "IEEE 1366 CTAIDI"
    IEEE_1366_MAIFI = 25, "IEEE 1366 MAIFI"
    IEEE_1366_MAIFIE = 26, "IEEE 1366 MAIFIe"
    IEEE_1366_SAIDI = 27, "IEEE 1366 SAIDI"
    IEEE_1366_SAIFI = 28, "IEEE 1366 SAIFI"
    LINE_LOSSES = 31, "line losses"
    LOSSES = 32, "losses"
    NEGATIVE_SEQUENCE = 33, "negative sequence"
    PHASOR_POWER_FACTOR = 34, "phasor power factor"
    PHASOR_REACTIVE_POWER = 35, "phasor reactive power"
    POSITIVE_SEQUENCE = 36, "positive sequence"
    POWER = 37, "power"
    POWER_FACTOR = 38, "power factor"
    QUANTITY_POWER = 40, "quantity power"
    SAG = 41, "sag"
    SWELL = 42, "swell"
    SWITCH_POSITION = 43, "switch position"
    TAP_POSITION = 44, "tap position"
    TARIFF_RATE = 45, "tariff rate"
    TEMPERATURE = 46, "temperature"
    TOTAL_HARMONIC_DISTORTION = 47, "total harmonic distortion"
    TRANSFORMER_LOSSES = 48, "transformer losses"
    UNIPEDE_VOLTAGE_DIP_10_TO_15 = 49, "UNIPEDE voltage dip 10 to 15"
    UNIPEDE_VOLTAGE_DIP_15_TO_30 = 50, "UNIPEDE voltage dip 15 to 30"
    UNIPEDE_VOLTAGE_DIP_30_TO_60 = 51, "UNIPEDE voltage dip 30 to 60"
    UNIPEDE_VOLTAGE_DIP_60_TO_90 = 52, "UNIPEDE voltage dip 60 to 90"
    UNIPEDE_VOLTAGE_DIP_90_TO_100 = 53, "UNIPEDE voltage dip 90 to 100"
    VOLTAGE = 54, "voltage"
    VOLTAGE_ANGLE = 55, "voltage angle"
    VOLTAGE_EXCURSION = 56, "voltage excursion"
    VOLTAGE_IMBALANCE = 57, "voltage imbalance"
    VOLUME = 58, "volume"
    ZERO_FLOW_DURATION = 59, "zero flow duration"
    ZERO_SEQUENCE = 60, "zero sequence"
    DISTORTION_POWER_FACTOR = 64, "distortion power factor"
    FREQUENCY_EXCURSION = 81, "frequency excursion"
    APPLICATION_CONTEXT = 90, "application context"
    AP_TITLE = 91, "AP title"
    ASSET_NUMBER = 92, "asset number"
    BANDWIDTH = 93, "bandwidth"
    BATTERY_VOLTAGE = 94, "battery voltage"
    BROADCAST_ADDRESS = 95, "broadcast address"
    DEVICE_ADDRESS_TYPE_1 = 96, "device address type 1"
    DEVICE_ADDRESS_TYPE_2 = 97, "device address type 2"
    DEVICE_ADDRESS_TYPE_3 = 98, "device address type 3"
    DEVICE_ADDRESS_TYPE_4 = 99, "device address type 4"
    DEVICE_CLASS = 100, "device class"
    ELECTRONIC_SERIAL_NUMBER = 101, "electronic serial number"
    END_DEVICE_ID = 102, "end device ID"
    GROUP_ADDRESS_TYPE_1 = 103, "group address type 1"
    GROUP_ADDRESS_TYPE_2 = 104, "group address type 2"
    GROUP_ADDRESS_TYPE_3 = 105, "group address type 3"
    GROUP_ADDRESS_TYPE_4 = 106, "group address type 4"
    IP_ADDRESS = 107, "IP address"
    MAC_ADDRESS = 108, "MAC address"
    MANUFACTURERS_CONFIGURATION_ID = 109, "manufacturer's configuration ID"
    MANUFACTURERS_SERIAL_NUMBER = 110, "manufacturer's serial number"
    MANUFACTURERS_PRODUCT_NUMBER = 111, "manufacturer's product number"
    MANUFACTURERS_COMMUNICATION_ADDRESS = 112, "manufacturer's communication address"
    MULTICAST_ADDRESS = 113, "multicast address"
    ONE_WAY_ADDRESS = 114, "one-way address"
    SIGNAL_STRENGTH = 115, "signal strength"
    TWO_WAY_ADDRESS = 116, "two-way address"
    SIGNAL_TO_NOISE_RATIO = 117, "signal to noise ratio"
    ALARM = 118, "alarm"
    BATTERY_CARRY_OVER = 119, "battery carry-over"
    DATA_OVERFLOW_ALARM = 120, "data overflow alarm"
    DEMAND_LIMIT = 121, "demand limit"
    DEMAND_RESET = 122, "demand reset"
    DIAGNOSTIC = 123, "diagnostic"
    EMERGENCY_LIMIT = 124, "emergency limit"
    ENCODER_TAMPER = 125, "encoder tamper"
    IEEE_1366_MOMENTARY_INTERRUPTION = 126, "IEEE 1366 momentary interruption"
    IEEE_1366_MOMENTARY_INTERRUPTION_EVENT = 127, "IEEE 1366 momentary interruption event"
    IEEE_1366_SUSTAINED_INTERRUPTION = 128, "IEEE 1366 sustained interruption"
    INTERRUPTION_BEHAVIOUR = 129, "interruption behaviour"
    INVERSION_TAMPER = 130, "inversion tamper"
    LOAD_INTERRUPT = 131, "load interrupt"
    LOAD_SHED = 132, "load shed"
    MAINTENANCE = 133, "maintenance"
    PHYSICAL_TAMPER = 134, "physical tamper"
    POWER_LOSS_TAMPER = 135, "power loss tamper"
    POWER_OUTAGE = 136, "power outage"
    POWER_QUALITY = 137, "power quality"
    POWER_RESTORATION = 138, "power restoration"
    PROGRAMMED = 139, "programmed"
    PUSH_BUTTON = 140, "push-button"
    RELAY_ACTIVATION = 141, "relay activation"
    RELAY_CYCLE = 142, "relay cycle"
    REMOVAL_TAMPER = 143, "removal tamper"
    REPROGRAMMING_TAMPER = 144, "reprogramming tamper"
    REVERSE_ROTATION_TAMPER = 145, "reverse rotation tamper"
    SWITCH_ARMED = 146, "switch armed"
    SWITCH_DISABLED = 147, "switch disabled"
    TAMPER = 148, "tamper"
    WATCHDOG_TIME_OUT = 149, "watchdog time-out"
    BILL_OF_THE_LAST_PERIOD = 150, "bill of the last period"
    BILL_TO_DATE = 151, "bill to date"
    BILL_CARRIED_OVER = 152, "bill carried over"
    CONNECTION_FEE = 153, "connection fee"
    AUDIBLE_VOLUME = 154, "audible volume"
    VOLUMETRIC_FLOW = 155, "volumetric flow"


class PhaseCode(Code):
    """Which wires were measured; S1 and S2 are the halves of a split phase."""

    NOT_APPLICABLE = 0, "not applicable"
    N = 16, "N"
    NEUTRAL_TO_GROUND = 17, "N to ground"
    C = 32, "C"
    CN = 33, "C to N"
    C_TO_AV = 40, "C to Av"
    ACN = 41, "A, C to N"
    B = 64, "B"
    BN = 65, "B to N"
    BC = 66, "B, C"
    B_TO_AV = 72, "B to Av"
    AC = 96, "A, C"
    BCN = 97, "B, C to N"
    A = 128, "A"
    AN = 129, "A to N"
    AB = 132, "A, B"
    A_TO_AV = 136, "A to Av"
    ABN = 193, "A, B to N"
    ABC = 224, "A, B, C"
    ABCN = 225, "A, B, C to N"
    S2 = 256, "S2"
    S2N = 272, "S2 to N"
    S1 = 512, "S1"
    S1N = 528, "S1 to N"
    S1S2 = 768, "S1, S2"
    S1S2N_SPLIT = 769, "S1, S2 to N (split phase)"
    S1S2N = 784, "S1, S2 to N"


class TimePeriodOfInterest(Code):
    """`timeAttribute`."""

    NOT_APPLICABLE = 0, "not applicable"
    BILLING_PERIOD = 8, "billing period"
    DAILY = 11, "daily"
    MONTHLY = 13, "monthly"
    SEASONAL = 22, "seasonal"
    WEEKLY = 24, "weekly"
    TIME_PERIOD = 32, "as the time period says"


class TimeAttributeKind(Code):
    """`measuringPeriod`: over which time a value was measured."""

    NOT_APPLICABLE = 0, "not applicable"
    MINUTES_10 = 1, "10 minutes"
    MINUTES_15 = 2, "15 minutes"
    MINUTE_1 = 3, "1 minute"
    TWENTY_FOUR_HOURS = 4, "24 hours"
    MINUTES_30 = 5, "30 minutes"
    MINUTES_5 = 6, "5 minutes"
    MINUTES_60 = 7, "60 minutes"
    MINUTES_2 = 10, "2 minutes"
    MINUTES_3 = 14, "3 minutes"
    PRESENT = 15, "present"
    PREVIOUS = 16, "previous"
    MINUTES_20 = 31, "20 minutes"
    FIXED_BLOCK_60 = 50, "fixed blocks of 60 minutes"
    FIXED_BLOCK_30 = 51, "fixed blocks of 30 minutes"
    FIXED_BLOCK_20 = 52, "fixed blocks of 20 minutes"
    FIXED_BLOCK_15 = 53, "fixed blocks of 15 minutes"
    FIXED_BLOCK_10 = 54, "fixed blocks of 10 minutes"
    FIXED_BLOCK_5 = 55, "fixed blocks of 5 minutes"
    FIXED_BLOCK_1 = 56, "fixed blocks of 1 minute"
    ROLLING_BLOCK_60_30 = 57, "60 minutes rolling by 30"
    ROLLING_BLOCK_60_20 = 58, "60 minutes rolling by 20"
    ROLLING_BLOCK_60_15 = 59, "60 minutes rolling by 15"
    ROLLING_BLOCK_60_12 = 60, "60 minutes rolling by 12"
    ROLLING_BLOCK_60_10 = 61, "60 minutes rolling by 10"
    ROLLING_BLOCK_60_6 = 62, "60 minutes rolling by 6"
    ROLLING_BLOCK_60_5 = 63, "60 minutes rolling by 5"
    ROLLING_BLOCK_60_4 = 64, "60 minutes rolling by 4"
    ROLLING_BLOCK_30_15 = 65, "30 minutes rolling by 15"
    ROLLING_BLOCK_30_10 = 66, "30 minutes rolling by 10"
    ROLLING_BLOCK_30_6 = 67, "30 minutes rolling by 6"
    ROLLING_BLOCK_30_5 = 68, "30 minutes rolling by 5"
    ROLLING_BLOCK_30_3 = 69, "30 minutes rolling by 3"
    ROLLING_BLOCK_30_2 = 70, "30 minutes rolling by 2"
    ROLLING_BLOCK_15_5 = 71, "15 minutes rolling by 5"
    ROLLING_BLOCK_15_3 = 72, "15 minutes rolling by 3"
    ROLLING_BLOCK_15_1 = 73, "15 minutes rolling by 1"
    ROLLING_BLOCK_10_5 = 74, "10 minutes rolling by 5"
    ROLLING_BLOCK_10_2 = 75, "10 minutes rolling by 2"
    ROLLING_BLOCK_10_1 = 76, "10 minutes rolling by 1"
    ROLLING_BLOCK_5_1 = 77, "5 minutes rolling by 1"


class ServiceStatusKind(Code):
    """espi.xsd ESPIServiceStatus."""

    UNAVAILABLE = 0, "unavailable"
    NORMAL = 1, "normal"


class CRUDOperation(Code):
    CREATE = 0, "create"
    READ = 1, "read"
    UPDATE = 2, "update"
    DELETE = 3, "delete"


class StatusCode(Code):
    OK = 200, "OK"
    CREATED = 201, "created"
    ACCEPTED = 202, "accepted"
    NO_CONTENT = 204, "no content"
    MOVED_PERMANENTLY = 301, "moved permanently"
    REDIRECT = 302, "redirect"
    NOT_MODIFIED = 304, "not modified"
    BAD_REQUEST = 400, "bad request"
    UNAUTHORIZED = 401, "unauthorized"
    FORBIDDEN = 403, "forbidden"
    NOT_FOUND = 404, "not found"
    METHOD_NOT_ALLOWED = 405, "method not allowed"
    GONE = 410, "gone"
    INTERNAL_SERVER_ERROR = 500, "internal server error"


class UsagePointStatus(Code):
    OFF = 0, "off"
    ON = 1, "on"


class MeasurementProtocol(Code):
    """`ElectricPowerQualitySummary.measurementProtocol`."""

    IEEE_1519_2009 = 0, "IEEE 1519-2009"
    EN_50160 = 1, "EN 50160"


class DataCustodianApplicationStatus(Code):
    REVIEW = 1, "review"
    PRODUCTION = 2, "production"
    ON_HOLD = 3, "on hold"
    REVOKED = 4, "revoked"


class ThirdPartyApplicationStatus(Code):
    DEVELOPMENT = 1, "development"
    REVIEW = 2, "review"
    LIVE = 3, "live"
    REMOVE = 4, "remove"


class ThirdPartyApplicationType(Code):
    WEB = 1, "web"
    DESKTOP = 2, "desktop"
    MOBILE = 3, "mobile"
    DEVICE = 4, "device"


class ThirdPartyApplicationUse(Code):
    ENERGY_MANAGEMENT = 1, "energy management"
    ANALYTICAL = 2, "analytical"
    GOVERNMENTAL = 3, "governmental"
    ACADEMIC = 4, "academic"
    LAW_ENFORCEMENT = 5, "law enforcement"


class AmiBillingReadyKind(Word):
    AMI_CAPABLE = "amiCapable", "capable of being read remotely"
    AMI_DISABLED = "amiDisabled", "remote reading disabled"
    BILLING_APPROVED = "billingApproved", "approved for billing"
    ENABLED = "enabled", "enabled"
    NON_AMI = "nonAmi", "not read remotely"
    NON_METERED = "nonMetered", "not metered"
    OPERABLE = "operable", "operable"


class UsagePointConnectedKind(Word):
    CONNECTED = "connected", "connected"
    LOGICALLY_DISCONNECTED = "logicallyDisconnected", "disconnected by switch"
    PHYSICALLY_DISCONNECTED = "physicallyDisconnected", "disconnected by wire"


class EnrollmentStatus(Word):
    UNENROLLED = "unenrolled", "not enrolled"
    ENROLLED = "enrolled", "enrolled"
    ENROLLED_PENDING = "enrolledPending", "enrolment pending"


class ProgramCodeKind(Word):
    """espi.xsd tOUorCPPorConsumptionTier."""

    TOU = "tou", "time of use"
    CPP = "cpp", "critical peak"
    CONSUMPTIONTIER = "consumptiontier", "consumption tier"


class ApnodeType(Word):
    """Which kind of aggregated price node."""

    AG = "AG", "aggregate"
    CPZ = "CPZ", "custom price zone"
    DPZ = "DPZ", "default price zone"
    LAP = "LAP", "load aggregation point"
    TH = "TH", "trading hub"
    SYS = "SYS", "system zone"
    CA = "CA", "control area"
    DCA = "DCA", "designated congestion area"
    GA = "GA", "generic aggregation"
    GH = "GH", "generation hub"
    EHV = "EHV", "extra high voltage hub"
    ZN = "ZN", "zone"
    INT = "INT", "interface"
    BUS = "BUS", "bus"


class AnodeType(Word):
    """Which kind of aggregated node."""

    SYS = "SYS", "system zone"
    RUC = "RUC", "RUC zone"
    LFZ = "LFZ", "load forecast zone"
    REG = "REG", "market energy or ancillary service region"
    AGR = "AGR", "aggregated generation"
    POD = "POD", "point of delivery"
    ALR = "ALR", "aggregated load resource"
    LTAC = "LTAC", "load TAC area"
    ACA = "ACA", "adjacent control area"
    ASR = "ASR", "aggregated system resource"
    ECA = "ECA", "embedded control area"


class GrantType(Word):
    AUTHORIZATION_CODE = "authorization_code", "authorization code"
    CLIENT_CREDENTIALS = "client_credentials", "client credentials"
    REFRESH_TOKEN = "refresh_token", "refresh token"


class OAuthError(Word):
    INVALID_REQUEST = "invalid_request", "the request is not valid"
    INVALID_CLIENT = "invalid_client", "the client is not known"
    INVALID_GRANT = "invalid_grant", "the grant is not valid"
    UNAUTHORIZED_CLIENT = "unauthorized_client", "the client may not do this"
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type", "the kind of grant is not supported"
    INVALID_SCOPE = "invalid_scope", "the scope is not valid"
    INVALID_REDIRECT_URI = "invalid_redirect_uri", "the redirect URI is not valid"
    INVALID_CLIENT_METADATA = "invalid_client_metadata", "the client's metadata are not valid"
    INVALID_CLIENT_ID = "invalid_client_id", "the client's id is not valid"
    ACCESS_DENIED = "access_denied", "access was denied"
    UNSUPPORTED_RESPONSE_TYPE = "unsupported_response_type", "the kind of response is not supported"
    SERVER_ERROR = "server_error", "the server failed"
    TEMPORARILY_UNAVAILABLE = "temporarily_unavailable", "the server is busy"
