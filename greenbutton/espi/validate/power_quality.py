"""Function block 17: the quality of the power in a period."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from greenbutton.espi.electric_power_quality_summary import ElectricPowerQualitySummary
from greenbutton.espi.validate.atom import around, present
from greenbutton.espi.validate.rule import DocumentRule, Rule, Severity, about

BLOCK = 17

# By the id of each rule. espi.xsd has them all as optional, but for the interval.
OPTIONAL = {
    "D113": ("flickerPlt", "flicker_plt"),
    "D114": ("flickerPst", "flicker_pst"),
    "D115": ("harmonicVoltage", "harmonic_voltage"),
    "D116": ("longInterruptions", "long_interruptions"),
    "D117": ("mainsVoltage", "mains_voltage"),
    "D118": ("powerFrequency", "power_frequency"),
    "D119": ("rapidVoltageChanges", "rapid_voltage_changes"),
    "D120": ("shortInterruptions", "short_interruptions"),
    "D122": ("supplyVoltageDips", "supply_voltage_dips"),
    "D123": ("supplyVoltageImbalance", "supply_voltage_imbalance"),
    "D124": ("supplyVoltageVariations", "supply_voltage_variations"),
    "D125": ("tempOvervoltage", "temp_overvoltage"),
}


def _lacks(name: str) -> Callable[[ElectricPowerQualitySummary], bool]:
    return lambda summary: getattr(summary, name) is None


def _has_half_an_interval(summary: ElectricPowerQualitySummary) -> bool:
    interval = summary.summary_interval
    return interval is not None and None in (interval.start, interval.seconds)


def _optional() -> Iterator[Rule]:
    for rule_id, (tag, name) in OPTIONAL.items():
        yield about(
            ElectricPowerQualitySummary,
            _lacks(name),
            id=rule_id,
            block=BLOCK,
            severity=Severity.WARNING,
            says=f"The power quality summary has no {tag}.",
        )


RULES: tuple[Rule, ...] = (
    *_optional(),
    about(
        ElectricPowerQualitySummary,
        _lacks("summary_interval"),
        id="D121",
        block=BLOCK,
        severity=Severity.ERROR,
        says="The power quality summary does not say of which time it is (summaryInterval).",
    ),
    DocumentRule(
        id="D126",
        block=BLOCK,
        severity=Severity.ERROR,
        says="The document has no power quality summary.",
        broken=partial(present, kind=ElectricPowerQualitySummary),
    ),
    *around(
        ElectricPowerQualitySummary,
        "power quality summary",
        BLOCK,
        title="D127",
        id="D128",
        self_link="D129",
        up="D130",
        published="D131",
        updated="D132",
        unique="D133",
    ),
    about(
        ElectricPowerQualitySummary,
        _has_half_an_interval,
        id="D134",
        block=BLOCK,
        severity=Severity.ERROR,
        says="The time of the power quality summary has no start, or no duration.",
    ),
)
