"""The quality of the power, week by week, as EN 50160 looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from random import Random

from greenbutton.espi import Entry
from greenbutton.espi.electric_power_quality_summary import ElectricPowerQualitySummary
from greenbutton.espi.enums import MeasurementProtocol
from greenbutton.espi.period import Period
from utilities.sandbox.documents.sharing import Sharing
from utilities.sandbox.documents.tree import Collection, Node
from utilities.sandbox.models import Service

WEEK = timedelta(days=7)
# Microvolts and microhertz (espi.xsd ElectricPowerQualitySummary).
VOLTAGE, FREQUENCY = 240_000_000, 60_000_000


def collection(sharing: Sharing, service: Service) -> Collection:
    """The power quality summaries of a usage point."""
    href = f"{sharing.point_href(service)}/ElectricPowerQualitySummary"
    return Collection(href, partial(_nodes, sharing, service, href))


def _nodes(sharing: Sharing, service: Service, up: str) -> Iterator[Node]:
    """The weeks that are over, shared, and asked for; they begin on Mondays."""
    for day in sharing.beginnings(WEEK):
        if day.weekday() == 0 and sharing.has(*sharing.span(day, day + WEEK)):
            href = f"{up}/{day:%Y%m%d}"
            yield Node(href, partial(_entry, sharing, service, day, href))


def _entry(sharing: Sharing, service: Service, monday: date, href: str) -> Entry:
    start, end = sharing.span(monday, monday + WEEK)
    summary = summary_of(service.seed, monday, Period(start, end - start))
    return sharing.entry(href, f"Power quality from {monday:%Y-%m-%d}", summary, at=end)


def summary_of(seed: int, monday: date, interval: Period) -> ElectricPowerQualitySummary:
    """A week, which follows from the meter's seed like everything else; most are uneventful."""
    luck = Random(f"{seed}:quality:{monday.toordinal()}")  # noqa: S311 (a simulation)
    return ElectricPowerQualitySummary(
        flicker_plt=luck.randint(18, 55),
        flicker_pst=luck.randint(22, 70),
        harmonic_voltage=luck.randint(1, 4),
        long_interruptions=int(luck.random() < 0.03),
        mains_voltage=VOLTAGE + luck.randint(-4_000_000, 4_000_000),
        measurement_protocol=MeasurementProtocol.EN_50160,
        power_frequency=FREQUENCY + luck.randint(-18_000, 18_000),
        rapid_voltage_changes=luck.randint(0, 3),
        short_interruptions=int(luck.random() < 0.12),
        summary_interval=interval,
        supply_voltage_dips=luck.randint(0, 4),
        supply_voltage_imbalance=0,
        supply_voltage_variations=luck.randint(0, 2),
        temp_overvoltage=int(luck.random() < 0.05),
    )
