"""What of a document a request asks for (FB 37), read strictly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from django.http import QueryDict

from utilities.sandbox.documents.window import EVERYTHING, Window, WindowError

WINDOW = ("published-min", "published-max", "updated-min", "updated-max")
PAGE = ("start-index", "max-results", "depth")
_COUNT = re.compile(r"[1-9][0-9]{0,8}")


class QueryError(ValueError):
    """A query parameter that cannot be read. The text is a sentence."""


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
        try:
            window = Window(*(_moment(name, given.getlist(name)) for name in WINDOW))
        except WindowError as e:
            raise QueryError(str(e)) from e
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
