from dataclasses import dataclass

from greenbutton.espi.aggregate_node_ref import AGGREGATE_NODE_REF, AggregateNodeRef
from greenbutton.espi.element import Element
from greenbutton.espi.enums import (
    AmiBillingReadyKind,
    PhaseCode,
    ServiceKind,
    UsagePointConnectedKind,
    UsagePointStatus,
)
from greenbutton.espi.findings import Findings
from greenbutton.espi.pnode_ref import PNODE_REF, PnodeRef
from greenbutton.espi.shape import BOOLEAN, HEX, TEXT, Field, Shape, code, word
from greenbutton.espi.summary_measurement import MEASUREMENT, SummaryMeasurement
from greenbutton.espi.tariff_rider_ref import TARIFF_RIDER_REFS, TariffRiderRef


@dataclass(frozen=True, slots=True)
class ServiceDeliveryPoint:
    """espi.xsd ServiceDeliveryPoint: where the service changes hands, and on which tariff."""

    name: str | None = None
    tariff_profile: str | None = None
    customer_agreement: str | None = None
    tariff_rider_refs: tuple[TariffRiderRef, ...] = ()


@dataclass(frozen=True, slots=True)
class UsagePoint:
    """espi.xsd UsagePoint: one service at one place. `kind` is a ServiceKind, None if not said.

    `role_flags` are the sixteen bits of espi.xsd HexBinary16, as text. `ami_billing_ready` and
    `connection_state` are words; the measurements are what is printed on the equipment. The last
    two are no schema's; SCE sends them.
    """

    kind: int | None = None
    status: int | None = None
    role_flags: str | None = None
    service_delivery_point: ServiceDeliveryPoint | None = None
    ami_billing_ready: str | None = None
    check_billing: bool | None = None
    connection_state: str | None = None
    estimated_load: SummaryMeasurement | None = None
    grounded: bool | None = None
    is_sdp: bool | None = None
    is_virtual: bool | None = None
    minimal_usage_expected: bool | None = None
    nominal_service_voltage: SummaryMeasurement | None = None
    outage_region: str | None = None
    phase_code: int | None = None
    rated_current: SummaryMeasurement | None = None
    rated_power: SummaryMeasurement | None = None
    read_cycle: str | None = None
    read_route: str | None = None
    service_delivery_remark: str | None = None
    service_priority: str | None = None
    pnode_refs: tuple[PnodeRef, ...] = ()
    aggregate_node_refs: tuple[AggregateNodeRef, ...] = ()
    pricing_node: str | None = None
    load_aggregation_point: str | None = None


DELIVERY_POINT = Shape(
    ServiceDeliveryPoint,
    Field("name", "name", TEXT),
    Field("tariffProfile", "tariff_profile", TEXT),
    Field("customerAgreement", "customer_agreement", TEXT),
    TARIFF_RIDER_REFS,
)
SHAPE = Shape(
    UsagePoint,
    Field("roleFlags", "role_flags", HEX),
    Field("kind", "kind", code(ServiceKind), within="ServiceCategory"),
    Field("status", "status", code(UsagePointStatus)),
    Field(
        "serviceDeliveryPoint",
        "service_delivery_point",
        DELIVERY_POINT.nested(),
        also=("ServiceDeliveryPoint",),  # SCE writes it with a capital S
    ),
    Field("amiBillingReady", "ami_billing_ready", word(AmiBillingReadyKind)),
    Field("checkBilling", "check_billing", BOOLEAN),
    Field("connectionState", "connection_state", word(UsagePointConnectedKind)),
    Field("estimatedLoad", "estimated_load", MEASUREMENT),
    Field("grounded", "grounded", BOOLEAN),
    Field("isSdp", "is_sdp", BOOLEAN),
    Field("isVirtual", "is_virtual", BOOLEAN),
    Field("minimalUsageExpected", "minimal_usage_expected", BOOLEAN),
    Field("nominalServiceVoltage", "nominal_service_voltage", MEASUREMENT),
    Field("outageRegion", "outage_region", TEXT),
    Field("phaseCode", "phase_code", code(PhaseCode)),
    Field("ratedCurrent", "rated_current", MEASUREMENT),
    Field("ratedPower", "rated_power", MEASUREMENT),
    Field("readCycle", "read_cycle", TEXT),
    Field("readRoute", "read_route", TEXT),
    Field("serviceDeliveryRemark", "service_delivery_remark", TEXT),
    Field("servicePriority", "service_priority", TEXT),
    Field("pnodeRef", "pnode_refs", PNODE_REF, many=True, within="pnodeRefs"),
    Field(
        "aggregateNodeRef",
        "aggregate_node_refs",
        AGGREGATE_NODE_REF,
        many=True,
        within="aggregateNodeRefs",
    ),
    Field("pricingNode", "pricing_node", TEXT),
    Field("loadAggregationPoint", "load_aggregation_point", TEXT),
)
write = SHAPE.write


def read(element: Element, findings: Findings) -> UsagePoint:
    usage_point = SHAPE.read(element, findings)
    if usage_point.kind is None:
        findings.note("usage_point.no_service_kind")
    return usage_point
