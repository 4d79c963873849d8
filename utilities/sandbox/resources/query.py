"""What of a document a request asks for (FB 37), read strictly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from django.http import QueryDict

WINDOW = ("published-min", "published-max", "updated-min", "updated-max")
PAGE = ("start-index", "max-results", "depth")
_COUNT = re.compile(r"[1-9][0-9]{0,8}")


class QueryError(ValueError):
    """A query parameter that cannot be read. The text is a sentence."""


@dataclass(frozen=True)
class Window:
    """A stretch of time, in UTC seconds; None is no limit. Ends are excluded."""

    published_min: int | None = None
    published_max: int | None = None
    updated_min: int | None = None
    updated_max: int | None = None

    def __post_init__(self) -> None:
        for low, high in (
            (self.published_min, self.published_max),
            (self.updated_min, self.updated_max),
        ):
            if low is not None and high is not None and low > high:
                raise QueryError("The window ends before it begins.")

    def takes(self, start: int, end: int) -> bool:
        """Whether a period intersects the window; a period is published when it is over."""
        return (
            (self.published_max is None or start < self.published_max)
            and (self.published_min is None or end > self.published_min)
            and (self.updated_max is None or end < self.updated_max)
            and (self.updated_min is None or end >= self.updated_min)
        )


EVERYTHING = Window()


@dataclass(frozen=True)
class Query:
    """A window, which of its entries (the first is 1), and how many levels of them."""

    window: Window = EVERYTHING
    start_index: int = 1
    max_results: int | None = None
    depth: int | None = None

    @classmethod
    def read(cls, given: QueryDict) -> Query:
        """Parameters that nobody knows are passed over. Raises QueryError."""
        window = Window(*(_moment(name, given.getlist(name)) for name in WINDOW))
        start, most, depth = (_count(name, given.getlist(name)) for name in PAGE)
        return cls(window, start or 1, most, depth)


def _moment(name: str, given: list[str]) -> int | None:
    """ISO 8601 with a zone; what has none is in UTC, and a day begins at midnight there."""
    if not given:
        return None
    try:
        (text,) = given
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise QueryError(f"{name} must be one ISO 8601 time, like 2026-01-31T00:00:00Z.") from None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(aware.timestamp())


def _count(name: str, given: list[str]) -> int | None:
    if not given:
        return None
    if len(given) > 1 or not _COUNT.fullmatch(given[0]):
        raise QueryError(f"{name} must be one whole number, 1 or more.")
    return int(given[0])
