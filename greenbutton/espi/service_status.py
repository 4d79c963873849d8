from dataclasses import dataclass

from greenbutton.espi.enums import ServiceStatusKind
from greenbutton.espi.shape import Field, Shape, code


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """espi.xsd ServiceStatus: 0 unavailable, 1 normal. A document of its own, without Atom."""

    current_status: int | None = None


SHAPE = Shape(ServiceStatus, Field("currentStatus", "current_status", code(ServiceStatusKind)))
read = SHAPE.read
write = SHAPE.write
