"""What an entry is called, and which parent it points at, by its id and its links alone.

Links are opaque: hrefs are compared as written, never resolved or taken apart for meaning. The
usage side (links.py) and the customer's side (customer_links.py) hang together by these rules.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from greenbutton.espi.entry import Entry

# atom.xsd UUIDType is lower case; SCE writes upper case. The nil UUID names nobody.
_UUID = re.compile(r"urn:uuid:(?!0{8}-)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


# A resource lies a few levels below another. A hostile link may be a million slashes.
MAX_LEVELS = 64


def is_persistent(identity: str) -> bool:
    """Whether an identity is a UUID, which stands for its resource for good; a link may not."""
    return _UUID.fullmatch(identity) is not None


def key(child: Entry) -> str:
    """What stands in for the identity of a parent that the document only points at."""
    return child.up or child.self_href or child.id or f"entry {child.ordinal}"


def above(href: str) -> Iterator[str]:
    """The links that this one continues after a slash, the longest first."""
    for _ in range(MAX_LEVELS):
        href, slash, _last = href.rpartition("/")
        if not slash:
            return
        yield href


class Identities:
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

    def shared(self) -> Iterator[str]:
        """The ids that entries of different self links have."""
        for id_, places in self._places.items():
            if id_ is not None and len({href for _, href in places}) > 1:
                yield id_

    def of(self, entry: Entry) -> str:
        return self._own_id(entry) or entry.self_href or key(entry)

    def _own_id(self, entry: Entry) -> str | None:
        if entry.id is None or not is_persistent(entry.id) or len(self._places[entry.id]) > 1:
            return None
        if entry.self_href is not None and len(self._ids[_place(entry)]) > 1:
            return None
        return entry.id.lower()


class Index:
    """Finds parents by the matching rules that together resolve every known feed."""

    def __init__(self, parents: Mapping[str, Entry]) -> None:
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
        return next((self._by_self[one] for one in above(href) if one in self._by_self), [])


def _place(entry: Entry) -> tuple[type, str | None]:
    return type(entry.resource), entry.self_href
