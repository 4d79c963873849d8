import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from lxml import etree

from greenbutton.espi import element as xml
from greenbutton.espi import payload, plain_blocks, resources
from greenbutton.espi.element import Element, atom, espi
from greenbutton.espi.findings import Findings
from greenbutton.espi.interval_block import IntervalBlock
from greenbutton.espi.resources import EMPTY, Resource

ENTRY = atom("entry")
ID = atom("id")
TITLE = atom("title")
LINK = atom("link")
CONTENT = atom("content")
PUBLISHED = atom("published")
UPDATED = atom("updated")
# UtilityAPI puts the dates beside the payload, inside the content.
# RFC 4287 §4.1.2 allows others, which say nothing of what is measured: an author, a summary.
EXPECTED = {ID, TITLE, LINK, CONTENT, PUBLISHED, UPDATED, espi("published"), espi("updated")}
MISPLACED = {PUBLISHED, UPDATED, espi("published"), espi("updated")}

# How an entry begins that declares the namespaces itself.
START = etree.tostring(etree.Element(ENTRY, nsmap=xml.NSMAP)).replace(b"/>", b">")
# Printable ASCII but for & < > and ".
_NEEDS_NO_ESCAPING = re.compile(r"[ !#-%'-;=?-~]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One resource and the Atom entry (RFC 4287 §4.1.2) around it.

    `ordinal` counts resources from 1. An entry with several resources in its content gives an
    Entry for each, with equal links. `type` is the payload's element name, `Name@cust` in the
    customer namespace; left out, it is the resource's own. Links are opaque; dates are in UTC.
    """

    ordinal: int = 0
    id: str | None = None
    title: str | None = None
    self_href: str | None = None
    up: str | None = None
    related: tuple[str, ...] = ()
    published: datetime | None = None
    updated: datetime | None = None
    resource: Resource = EMPTY
    type: str = ""

    def __post_init__(self) -> None:
        if not self.type:
            object.__setattr__(self, "type", resources.name_for(self.resource))

    @property
    def where(self) -> str:
        """How a person finds this entry in its document."""
        return self.self_href or self.id or f"entry {self.ordinal}"


def read(element: Element, ordinal: int, findings: Findings) -> Iterator[Entry]:
    """Yield the entry once for each resource in its content, the first numbered `ordinal`."""
    around = read_around(element, ordinal)
    findings.where = around.where
    if around.id is None:
        findings.note("entry.no_id")
    inner: list[Element] = []
    oddities: list[str] = []
    for content in element.iterchildren(CONTENT):
        found, oddity = payload.payloads(content)
        inner += found
        if oddity is not None:
            findings.note(oddity)
            oddities.append(oddity)
    around = _dated(around, element, inner, findings)
    held = [child for child in inner if child.tag not in MISPLACED]
    if len(held) > 1:
        findings.note("entry.several_resources")
    if not held:
        if not oddities:
            findings.note("entry.empty")
        yield around
    for number, one in enumerate(held, ordinal):
        resource = resources.read(one, findings)
        yield replace(around, ordinal=number, resource=resource, type=resources.name_of(one))


def _dated(around: Entry, element: Element, inner: list[Element], findings: Findings) -> Entry:
    """The entry with its dates, wherever they are."""
    misplaced = [child for child in inner if child.tag in MISPLACED]
    for child in misplaced:
        findings.note("entry.misplaced_date", xml.local_name(child))
    beside = list(xml.children(element))
    for child in beside:
        if child.tag not in EXPECTED and xml.split_name(child)[0] != xml.ATOM:
            xml.note_unknown(child, findings)
    dates = [*beside, *misplaced]
    around = replace(
        around,
        published=_read_date(dates, "published", findings),
        updated=_read_date(dates, "updated", findings),
    )
    if around.published is None:
        findings.note("entry.no_date", "published")
    if around.updated is None:
        findings.note("entry.no_date", "updated")
    return around


def read_around(element: Element, ordinal: int) -> Entry:
    """The entry without its dates and content."""
    hrefs: dict[str, list[str]] = {}
    for link in element.iterchildren(LINK):
        href = (link.get("href") or "").strip()
        if href:
            hrefs.setdefault((link.get("rel") or "").strip(), []).append(href)
    return Entry(
        ordinal=ordinal,
        id=_read_text(element, ID),
        title=_read_text(element, TITLE),
        self_href=hrefs.get("self", [None])[0],
        up=hrefs.get("up", [None])[0],
        related=tuple(dict.fromkeys(hrefs.get("related", []))),
    )


def _read_text(element: Element, tag: str) -> str | None:
    child = element.find(tag)
    return None if child is None else xml.text(child)


def _read_date(elements: Iterable[Element], name: str, findings: Findings) -> datetime | None:
    for child in elements:
        if child.tag in (atom(name), espi(name)) and xml.text(child):
            return xml.date(child, findings)
    return None


def write(entry: Entry) -> Element:
    """The entry as an element, in the order in which most custodians write it."""
    element = etree.Element(ENTRY, nsmap=xml.NSMAP)
    _write_text(element, ID, entry.id)
    _write_link(element, "self", entry.self_href)
    _write_link(element, "up", entry.up)
    for href in entry.related:
        _write_link(element, "related", href)
    _write_text(element, TITLE, entry.title)
    content = etree.SubElement(element, CONTENT)
    if entry.resource != EMPTY:
        content.append(resources.write(entry.resource, entry.type))
    for tag, moment in ((PUBLISHED, entry.published), (UPDATED, entry.updated)):
        _write_text(element, tag, None if moment is None else date_text(moment))
    return element


def text(entry: Entry) -> bytes:
    """The entry as XML, with its namespaces declared and nothing before it."""
    resource = entry.resource
    if isinstance(resource, IntervalBlock) and entry.type == "IntervalBlock":
        block = plain_blocks.write(resource)
        if block is not None:
            return _around(entry, block)
    return etree.tostring(write(entry), encoding="utf-8")


def _around(entry: Entry, payload: bytes) -> bytes:
    """The entry with its payload, which is XML already."""
    links = [("self", entry.self_href), ("up", entry.up)]
    links += [("related", href) for href in entry.related]
    said = (entry.id, entry.title, *(href for _, href in links))
    if not _NEEDS_NO_ESCAPING.fullmatch("".join(filter(None, said))):
        shell = replace(entry, resource=EMPTY, type=EMPTY.name)
        # No text can hold an empty content: in a title, "<" is written "&lt;".
        around = etree.tostring(write(shell), encoding="utf-8")
        return around.replace(b"<content/>", b"<content>%b</content>" % payload)
    hrefs = (f'<link rel="{rel}" href="{href}"/>' for rel, href in links if href is not None)
    before = (_element("id", entry.id), *hrefs, _element("title", entry.title))
    after = (
        _element(name, None if moment is None else date_text(moment))
        for name, moment in (("published", entry.published), ("updated", entry.updated))
    )
    return b"%b%b<content>%b</content>%b</entry>" % (
        START,
        "".join(before).encode(),
        payload,
        "".join(after).encode(),
    )


def _element(name: str, value: str | None) -> str:
    return "" if value is None else f"<{name}>{value}</{name}>"


def date_text(moment: datetime) -> str:
    """An Atom date (RFC 4287 §3.3) in UTC, written with Z."""
    assert moment.tzinfo, "a date without a zone is nobody's"
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _write_text(parent: Element, tag: str, value: str | None) -> None:
    if value is not None:
        etree.SubElement(parent, tag).text = value


def _write_link(parent: Element, rel: str, href: str | None) -> None:
    if href is not None:
        etree.SubElement(parent, LINK, rel=rel, href=href)
