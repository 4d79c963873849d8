"""Which of a document's usage points are stored: those that are monitored, or an asked one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from authorizations.models import Authorization
from greenbutton.ingest.known import fitting
from greenbutton.ingest.parents import Part
from greenbutton.models import UsagePoint


@dataclass(frozen=True, slots=True)
class Monitored:
    """The usage points of an authorization that are left as they are, by identity; or the only one
    that is not."""

    left: Mapping[str, int]
    only: UsagePoint | None = None

    @classmethod
    def of(cls, authorization: Authorization, only: UsagePoint | None = None) -> Monitored:
        """As of now: what staff stop meanwhile is stored once more."""
        stopped = authorization.usage_points.shared().exclude(monitoring_stopped_at=None)
        return cls(dict(stopped.values_list("identity", "pk")), only)

    def takes(self, part: Part) -> bool:
        """Whether it is to be stored."""
        if self.only is not None:
            return _is(part, self.only.identity, self.only.pk)
        return not any(_is(part, identity, row) for identity, row in self.left.items())

    def passed_over(self, parts: Iterable[Part]) -> set[int]:
        """The stored usage points that are in the document, and not monitored."""
        found = list(parts)
        return {
            row
            for identity, row in self.left.items()
            if any(_is(part, identity, row) for part in found)
        }


def _is(part: Part, identity: str, row: int) -> bool:
    """Whether a part of a document is this stored usage point, under its name or another."""
    return fitting(part.usage_point.identity) == identity or row in part.usage_point.rows
