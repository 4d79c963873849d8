from dataclasses import dataclass

from greenbutton.espi.enums import UnitMultiplier, UnitSymbol
from greenbutton.espi.shape import NUMBER, SECONDS, TEXT, Field, Shape, code


@dataclass(frozen=True, slots=True)
class SummaryMeasurement:
    """espi.xsd SummaryMeasurement: `value` times ten to the `power_of_ten`, in `uom`."""

    value: int | None = None
    power_of_ten: int | None = None
    uom: int | None = None
    time_stamp: int | None = None
    reading_type_ref: str | None = None


SHAPE = Shape(
    SummaryMeasurement,
    Field("powerOfTenMultiplier", "power_of_ten", code(UnitMultiplier)),
    Field("timeStamp", "time_stamp", SECONDS),
    Field("uom", "uom", code(UnitSymbol)),
    Field("value", "value", NUMBER),
    Field("readingTypeRef", "reading_type_ref", TEXT),
)
MEASUREMENT = SHAPE.nested()
