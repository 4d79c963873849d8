from dataclasses import dataclass

from greenbutton.espi import reading_type
from greenbutton.espi.element import Element
from greenbutton.espi.findings import Findings
from greenbutton.espi.reading_type import ReadingType
from greenbutton.espi.shape import Field, Shape


@dataclass(frozen=True, slots=True)
class MeterReading:
    """espi.xsd MeterReading: an identity and links, nothing else.

    The GBA's anonymised production feed nests the reading type in it, against the schema.
    """

    reading_type: ReadingType | None = None


SHAPE = Shape(MeterReading, Field("ReadingType", "reading_type", reading_type.SHAPE.nested()))


def read(element: Element, findings: Findings) -> MeterReading:
    return SHAPE.read(element, findings)


def write(meter_reading: MeterReading) -> Element:
    return SHAPE.write("MeterReading", meter_reading)
