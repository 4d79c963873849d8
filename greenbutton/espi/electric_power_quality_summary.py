from dataclasses import dataclass

from greenbutton.espi.period import PERIOD, Period
from greenbutton.espi.shape import NUMBER, Field, Shape


@dataclass(frozen=True, slots=True)
class ElectricPowerQualitySummary:
    """espi.xsd ElectricPowerQualitySummary, as the standard that `measurement_protocol` names says.

    Counts of events, except `flicker_plt` and `flicker_pst` (hundredths), `harmonic_voltage`,
    `mains_voltage` (µV) and `power_frequency` (µHz).
    """

    flicker_plt: int | None = None
    flicker_pst: int | None = None
    harmonic_voltage: int | None = None
    long_interruptions: int | None = None
    mains_voltage: int | None = None
    measurement_protocol: int | None = None
    power_frequency: int | None = None
    rapid_voltage_changes: int | None = None
    short_interruptions: int | None = None
    summary_interval: Period | None = None
    supply_voltage_dips: int | None = None
    supply_voltage_imbalance: int | None = None
    supply_voltage_variations: int | None = None
    temp_overvoltage: int | None = None


SHAPE = Shape(
    ElectricPowerQualitySummary,
    Field("flickerPlt", "flicker_plt", NUMBER),
    Field("flickerPst", "flicker_pst", NUMBER),
    Field("harmonicVoltage", "harmonic_voltage", NUMBER),
    Field("longInterruptions", "long_interruptions", NUMBER),
    Field("mainsVoltage", "mains_voltage", NUMBER),
    Field("measurementProtocol", "measurement_protocol", NUMBER),
    Field("powerFrequency", "power_frequency", NUMBER),
    Field("rapidVoltageChanges", "rapid_voltage_changes", NUMBER),
    Field("shortInterruptions", "short_interruptions", NUMBER),
    Field("summaryInterval", "summary_interval", PERIOD),
    Field("supplyVoltageDips", "supply_voltage_dips", NUMBER),
    Field("supplyVoltageImbalance", "supply_voltage_imbalance", NUMBER),
    Field("supplyVoltageVariations", "supply_voltage_variations", NUMBER),
    Field("tempOvervoltage", "temp_overvoltage", NUMBER),
)
read = SHAPE.read
write = SHAPE.write
