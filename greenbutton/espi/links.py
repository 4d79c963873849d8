"""Which usage point, meter reading and reading type belong together.

Links are opaque: hrefs are compared as written, never resolved or taken apart for meaning. Some
feeds leave out a level, repeat it daily, or give every entry the same id, so nothing here relies
on a feed being whole; what had to be assumed is a Finding.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from greenbutton.espi.entry import Entry
from greenbutton.espi.findings import Finding, Findings
from greenbutton.espi.interval_block import IntervalBlock
from greenbutton.espi.local_time_parameters import LocalTimeParameters
from greenbutton.espi.meter_reading import MeterReading
from greenbutton.espi.reading_type import ReadingType
from greenbutton.espi.usage_point import UsagePoint
from greenbutton.espi.usage_summary import UsageSummary

# atom.xsd UUIDType is lower case; SCE writes upper case. The nil UUID names nobody.
_UUID = re.compile(r"urn:uuid:(?!0{8}-)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LinkedUsagePoint:
    """`entry` is None where the document only points at it."""

    identity: str
    entry: Entry | None = None
    local_time: LocalTimeParameters | None = None


@dataclass(frozen=True, slots=True)
class LinkedMeterReading:
    """`usage_point` is an identity; `entry` is None where the document only points at it."""

    identity: str
    usage_point: str
    entry: Entry | None = None
    reading_type: ReadingType | None = None


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
            )
        self._entries.append(entry)

    def resolve(self) -> Tree:
        return _Resolution(self._entries).tree()


_BLOCK = IntervalBlock()


class _Resolution:
    """The work of one `resolve`: parents first, then those that look for them."""

    def __init__(self, entries: list[Entry]) -> None:
        self._entries = entries
        self._identities = _Identities(entries)
        self._findings = Findings()
        self._usage_points: dict[str, LinkedUsagePoint] = {}
        self._meter_readings: dict[str, LinkedMeterReading] = {}

    def tree(self) -> Tree:
        usage_points = self._unique(UsagePoint)
        self._usage_point_index = _Index(usage_points)
        # Only a usage point that is really there may adopt what names no parent.
        self._only = next(iter(usage_points)) if len(usage_points) == 1 else None
        local_times = self._of(LocalTimeParameters)
        for identity, entry in usage_points.items():
            local_time = _local_time(entry, local_times)
            self._usage_points[identity] = LinkedUsagePoint(identity, entry, local_time)
        self._link_meter_readings()
        blocks = self._link_blocks()
        summaries = {entry.ordinal: self._summary(entry) for entry in self._of(UsageSummary)}
        return Tree(
            usage_points=self._usage_points,
            meter_readings=self._meter_readings,
            blocks=blocks,
            summaries=summaries,
            local_times=tuple(_local_times(local_times)),
            findings=tuple(self._findings),
        )

    def _of(self, kind: type) -> list[Entry]:
        return [entry for entry in self._entries if isinstance(entry.resource, kind)]

    def _unique(self, kind: type) -> dict[str, Entry]:
        """The entries of a kind by identity; of repeated ones the last, with all their links."""
        unique: dict[str, Entry] = {}
        for entry in self._of(kind):
            identity = self._identities.of(entry)
            if identity in unique:
                related = dict.fromkeys((*unique[identity].related, *entry.related))
                entry = replace(entry, related=tuple(related))
            unique[identity] = entry
        return unique

    def _link_meter_readings(self) -> None:
        types = list(self._unique(ReadingType).values())
        unique = self._unique(MeterReading)
        self._meter_reading_index = _Index(unique)
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
        identity = _key(block)
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
        identity = _key(child)
        self._usage_points.setdefault(identity, LinkedUsagePoint(identity))
        return identity

    def _first(self, parents: list[str], what: str) -> str | None:
        if len(parents) > 1:
            self._findings.note("link.ambiguous", what)
        return parents[0] if parents else None

    def _reading_type(self, entry: Entry, types: list[Entry]) -> ReadingType | None:
        found = {one.resource for one in _types_of(entry, types)}
        if len(found) == 1:
            resource = found.pop()
            assert isinstance(resource, ReadingType)
            return resource
        inline = entry.resource.reading_type if isinstance(entry.resource, MeterReading) else None
        if inline is None:
            # With several that differ, a wrong unit would be worse than none.
            self._findings.note("meter_reading.no_reading_type")
        return inline


class _Identities:
    """What an entry is called for good.

    Its id, where that is a UUID that stands for this entry alone in the document; else its self
    link. NGMA gives one id to all entries; PG&E's are no UUIDs.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._places: dict[str | None, set[tuple[type, str | None]]] = defaultdict(set)
        self._ids: dict[tuple[type, str | None], set[str | None]] = defaultdict(set)
        for entry in entries:
            self._places[entry.id].add(_place(entry))
            self._ids[_place(entry)].add(entry.id)

    def of(self, entry: Entry) -> str:
        return self._own_id(entry) or entry.self_href or _key(entry)

    def _own_id(self, entry: Entry) -> str | None:
        if entry.id is None or not _UUID.fullmatch(entry.id) or len(self._places[entry.id]) > 1:
            return None
        if entry.self_href is not None and len(self._ids[_place(entry)]) > 1:
            return None
        return entry.id.lower()


class _Index:
    """Finds parents by the matching rules that together resolve every known feed."""

    def __init__(self, parents: dict[str, Entry]) -> None:
        self._by_related: dict[str, list[str]] = defaultdict(list)
        self._by_self: dict[str, list[str]] = defaultdict(list)
        for identity, entry in parents.items():
            for href in entry.related:
                self._by_related[href].append(identity)
            if entry.self_href:
                self._by_self[entry.self_href].append(identity)

    def parents(self, child: Entry) -> list[str]:
        """The identities of the child's parents, by the first rule that finds any.

        1. Its up link is a related link of the parent's.
        2. Its self link is a related link of the parent's.
        3. Its up link is the parent's self link.
        4. Its self link continues the parent's after a slash.
        """
        up, own = child.up or "", child.self_href or ""
        return (
            self._by_related.get(up)
            or self._by_related.get(own)
            or self._by_self.get(up)
            or self._continued(own)
        )

    def _continued(self, href: str) -> list[str]:
        while "/" in href:
            href = href.rpartition("/")[0]
            if href in self._by_self:
                return self._by_self[href]
        return []


def _types_of(meter_reading: Entry, types: list[Entry]) -> list[Entry]:
    """A meter reading's reading types: the same rules, from above, the exact one first."""
    related, own = set(meter_reading.related), meter_reading.self_href
    return (
        [one for one in types if one.self_href in related]
        or [one for one in types if one.up in related]
        or [one for one in types if own and one.up == own]
        or [one for one in types if own and (one.self_href or "").startswith(f"{own}/")]
    )


def _local_time(usage_point: Entry, found: list[Entry]) -> LocalTimeParameters | None:
    """The one that the usage point relates to, or the document's only one."""
    related = [one for one in found if one.self_href in usage_point.related]
    resources = dict.fromkeys(_local_times(related or found))
    return next(iter(resources)) if len(resources) == 1 else None


def _local_times(entries: Iterable[Entry]) -> list[LocalTimeParameters]:
    resources = (entry.resource for entry in entries)
    return [one for one in resources if isinstance(one, LocalTimeParameters)]


def _place(entry: Entry) -> tuple[type, str | None]:
    return type(entry.resource), entry.self_href


def _key(child: Entry) -> str:
    """What stands in for the identity of a parent that the document only points at."""
    return child.up or child.self_href or child.id or f"entry {child.ordinal}"
