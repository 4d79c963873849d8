"""A document that keeps every rule of every function block, and ways to spoil it.

Entries are dictionaries, so that a test takes away, or changes, one thing and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from greenbutton.espi import Feed
from tests.greenbutton.espi.documents import ATOM, ESPI, opened

START = 1_767_225_600
MOMENT = "2026-01-02T00:00:00Z"

# Reading types by name: accumulation, commodity, flow, kind, uom; and their usage points.
TYPES = {
    "energy": ((4, 1, 1, 12, 72), "electricity"),
    "net": ((4, 1, 4, 12, 72), "electricity"),
    "reverse": ((4, 1, 19, 12, 72), "electricity"),
    "register": ((1, 1, 1, 12, 72), "electricity"),
    "watts": ((12, 1, 1, 37, 38), "electricity"),
    "volt-amperes": ((12, 1, 1, 12, 61), "electricity"),
    "vars": ((12, 1, 1, 12, 63), "electricity"),
    "temperature": ((12, 0, 0, 46, 6), "electricity"),
    "spare": ((4, 1, 20, 12, 72), "electricity"),  # no rule asks for it
    "gas": ((4, 7, 1, 12, 169), "gas"),
    "water": ((4, 9, 1, 58, 128), "water"),
}
SERVICES = {"electricity": 0, "gas": 1, "water": 2}

MEASUREMENT = (
    "<powerOfTenMultiplier>0</powerOfTenMultiplier><timeStamp>1767312000</timeStamp>"
    "<uom>72</uom><value>5</value>"
)
PERIOD = f"<duration>86400</duration><start>{START}</start>"


@dataclass
class Made:
    """The document: entries by name, each with its Atom fields and its payload's elements."""

    head: dict[str, str] = field(default_factory=dict)
    entries: dict[str, dict[str, str]] = field(default_factory=dict)
    payloads: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, name: str, element: str, up: str, related: list[str], /, **payload: str) -> None:
        """An entry with all that Atom and ESPI ask for; its self link is its name."""
        self.entries[name] = {
            "id": f"urn:uuid:{name}",
            "self": name,
            "up": up,
            "related": " ".join(related),
            "title": name,
            "published": MOMENT,
            "updated": MOMENT,
            "element": element,
        }
        self.payloads[name] = payload

    def xml(self) -> bytes:
        head = "".join(f"<{tag}>{text}</{tag}>" for tag, text in self.head.items())
        entries = "".join(map(self._entry, self.entries))
        return f'<feed xmlns="{ATOM}">{head}{entries}</feed>'.encode()

    def _entry(self, name: str) -> str:
        said = self.entries[name]
        links: list[tuple[str, str]] = [(rel, said[rel]) for rel in ("self", "up") if rel in said]
        links += [("related", href) for href in said.get("related", "").split()]
        around = "".join(f'<link rel="{rel}" href="{href}"/>' for rel, href in links)
        for tag in ("id", "title", "published", "updated"):
            around += f"<{tag}>{said[tag]}</{tag}>" if tag in said else ""
        inner = "".join(f"<{tag}>{text}</{tag}>" for tag, text in self.payloads[name].items())
        tag = said["element"]
        return f'<entry>{around}<content><{tag} xmlns="{ESPI}">{inner}</{tag}></content></entry>'

    def feed(self) -> Feed:
        return opened(self.xml())


Spoils = Callable[[Made], None]


def made() -> Made:
    """The good document."""
    it = Made(head={"id": "urn:uuid:feed", "title": "All of it", "updated": MOMENT})
    it.add(
        "local-time",
        "LocalTimeParameters",
        "local-times",
        [],
        dstEndRule="B40E2000",
        dstOffset="3600",
        dstStartRule="360E2000",
        tzOffset="-18000",
    )
    for name, kind in SERVICES.items():
        related = [f"{name}/readings", f"{name}/bills", f"{name}/quality", "local-time"]
        it.add(
            name,
            "UsagePoint",
            "usage-points",
            related,
            ServiceCategory=f"<kind>{kind}</kind>",
        )
    for name, (codes, usage_point) in TYPES.items():
        _add_readings(it, name, codes, usage_point)
    _add_bill(it)
    quality = dict.fromkeys(QUALITIES, "1")
    it.add(
        "quality",
        "ElectricPowerQualitySummary",
        "electricity/quality",
        [],
        **quality,
        summaryInterval=PERIOD,
    )
    return it


QUALITIES = (
    "flickerPlt",
    "flickerPst",
    "harmonicVoltage",
    "longInterruptions",
    "mainsVoltage",
    "powerFrequency",
    "rapidVoltageChanges",
    "shortInterruptions",
    "supplyVoltageDips",
    "supplyVoltageImbalance",
    "supplyVoltageVariations",
    "tempOvervoltage",
)


def _add_readings(it: Made, name: str, codes: tuple[int, ...], usage_point: str) -> None:
    accumulation, commodity, flow, kind, uom = map(str, codes)
    it.add(
        f"{name}-type",
        "ReadingType",
        "reading-types",
        [],
        accumulationBehaviour=accumulation,
        commodity=commodity,
        currency="124",
        flowDirection=flow,
        intervalLength="3600",
        kind=kind,
        phase="769",
        powerOfTenMultiplier="0",
        uom=uom,
    )
    related = [f"{name}/blocks", f"{name}-type"]
    it.add(f"{name}-readings", "MeterReading", f"{usage_point}/readings", related)
    it.add(
        f"{name}-block",
        "IntervalBlock",
        f"{name}/blocks",
        [],
        interval=PERIOD,
        IntervalReading=reading(START),
        **{"IntervalReading ": reading(START + 3600)},  # a tag may end with a blank
    )


def reading(start: int) -> str:
    return (
        f"<cost>7</cost><timePeriod><duration>3600</duration><start>{start}</start></timePeriod>"
        "<value>5</value>"
    )


def _add_bill(it: Made) -> None:
    it.add(
        "bill",
        "UsageSummary",
        "electricity/bills",
        [],
        billingPeriod=PERIOD,
        billLastPeriod="100",
        billToDate="100",
        costAdditionalLastPeriod="0",
        currency="124",
        overallConsumptionLastPeriod=MEASUREMENT,
        currentBillingPeriodOverAllConsumption=MEASUREMENT,
        currentDayOverallConsumption=MEASUREMENT,
        peakDemand=MEASUREMENT,
        previousDayOverallConsumption=MEASUREMENT,
        qualityOfReading="17",
        ratchetDemand=MEASUREMENT,
        ratchetDemandPeriod=PERIOD,
        statusTimeStamp="1767312000",
    )


def lacks(name: str, what: str) -> Spoils:
    """Take away an Atom field of an entry, or an element of its payload."""

    def spoil(it: Made) -> None:
        if what in it.entries[name]:
            del it.entries[name][what]
        else:
            del it.payloads[name][what]

    return spoil


def lacks_inside(name: str, element: str, *tags: str) -> Spoils:
    """Take away what stands in an element of an entry's payload."""

    def spoil(it: Made) -> None:
        text = it.payloads[name][element]
        for tag in tags:
            before, _, rest = text.partition(f"<{tag}>")
            assert rest, tag
            text = before + rest.partition(f"</{tag}>")[2]
        it.payloads[name][element] = text

    return spoil


def says(name: str, what: str, value: str) -> Spoils:
    """Put another text into an Atom field of an entry, or an element of its payload."""

    def spoil(it: Made) -> None:
        where = it.entries[name] if what in it.entries[name] else it.payloads[name]
        assert where[what] != value
        where[what] = value

    return spoil


def twice(name: str, **changes: str) -> Spoils:
    """Add an entry once more, with other Atom fields."""

    def spoil(it: Made) -> None:
        it.entries["again"] = {**it.entries[name], "id": "urn:uuid:again", **changes}
        it.payloads["again"] = dict(it.payloads[name])

    return spoil


def without(*elements: str) -> Spoils:
    """Take away all entries of some kinds of resource."""

    def spoil(it: Made) -> None:
        for name, said in list(it.entries.items()):
            if said["element"] in elements:
                del it.entries[name], it.payloads[name]

    return spoil


def without_entries(*names: str) -> Spoils:
    def spoil(it: Made) -> None:
        for name in names:
            del it.entries[name], it.payloads[name]

    return spoil


def headless(what: str) -> Spoils:
    def spoil(it: Made) -> None:
        del it.head[what]

    return spoil


def both(*spoils: Spoils) -> Spoils:
    def spoil(it: Made) -> None:
        for one in spoils:
            one(it)

    return spoil
