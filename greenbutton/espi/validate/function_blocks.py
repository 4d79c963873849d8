"""The function blocks of the certification that have content checks, and who claims them."""

from __future__ import annotations

from collections.abc import Callable

from greenbutton.espi.electric_power_quality_summary import ElectricPowerQualitySummary
from greenbutton.espi.entry import Entry
from greenbutton.espi.enums import (
    AccumulationKind,
    CommodityKind,
    FlowDirectionKind,
    MeasurementKind,
    ServiceKind,
    UnitSymbol,
)
from greenbutton.espi.interval_block import IntervalBlock
from greenbutton.espi.local_time_parameters import LocalTimeParameters
from greenbutton.espi.meter_reading import MeterReading
from greenbutton.espi.reading_type import ReadingType
from greenbutton.espi.usage_point import UsagePoint
from greenbutton.espi.usage_summary import UsageSummary
from greenbutton.espi.validate.reading_types import is_electricity

NAMES = {
    1: "Common",
    4: "Interval metering",
    5: "Interval electricity metering",
    6: "Demand electricity metering",
    7: "Net metering",
    8: "Forward and reverse metering",
    9: "Register values",
    10: "Gas",
    11: "Water",
    12: "Cost of interval data",
    15: "Usage summary",
    16: "Usage summary with cost",
    17: "Power quality summary",
    27: "Usage summary with demands and previous day attributes",
    28: "Usage summary: costs for current billing period",
    29: "Temperature intervals",
}

METERED = (MeterReading, IntervalBlock, ReadingType)
SUMMED_UP = (UsageSummary, ElectricPowerQualitySummary)


def _is_demand(it: ReadingType) -> bool:
    units = (UnitSymbol.WATT, UnitSymbol.VOLT_AMPERE, UnitSymbol.VOLT_AMPERE_REACTIVE)
    return (
        it.accumulation_behaviour == AccumulationKind.INSTANTANEOUS
        and is_electricity(it)
        and it.uom in units
    )


def _type(test: Callable[[ReadingType], bool]) -> Callable[[Entry], bool]:
    return lambda entry: isinstance(entry.resource, ReadingType) and test(entry.resource)


def _energy(test: Callable[[ReadingType], bool]) -> Callable[[Entry], bool]:
    return _type(lambda it: it.uom == UnitSymbol.WATT_HOUR and test(it))


def _summary(test: Callable[[UsageSummary], bool]) -> Callable[[Entry], bool]:
    return lambda entry: isinstance(entry.resource, UsageSummary) and test(entry.resource)


def _service(kind: int, commodity: int) -> Callable[[Entry], bool]:
    def claims(entry: Entry) -> bool:
        resource = entry.resource
        if isinstance(resource, UsagePoint):
            return resource.kind == kind
        return isinstance(resource, ReadingType) and resource.commodity == commodity

    return claims


def _has_costs(entry: Entry) -> bool:
    return isinstance(entry.resource, IntervalBlock) and entry.resource.columns.costs is not None


# By which content a document claims to have a function block.
CLAIMS: dict[int, Callable[[Entry], bool]] = {
    1: lambda entry: isinstance(
        entry.resource, (UsagePoint, LocalTimeParameters, *METERED, *SUMMED_UP)
    ),
    4: lambda entry: isinstance(entry.resource, METERED),
    5: _energy(is_electricity),
    6: _type(_is_demand),
    7: _energy(lambda it: it.flow_direction == FlowDirectionKind.NET),
    8: _energy(lambda it: it.flow_direction == FlowDirectionKind.REVERSE),
    9: _energy(lambda it: it.accumulation_behaviour == AccumulationKind.BULK_QUANTITY),
    10: _service(ServiceKind.GAS, CommodityKind.NATURAL_GAS),
    11: _service(ServiceKind.WATER, CommodityKind.POTABLE_WATER),
    12: _has_costs,
    15: _summary(lambda _: True),
    16: _summary(
        lambda it: (
            it.bill_last_period is not None
            or it.cost_additional_last_period is not None
            or bool(it.line_items)
        )
    ),
    17: lambda entry: isinstance(entry.resource, ElectricPowerQualitySummary),
    27: _summary(lambda it: any((it.ratchet_demand, it.ratchet_demand_period, it.peak_demand))),
    28: _summary(lambda it: it.bill_to_date is not None),
    29: _type(lambda it: it.kind == MeasurementKind.TEMPERATURE),
}


def claimed_by(entry: Entry) -> set[int]:
    """The function blocks that a document with this entry claims to have."""
    return {block for block, claims in CLAIMS.items() if claims(entry)}
