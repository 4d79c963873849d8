"""Function blocks 05 to 11 and 29: that the readings which a block promises are there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from greenbutton.espi.enums import (
    AccumulationKind,
    CommodityKind,
    FlowDirectionKind,
    MeasurementKind,
    ServiceKind,
    UnitSymbol,
)
from greenbutton.espi.meter_reading import MeterReading
from greenbutton.espi.reading_type import ReadingType
from greenbutton.espi.usage_point import UsagePoint
from greenbutton.espi.validate.document import Document
from greenbutton.espi.validate.rule import DocumentRule, Place, Rule, Severity, about

Test = Callable[[ReadingType], bool]

ELECTRICITY = {
    CommodityKind.ELECTRICITY_SECONDARY_METERED,
    CommodityKind.ELECTRICITY_PRIMARY_METERED,
    CommodityKind.ELECTRICITY_TRANSMISSION_METERED,
}
# What only electricity is measured in, for reading types that name no commodity.
ELECTRIC_UNITS = {
    UnitSymbol.AMPERE,
    UnitSymbol.VOLT,
    UnitSymbol.WATT,
    UnitSymbol.VOLT_AMPERE,
    UnitSymbol.VOLT_AMPERE_REACTIVE,
    UnitSymbol.VOLT_AMPERE_HOUR,
    UnitSymbol.WATT_HOUR,
    UnitSymbol.VOLT_AMPERE_REACTIVE_HOUR,
}
GAS_ENERGY = {UnitSymbol.JOULE, UnitSymbol.BTU, UnitSymbol.THERM}
GAS_VOLUME = {UnitSymbol.CUBIC_METRE, UnitSymbol.CUBIC_FOOT}
WATER_VOLUME = {UnitSymbol.US_GALLON, UnitSymbol.CUBIC_FOOT, UnitSymbol.CUBIC_METRE}


def is_electricity(it: ReadingType) -> bool:
    if it.commodity is None:
        return it.uom in ELECTRIC_UNITS
    return it.commodity in ELECTRICITY


def is_energy(it: ReadingType, accumulation: int, flow: int) -> bool:
    """Whether it is Wh of (secondary metered) electricity, as function blocks 05 to 09 mean it."""
    return (
        it.accumulation_behaviour == accumulation
        and it.commodity == CommodityKind.ELECTRICITY_SECONDARY_METERED
        and it.flow_direction == flow
        and it.kind == MeasurementKind.ENERGY
        and it.uom == UnitSymbol.WATT_HOUR
    )


def is_demand(it: ReadingType, kind: int, uom: int) -> bool:
    return (
        it.accumulation_behaviour == AccumulationKind.INSTANTANEOUS
        and it.commodity == CommodityKind.ELECTRICITY_SECONDARY_METERED
        and it.flow_direction == FlowDirectionKind.FORWARD
        and it.kind == kind
        and it.uom == uom
    )


def is_gas(it: ReadingType) -> bool:
    return is_delivered(it, CommodityKind.NATURAL_GAS) and (
        (it.kind == MeasurementKind.ENERGY and it.uom in GAS_ENERGY)
        or (it.kind == MeasurementKind.VOLUME and it.uom in GAS_VOLUME)
    )


def is_water(it: ReadingType) -> bool:
    return (
        is_delivered(it, CommodityKind.POTABLE_WATER)
        and it.kind == MeasurementKind.VOLUME
        and it.uom in WATER_VOLUME
    )


def is_delivered(it: ReadingType, commodity: int) -> bool:
    return (
        it.accumulation_behaviour == AccumulationKind.DELTA
        and it.commodity == commodity
        and it.flow_direction == FlowDirectionKind.FORWARD
    )


def is_temperature(it: ReadingType) -> bool:
    return it.kind == MeasurementKind.TEMPERATURE and it.uom == UnitSymbol.KELVIN


FORWARD_ENERGY = partial(
    is_energy, accumulation=AccumulationKind.DELTA, flow=FlowDirectionKind.FORWARD
)
NET_ENERGY = partial(is_energy, accumulation=AccumulationKind.DELTA, flow=FlowDirectionKind.NET)
REVERSE_ENERGY = partial(
    is_energy, accumulation=AccumulationKind.DELTA, flow=FlowDirectionKind.REVERSE
)
REGISTER = partial(
    is_energy, accumulation=AccumulationKind.BULK_QUANTITY, flow=FlowDirectionKind.FORWARD
)
WATTS = partial(is_demand, kind=MeasurementKind.POWER, uom=UnitSymbol.WATT)
# The suite asks for kind 12 (energy) here, although these are powers.
VOLT_AMPERES = partial(is_demand, kind=MeasurementKind.ENERGY, uom=UnitSymbol.VOLT_AMPERE)
VARS = partial(is_demand, kind=MeasurementKind.ENERGY, uom=UnitSymbol.VOLT_AMPERE_REACTIVE)


def _lacks(document: Document, *tests: Test) -> Iterator[Place]:
    types = list(document.resources(ReadingType))
    if not all(any(map(test, types)) for test in tests):
        yield Place()


def _lacks_at(document: Document, test: Test, service: int) -> Iterator[Place]:
    """Like `_lacks`, of the reading types that lead to a usage point of a service."""
    for entry in document.of(ReadingType):
        assert isinstance(entry.resource, ReadingType)
        if test(entry.resource) and service in _services(document, entry.self_href):
            return
    yield Place()


def _services(document: Document, reading_type: str | None) -> set[int | None]:
    """The services of the usage points whose meter readings are of a reading type."""
    usage_points = [
        usage_point.resource
        for meter_reading in document.related_to(MeterReading, reading_type)
        for usage_point in document.related_to(UsagePoint, meter_reading.up)
    ]
    return {one.kind for one in usage_points if isinstance(one, UsagePoint)}


def _must(id: str, block: int, says: str, *tests: Test) -> Rule:  # noqa: A002 (as the suite has it)
    return DocumentRule(
        id=id,
        block=block,
        severity=Severity.ERROR,
        says=says,
        broken=lambda document: _lacks(document, *tests),
    )


RULES: tuple[Rule, ...] = (
    about(
        ReadingType,
        lambda it: is_electricity(it) and it.phase is None,
        id="D064",
        block=5,
        severity=Severity.WARNING,
        says="The reading type is of electricity, and does not say on which phase.",
    ),
    DocumentRule(
        id="D078",
        block=5,
        severity=Severity.ERROR,
        says="No electricity usage point has intervals of delivered Wh "
        "(accumulationBehaviour 4, commodity 1, flowDirection 1, kind 12, uom 72).",
        broken=partial(_lacks_at, test=FORWARD_ENERGY, service=ServiceKind.ELECTRICITY),
    ),
    _must(
        "D071",
        6,
        "The document has no demand in W "
        "(accumulationBehaviour 12, commodity 1, flowDirection 1, kind 37, uom 38).",
        WATTS,
    ),
    _must(
        "D072",
        6,
        "The document has no demand in VA "
        "(accumulationBehaviour 12, commodity 1, flowDirection 1, kind 12, uom 61).",
        VOLT_AMPERES,
    ),
    _must(
        "D073",
        6,
        "The document has no demand in VAr "
        "(accumulationBehaviour 12, commodity 1, flowDirection 1, kind 12, uom 63).",
        VARS,
    ),
    _must(
        "D074",
        7,
        "The document has no intervals of net Wh "
        "(accumulationBehaviour 4, commodity 1, flowDirection 4, kind 12, uom 72).",
        NET_ENERGY,
    ),
    _must(
        "D076",
        8,
        "The document does not have intervals of both delivered and received Wh "
        "(accumulationBehaviour 4, commodity 1, flowDirection 1 and 19, kind 12, uom 72).",
        FORWARD_ENERGY,
        REVERSE_ENERGY,
    ),
    _must(
        "D077",
        9,
        "The document has no register readings of Wh "
        "(accumulationBehaviour 1, commodity 1, flowDirection 1, kind 12, uom 72).",
        REGISTER,
    ),
    DocumentRule(
        id="D079",
        block=10,
        severity=Severity.ERROR,
        says="No gas usage point has intervals of gas (accumulationBehaviour 4, commodity 7, "
        "flowDirection 1, kind 12 with uom 31, 132 or 169, or kind 58 with uom 42 or 119).",
        broken=partial(_lacks_at, test=is_gas, service=ServiceKind.GAS),
    ),
    DocumentRule(
        id="D080",
        block=11,
        severity=Severity.ERROR,
        says="No water usage point has intervals of water (accumulationBehaviour 4, commodity 9, "
        "flowDirection 1, kind 58, uom 42, 119 or 128).",
        broken=partial(_lacks_at, test=is_water, service=ServiceKind.WATER),
    ),
    _must(
        "D147", 29, "The document has no temperature in kelvins (kind 46, uom 6).", is_temperature
    ),
)
