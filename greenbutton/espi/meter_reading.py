from dataclasses import dataclass

from greenbutton.espi import reading_type
from greenbutton.espi.reading_type import ReadingType
from greenbutton.espi.shape import Field, Shape


@dataclass(frozen=True, slots=True)
class MeterReading:
    """espi.xsd MeterReading: an identity and links, nothing else.

    The GBA's anonymised production feed nests the reading type in it, against the schema.
    """

    reading_type: ReadingType | None = None


SHAPE = Shape(MeterReading, Field("ReadingType", "reading_type", reading_type.SHAPE.nested()))
read = SHAPE.read
write = SHAPE.write
