"""What a document points at, recognised among what is stored, and the other way round.

A later window of a pull may hold blocks without their usage point or meter reading. Those are
looked up by their identity, then by the links that their entries had when they were last seen. If
they are not stored either, rows are made from the bare links; once the real entries come, in
whatever order, these rows become theirs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256

from authorizations.models import Authorization
from greenbutton.espi import Entry
from greenbutton.espi.links import LinkedMeterReading, LinkedSummary, LinkedUsagePoint, Tree
from greenbutton.espi.matching import Index, is_persistent
from greenbutton.models import MeterReading, UsagePoint

# The columns' length. Real links are far shorter; RFC 3986 sets no limit.
IDENTITY_LENGTH = 500
# Findings that the look-up makes untrue.
MADE = {"link.no_meter_reading", "link.no_usage_point", "link.adopted"}


def fitting(identity: str) -> str:
    """The identity as it is stored: itself, or its digest where it is too long for the column."""
    if len(identity) <= IDENTITY_LENGTH:
        return identity
    return f"sha256:{sha256(identity.encode()).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Row:
    """What is stored of a usage point, or of a meter reading with its usage point.

    `links` are the entry's: its self link, then the related ones.
    """

    key: int
    identity: str
    links: tuple[str, ...]
    usage_point: Row | None = None

    @property
    def is_made(self) -> bool:
        """Whether its entry was never seen: an entry has links, or at least an id of its own."""
        return not self.links and not is_persistent(self.identity)


class Rows:
    """The stored rows of a kind, by what may point at them."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.all = list(rows)
        self.by_identity = {row.identity: row for row in self.all}
        self.by_key = {row.key: row for row in self.all}
        self._by_own_link: dict[str, list[Row]] = defaultdict(list)
        for row in self.all:
            if row.links:
                self._by_own_link[row.links[0]].append(row)
        self._index = Index(
            {
                str(row.key): Entry(self_href=row.links[0], related=row.links[1:])
                for row in self.all
                if row.links
            }
        )

    def pointed_at(self, link: str) -> Row | None:
        """The row that a bare link means, if it means one alone."""
        row = self.by_identity.get(fitting(link))
        if row is None:
            found = self._index.parents(_pointer(link))
            row = self.by_key[int(found[0])] if len(found) == 1 else None
        return row

    def named(self, identity: str) -> Row | None:
        """The row of an entry of this name: a UUID's own, else one that has this self link."""
        row = self.by_identity.get(fitting(identity))
        if row is None and not is_persistent(identity):
            same = self._by_own_link.get(identity, [])
            row = same[0] if len(same) == 1 else None
        return row


@dataclass(frozen=True, slots=True)
class Known:
    """The usage points and meter readings of an authorization."""

    usage_points: Rows
    meter_readings: Rows

    @classmethod
    def of(cls, authorization: Authorization) -> Known:
        """What an authorization has by now."""
        usage_points = {
            one.pk: Row(one.pk, one.identity, tuple(one.links))
            for one in UsagePoint.objects.shared().filter(authorization=authorization)
        }
        meter_readings = MeterReading.objects.filter(usage_point__authorization=authorization)
        return cls(
            Rows(usage_points.values()),
            Rows(
                Row(one.pk, one.identity, tuple(one.links), usage_points[one.usage_point_id])
                for one in meter_readings
            ),
        )

    def recognise(self, tree: Tree) -> Tree:
        """The document's tree with stored rows in the place of what it only points at.

        Its usage points and meter readings say which rows they are under other names.
        """
        return _Recognition(self, tree).tree()


class _Recognition:
    """The work of one `recognise`: first what the document has, then what it points at."""

    def __init__(self, known: Known, tree: Tree) -> None:
        self._known = known
        self._tree = tree
        self._usage_points: dict[str, LinkedUsagePoint] = {}
        self._meter_readings: dict[str, LinkedMeterReading] = {}
        # What the document's usage points and meter readings are called from now on.
        self._names: dict[str, str] = {}
        self._reading_names: dict[str, str] = {}
        # Stored rows that are something else from now on: usage points, then meter readings.
        self._became: dict[int, str] = {}
        self._reading_became: dict[int, str] = {}
        # Where a Finding about something made says that it is: the link, or the entry.
        self._recognised: set[str] = set()

    def tree(self) -> Tree:
        self._take_usage_points()
        self._take_meter_readings()
        for identity, linked in self._tree.meter_readings.items():
            if linked.entry is None:
                self._reading_names[identity] = self._made_meter_reading(linked)
        summaries = {
            ordinal: self._summary(linked) for ordinal, linked in self._tree.summaries.items()
        }
        self._gather_rows()
        return replace(
            self._tree,
            usage_points=self._usage_points,
            meter_readings={
                name: replace(linked, usage_point=self._final(linked.usage_point))
                for name, linked in self._meter_readings.items()
            },
            blocks={
                block: self._reading_names[identity]
                for block, identity in self._tree.blocks.items()
            },
            summaries={
                ordinal: replace(linked, usage_point=self._final(linked.usage_point))
                for ordinal, linked in summaries.items()
            },
            findings=tuple(
                finding
                for finding in self._tree.findings
                if finding.code not in MADE or finding.where not in self._recognised
            ),
        )

    def _gather_rows(self) -> None:
        """Tell usage points and meter readings which rows they are under other names."""
        for row in self._known.usage_points.all:
            if row.key in self._became:
                self._usage_points.pop(row.identity, None)
        for key in self._became:
            name = self._final(self._known.usage_points.by_key[key].identity)
            linked = self._usage_points[name]
            self._usage_points[name] = replace(linked, rows=(*linked.rows, key))
        for key, name in self._reading_became.items():
            reading = self._meter_readings[name]
            self._meter_readings[name] = replace(reading, rows=(*reading.rows, key))

    def _final(self, usage_point: str) -> str:
        """What a usage point is called, after all that became something else."""
        row = self._known.usage_points.by_identity.get(fitting(usage_point))
        while row is not None and row.key in self._became:
            usage_point = self._became[row.key]
            row = self._known.usage_points.by_identity.get(fitting(usage_point))
        return usage_point

    # -- what the document has --------------------------------------------------------------------

    def _take_usage_points(self) -> None:
        entries: dict[str, Entry] = {}
        for identity, linked in self._tree.usage_points.items():
            if linked.entry is None:
                continue
            row = self._known.usage_points.named(identity)
            name = self._names[identity] = row.identity if row else identity
            self._usage_points.setdefault(name, replace(linked, identity=name))
            entries[name] = linked.entry
        for row, name in _other_names(self._known.usage_points, entries):
            self._became[row.key] = name

    def _take_meter_readings(self) -> None:
        entries: dict[str, Entry] = {}
        for identity, linked in self._tree.meter_readings.items():
            if linked.entry is not None:
                name = self._reading_names[identity] = self._meter_reading(linked)
                entries[name] = linked.entry
        for row, name in _other_names(self._known.meter_readings, entries):
            self._same_reading(row, name)
        for name in entries:
            own = self._known.meter_readings.by_identity.get(fitting(name))
            if own is not None:
                self._same_reading(own, name)

    def _meter_reading(self, linked: LinkedMeterReading) -> str:
        """Take a meter reading of the document over; returns its name."""
        stored = self._known.meter_readings.named(linked.identity)
        name = stored.identity if stored else linked.identity
        if stored and self._tree.usage_points[linked.usage_point].entry is None:
            assert linked.entry is not None
            self._noted(linked.entry.where)
            usage_point = self._stored_usage_point(stored)
        else:
            usage_point = self._usage_point(linked.usage_point)
        renamed = replace(linked, identity=name, usage_point=usage_point)
        self._meter_readings.setdefault(name, renamed)
        return name

    def _same_reading(self, row: Row, name: str) -> None:
        """A stored meter reading is this one of the document, and so are their usage points.

        One below another real usage point is not: a meter reading has one usage point.
        """
        assert row.usage_point is not None
        usage_point = self._meter_readings[name].usage_point
        above = self._became.get(row.usage_point.key, row.usage_point.identity)
        if fitting(above) == fitting(usage_point):
            if row.identity != fitting(name):
                self._reading_became[row.key] = name
        elif row.usage_point.is_made:
            self._reading_became[row.key] = name
            if fitting(self._final(usage_point)) != row.usage_point.identity:
                self._became.setdefault(row.usage_point.key, usage_point)

    # -- what it only points at -------------------------------------------------------------------

    def _made_meter_reading(self, linked: LinkedMeterReading) -> str:
        """Take a meter reading over that the document points at; returns its name."""
        stored = self._known.meter_readings.pointed_at(linked.identity)
        if stored is None:
            name, usage_point = linked.identity, self._usage_point(linked.usage_point)
        else:
            self._noted(linked.identity)
            if stored.key in self._reading_became:
                return self._reading_became[stored.key]
            name, usage_point = stored.identity, self._stored_usage_point(stored)
        renamed = replace(linked, identity=name, usage_point=usage_point)
        self._meter_readings.setdefault(name, renamed)
        return name

    def _usage_point(self, identity: str) -> str:
        """The name of a usage point of the tree, which may be in the document or not."""
        if identity in self._names:
            return self._names[identity]
        stored = self._known.usage_points.pointed_at(identity)
        name = identity
        if stored:
            self._noted(identity)
            name = self._became.get(stored.key, stored.identity)
        self._usage_points.setdefault(name, LinkedUsagePoint(name))
        return name

    def _stored_usage_point(self, meter_reading: Row) -> str:
        """The name of the usage point of a stored meter reading."""
        row = meter_reading.usage_point
        assert row is not None
        name = self._became.get(row.key, row.identity)
        self._usage_points.setdefault(name, LinkedUsagePoint(name))
        return name

    def _summary(self, linked: LinkedSummary) -> LinkedSummary:
        before = self._tree.usage_points[linked.usage_point]
        usage_point = self._usage_point(linked.usage_point)
        if before.entry is None and usage_point != linked.usage_point:
            self._noted(linked.entry.where)
        return replace(linked, usage_point=usage_point)

    def _noted(self, *places: str) -> None:
        self._recognised.update(places)


def _other_names(rows: Rows, entries: dict[str, Entry]) -> Iterable[tuple[Row, str]]:
    """The stored rows that are one of these entries under another name, and that entry's name.

    A row made from a link is the one that this link means. A row that was known by its self link is
    the one that has it, now that this has a UUID.
    """
    index = Index(entries)
    by_link = {
        fitting(entry.self_href): name
        for name, entry in entries.items()
        if entry.self_href and is_persistent(name)
    }
    names = {fitting(name) for name in entries}
    for row in rows.all:
        if row.identity in names:
            continue
        if row.is_made:
            found = index.parents(_pointer(row.identity))
        else:
            found = [by_link[row.identity]] if row.identity in by_link else []
        if found:
            yield row, found[0]


def _pointer(link: str) -> Entry:
    """A child of which no more is known than where it points."""
    return Entry(self_href=link, up=link)
