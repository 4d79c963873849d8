"""Which usage point, meter reading and reading type belong together, by the rules of matching.py.

Some feeds leave out a level, repeat it daily, or give every entry the same id, so nothing here
relies on a feed being whole; what had to be assumed is a Finding.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar

from greenbutton.espi.entry import Entry
from greenbutton.espi.findings import Finding, Findings
from greenbutton.espi.interval_block import IntervalBlock
from greenbutton.espi.local_time_parameters import LocalTimeParameters
from greenbutton.espi.matching import Identities, Index, above, key
from greenbutton.espi.meter_reading import MeterReading
from greenbutton.espi.reading_type import ReadingType
from greenbutton.espi.usage_point import UsagePoint
from greenbutton.espi.usage_summary import UsageSummary

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LinkedUsagePoint:
    """`entry` is None where the document only points at it.

    `rows` are the keys of what a store has of it under other names; a document knows of none.
    """

    identity: str
    entry: Entry | None = None
    local_time: LocalTimeParameters | None = None
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkedMeterReading:
    """`usage_point` is an identity; `entry` and `rows` are as in LinkedUsagePoint."""

    identity: str
    usage_point: str
    entry: Entry | None = None
    reading_type: ReadingType | None = None
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkedSummary:
    """`usage_point` is an identity.

    SCE gives seven summaries one self link, so different bills may share an `identity`.
    """

    identity: str
    usage_point: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class Tree:
    """How a document hangs together.

    Usage points and meter readings by identity, the meter reading's identity of each interval
    block by the block's ordinal, and each summary by its ordinal.
    """

    usage_points: dict[str, LinkedUsagePoint]
    meter_readings: dict[str, LinkedMeterReading]
    blocks: dict[int, str]
    summaries: dict[int, LinkedSummary]
    local_times: tuple[LocalTimeParameters, ...]
    findings: tuple[Finding, ...]


class Linker:
    """Takes the entries of one document in any order, then says how they hang together."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def add(self, entry: Entry) -> None:
        """Remember an entry; of an interval block, which are many and large, its links only."""
        if isinstance(entry.resource, IntervalBlock):
            entry = Entry(
                ordinal=entry.ordinal,
                id=entry.id,
                self_href=entry.self_href,
                up=entry.up,
                resource=_BLOCK,
                type=entry.type,
            )
        self._entries.append(entry)

    def resolve(self) -> Tree:
        return _Resolution(self._entries).tree()


_BLOCK = IntervalBlock()


class _Resolution:
    """The work of one `resolve`: parents first, then those that look for them."""

    def __init__(self, entries: list[Entry]) -> None:
        self._entries = entries
        self._identities = Identities(entries)
        self._findings = Findings()
        self._usage_points: dict[str, LinkedUsagePoint] = {}
        self._meter_readings: dict[str, LinkedMeterReading] = {}

    def tree(self) -> Tree:
        for shared in self._identities.shared():
            self._findings.where = shared
            self._findings.note("entry.shared_id")
        usage_points = self._unique(UsagePoint)
        self._usage_point_index = Index(usage_points)
        # Only a usage point that is really there may adopt what names no parent.
        self._only = next(iter(usage_points)) if len(usage_points) == 1 else None
        local_times = _LocalTimes(self._of(LocalTimeParameters))
        for identity, entry in usage_points.items():
            local_time = local_times.of(entry)
            self._usage_points[identity] = LinkedUsagePoint(identity, entry, local_time)
        self._link_meter_readings()
        blocks = self._link_blocks()
        summaries = {entry.ordinal: self._summary(entry) for entry in self._of(UsageSummary)}
        return Tree(
            usage_points=self._usage_points,
            meter_readings=self._meter_readings,
            blocks=blocks,
            summaries=summaries,
            local_times=tuple(local_times.all),
            findings=tuple(self._findings),
        )

    def _of(self, kind: type) -> list[Entry]:
        return [entry for entry in self._entries if isinstance(entry.resource, kind)]

    def _unique(self, kind: type) -> dict[str, Entry]:
        """The entries of a kind by identity; of repeated ones the last, with all their links."""
        unique: dict[str, Entry] = {}
        related: dict[str, dict[str, None]] = defaultdict(dict)
        for entry in self._of(kind):
            identity = self._identities.of(entry)
            unique[identity] = entry
            related[identity].update(dict.fromkeys(entry.related))
        return {
            identity: replace(entry, related=tuple(related[identity]))
            for identity, entry in unique.items()
        }

    def _link_meter_readings(self) -> None:
        unique = self._unique(MeterReading)
        types = _ReadingTypes(self._unique(ReadingType).values(), unique.values())
        self._meter_reading_index = Index(unique)
        for identity, entry in unique.items():
            self._findings.where = entry.where
            self._meter_readings[identity] = LinkedMeterReading(
                identity=identity,
                usage_point=self._usage_point_of(entry, "the meter reading"),
                entry=entry,
                reading_type=self._reading_type(entry, types),
            )

    def _link_blocks(self) -> dict[int, str]:
        blocks: dict[int, str] = {}
        for entry in self._of(IntervalBlock):
            self._findings.where = entry.where
            identity = self._first(self._meter_reading_index.parents(entry), "the interval block")
            blocks[entry.ordinal] = identity or self._made_meter_reading(entry)
        return blocks

    def _made_meter_reading(self, block: Entry) -> str:
        """The identity of a meter reading that the document only points at."""
        identity = key(block)
        self._findings.where = identity
        self._findings.note("link.no_meter_reading", "an interval block")
        if identity not in self._meter_readings:
            usage_point = self._usage_point_of(block, "the interval block")
            self._meter_readings[identity] = LinkedMeterReading(identity, usage_point)
        return identity

    def _summary(self, entry: Entry) -> LinkedSummary:
        self._findings.where = entry.where
        usage_point = self._usage_point_of(entry, "the summary")
        return LinkedSummary(self._identities.of(entry), usage_point, entry)

    def _usage_point_of(self, child: Entry, what: str) -> str:
        identity = self._first(self._usage_point_index.parents(child), what)
        if identity:
            return identity
        if self._only:
            self._findings.note("link.adopted", what, parent="usage point")
            return self._only
        self._findings.note("link.no_usage_point", what)
        identity = key(child)
        self._usage_points.setdefault(identity, LinkedUsagePoint(identity))
        return identity

    def _first(self, parents: list[str], what: str) -> str | None:
        if len(parents) > 1:
            self._findings.note("link.ambiguous", what)
        return parents[0] if parents else None

    def _reading_type(self, entry: Entry, types: "_ReadingTypes") -> ReadingType | None:
        found = types.of(entry)
        inline = entry.resource.reading_type if isinstance(entry.resource, MeterReading) else None
        reading_type = found.pop() if len(found) == 1 else inline
        if reading_type is None:
            # With several that differ, a wrong unit would be worse than none.
            code = "several_reading_types" if found else "no_reading_type"
            self._findings.note(f"meter_reading.{code}")
        elif reading_type.uom is None:
            self._findings.note("meter_reading.no_unit")
        return reading_type


class _ReadingTypes:
    """Finds a meter reading's reading types: the same rules, from above, the exact one first."""

    def __init__(self, types: Iterable[Entry], meter_readings: Iterable[Entry]) -> None:
        self._by_self: dict[str, set[ReadingType]] = defaultdict(set)
        self._by_up: dict[str, set[ReadingType]] = defaultdict(set)
        self._continuing: dict[str, set[ReadingType]] = defaultdict(set)
        parents = {entry.self_href for entry in meter_readings}
        for entry in types:
            if not isinstance(entry.resource, ReadingType):
                continue
            self._by_self[entry.self_href or ""].add(entry.resource)
            self._by_up[entry.up or ""].add(entry.resource)
            for href in parents.intersection(above(entry.self_href or "")):
                self._continuing[href or ""].add(entry.resource)

    def of(self, meter_reading: Entry) -> set[ReadingType]:
        """Those that differ, by the first rule that finds any; never more than a few."""
        related, own = meter_reading.related, meter_reading.self_href or ""
        return (
            _few(self._by_self.get(href) for href in related)
            or _few(self._by_up.get(href) for href in related)
            or _few([self._by_up.get(own) if own else None])
            or _few([self._continuing.get(own)])
        )


class _LocalTimes:
    """Finds a usage point's local time: the one that it relates to, or the document's only one."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.all: list[LocalTimeParameters] = []
        self._by_self: dict[str, set[LocalTimeParameters]] = defaultdict(set)
        for entry in entries:
            if isinstance(entry.resource, LocalTimeParameters):
                self.all.append(entry.resource)
                self._by_self[entry.self_href or ""].add(entry.resource)
        self._only = set(self.all)

    def of(self, usage_point: Entry) -> LocalTimeParameters | None:
        found = _few(self._by_self.get(href) for href in usage_point.related) or self._only
        return next(iter(found)) if len(found) == 1 else None


def _few(groups: Iterable[set[T] | None]) -> set[T]:
    """What is in any of the groups, as far as is needed to know whether it is one thing."""
    found: set[T] = set()
    for group in groups:
        found.update(islice(group or (), 2))
        if len(found) > 1:
            break
    return found
