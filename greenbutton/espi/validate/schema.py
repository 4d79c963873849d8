"""Whether a document is as the schemas (atom.xsd, espi.xsd, customer.xsd) have it.

Our readers pass over what the schemas do not know and take elements in any order, since real feeds
are like that; the schemas are not. Checked are the names of elements, their order, how often they
come, which ones are missing (`element_order`), and the type of each text (`texts`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from lxml import etree

from greenbutton.espi import resources
from greenbutton.espi.element import ATOM, CUSTOMER, ESPI, Element, atom, split_name
from greenbutton.espi.errors import EspiError
from greenbutton.espi.readable import Readable
from greenbutton.espi.shape import Kind
from greenbutton.espi.validate.element_order import Order, order_of, shape_of
from greenbutton.espi.validate.texts import wrong

# espi.xsd UUIDType has small letters only.
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# RFC 4287 §3.3: an RFC 3339 date with its zone.
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
FEED, ENTRY = atom("feed"), atom("entry")
BARE = ("ServiceStatus", "BatchList")
# How often an entry has each of its elements at least; a title may be empty (RFC 4287 §4.1.2).
NEEDED_IN_ENTRY = ("id", "title", "updated", "content")
ATOM_NAMES = {*NEEDED_IN_ENTRY, "published", "link", "author", "category", "rights"}
NEEDED_IN_FEED = ("id", "title", "updated")
LINKS = ("self", "up")
# How much of a text that is wrong is shown.
SHOWN = 60
RELATIONS = {"self", "up", "related", "alternate", "edit"}


@dataclass(frozen=True, slots=True)
class Breach:
    """Where a document is not as its schema has it. `path` is from the root; `says` a sentence."""

    path: str
    says: str


def check(file: Readable) -> Iterator[Breach]:
    """The breaches of a document in an open binary file; an entry is held at a time.

    Raises EspiError for one that is not well-formed, or has a DOCTYPE.
    """
    parser = etree.iterparse(
        file,
        events=("start", "end"),
        tag=(FEED, ENTRY),
        remove_comments=True,
        remove_pis=True,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
    )
    try:
        yield from _entries(parser)
        yield from _document(parser.root)
    except etree.XMLSyntaxError as error:
        raise EspiError("The document is not well-formed XML.", line=error.lineno) from error


def _entries(parser: etree.iterparse[Any]) -> Iterator[Breach]:
    """Those of a feed's entries, which are forgotten one by one."""
    number = 0
    for event, element in parser:
        if cast("object | None", element.getroottree().docinfo.internalDTD) is not None:
            raise EspiError("The document has a DOCTYPE, which is not accepted.", line=1)
        parent = element.getparent()
        if event == "end" and element.tag == ENTRY and parent is not None and parent.tag == FEED:
            number += 1
            yield from _entry(element, f"entry {number}")
            element.clear()


def _document(root: Element) -> Iterator[Breach]:
    uri, name = split_name(root)
    if root.tag == FEED:
        head = [child for child in root if child.tag != ENTRY]
        yield from _atom(head, "feed", NEEDED_IN_FEED, links=("self",))
    elif root.tag == ENTRY:
        yield from _entry(root, "entry")
    elif uri == ESPI and name in BARE:
        yield from _payload(root, name)
    else:
        yield Breach(name, "No document of ESPI begins with it.")


def _entry(entry: Element, path: str) -> Iterator[Breach]:
    children = list(entry)
    yield from _atom(children, path, NEEDED_IN_ENTRY, links=LINKS)
    for content in entry.iterchildren(atom("content")):
        payloads = list(content)
        if len(payloads) != 1:
            yield Breach(f"{path}/content", f"It holds {len(payloads)} objects, not one.")
        if (content.text or "").strip():
            yield Breach(f"{path}/content", "It holds text.")
        for payload in payloads:
            yield from _payload(payload, f"{path}/{split_name(payload)[1]}")


def _atom(
    children: list[Element], path: str, needed: tuple[str, ...], links: tuple[str, ...]
) -> Iterator[Breach]:
    """The Atom elements of a feed or an entry, which may come in any order (RFC 4287 §4.1)."""
    names = [split_name(child)[1] for child in children if split_name(child)[0] == ATOM]
    for name in (*needed, "published"):
        if (count := names.count(name)) > 1 or (count == 0 and name in needed):
            yield Breach(path, f"It has {count} {name}, not one.")
    for child in children:
        uri, name = split_name(child)
        if uri != ATOM or name not in ATOM_NAMES:
            yield Breach(f"{path}/{name}", "Atom has no such element here.")
        elif (test := ATOM_TESTS.get(name)) and not test(_text(child)):
            yield Breach(f"{path}/{name}", f"“{_text(child)[:SHOWN]}” is not of its type.")
    rels = [child.get("rel") for child in children if split_name(child) == (ATOM, "link")]
    for rel in links:
        if rels.count(rel) != 1:
            yield Breach(path, f"It has {rels.count(rel)} links rel={rel}, not one.")
    for child in children:
        if split_name(child) == (ATOM, "link") and (
            not child.get("href") or child.get("rel") not in RELATIONS
        ):
            yield Breach(f"{path}/link", "It has no href, or no relation that is known.")


def _text(element: Element) -> str:
    return (element.text or "").strip()


def _is_date(text: str) -> bool:
    try:
        return bool(_DATE.fullmatch(text) and datetime.fromisoformat(text))
    except ValueError:
        return False


ATOM_TESTS: dict[str, Callable[[str], bool]] = {
    "id": lambda text: bool(_UUID.fullmatch(text)),
    "published": _is_date,
    "updated": _is_date,
}


def _payload(element: Element, path: str) -> Iterator[Breach]:
    name = resources.name_of(element)
    shape = shape_of(name)
    if shape is None:
        yield Breach(path, "The schemas have no such object.")
    else:
        yield from _ordered(element, order_of(shape), path)


def _ordered(element: Element, order: Order, path: str) -> Iterator[Breach]:
    """The children are those of the order, in it, each as often as it may be."""
    if _text(element):
        yield Breach(path, "It holds text beside its elements.")
    names = list(order.slots)
    reached = 0
    seen: set[str] = set()
    for child in element:
        uri, tag = split_name(child)
        place = f"{path}/{tag}"
        slot = order.slots.get(tag)
        if uri != order.namespace or slot is None:
            yield Breach(place, "The schema has no such element here.")
            continue
        index = names.index(tag)
        if index < reached:
            yield Breach(place, "It comes too late: the schema has it before some that are there.")
        if tag in seen and not slot.many:
            yield Breach(place, "It may come once only.")
        reached = max(reached, index)
        seen.add(tag)
        if slot.inside is not None:
            yield from _ordered(child, slot.inside, place)
        else:
            assert slot.kind is not None
            yield from _leaf(child, slot.kind, place)
    for tag in order.needed:
        if tag not in seen:
            yield Breach(path, f"It has no {tag}, which has to be there.")


def _leaf(element: Element, kind: Kind, path: str) -> Iterator[Breach]:
    text, (uri, tag) = element.text or "", split_name(element)
    if len(element):
        yield Breach(path, "It holds elements, where the schema has text.")
    elif says := wrong(text, tag, kind):
        # On the customer's side, anything may be personal.
        shown = "Its text" if uri == CUSTOMER else f"“{text[:SHOWN]}”"
        yield Breach(path, f"{shown} {says}.")
