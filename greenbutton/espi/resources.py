"""Which resource is read and written by which module, by its name on the wire."""

from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from greenbutton.espi import (
    application_information,
    authorization,
    batch_list,
    electric_power_quality_summary,
    interval_block,
    local_time_parameters,
    meter_reading,
    payload,
    program_id_mappings,
    reading_type,
    service_status,
    usage_point,
    usage_summary,
)
from greenbutton.espi.customer import (
    customer,
    customer_account,
    customer_agreement,
    end_device,
    meter,
    program_date_id_mappings,
    service_location,
    service_supplier,
    statement,
)
from greenbutton.espi.element import CUSTOMER, ESPI, Element, split_name
from greenbutton.espi.errors import EspiError
from greenbutton.espi.findings import MAX_NAME, Findings

# What carries readings is read in ESPI's namespace, or the document is refused.
USAGE = {"UsagePoint", "MeterReading", "ReadingType", "IntervalBlock"}


@dataclass(frozen=True, slots=True)
class Other:
    """A resource that is known by name only.

    `xml` is its payload, so that it can be written again; None if there is none, or if it was
    too large. It may hold anything, so it stays out of the repr, and so out of logs.
    """

    name: str
    xml: str | None = field(default=None, repr=False)


Resource = (
    usage_point.UsagePoint
    | meter_reading.MeterReading
    | reading_type.ReadingType
    | interval_block.IntervalBlock
    | usage_summary.UsageSummary
    | electric_power_quality_summary.ElectricPowerQualitySummary
    | local_time_parameters.LocalTimeParameters
    | program_id_mappings.ProgramIdMappings
    | application_information.ApplicationInformation
    | authorization.Authorization
    | service_status.ServiceStatus
    | batch_list.BatchList
    | customer.Customer
    | customer_account.CustomerAccount
    | customer_agreement.CustomerAgreement
    | service_location.ServiceLocation
    | service_supplier.ServiceSupplier
    | end_device.EndDevice
    | meter.Meter
    | program_date_id_mappings.ProgramDateIdMappings
    | statement.Statement
    | Other
)

EMPTY = Other("(empty content)")


class Codec(Protocol):
    """A module, or a Shape, that reads and writes one resource."""

    def read(self, element: Element, findings: Findings, /) -> Any: ...
    def write(self, resource: Any, /) -> Element: ...


CODECS: dict[str, Codec] = {
    "UsagePoint": usage_point,
    "MeterReading": meter_reading,
    "ReadingType": reading_type,
    "IntervalBlock": interval_block,
    "UsageSummary": usage_summary,
    "ElectricPowerUsageSummary": usage_summary,
    "ElectricPowerQualitySummary": electric_power_quality_summary,
    "LocalTimeParameters": local_time_parameters,
    "ProgramIdMappings": program_id_mappings,
    "ApplicationInformation": application_information,
    "Authorization": authorization,
    "ServiceStatus": service_status,
    "BatchList": batch_list,
    "Customer@cust": customer,
    "CustomerAccount@cust": customer_account,
    "CustomerAgreement@cust": customer_agreement,
    "ServiceLocation@cust": service_location,
    "ServiceSupplier@cust": service_supplier,
    "EndDevice@cust": end_device,
    "Meter@cust": meter,
    "ProgramDateIdMappings@cust": program_date_id_mappings,
    "Statement@cust": statement,
    "LocalTimeParameters@cust": local_time_parameters.SHAPE.under(CUSTOMER),
}


def name_of(element: Element) -> str:
    """The element's name; one of another schema than ESPI's usage schema says which."""
    uri, name = split_name(element)
    return name if uri == ESPI else f"{name}@{'cust' if uri == CUSTOMER else uri}"


def name_for(resource: Resource) -> str:
    """The name under which a resource is written that was not read under another."""
    if isinstance(resource, Other):
        return resource.name
    name = type(resource).__name__
    return name if name in CODECS else f"{name}@cust"


def read(element: Element, findings: Findings) -> Resource:
    name = name_of(element)
    codec = CODECS.get(name)
    if codec is None:
        _refuse_stranger(element)
        findings.note("resource.unknown", name[:MAX_NAME])
        return Other(name, payload.kept(element))
    resource: Resource = codec.read(element, findings)
    return resource


def _refuse_stranger(element: Element) -> None:
    """Raise EspiError for usage in a namespace of its own: its numbers may mean anything."""
    uri, name = split_name(element)
    if name in USAGE:
        where = f"the namespace {uri[:MAX_NAME]}" if uri else "no namespace"
        raise EspiError(
            f"The document is no Green Button data: its {name} is in {where}.",
            line=cast("int | None", element.sourceline),
        )


def write(resource: Resource, name: str) -> Element:
    """The resource as an element. Raises EspiError for one that is known by name only."""
    if isinstance(resource, Other) and resource.xml is not None:
        return payload.restored(resource.xml)
    codec = CODECS.get(name)
    if codec is None or isinstance(resource, Other):
        raise EspiError(f"{name} cannot be written: only its name is known.")
    element = codec.write(resource)
    uri, given = split_name(element)
    wanted = name.partition("@")[0]
    if given != wanted:  # a UsageSummary that was an ElectricPowerUsageSummary
        element.tag = f"{{{uri}}}{wanted}"
    return element
