from dataclasses import dataclass

from greenbutton.espi.shape import SECONDS, Field, Shape


@dataclass(frozen=True, slots=True)
class Period:
    """espi.xsd DateTimeInterval: UTC seconds, and a length in seconds; half open."""

    start: int | None = None
    seconds: int | None = None


SHAPE = Shape(Period, Field("duration", "seconds", SECONDS), Field("start", "start", SECONDS))
PERIOD = SHAPE.nested()
