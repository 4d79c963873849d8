"""The members of a document, each an XML element as it ends, within limits.

Memory stays flat: one entry's tree at a time, and what is finished leaves its parent.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn, cast

from lxml import etree

from greenbutton.espi.element import Element, atom, espi, split_name
from greenbutton.espi.entry import ENTRY
from greenbutton.espi.errors import EspiError
from greenbutton.espi.plain_readings import Condensed
from greenbutton.espi.readable import Readable

FEED = atom("feed")
BARE = (espi("BatchList"), espi("ServiceStatus"))
ROOTS = (FEED, ENTRY, *BARE)


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


class Members:
    """Each entry of a feed as it ends, then the feed; of another document, its root alone.

    An element is emptied as soon as the next one is asked for. Raises EspiError when the document
    has to be refused, which may be at its last byte. Without `quick` every element goes through the
    XML parser; with it, readings that are written alike come condensed.
    """

    def __init__(self, file: Readable, *, max_bytes: int, limits: Limits, quick: bool) -> None:
        # Whether the root is a feed; None before it was seen.
        self.is_feed: bool | None = None
        self._bytes = _Counted(file, max_bytes, limits.entry_bytes)
        source = Condensed(self._bytes) if quick else self._bytes
        self._source = _Weighed(source, limits.entry_elements)

    def __iter__(self) -> Iterator[Element]:
        try:
            yield from self._read()
        except etree.XMLSyntaxError as error:
            says = _syntax_words(error) if self._bytes.total else "The document is empty."
            raise EspiError(says, line=error.lineno) from error

    def _read(self) -> Iterator[Element]:
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
                self.is_feed = root.tag == FEED
            elif event == "end" and (element is root or _is_member(element, root)):
                yield element
                self._bytes.entry_ended()
                self._source.entry_ended()
                _forget(element)
        if root is None:
            _refuse_root(parser.root)


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
