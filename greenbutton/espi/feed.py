"""Atom documents of ESPI resources (RFC 4287), streamed in and out.

Memory stays flat: one entry's tree at a time, and what is finished leaves its parent.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NoReturn, cast

from lxml import etree

from greenbutton.espi import entry as entries
from greenbutton.espi import resources
from greenbutton.espi.element import (
    ATOM,
    NSMAP,
    Element,
    atom,
    date,
    espi,
    note_unknown,
    split_name,
    text,
)
from greenbutton.espi.entry import ENTRY, ID, LINK, TITLE, UPDATED, Entry
from greenbutton.espi.errors import EspiError
from greenbutton.espi.findings import Findings
from greenbutton.espi.plain_readings import Condensed
from greenbutton.espi.readable import Readable

FEED = atom("feed")
BARE = (espi("BatchList"), espi("ServiceStatus"))
ROOTS = (FEED, ENTRY, *BARE)
HEAD = (ID, TITLE, UPDATED, LINK)
DECLARATION = b"<?xml version='1.0' encoding='utf-8'?>\n"
FEED_END = b"</feed>"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a document is held in memory at once."""

    # One entry is held as a tree of several times its text, whatever it is. Three years of
    # quarter-hours in a single block are about 35 MB.
    entry_bytes: int = 64 * 2**20
    # Elements, their ends and attributes: of so many, the tree of an entry takes some 700 MB.
    # Readings that are written alike count as one.
    entry_elements: int = 2_500_000
    # Some hundred bytes are held of each resource until the links are known. A document of real
    # ones is too large before it has so many: they take half a kilobyte each.
    resources: int = 1_000_000


USUAL_LIMITS = Limits()


class _Counted:
    """The file, with its bytes counted in all and since the last entry."""

    def __init__(self, file: Readable, max_bytes: int, max_entry_bytes: int) -> None:
        self._file = file
        self._max_bytes = max_bytes
        self._max_entry_bytes = max_entry_bytes
        self._entry_began = 0
        self.total = 0

    def read(self, size: int = -1, /) -> bytes:
        data = self._file.read(size)
        self.total += len(data)
        if self.total > self._max_bytes:
            raise EspiError(f"The document is larger than {self._max_bytes:,} bytes.")
        if self.total - self._entry_began > self._max_entry_bytes:
            raise EspiError(f"One entry is larger than {self._max_entry_bytes:,} bytes.")
        return data

    def entry_ended(self) -> None:
        self._entry_began = self.total


class _Weighed:
    """What goes to the parser, with its elements and attributes counted since the last entry.

    Each takes some hundred bytes of memory, so that many tiny ones swell more than any text.
    """

    def __init__(self, source: Readable, max_elements: int) -> None:
        self._source = source
        self._max_elements = max_elements
        self._marks = 0

    def read(self, size: int = -1, /) -> bytes:
        data = self._source.read(size)
        self._marks += data.count(b"<") + data.count(b"=")
        if self._marks > self._max_elements:
            raise EspiError(
                f"One entry has more than {self._max_elements:,} elements and attributes in it."
            )
        return data

    def entry_ended(self) -> None:
        self._marks = 0


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
        self._bytes = _Counted(file, max_bytes, limits.entry_bytes)
        source = Condensed(self._bytes) if quick else self._bytes
        self._source = _Weighed(source, limits.entry_elements)
        self._iterator = self._guarded()

    def __iter__(self) -> Iterator[Entry]:
        return self

    def __next__(self) -> Entry:
        return next(self._iterator)

    def _guarded(self) -> Iterator[Entry]:
        try:
            yield from self._read()
        except EspiError as refused:
            refused.entry = self.findings.where
            raise
        except etree.XMLSyntaxError as error:
            says = _syntax_words(error) if self._bytes.total else "The document is empty."
            raise EspiError(says, line=error.lineno, entry=self.findings.where) from error

    def _read(self) -> Iterator[Entry]:
        parser = etree.iterparse(
            self._source,
            events=("start", "end"),
            tag=ROOTS,
            # A comment inside a number would split its text.
            remove_comments=True,
            remove_pis=True,
            remove_blank_text=True,
            # Not False: with it, lxml forgets that an undeclared entity is an error, and takes
            # what follows in the file for a new document. Files are opened with neither.
            resolve_entities="internal",
            load_dtd=False,
            no_network=True,
            huge_tree=False,
        )
        root: Element | None = None
        for event, element in parser:
            if root is None:
                root = _accepted(element)
                self.head = FeedHead() if root.tag == FEED else None
            elif event == "end" and (element is root or _is_member(element, root)):
                yield from self._finished(element)
        if root is None:
            _refuse_root(parser.root)

    def _finished(self, element: Element) -> Iterator[Entry]:
        """Read what has just ended, then forget it and all before it."""
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
        self._bytes.entry_ended()
        self._source.entry_ended()
        _forget(element)


def read_feed(
    file: Readable, *, max_bytes: int, limits: Limits = USUAL_LIMITS, quick: bool = True
) -> Feed:
    """Read an open binary file: a feed, a lone entry, a bare BatchList or ServiceStatus.

    Nothing is read before the first entry is asked for. The errors are Feed's. Without `quick`
    every element goes through the XML parser, which takes several times as long and gives the same.
    """
    return Feed(file, max_bytes=max_bytes, limits=limits, quick=quick)


def _accepted(first: Element) -> Element:
    """The root, if it is one that we read. Only such names make events, so it is the first."""
    if cast("object | None", first.getroottree().docinfo.internalDTD) is not None:
        # Entities could name files, or swell without end. No ESPI document needs a DTD.
        raise EspiError("The document has a DOCTYPE, which is not accepted.", line=1)
    if first.getparent() is not None:
        _refuse_root(first.getroottree().getroot())
    return first


def _refuse_root(root: Element) -> NoReturn:
    uri, name = split_name(root)
    where = f"the namespace {uri}" if uri else "no namespace"
    raise EspiError(
        f"The document is no Green Button data: it begins with {name} in {where}.",
        line=cast("int | None", root.sourceline),
    )


def _is_member(element: Element, root: Element) -> bool:
    return element.tag == ENTRY and root.tag == FEED and element.getparent() is root


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


def _syntax_words(error: etree.XMLSyntaxError) -> str:
    said = " ".join((error.msg or "").partition(", line ")[0].split()).rstrip(".")
    if "Excessive depth" in said:
        return "The document is nested too deeply."
    if "ntity" in said or "DOCTYPE" in said:
        return f"The document uses entities or a DOCTYPE, which are not accepted: {said}."
    return f"The document is not well-formed XML, or it was cut off: {said}."


def _forget(element: Element) -> None:
    """Empty an element and remove what stands before it. Its parser still holds the element."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


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
