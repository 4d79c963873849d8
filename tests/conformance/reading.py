"""What the tests read of a document."""

from __future__ import annotations

import io
from typing import TypeVar

import httpx

from greenbutton.espi import Entry, read_feed

Resource = TypeVar("Resource")


def entries(response: httpx.Response) -> list[Entry]:
    """All entries of a feed, or the one that the document is."""
    assert response.status_code == 200, response.text
    return list(read_feed(io.BytesIO(response.content), max_bytes=200_000_000))


def only(response: httpx.Response, kind: type[Resource]) -> Resource:
    """The one resource of this kind."""
    found = [each.resource for each in entries(response) if isinstance(each.resource, kind)]
    assert len(found) == 1, f"{len(found)} resources of the kind {kind.__name__}"
    return found[0]
