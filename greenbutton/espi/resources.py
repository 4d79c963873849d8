"""Which resource is read and written by which module, by its name on the wire."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from greenbutton.espi import (
    authorization,
    batch_list,
    interval_block,
    local_time_parameters,
    meter_reading,
    reading_type,
    service_status,
    usage_point,
    usage_summary,
)
from greenbutton.espi.element import CUSTOMER, ESPI, Element, split_name
from greenbutton.espi.errors import EspiError
from greenbutton.espi.findings import Findings


@dataclass(frozen=True, slots=True)
class Other:
    """A resource that is known by name only; its payload is not read."""

    name: str


Resource = (
    usage_point.UsagePoint
    | meter_reading.MeterReading
    | reading_type.ReadingType
    | interval_block.IntervalBlock
    | usage_summary.UsageSummary
    | local_time_parameters.LocalTimeParameters
    | authorization.Authorization
    | service_status.ServiceStatus
    | batch_list.BatchList
    | Other
)

EMPTY = Other("(empty content)")

READERS: dict[str, Callable[[Element, Findings], Resource]] = {
    "UsagePoint": usage_point.read,
    "MeterReading": meter_reading.read,
    "ReadingType": reading_type.read,
    "IntervalBlock": interval_block.read,
    "UsageSummary": usage_summary.read,
    "ElectricPowerUsageSummary": usage_summary.read,
    "LocalTimeParameters": local_time_parameters.read,
    "Authorization": authorization.read,
    "ServiceStatus": service_status.read,
    "BatchList": batch_list.read,
}
WRITERS: dict[str, Callable[[Any], Element]] = {
    "UsagePoint": usage_point.write,
    "MeterReading": meter_reading.write,
    "ReadingType": reading_type.write,
    "IntervalBlock": interval_block.write,
    "UsageSummary": usage_summary.write,
    "ElectricPowerUsageSummary": lambda it: usage_summary.write(it, "ElectricPowerUsageSummary"),
    "LocalTimeParameters": local_time_parameters.write,
    "Authorization": authorization.write,
    "ServiceStatus": service_status.write,
    "BatchList": batch_list.write,
}


def name_of(element: Element) -> str:
    """The element's name; one of another schema than ESPI's usage schema says which."""
    uri, name = split_name(element)
    return name if uri == ESPI else f"{name}@{'cust' if uri == CUSTOMER else uri}"


def read(element: Element, findings: Findings) -> Resource:
    name = name_of(element)
    reader = READERS.get(name)
    return reader(element, findings) if reader else Other(name)


def write(resource: Resource, name: str) -> Element:
    """The resource as an element. Raises EspiError for one that is known by name only."""
    writer = WRITERS.get(name)
    if writer is None or isinstance(resource, Other):
        raise EspiError(f"{name} cannot be written: only its name is known.")
    return writer(resource)
