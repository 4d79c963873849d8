"""Whether a document is as the schemas (atom.xsd, espi.xsd, customer.xsd) have it.

Our readers pass over what the schemas do not know and take elements in any order, since real feeds
are like that; the schemas are not. Checked are the names of elements, their order, how often they
come, which ones are missing, and the type of each text. The tables from which we read and write
have the schemas' elements in the schemas' order; what else the schemas say stands here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from lxml import etree

from greenbutton.espi import period, resources
from greenbutton.espi.element import ATOM, CUSTOMER, ESPI, Element, atom, split_name
from greenbutton.espi.enums import Code, QualityOfReading, Word
from greenbutton.espi.errors import EspiError
from greenbutton.espi.interval_block import IntervalBlock, IntervalReading
from greenbutton.espi.readable import Readable
from greenbutton.espi.shape import (
    BOOLEAN,
    DECIMAL,
    HEX,
    INT16,
    NUMBER,
    SECONDS,
    Field,
    Kind,
    Shape,
    code,
)

# espi.xsd IntervalReading and IntervalBlock, which are read by the column, not from a table.
_READING: Shape[IntervalReading] = Shape(
    IntervalReading,
    Field("cost", "cost", NUMBER),
    Field("ReadingQuality", "qualities", NUMBER, many=True),
    Field("timePeriod", "start", period.PERIOD),
    Field("value", "value", NUMBER),
    Field("consumptionTier", "tier", INT16),
    Field("tou", "tou", INT16),
    Field("cpp", "cpp", INT16),
)
_BLOCK: Shape[IntervalBlock] = Shape(
    IntervalBlock,
    Field("interval", "start", period.PERIOD),
    Field("IntervalReading", "readings", _READING.nested(), many=True),
)
# What we read and no schema has, by the element that it stands in.
STRANGERS = {
    ("UsagePoint", "pricingNode"),
    ("UsagePoint", "loadAggregationPoint"),
    ("MeterReading", "ReadingType"),
    ("ApplicationInformation", "dataCustodianScopeSelectionScreenURI"),
    ("ApplicationInformation", "thirdPartyName"),
}
# What has to be there, by the type of what it stands in. A period may lack either in customer.xsd.
REQUIRED: dict[str, tuple[str, ...]] = {
    "ServiceCategory": ("kind",),
    "Period": ("duration", "start"),
    "UsageSummary": ("statusTimeStamp",),
    "LineItem": ("note", "itemKind"),
    "TariffRiderRef": ("riderType", "enrollmentStatus", "effectiveDate"),
    "ElectricPowerQualitySummary": ("summaryInterval",),
    "LocalTimeParameters": ("dstEndRule", "dstOffset", "dstStartRule", "tzOffset"),
    "Authorization": (
        "status",
        "expires_at",
        "scope",
        "token_type",
        "resourceURI",
        "authorizationURI",
    ),
    "ApplicationInformation": (
        "dataCustodianId",
        "dataCustodianApplicationStatus",
        "thirdPartyNotifyUri",
        "authorizationServerAuthorizationEndpoint",
        "authorizationServerTokenEndpoint",
        "dataCustodianBulkRequestURI",
        "dataCustodianResourceEndpoint",
        "client_secret",
        "client_name",
        "redirect_uri",
        "client_id",
        "software_id",
        "software_version",
        "client_id_issued_at",
        "client_secret_expires_at",
        "token_endpoint_auth_method",
        "scope",
        "grant_types",
        "response_types",
        "registration_client_uri",
        "registration_access_token",
    ),
    "ServiceStatus": ("currentStatus",),
    "StatementRef": ("statementURL",),
    "Priority": ("rank",),
}
# The characters that a text may have (espi.xsd String32 to String512), where it is limited.
LONGEST = {
    "servicePriority": 32,
    "thirdPartyPhone": 32,
    "client_id": 64,
    "dataCustodianId": 64,
    "client_secret": 512,
    "agencyName": 256,
    "customerAgreement": 256,
    "name": 256,
    "note": 256,
    "outageRegion": 256,
    "readCycle": 256,
    "readRoute": 256,
    "riderType": 256,
    "serviceDeliveryRemark": 256,
    "tariffProfile": 256,
    "thirdPartyApplicationDescription": 256,
}
# espi.xsd Int48, UInt8 and UInt32; the rest of the numbers are xs:long or smaller.
INT48 = 2**47 - 1
INT64 = 2**63 - 1
RANGES = {
    **dict.fromkeys(("value", "cost", "amount", "rounding", "unitCost"), (-INT48, INT48)),
    **dict.fromkeys(
        ("billLastPeriod", "billToDate", "costAdditionalLastPeriod", "lastBillAmount"),
        (-INT48, INT48),
    ),
    "measurementProtocol": (0, 255),
    "intervalLength": (0, 2**32 - 1),
    "duration": (0, 2**32 - 1),
}
DIGITS = {"roleFlags": 4, "dstStartRule": 8, "dstEndRule": 8}

_WHOLE = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
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


# -- Atom -----------------------------------------------------------------------------------------


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


# -- ESPI -----------------------------------------------------------------------------------------


def _payload(element: Element, path: str) -> Iterator[Breach]:
    name = resources.name_of(element)
    shape = _BLOCK if name == "IntervalBlock" else _shape_of(name)
    if shape is None:
        yield Breach(path, "The schemas have no such object.")
    else:
        yield from _ordered(element, _order_of(shape), path)


def _shape_of(name: str) -> Shape[Any] | None:
    codec = resources.CODECS.get(name)
    if codec is None or isinstance(codec, Shape):
        return codec
    shape: Shape[Any] | None = getattr(codec, "SHAPE", None)
    return shape


@dataclass(frozen=True, slots=True)
class _Slot:
    """A place in an order: an element that is a text of some kind, or has an order of its own."""

    many: bool
    kind: Kind | None = None
    inside: _Order | None = None


@dataclass(frozen=True, slots=True)
class _Order:
    """The elements of a type by their names, in the schema's order, and which have to be there."""

    namespace: str
    slots: dict[str, _Slot]
    needed: tuple[str, ...] = ()


_QUALITY = _Order(ESPI, {"quality": _Slot(False, code(QualityOfReading))}, ("quality",))


@lru_cache
def _order_of(shape: Shape[Any]) -> _Order:
    """The order of a table's type, the wrappers in place of what they wrap."""
    type_ = shape.made.__name__
    slots: dict[str, _Slot] = {}
    for field in shape.fields:
        if (type_, field.tag) in STRANGERS:
            continue
        if field.within is None:
            slots[field.tag] = _slot(field)
            continue
        wrapper = slots.get(field.within)
        wrapped = wrapper.inside.slots if wrapper and wrapper.inside else {}
        inside = {**wrapped, field.tag: _slot(field)}
        needed = REQUIRED.get(field.within, ())
        slots[field.within] = _Slot(False, inside=_Order(shape.namespace, inside, needed))
    may_lack = shape.namespace == CUSTOMER and type_ == "Period"
    return _Order(shape.namespace, slots, () if may_lack else REQUIRED.get(type_, ()))


def _slot(field: Field) -> _Slot:
    if field.tag == "ReadingQuality":
        return _Slot(field.many, inside=_QUALITY)
    if isinstance(field.kind.made_of, Shape):
        return _Slot(field.many, inside=_order_of(field.kind.made_of))
    return _Slot(field.many, field.kind)


def _ordered(element: Element, order: _Order, path: str) -> Iterator[Breach]:
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
    elif says := _wrong(text, tag, kind):
        # On the customer's side, anything may be personal.
        shown = "Its text" if uri == CUSTOMER else f"“{text[:SHOWN]}”"
        yield Breach(path, f"{shown} {says}.")


@lru_cache(maxsize=4096)
def _wrong(text: str, tag: str, kind: Kind) -> str:
    """What is wrong with a text of this kind; "" for nothing."""
    known = kind.made_of
    if isinstance(known, type) and issubclass(known, Word):
        return "" if known.known(text) is not None else "is no word of its enumeration"
    if isinstance(known, type) and issubclass(known, Code):
        is_known = _WHOLE.fullmatch(text) and known.known(int(text)) is not None
        return "" if is_known else "is no number of its enumeration"
    if kind in (NUMBER, SECONDS, INT16):
        limit = 2**15 - 1 if kind is INT16 else INT64
        low, high = RANGES.get(tag, (-limit - 1, limit))
        is_whole = _WHOLE.fullmatch(text) and low <= int(text) <= high
        return "" if is_whole else "is no whole number of its type"
    if kind is BOOLEAN:
        return "" if text in {"true", "false", "1", "0"} else "is neither true nor false"
    if kind is DECIMAL:
        return "" if _DECIMAL.fullmatch(text) else "is no number"
    if kind is HEX or tag in DIGITS:
        digits = DIGITS.get(tag, len(text))
        is_hex = re.fullmatch(r"[0-9A-Fa-f]+", text) and len(text) == digits
        return "" if is_hex else f"is not {digits} hexadecimal digits"
    if len(text) > LONGEST.get(tag, len(text)):
        return f"is longer than {LONGEST[tag]} characters"
    return "" if text.strip() else "says nothing"
