"""What a meter measures side by side: each channel is a series of readings of its own."""

from __future__ import annotations

from dataclasses import dataclass

from greenbutton.espi.enums import (
    AccumulationKind,
    DataQualifierKind,
    FlowDirectionKind,
    MeasurementKind,
    UnitSymbol,
)


@dataclass(frozen=True)
class Channel:
    """One series of a meter. `kind` and `uom` are the commodity's own where they are None.

    `block` is the function block that promises it; None where that depends on the commodity. A
    daily channel has one reading a day.
    """

    slug: str
    name: str
    flow: FlowDirectionKind = FlowDirectionKind.FORWARD
    accumulation: AccumulationKind = AccumulationKind.DELTA
    qualifier: DataQualifierKind = DataQualifierKind.NORMAL
    kind: MeasurementKind | None = None
    uom: UnitSymbol | None = None
    block: int | None = None
    is_daily: bool = False


FORWARD = Channel("forward", "Delivered")
REVERSE = Channel("reverse", "Received from the customer", FlowDirectionKind.REVERSE, block=8)
NET = Channel("net", "Delivered less received", FlowDirectionKind.NET, block=7)


def _demand(slug: str, name: str, kind: MeasurementKind, uom: UnitSymbol) -> Channel:
    return Channel(
        slug,
        name,
        accumulation=AccumulationKind.INSTANTANEOUS,
        qualifier=DataQualifierKind.MAXIMUM,
        kind=kind,
        uom=uom,
        block=6,
        is_daily=True,
    )


WATTS = _demand("demand", "Highest demand", MeasurementKind.POWER, UnitSymbol.WATT)
# The certification asks for energy as their kind (D072, D073), although these are powers.
VOLT_AMPERES = _demand(
    "apparent", "Highest apparent demand", MeasurementKind.ENERGY, UnitSymbol.VOLT_AMPERE
)
VARS = _demand(
    "reactive",
    "Highest reactive demand",
    MeasurementKind.ENERGY,
    UnitSymbol.VOLT_AMPERE_REACTIVE,
)
REGISTER = Channel(
    "register",
    "Register",
    accumulation=AccumulationKind.BULK_QUANTITY,
    block=9,
    is_daily=True,
)
