from dataclasses import dataclass

from greenbutton.espi.enums import (
    AccumulationKind,
    CommodityKind,
    Currency,
    DataQualifierKind,
    FlowDirectionKind,
    MeasurementKind,
    PhaseCode,
    QualityOfReading,
    TimeAttributeKind,
    TimePeriodOfInterest,
    UnitMultiplier,
    UnitSymbol,
)
from greenbutton.espi.shape import INT16, NUMBER, SECONDS, Field, Shape, code


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
    Field("accumulationBehaviour", "accumulation_behaviour", code(AccumulationKind)),
    Field("commodity", "commodity", code(CommodityKind)),
    Field("consumptionTier", "consumption_tier", INT16),
    Field("currency", "currency", code(Currency)),
    Field("dataQualifier", "data_qualifier", code(DataQualifierKind)),
    Field("defaultQuality", "default_quality", code(QualityOfReading)),
    Field("flowDirection", "flow_direction", code(FlowDirectionKind)),
    Field("intervalLength", "interval_length", SECONDS),
    Field("kind", "kind", code(MeasurementKind)),
    Field("phase", "phase", code(PhaseCode)),
    Field("powerOfTenMultiplier", "power_of_ten", code(UnitMultiplier)),
    Field("timeAttribute", "time_attribute", code(TimePeriodOfInterest)),
    Field("tou", "tou", INT16),
    Field("uom", "uom", code(UnitSymbol)),
    Field("cpp", "cpp", INT16),
    Field("interharmonic", "interharmonic", RATIONAL),
    Field("measuringPeriod", "measuring_period", code(TimeAttributeKind)),
    Field("argument", "argument", RATIONAL),
)
read = SHAPE.read
write = SHAPE.write
