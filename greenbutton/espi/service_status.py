from dataclasses import dataclass

from greenbutton.espi.element import Element
from greenbutton.espi.findings import Findings
from greenbutton.espi.shape import CODE, Field, Shape


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """espi.xsd ServiceStatus: 0 unavailable, 1 normal. A document of its own, without Atom."""

    current_status: int | None = None


SHAPE = Shape(ServiceStatus, Field("currentStatus", "current_status", CODE))


def read(element: Element, findings: Findings) -> ServiceStatus:
    return SHAPE.read(element, findings)


def write(status: ServiceStatus) -> Element:
    return SHAPE.write("ServiceStatus", status)
