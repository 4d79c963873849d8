"""What a document only points at, recognised among what is stored.

A later window of a pull may hold blocks without their usage point or meter reading. Those are
looked up by their identity, then by the links that their entries had when they were last seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TypeVar

from authorizations.models import Authorization
from greenbutton.espi.links import LinkedMeterReading, LinkedSummary, LinkedUsagePoint, Tree
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
class Known:
    """Identities of stored rows by what may point at them; a meter reading's with its parent's."""

    usage_points: dict[str, str]
    meter_readings: dict[str, tuple[str, str]]

    @classmethod
    def of(cls, authorization: Authorization) -> Known:
        """What an authorization has by now."""
        usage_points = UsagePoint.objects.filter(authorization=authorization)
        meter_readings = MeterReading.objects.filter(usage_point__authorization=authorization)
        return cls(
            _pointing((one.identity, one.identity, one.links) for one in usage_points),
            _pointing(
                ((one.usage_point.identity, one.identity), one.identity, one.links)
                for one in meter_readings.select_related("usage_point")
            ),
        )

    def recognise(self, tree: Tree) -> Tree:
        """The document's tree with stored rows in the place of what it only points at."""
        return _Recognition(self, tree).tree()


T = TypeVar("T")


def _pointing(rows: Iterable[tuple[T, str, list[str]]]) -> dict[str, T]:
    """By identity, and by each link that is one row's alone."""
    listed = list(rows)
    counts = Counter(link for _, _, links in listed for link in set(links))
    by_link = {
        fitting(link): row for row, _, links in listed for link in links if counts[link] == 1
    }
    return by_link | {identity: row for row, identity, _ in listed}


class _Recognition:
    """The work of one `recognise`."""

    def __init__(self, known: Known, tree: Tree) -> None:
        self._known = known
        self._tree = tree
        self._usage_points = {
            identity: linked for identity, linked in tree.usage_points.items() if linked.entry
        }
        self._meter_readings: dict[str, LinkedMeterReading] = {}
        # Where a Finding about something made says that it is: the link, or the entry.
        self._recognised: set[str] = set()

    def tree(self) -> Tree:
        renamed = {
            identity: self._meter_reading(linked)
            for identity, linked in self._tree.meter_readings.items()
        }
        summaries = {
            ordinal: self._summary(linked) for ordinal, linked in self._tree.summaries.items()
        }
        return replace(
            self._tree,
            usage_points=self._usage_points,
            meter_readings=self._meter_readings,
            blocks={block: renamed[identity] for block, identity in self._tree.blocks.items()},
            summaries=summaries,
            findings=tuple(
                finding
                for finding in self._tree.findings
                if finding.code not in MADE or finding.where not in self._recognised
            ),
        )

    def _meter_reading(self, linked: LinkedMeterReading) -> str:
        """Take a meter reading over, and return what it is called from now on."""
        stored = self._known.meter_readings.get(fitting(linked.identity))
        is_loose = self._tree.usage_points[linked.usage_point].entry is None
        if stored and (linked.entry is None or is_loose):
            self._noted(linked.identity, linked.entry.where if linked.entry else None)
            usage_point, identity = stored
            self._usage_points.setdefault(usage_point, LinkedUsagePoint(usage_point))
        else:
            usage_point, identity = self._usage_point(linked.usage_point), linked.identity
        known = self._meter_readings.get(identity)
        if known is None or known.entry is None:
            renamed = replace(linked, identity=identity, usage_point=usage_point)
            self._meter_readings[identity] = renamed
        return identity

    def _usage_point(self, identity: str) -> str:
        linked = self._tree.usage_points[identity]
        if linked.entry:
            return identity
        stored = self._known.usage_points.get(fitting(identity))
        if stored:
            self._noted(identity, None)
        name = stored or identity
        self._usage_points.setdefault(name, LinkedUsagePoint(name))
        return name

    def _summary(self, linked: LinkedSummary) -> LinkedSummary:
        before = self._tree.usage_points[linked.usage_point]
        usage_point = self._usage_point(linked.usage_point)
        if before.entry is None and usage_point != linked.usage_point:
            self._noted(linked.entry.where, None)
        return replace(linked, usage_point=usage_point)

    def _noted(self, *places: str | None) -> None:
        self._recognised.update(place for place in places if place)
