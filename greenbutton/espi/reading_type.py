from dataclasses import dataclass

from greenbutton.espi.element import Element
from greenbutton.espi.findings import Findings
from greenbutton.espi.shape import CODE, INT16, NUMBER, SECONDS, Field, Shape


@dataclass(frozen=True, slots=True)
class Rational:
    """espi.xsd RationalNumber and ReadingInterharmonic."""

    numerator: int | None = None
    denominator: int | None = None


@dataclass(frozen=True, slots=True)
class ReadingType:
    """espi.xsd ReadingType: what the numbers of a meter reading mean.

    A reading is `value` times ten to the `power_of_ten` in `uom`; `interval_length` in seconds.
    """

    accumulation_behaviour: int | None = None
    commodity: int | None = None
    consumption_tier: int | None = None
    currency: int | None = None
    data_qualifier: int | None = None
    default_quality: int | None = None
    flow_direction: int | None = None
    interval_length: int | None = None
    kind: int | None = None
    phase: int | None = None
    power_of_ten: int | None = None
    time_attribute: int | None = None
    tou: int | None = None
    uom: int | None = None
    cpp: int | None = None
    interharmonic: Rational | None = None
    measuring_period: int | None = None
    argument: Rational | None = None


RATIONAL = Shape(
    Rational,
    Field("numerator", "numerator", NUMBER),
    Field("denominator", "denominator", NUMBER),
).nested()
SHAPE = Shape(
    ReadingType,
    Field("accumulationBehaviour", "accumulation_behaviour", CODE),
    Field("commodity", "commodity", CODE),
    Field("consumptionTier", "consumption_tier", INT16),
    Field("currency", "currency", CODE),
    Field("dataQualifier", "data_qualifier", CODE),
    Field("defaultQuality", "default_quality", CODE),
    Field("flowDirection", "flow_direction", CODE),
    Field("intervalLength", "interval_length", SECONDS),
    Field("kind", "kind", CODE),
    Field("phase", "phase", CODE),
    Field("powerOfTenMultiplier", "power_of_ten", CODE),
    Field("timeAttribute", "time_attribute", CODE),
    Field("tou", "tou", INT16),
    Field("uom", "uom", CODE),
    Field("cpp", "cpp", INT16),
    Field("interharmonic", "interharmonic", RATIONAL),
    Field("measuringPeriod", "measuring_period", CODE),
    Field("argument", "argument", RATIONAL),
)


def read(element: Element, findings: Findings) -> ReadingType:
    return SHAPE.read(element, findings)


def write(reading_type: ReadingType) -> Element:
    return SHAPE.write("ReadingType", reading_type)
