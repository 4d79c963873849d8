"""Which elements the schemas (espi.xsd, customer.xsd) have, in which order, and how often.

The tables from which we read and write have the schemas' elements in the schemas' order; what else
the schemas say stands here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from greenbutton.espi import period, resources
from greenbutton.espi.element import CUSTOMER, ESPI
from greenbutton.espi.enums import QualityOfReading
from greenbutton.espi.interval_block import IntervalBlock, IntervalReading
from greenbutton.espi.shape import INT16, NUMBER, Field, Kind, Shape, code

# espi.xsd IntervalReading and IntervalBlock, which are read by the column, not from a table.
READING: Shape[IntervalReading] = Shape(
    IntervalReading,
    Field("cost", "cost", NUMBER),
    Field("ReadingQuality", "qualities", NUMBER, many=True),
    Field("timePeriod", "start", period.PERIOD),
    Field("value", "value", NUMBER),
    Field("consumptionTier", "tier", INT16),
    Field("tou", "tou", INT16),
    Field("cpp", "cpp", INT16),
)
BLOCK: Shape[IntervalBlock] = Shape(
    IntervalBlock,
    Field("interval", "start", period.PERIOD),
    Field("IntervalReading", "readings", READING.nested(), many=True),
)
# What we read and no schema has, by the element that it stands in.
STRANGERS = {
    ("UsagePoint", "pricingNode"),
    ("UsagePoint", "loadAggregationPoint"),
    ("MeterReading", "ReadingType"),
    ("ApplicationInformation", "dataCustodianScopeSelectionScreenURI"),
    ("ApplicationInformation", "thirdPartyName"),
}
# What has to be there, by the type of what it stands in. A period may lack either in customer.xsd.
REQUIRED: dict[str, tuple[str, ...]] = {
    "ServiceCategory": ("kind",),
    "Period": ("duration", "start"),
    "UsageSummary": ("statusTimeStamp",),
    "LineItem": ("note", "itemKind"),
    "TariffRiderRef": ("riderType", "enrollmentStatus", "effectiveDate"),
    "ElectricPowerQualitySummary": ("summaryInterval",),
    "LocalTimeParameters": ("dstEndRule", "dstOffset", "dstStartRule", "tzOffset"),
    "Authorization": (
        "status",
        "expires_at",
        "scope",
        "token_type",
        "resourceURI",
        "authorizationURI",
    ),
    "ApplicationInformation": (
        "dataCustodianId",
        "dataCustodianApplicationStatus",
        "thirdPartyNotifyUri",
        "authorizationServerAuthorizationEndpoint",
        "authorizationServerTokenEndpoint",
        "dataCustodianBulkRequestURI",
        "dataCustodianResourceEndpoint",
        "client_secret",
        "client_name",
        "redirect_uri",
        "client_id",
        "software_id",
        "software_version",
        "client_id_issued_at",
        "client_secret_expires_at",
        "token_endpoint_auth_method",
        "scope",
        "grant_types",
        "response_types",
        "registration_client_uri",
        "registration_access_token",
    ),
    "ServiceStatus": ("currentStatus",),
    "StatementRef": ("statementURL",),
    "Priority": ("rank",),
}


def shape_of(name: str) -> Shape[Any] | None:
    """The table of an object; None for one that the schemas do not have."""
    if name == "IntervalBlock":
        return BLOCK
    codec = resources.CODECS.get(name)
    if codec is None or isinstance(codec, Shape):
        return codec
    shape: Shape[Any] | None = getattr(codec, "SHAPE", None)
    return shape


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in an order: an element that is a text of some kind, or has an order of its own."""

    many: bool
    kind: Kind | None = None
    inside: Order | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """The elements of a type by their names, in the schema's order, and which have to be there."""

    namespace: str
    slots: dict[str, Slot]
    needed: tuple[str, ...] = ()


QUALITY = Order(ESPI, {"quality": Slot(False, code(QualityOfReading))}, ("quality",))


@lru_cache
def order_of(shape: Shape[Any]) -> Order:
    """The order of a table's type, the wrappers in place of what they wrap."""
    type_ = shape.made.__name__
    slots: dict[str, Slot] = {}
    for field in shape.fields:
        if (type_, field.tag) in STRANGERS:
            continue
        if field.within is None:
            slots[field.tag] = _slot(field)
            continue
        wrapper = slots.get(field.within)
        wrapped = wrapper.inside.slots if wrapper and wrapper.inside else {}
        inside = {**wrapped, field.tag: _slot(field)}
        needed = REQUIRED.get(field.within, ())
        slots[field.within] = Slot(False, inside=Order(shape.namespace, inside, needed))
    may_lack = shape.namespace == CUSTOMER and type_ == "Period"
    return Order(shape.namespace, slots, () if may_lack else REQUIRED.get(type_, ()))


def _slot(field: Field) -> Slot:
    if field.tag == "ReadingQuality":
        return Slot(field.many, inside=QUALITY)
    if isinstance(field.kind.made_of, Shape):
        return Slot(field.many, inside=order_of(field.kind.made_of))
    return Slot(field.many, field.kind)
