"""The entries of a generated feed, and how they are written: templates of bytes, for speed."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import NAMESPACE_DNS, uuid5


class Reading(NamedTuple):
    """An IntervalReading as it will be written: `start` in UTC seconds, `cost` in 10^-5."""

    start: int
    seconds: int
    value: int
    cost: int | None = None
    qualities: tuple[int, ...] = ()
    tou: int | None = None
    cpp: int | None = None
    tier: int | None = None


@dataclass(frozen=True, slots=True)
class Block:
    start: int
    seconds: int
    readings: list[Reading]


@dataclass(frozen=True, slots=True)
class Part:
    """An entry. `kind` is the name of what it holds, `at` its dates in UTC seconds.

    `payloads` are elements as they will be written, or interval blocks. `prefix` is cust for
    what only the customer schema has.
    """

    kind: str
    href: str
    up: str
    related: tuple[str, ...]
    title: str
    at: int
    payloads: tuple[bytes | Block, ...]
    prefix: str = "espi"

    @property
    def id(self) -> str:
        # As the Green Button Alliance makes them: the same resource has the same id for ever.
        return f"urn:uuid:{uuid5(NAMESPACE_DNS, self.href)}"


READING = b"""\
        <IntervalReading>
          <cost>%d</cost>
          <ReadingQuality>
            <quality>%d</quality>
          </ReadingQuality>
          <timePeriod>
            <duration>%d</duration>
            <start>%d</start>
          </timePeriod>
          <value>%d</value>
        </IntervalReading>
"""
QUALITY = b"""\
          <ReadingQuality>
            <quality>%d</quality>
          </ReadingQuality>
"""
TIME_AND_VALUE = b"""\
          <timePeriod>
            <duration>%d</duration>
            <start>%d</start>
          </timePeriod>
          <value>%d</value>
"""
BLOCK = b"""\
      <IntervalBlock xmlns="http://naesb.org/espi">
        <interval>
          <duration>%d</duration>
          <start>%d</start>
        </interval>
%b      </IntervalBlock>
"""
ENTRY = b"""\
  <entry>
    <id>%b</id>
%b    <title>%b</title>
    <content>
%b    </content>
    <published>%b</published>
    <updated>%b</updated>
  </entry>
"""
LINK = b"""\
    <link rel="%b" href="%b" type="%b"/>
"""
HEAD = b"""\
<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <id>%b</id>
  <title>%b</title>
  <updated>%b</updated>
  <link rel="self" href="%b"/>
"""
TAIL = b"</feed>\n"


def write(part: Part) -> bytes:
    payloads = b"".join(
        _write_block(payload) if isinstance(payload, Block) else payload
        for payload in part.payloads
    )
    date = date_text(part.at)
    return ENTRY % (part.id.encode(), _write_links(part), part.title.encode(), payloads, date, date)


def date_text(at: int) -> bytes:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()


def _write_links(part: Part) -> bytes:
    type_ = f"{part.prefix}-entry/{part.kind}".encode()
    links = [("self", part.href), ("up", part.up), *(("related", href) for href in part.related)]
    return b"".join(
        LINK % (rel.encode(), href.encode(), type_ if rel == "self" else _type_of(href, part))
        for rel, href in links
        if href
    )


def _type_of(href: str, part: Part) -> bytes:
    *_, before, last = href.rsplit("/", 2)
    # A collection ends with the name of what it holds, a resource with its number.
    return (
        f"{part.prefix}-feed/{last}" if last.isalpha() else f"{part.prefix}-entry/{before}"
    ).encode()


def _write_block(block: Block) -> bytes:
    readings = b"".join([_write_reading(reading) for reading in block.readings])
    return BLOCK % (block.seconds, block.start, readings)


def _write_reading(reading: Reading) -> bytes:
    start, seconds, value, cost, qualities, tou, cpp, tier = reading
    # Feeds are readings nearly throughout, and tidy ones are all like this.
    if cost is not None and len(qualities) == 1 and tou is cpp is tier is None:
        return READING % (cost, qualities[0], seconds, start, value)
    # In the order of espi.xsd.
    return b"".join(
        [
            b"        <IntervalReading>\n",
            _write_number(b"cost", cost),
            *(QUALITY % quality for quality in qualities),
            TIME_AND_VALUE % (seconds, start, value),
            _write_number(b"consumptionTier", tier),
            _write_number(b"tou", tou),
            _write_number(b"cpp", cpp),
            b"        </IntervalReading>\n",
        ]
    )


def _write_number(name: bytes, number: int | None) -> bytes:
    return b"" if number is None else b"          <%b>%d</%b>\n" % (name, number, name)
