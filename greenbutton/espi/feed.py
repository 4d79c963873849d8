"""Atom documents of ESPI resources (RFC 4287), streamed in and out.

Memory stays flat: one entry's tree at a time, and what is finished leaves its parent.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lxml import etree

from greenbutton.espi import entry as entries
from greenbutton.espi import resources
from greenbutton.espi.element import (
    ATOM,
    NSMAP,
    Element,
    date,
    note_unknown,
    split_name,
    text,
)
from greenbutton.espi.entry import ENTRY, ID, LINK, TITLE, UPDATED, Entry
from greenbutton.espi.errors import EspiError
from greenbutton.espi.findings import Findings
from greenbutton.espi.members import BARE, FEED, USUAL_LIMITS, Limits, Members
from greenbutton.espi.readable import Readable

HEAD = (ID, TITLE, UPDATED, LINK)
DECLARATION = b"<?xml version='1.0' encoding='utf-8'?>\n"
FEED_END = b"</feed>"


@dataclass(frozen=True, slots=True)
class FeedHead:
    """What a feed says of itself (RFC 4287 §4.1.1)."""

    id: str | None = None
    title: str | None = None
    updated: datetime | None = None
    self_href: str | None = None


class Feed:
    """The entries of one document, in its order, while it is being read.

    `findings` grows with the reading. `entries` counts Atom entries; an entry with several
    resources gives several. `head` is None where the root is no feed; its parts may stand anywhere
    in the document, so it is whole when the iteration has ended. Raises EspiError when the document
    has to be refused, which may be at its last byte: keep nothing before the iteration has ended.
    """

    def __init__(self, file: Readable, *, max_bytes: int, limits: Limits, quick: bool) -> None:
        self.findings = Findings()
        self.entries = 0
        self.head: FeedHead | None = None
        self._resources = 0
        self._limits = limits
        self._members = Members(file, max_bytes=max_bytes, limits=limits, quick=quick)
        self._iterator = self._guarded()

    def __iter__(self) -> Iterator[Entry]:
        return self

    def __next__(self) -> Entry:
        return next(self._iterator)

    def _guarded(self) -> Iterator[Entry]:
        try:
            for element in self._members:
                if self.head is None and self._members.is_feed:
                    self.head = FeedHead()
                yield from self._finished(element)
        except EspiError as refused:
            refused.entry = self.findings.where
            raise

    def _finished(self, element: Element) -> Iterator[Entry]:
        """Read what has just ended."""
        if self.head is not None:
            self.findings.where = None
            self.head = _with_head(self.head, element, self.findings)
        if element.tag == ENTRY:
            self.entries += 1
            for entry in entries.read(element, self._resources + 1, self.findings):
                self._resources += 1
                yield entry
        elif element.tag in BARE:
            self._resources += 1
            resource = resources.read(element, self.findings)
            yield Entry(ordinal=self._resources, resource=resource)
        if self._resources > self._limits.resources:
            raise EspiError(f"The document has more than {self._limits.resources:,} resources.")


def read_feed(
    file: Readable, *, max_bytes: int, limits: Limits = USUAL_LIMITS, quick: bool = True
) -> Feed:
    """Read an open binary file: a feed, a lone entry, a bare BatchList or ServiceStatus.

    Nothing is read before the first entry is asked for. The errors are Feed's. Without `quick`
    every element goes through the XML parser, which takes several times as long and gives the same.
    """
    return Feed(file, max_bytes=max_bytes, limits=limits, quick=quick)


def _with_head(head: FeedHead, ended: Element, findings: Findings) -> FeedHead:
    """The feed's head with what stands before an entry that has ended, or in the ended feed."""
    around = (
        ended.iterchildren("*") if ended.tag == FEED else ended.itersiblings("*", preceding=True)
    )
    for child in around:
        if child.tag not in HEAD:
            # RFC 4287 §4.1.1 allows others of Atom's; what has just ended is none of the head.
            if split_name(child)[0] != ATOM:
                note_unknown(child, findings)
        elif child.tag == UPDATED:
            head = replace(head, updated=date(child, findings))
        elif child.tag == ID:
            head = replace(head, id=text(child))
        elif child.tag == TITLE:
            head = replace(head, title=text(child))
        elif (child.get("rel") or "").strip() == "self":
            head = replace(head, self_href=(child.get("href") or "").strip() or None)
    return head


def write_feed(
    members: Iterable[Entry],
    *,
    self_href: str,
    title: str,
    updated: datetime,
    id: str,  # noqa: A002 (named as in Atom)
    related: Sequence[str] = (),
) -> Iterator[bytes]:
    """Yield the document in pieces, an entry each; `id` is a urn:uuid: of the caller's making.

    Raises EspiError for a resource that is known by name only.
    """
    head = _feed_head(self_href, related, title, updated, id)
    yield DECLARATION + etree.tostring(head, encoding="utf-8").removesuffix(FEED_END)
    for entry in members:
        # The feed declares the same namespaces.
        yield b"<entry>" + entries.text(entry).removeprefix(entries.START)
    yield FEED_END


def write_entry(entry: Entry) -> bytes:
    """A document of one entry, as an Authorization is served."""
    return DECLARATION + entries.text(entry)


def write_bare(resource: resources.Resource) -> bytes:
    """A document without Atom: a BatchList, or a ServiceStatus."""
    element = resources.write(resource, type(resource).__name__)
    return etree.tostring(element, encoding="utf-8", xml_declaration=True)


def _feed_head(
    self_href: str, related: Sequence[str], title: str, updated: datetime, feed_id: str
) -> Element:
    feed = etree.Element(FEED, nsmap=NSMAP)
    for tag, words in ((ID, feed_id), (TITLE, title), (UPDATED, entries.date_text(updated))):
        etree.SubElement(feed, tag).text = words
    etree.SubElement(feed, LINK, rel="self", href=self_href)
    for href in related:
        etree.SubElement(feed, LINK, rel="related", href=href)
    return feed
