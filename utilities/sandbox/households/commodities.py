"""What is measured, and in what."""

from __future__ import annotations

from dataclasses import dataclass

from greenbutton.espi.enums import CommodityKind, MeasurementKind, ServiceKind, UnitSymbol


@dataclass(frozen=True)
class Commodity:
    """What is measured. A reading is in thousandths of the unit that is billed.

    A demand is `demand_scale` times what is used in an hour, in `demand_uom`.
    """

    kind: ServiceKind
    commodity: CommodityKind
    measurement: MeasurementKind
    uom: UnitSymbol
    power_of_ten: int
    # How people call the billed unit.
    unit: str
    demand_uom: UnitSymbol
    demand_scale: int = 1

    @property
    def is_electricity(self) -> bool:
        """Only electricity has phases, power quality, and suppliers over others' wires."""
        return self.kind == ServiceKind.ELECTRICITY


# Wh are thousandths of the billed kWh; litres of the cubic metre; millitherms of the therm.
ELECTRICITY = Commodity(
    ServiceKind.ELECTRICITY,
    CommodityKind.ELECTRICITY_SECONDARY_METERED,
    MeasurementKind.ENERGY,
    UnitSymbol.WATT_HOUR,
    0,
    "kWh",
    UnitSymbol.WATT,
)
WATER = Commodity(
    ServiceKind.WATER,
    CommodityKind.POTABLE_WATER,
    MeasurementKind.VOLUME,
    UnitSymbol.CUBIC_METRE,
    -3,
    "m³",
    UnitSymbol.LITRE_PER_HOUR,
)
GAS = Commodity(
    ServiceKind.GAS,
    CommodityKind.NATURAL_GAS,
    MeasurementKind.ENERGY,
    UnitSymbol.THERM,
    -3,
    "therm",
    UnitSymbol.BTU_PER_HOUR,
    # A therm is 100,000 BTU.
    demand_scale=100,
)
