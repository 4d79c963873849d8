"""A document of many customers, sorted by whose its entries are, in one pass.

Links decide, compared as written (matching.py): an entry belongs to whoever has an address that one
of its links is, or continues after a slash. Nothing else in it is looked at.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from lxml import etree

from greenbutton.espi import payload, resources
from greenbutton.espi.element import ATOM, Element
from greenbutton.espi.entry import CONTENT, ENTRY, Entry, read_around
from greenbutton.espi.errors import EspiError
from greenbutton.espi.matching import above
from greenbutton.espi.members import USUAL_LIMITS, Limits, Members
from greenbutton.espi.readable import Readable

# What several customers have in common: it says how readings are to be understood, not whose.
COMPANIONS = {"ReadingType", "LocalTimeParameters"}
# All of them together. Each is some hundred bytes, and goes to everybody who points at it.
COMPANIONS_MAX_BYTES = 16 * 2**20
START = f'<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="{ATOM}">'.encode()
END = b"</feed>"
CHUNK_BYTES = 2**18


@dataclass(slots=True)
class _Part:
    """Where the entries of one owner are in the spool, and what they point at."""

    entries: int = 0
    stretches: list[tuple[int, int]] = field(default_factory=list)
    links: set[str] = field(default_factory=set)

    def add(self, start: int, length: int, around: Entry) -> None:
        self.entries += 1
        if self.stretches and sum(self.stretches[-1]) == start:
            start, length = self.stretches[-1][0], self.stretches.pop()[1] + length
        self.stretches.append((start, length))
        if around.related:
            self.links.update((around.self_href or "", *around.related))


@dataclass(slots=True)
class Split:
    """A document by owners. `unknown` entries are nobody's, `disputed` ones point at several."""

    spool: BinaryIO
    entries: int = 0
    unknown: int = 0
    disputed: int = 0
    parts: dict[int, _Part] = field(default_factory=dict)
    _companions: list[bytes] = field(default_factory=list)
    _by_link: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def owners(self) -> Mapping[int, int]:
        """Who has entries in it, and how many."""
        return {owner: part.entries for owner, part in self.parts.items()}

    def write(self, owner: int, into: BinaryIO) -> None:
        """Write one owner's entries as a document of their own, with the companions they name."""
        part = self.parts[owner]
        into.write(START)
        into.writelines(self._companions_of(part))
        for start, length in part.stretches:
            self.spool.seek(start)
            while length:
                chunk = self.spool.read(min(length, CHUNK_BYTES))
                into.write(chunk)
                length -= len(chunk)
        into.write(END)

    def _companions_of(self, part: _Part) -> Iterator[bytes]:
        named = {number for link in part.links for number in self._by_link.get(link, ())}
        return (self._companions[number] for number in sorted(named))

    def _add_companion(self, around: Entry, text: bytes) -> None:
        number = len(self._companions)
        self._companions.append(text)
        own = around.self_href or ""
        for link in {own, around.up or "", *above(own)} - {""}:
            self._by_link[link].append(number)


def split_feed(
    file: Readable,
    owner_at: Mapping[str, int],
    spool: BinaryIO,
    *,
    max_bytes: int,
    limits: Limits = USUAL_LIMITS,
) -> Split:
    """Sort a feed's entries by owner, whose addresses `owner_at` has, into an empty spool.

    An entry that points at several owners is given to none of them. Raises EspiError when the
    document has to be refused; then nothing of it may be used.
    """
    split = Split(spool)
    members = Members(file, max_bytes=max_bytes, limits=limits, quick=False)
    written = companions = 0
    for element in members:
        if element.tag != ENTRY:
            continue
        split.entries += 1
        if split.entries > limits.resources:
            raise EspiError(f"The document has more than {limits.resources:,} entries.")
        around = read_around(element, split.entries)
        owners = _owners(around, owner_at)
        if len(owners) == 1:
            text = _text(element)
            spool.write(text)
            split.parts.setdefault(owners.pop(), _Part()).add(written, len(text), around)
            written += len(text)
        elif owners:
            split.disputed += 1
        elif _is_companion(element):
            text = _text(element)
            companions += len(text)
            if companions > COMPANIONS_MAX_BYTES:
                raise EspiError(f"Reading types take more than {COMPANIONS_MAX_BYTES:,} bytes.")
            split._add_companion(around, text)
        else:
            split.unknown += 1
    return split


def _owners(around: Entry, owner_at: Mapping[str, int]) -> set[int]:
    """Everybody whose address one of the entry's links is, or continues."""
    links = (around.self_href, around.up, *around.related)
    found = (_owner(link, owner_at) for link in links if link)
    return {owner for owner in found if owner is not None}


def _owner(link: str, owner_at: Mapping[str, int]) -> int | None:
    """Whose the longest address is that the link is, or continues."""
    return next((owner_at[one] for one in (link, *above(link)) if one in owner_at), None)


def _is_companion(entry: Element) -> bool:
    names = Counter(
        resources.name_of(one)
        for content in entry.iterchildren(CONTENT)
        for one in payload.payloads(content)[0]
    )
    return bool(names) and names.keys() <= COMPANIONS


def _text(entry: Element) -> bytes:
    """The entry as it came, with the namespaces that it needs declared on it."""
    return etree.tostring(entry, encoding="utf-8", with_tail=False)


def every_spelling(address: str, base: str) -> Iterable[str]:
    """An address below a base as documents may write it: whole, from the root, from the base.

    Some custodians write all their links without the part that they have in common.
    """
    yield address
    _, found, rest = address.partition("://")
    if found:
        yield f"/{rest.partition('/')[2]}"
    if address.startswith(f"{base.rstrip('/')}/"):
        yield address.removeprefix(f"{base.rstrip('/')}/")
