"""How entries become the text that a company gets: by its profile, and by what goes wrong for it.

The library writes what the standard has. What it cannot write, since nobody should, is made out of
its text: an export's `timezone` inside a time period and dates inside a content, and prefixes that
are nobody's default. Such text may be looked through for tags: no other "<" is ever written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from html import escape
from itertools import chain
from zoneinfo import ZoneInfo

from greenbutton import espi
from greenbutton.espi import Entry
from greenbutton.espi.element import ATOM, CUSTOMER, ESPI
from greenbutton.espi.interval_block import IntervalBlock, IntervalReading
from greenbutton.espi.meter_reading import MeterReading
from utilities.sandbox.models import RESOURCES, Fault, Registration

# The prefixes of the library, and of a custodian that chose its own.
PREFIXES = {"": "ns1", "espi": "ns0", "cust": "ns2"}
NAMESPACES = {"": ATOM, "espi": ESPI, "cust": CUSTOMER}
UNPREFIXED = re.compile(rb"<(/?)(?=[A-Za-z]+[\s/>])")
CONTENT = re.compile(rb"<content>(.*)</content>", re.DOTALL)

FEED_START = (
    f'<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="{ATOM}" '
    'xsi:schemaLocation="http://naesb.org/espi espi.xsd" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
).encode()
FEED_END = b"</feed>"


def write_feed(
    registration: Registration,
    members: Iterable[Entry],
    *,
    self_href: str,
    title: str,
    updated: datetime,
    id: str,  # noqa: A002 (named as in Atom)
    related: Sequence[str] = (),
) -> Iterator[bytes]:
    """A document for a company, in pieces. An export's feed says nothing of itself."""
    entries: Iterator[Entry] = (_as_it_goes_wrong(registration, entry) for entry in members)
    first = next(entries, None)
    if first is not None:
        entries = chain([first], entries)
    if first is not None and _is_export(registration, first):
        pieces = _export(registration, entries)
    else:
        pieces = espi.write_feed(
            entries, self_href=self_href, title=title, updated=updated, id=id, related=related
        )
    return _prefixed(registration, pieces)


def write_entry(registration: Registration, entry: Entry) -> bytes:
    """A document of one entry for a company."""
    entry = _as_it_goes_wrong(registration, entry)
    if _is_export(registration, entry):
        text = _export_entry(registration, entry)
        # It has to declare what its feed would have.
        document = text.replace(b"<entry>", b'<entry xmlns="%b">' % ATOM.encode(), 1)
    else:
        document = espi.write_entry(entry)
    return b"".join(_prefixed(registration, [document]))


def _is_export(registration: Registration, entry: Entry) -> bool:
    """Whether it is written as in an export; of a customer's side no real one is known."""
    is_usage = not entry.type.endswith("@cust")
    return is_usage and registration.profile == Registration.Profile.EXPORT


def _as_it_goes_wrong(registration: Registration, entry: Entry) -> Entry:
    if registration.has(Fault.SHARED_BLOCK_LINKS) and isinstance(entry.resource, IntervalBlock):
        return replace(entry, self_href=entry.up)
    return entry


def _prefixed(registration: Registration, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same under other prefixes, for a company that is to learn that these mean nothing."""
    if not registration.has(Fault.PREFIX_STYLE):
        return iter(pieces)
    return (_with_other_prefixes(piece) for piece in pieces)


def _with_other_prefixes(text: bytes) -> bytes:
    for prefix, namespace in NAMESPACES.items():
        mine = f' xmlns{":" if prefix else ""}{prefix}="{namespace}"'
        text = text.replace(mine.encode(), f' xmlns:{PREFIXES[prefix]}="{namespace}"'.encode())
        if prefix:
            for opens in ("<", "</"):
                text = text.replace(
                    f"{opens}{prefix}:".encode(), f"{opens}{PREFIXES[prefix]}:".encode()
                )
    return UNPREFIXED.sub(rb"<\1%b:" % PREFIXES[""].encode(), text)


def _export(registration: Registration, entries: Iterable[Entry]) -> Iterator[bytes]:
    yield FEED_START
    for entry in entries:
        yield _export_entry(registration, entry)
    yield FEED_END


def _export_entry(registration: Registration, entry: Entry) -> bytes:
    """An entry of links and content, with nothing else around it."""
    links = [("self", entry.self_href), ("up", entry.up)]
    links += [("related", href) for href in entry.related]
    text = "".join(f'<link rel="{rel}" href="{_relative(href)}"/>' for rel, href in links if href)
    content = _content(entry, registration.programme.zone)
    if not registration.has(Fault.PREFIX_STYLE):
        content = _in_default_namespace(content)
    return b"<entry>%b<content>%b</content></entry>" % (text.encode(), content)


def _relative(href: str) -> str:
    return escape(href.removeprefix(f"{RESOURCES}/"))


def _content(entry: Entry, zone: ZoneInfo) -> bytes:
    """The payload, which declares its own prefix, and what an export puts beside it."""
    if isinstance(entry.resource, IntervalBlock):
        readings = entry.resource.columns
        offsets = _offsets([start for start in readings.starts if start is not None], zone)
        text = "".join(map(_reading, readings, offsets))
        payload = f"<espi:IntervalBlock>{text}</espi:IntervalBlock>".encode()
    else:
        found = CONTENT.search(espi.write_entry(Entry(resource=entry.resource, type=entry.type)))
        assert found, "the library puts every resource into a content"
        payload = found[1]
    payload = re.sub(rb"^<espi:\w+", rb'\g<0> xmlns:espi="%b"' % ESPI.encode(), payload)
    if isinstance(entry.resource, MeterReading):
        dates = (("published", entry.published), ("updated", entry.updated))
        payload += "".join(
            f"<{name}>{moment.isoformat()}</{name}>" for name, moment in dates if moment
        ).encode()
    return payload


def _in_default_namespace(content: bytes) -> bytes:
    """The content without prefixes, as the export has it."""
    content = content.replace(b" xmlns:espi=", b" xmlns=", 1)
    return content.replace(b"<espi:", b"<").replace(b"</espi:", b"</")


def _offsets(starts: list[int], zone: ZoneInfo) -> list[str]:
    """The local clock's offset at each time."""
    ends = {f"{datetime.fromtimestamp(at, zone):%z}" for at in (*starts[:1], *starts[-1:])}
    if len(ends) == 1:  # clocks do not change twice in a month
        return [*ends] * len(starts)
    return [f"{datetime.fromtimestamp(at, zone):%z}" for at in starts]


def _reading(its: IntervalReading, offset: str) -> str:
    """With the offset of the local clock, which no schema has there."""
    cost = "" if its.cost is None else f"<espi:cost>{its.cost}</espi:cost>"
    tou = "" if its.tou is None else f"<espi:tou>{its.tou}</espi:tou>"
    return (
        f"<espi:IntervalReading>{cost}<espi:timePeriod>"
        f"<espi:duration>{its.seconds}</espi:duration><espi:start>{its.start}</espi:start>"
        f"<espi:timezone>{offset}</espi:timezone></espi:timePeriod>"
        f"<espi:value>{its.value}</espi:value>{tou}</espi:IntervalReading>"
    )
