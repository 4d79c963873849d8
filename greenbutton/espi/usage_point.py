from dataclasses import dataclass

from greenbutton.espi.element import Element
from greenbutton.espi.findings import Findings
from greenbutton.espi.shape import CODE, TEXT, Field, Shape, inside


@dataclass(frozen=True, slots=True)
class ServiceDeliveryPoint:
    """espi.xsd ServiceDeliveryPoint, without the tariff riders."""

    name: str | None = None
    tariff_profile: str | None = None
    customer_agreement: str | None = None


@dataclass(frozen=True, slots=True)
class UsagePoint:
    """espi.xsd UsagePoint: one service at one place. `kind` is a ServiceKind, None if not said."""

    kind: int | None = None
    status: int | None = None
    role_flags: str | None = None
    service_delivery_point: ServiceDeliveryPoint | None = None


DELIVERY_POINT = Shape(
    ServiceDeliveryPoint,
    Field("name", "name", TEXT),
    Field("tariffProfile", "tariff_profile", TEXT),
    Field("customerAgreement", "customer_agreement", TEXT),
)
SHAPE = Shape(
    UsagePoint,
    Field("roleFlags", "role_flags", TEXT),
    Field("ServiceCategory", "kind", inside("kind", CODE)),
    Field("status", "status", CODE),
    Field(
        "serviceDeliveryPoint",
        "service_delivery_point",
        DELIVERY_POINT.nested(),
        also=("ServiceDeliveryPoint",),  # SCE writes it with a capital S
    ),
)


def read(element: Element, findings: Findings) -> UsagePoint:
    usage_point = SHAPE.read(element, findings)
    if usage_point.kind is None:
        findings.note("usage_point.no_service_kind")
    return usage_point


def write(usage_point: UsagePoint) -> Element:
    return SHAPE.write("UsagePoint", usage_point)
