"""Documents that are large in one way only: reading them must take time in step with their size."""

from collections.abc import Callable

ATOM = "http://www.w3.org/2005/Atom"
ESPI = "http://naesb.org/espi"
CUSTOMER = "http://naesb.org/espi/customer"


def feed(*entries: str) -> bytes:
    head = f'<feed xmlns="{ATOM}" xmlns:e="{ESPI}" xmlns:c="{CUSTOMER}">'
    return f"{head}{''.join(entries)}</feed>".encode()


def entry(payload: str = "", own: str = "", up: str = "", related: tuple[str, ...] = ()) -> str:
    links = [("self", own), ("up", up), *(("related", href) for href in related)]
    said = "".join(f'<link rel="{rel}" href="{href}"/>' for rel, href in links if href)
    return f"<entry>{said}<content>{payload}</content></entry>"


def reading(start: int, seconds: int = 900, more: str = "") -> str:
    return (
        f"<e:IntervalReading>{more}<e:timePeriod><e:duration>{seconds}</e:duration>"
        f"<e:start>{start}</e:start></e:timePeriod><e:value>1</e:value></e:IntervalReading>"
    )


def block(*readings: str) -> str:
    return f"<e:IntervalBlock>{''.join(readings)}</e:IntervalBlock>"


def _each(count: int, make: Callable[[int], str]) -> tuple[str, ...]:
    return tuple(make(number) for number in range(count))


USAGE_POINT = "<e:UsagePoint/>"
METER_READING = "<e:MeterReading/>"
READING_TYPE = "<e:ReadingType><e:uom>72</e:uom></e:ReadingType>"
LOCAL_TIME = "<e:LocalTimeParameters><e:tzOffset>0</e:tzOffset></e:LocalTimeParameters>"
SUMMARY = "<e:UsageSummary/>"
LINE_ITEM = """\
<e:costAdditionalDetailLastPeriod><e:note>x</e:note></e:costAdditionalDetailLastPeriod>
"""

# By name, the document of that size.
SHAPES: dict[str, Callable[[int], bytes]] = {
    "empty entries": lambda n: feed(*["<entry/>"] * n),
    "elements beside entries": lambda n: feed(*["<x/>"] * n),
    "elements in an entry": lambda n: feed(f"<entry>{'<x/>' * n}</entry>"),
    "contents in an entry": lambda n: feed(
        f"<entry>{'<content><e:UsagePoint/></content>' * n}</entry>"
    ),
    "payloads in a content": lambda n: feed(entry(USAGE_POINT * n)),
    "blocks in a content": lambda n: feed(entry(block(reading(0)) * n)),
    "attributes": lambda n: feed("<entry " + " ".join(_each(n, lambda i: f'a{i}=""')) + "/>"),
    "namespaces": lambda n: feed(
        "<entry " + " ".join(_each(n, lambda i: f'xmlns:a{i}="u{i}"')) + "/>"
    ),
    "a long attribute": lambda n: feed(entry(own="x" * n)),
    "slashes": lambda n: feed(entry(USAGE_POINT, own="x"), entry(METER_READING, own="/" * n)),
    "comments": lambda n: feed(*["<!-- -->"] * n),
    "processing instructions": lambda n: feed(*["<?x?>"] * n),
    "comments in a number": lambda n: feed(
        entry(block(reading(0, more="<e:cost>" + "1<!---->" * n + "</e:cost>")))
    ),
    "digits": lambda n: feed(entry(block(reading(0, more=f"<e:cost>{'9' * n}</e:cost>")))),
    "blanks": lambda n: feed(entry(block(reading(0, more=f"<e:cost>{' ' * n}</e:cost>")))),
    "a long title": lambda n: feed(f"<entry><title>{'x ' * n}</title></entry>"),
    "a long date": lambda n: feed(f"<entry><updated>{'2025' * n}</updated></entry>"),
    "escaped payloads": lambda n: feed(*[entry("&lt;UsagePoint/>")] * n),
    "a long escaped payload": lambda n: feed(
        entry("&lt;UsagePoint>" + "&lt;x/>" * n + "&lt;/UsagePoint>")
    ),
    "an unknown payload": lambda n: feed(entry("<e:Unknown>" + "<e:x/>" * n + "</e:Unknown>")),
    "unknown payloads": lambda n: feed(entry("<e:Unknown/>" * n)),
    "unknown names": lambda n: feed(*_each(n, lambda i: entry(f"<e:Unknown{i}/>"))),
    "links": lambda n: feed(entry(USAGE_POINT, related=_each(n, str))),
    "links of one that is repeated": lambda n: feed(
        *_each(n, lambda i: entry(USAGE_POINT, own="x", related=(str(i),)))
    ),
    "usage points": lambda n: feed(*_each(n, lambda i: entry(USAGE_POINT, own=f"u{i}"))),
    "usage points of one link": lambda n: feed(*[entry(USAGE_POINT, own="u")] * n),
    "usage points, local times": lambda n: feed(
        *_each(n, lambda i: entry(USAGE_POINT, own=f"u{i}", related=(f"l{i}",))),
        *_each(n, lambda i: entry(LOCAL_TIME, own=f"l{i}")),
    ),
    "meter readings, usage points that all match": lambda n: feed(
        *_each(n, lambda i: entry(USAGE_POINT, own=f"u{i}", related=("x",))),
        *_each(n, lambda i: entry(METER_READING, own=f"m{i}", up="x")),
    ),
    "meter readings, reading types": lambda n: feed(
        *_each(n, lambda i: entry(METER_READING, own=f"m{i}", related=(f"r{i}",))),
        *_each(n, lambda i: entry(READING_TYPE, own=f"r{i}")),
    ),
    "meter readings, reading types that all match": lambda n: feed(
        *_each(n, lambda i: entry(METER_READING, own=f"m{i}", related=("x",))),
        *_each(n, lambda i: entry(READING_TYPE, own="x", up=f"{i}")),
    ),
    "meter readings, reading types by their up link": lambda n: feed(
        *_each(n, lambda i: entry(METER_READING, own=f"m{i}", related=("x",))),
        *_each(n, lambda i: entry(READING_TYPE, own=f"r{i}", up="x")),
    ),
    "meter readings, reading types that continue them": lambda n: feed(
        *_each(n, lambda i: entry(METER_READING, own=f"m{i}")),
        *_each(n, lambda i: entry(READING_TYPE, own=f"m{i}/r")),
    ),
    "blocks, meter readings that all match": lambda n: feed(
        *_each(n, lambda i: entry(METER_READING, own=f"m{i}", related=("x",))),
        *_each(n, lambda i: entry(block(reading(i * 900)), own=f"b{i}", up="x")),
    ),
    "blocks of nobody": lambda n: feed(*_each(n, lambda i: entry(block(reading(0)), own=f"b{i}"))),
    "blocks without times": lambda n: feed(
        *_each(
            n,
            lambda i: entry(
                block("<e:IntervalReading><e:value>1</e:value></e:IntervalReading>"), own=f"b{i}"
            ),
        )
    ),
    "blocks without times of one meter reading": lambda n: feed(
        *_each(
            n,
            lambda i: entry(
                block("<e:IntervalReading><e:value>1</e:value></e:IntervalReading>"), own="b"
            ),
        )
    ),
    "bills": lambda n: feed(*_each(n, lambda i: entry(SUMMARY, own=f"s{i}", up="x"))),
    "line items": lambda n: feed(
        entry(f"<e:UsageSummary>{LINE_ITEM * n}</e:UsageSummary>"),
    ),
    "readings": lambda n: feed(entry(block(*_each(n, lambda i: reading(i * 900))))),
    "readings, the newest first": lambda n: feed(
        entry(block(*_each(n, lambda i: reading((n - i) * 900))))
    ),
    "readings in no order": lambda n: feed(
        entry(block(*_each(n, lambda i: reading(i * 7_919 % n * 900))))
    ),
    "readings of one second": lambda n: feed(entry(block(*[reading(0)] * n))),
    "readings of one start": lambda n: feed(entry(block(*_each(n, lambda i: reading(0, i + 1))))),
    "readings a day apart": lambda n: feed(
        entry(block(*_each(n, lambda i: reading(i * 86_400 % 7_000_000_000))))
    ),
    "blocks of one day": lambda n: feed(*_each(n, lambda i: entry(block(reading(i)), own="b"))),
    "conflicting blocks": lambda n: feed(*[entry(block(reading(0)), own="b")] * n),
    "qualities of a reading": lambda n: feed(
        entry(
            block(
                reading(0, more="<e:ReadingQuality><e:quality>0</e:quality></e:ReadingQuality>" * n)
            )
        )
    ),
    "readings that are not plain": lambda n: feed(entry(block(*[reading(0, more="<x/>")] * n))),
    "readings in many forms": lambda n: feed(
        entry(block(*_each(n, lambda i: reading(0, more="<e:cost>1</e:cost>" + " " * (i % 50)))))
    ),
    "readings that never end": lambda n: feed(
        entry("<e:IntervalBlock>" + "<e:IntervalReading>" * 200 + "<x/>" * n)
    ),
    "openings of readings": lambda n: b"<feed>" + b"<IntervalReading>" * n,
    "openings of comments": lambda n: b"<feed>" + b"<!--" * n,
    "less-than signs": lambda n: b"<" * n,
    "greater-than signs": lambda n: b"<feed>" + b">" * n,
    "depth": lambda n: b"<a>" * n,
    "a name": lambda n: b"<" + b"a" * n,
    "a declaration": lambda n: b"<?xml" + b" encoding " * n,
    "a tag": lambda n: b"<feed " + b'a="' * n,
    "addresses": lambda n: feed(
        entry(
            "<c:ServiceLocation><c:UsagePoints>"
            + "".join(_each(n, lambda i: f"<c:UsagePoint>{i}</c:UsagePoint>"))
            + "</c:UsagePoints></c:ServiceLocation>"
        )
    ),
    "customers": lambda n: feed(
        *_each(n, lambda i: entry("<c:Customer/>", own=f"c{i}", related=("x",)))
    ),
    "customers, accounts that all match": lambda n: feed(
        *_each(n, lambda i: entry("<c:Customer/>", own=f"c{i}", related=("x",))),
        *_each(n, lambda i: entry("<c:CustomerAccount/>", own=f"a{i}", up="x")),
    ),
    "agreements, locations and meters that all match": lambda n: feed(
        *_each(n, lambda i: entry("<c:CustomerAgreement/>", own=f"a{i}", related=("x", "y"))),
        *_each(n, lambda i: entry("<c:ServiceLocation/>", own=f"l{i}", up="x", related=("y",))),
        *_each(n, lambda i: entry("<c:Meter/>", own=f"m{i}", up="y")),
    ),
}
