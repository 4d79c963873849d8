"""Ways to spoil a document. Each takes its choices from the given Random, and from nothing else."""

import re
from collections.abc import Callable
from random import Random

Mutation = Callable[[bytes, Random, list[bytes]], bytes]

TEXT = re.compile(rb">([^<>]+)<")
NUMBER = re.compile(rb"(?<=>)-?[0-9]+(?:\.[0-9]+)?(?=<)")
TAG = re.compile(rb"</?[A-Za-z_][^<>]*>")
ELEMENT = re.compile(rb"<([A-Za-z_][\w:.-]*)(?: [^<>]*)?>[^<>]*</\1>")
ENTRY = re.compile(rb"<(\w+:)?entry\b.*?</\1?entry>", re.DOTALL)
NAME = re.compile(rb"(?<=[<:/])[A-Za-z_][\w.-]*(?=[ />])")
HREF = re.compile(rb'(?<=href=")[^"]*(?=")')
PREFIX = re.compile(rb"(?<=[</ ])(\w+):(?=\w)")

NUMBERS = [
    *(b"0", b"-0", b"-1", b"1", b"00000000000000000000000000007", b"+5", b" 5 ", b"5\n", b"1_000"),
    *(
        str(sign * 2**power + more).encode()
        for sign in (1, -1)
        for power in (15, 31, 47, 63, 64)
        for more in (-1, 0, 1)
    ),
    *(b"9" * 15, b"9" * 400, b"9" * 5_000, b"-" * 50, b"1e308", b"1e400", b"0x1F", b"NaN", b"-INF"),
    *(b"1.5", b"1.", b".5", b"1.0000000000000000", b"1,436,684,400,000", b"1721154384.66136"),
    *(b"1430377200000", b"1430377200000000", b"99999999999", b"100000000001", b"-62135596801"),
    *(
        b"253402300800",
        b"-2208988801",
        b"7258118400",
        b"\xd9\xa1\xd9\xa2",
        b"\xef\xbc\x91",
        b"\xc2\xb2",
    ),
    *(
        b"",
        b" ",
        b"null",
        b"true",
        b"2025-01-01",
        b"0001-01-01T00:00:00+14:00",
        b"9999-12-31T23:59:59-14:00",
    ),
    *(
        b"2025-02-30T00:00:00Z",
        b"20250101T000000Z",
        b"2025-W01-1",
        b"12:00",
        b"FFFFFFFF",
        b"00000000",
        b"F00DF00D",
    ),
]
NAMES = [
    *(
        b"feed",
        b"entry",
        b"content",
        b"link",
        b"id",
        b"published",
        b"updated",
        b"title",
        b"extension",
    ),
    *(
        b"UsagePoint",
        b"MeterReading",
        b"IntervalBlock",
        b"IntervalReading",
        b"ReadingType",
        b"interval",
    ),
    *(
        b"LocalTimeParameters",
        b"UsageSummary",
        b"ElectricPowerUsageSummary",
        b"BatchList",
        b"ServiceStatus",
    ),
    *(
        b"ElectricPowerQualitySummary",
        b"ApplicationInformation",
        b"Authorization",
        b"ProgramIdMappings",
    ),
    *(
        b"Customer",
        b"CustomerAccount",
        b"CustomerAgreement",
        b"ServiceLocation",
        b"Meter",
        b"EndDevice",
    ),
    *(
        b"timePeriod",
        b"start",
        b"duration",
        b"value",
        b"cost",
        b"ReadingQuality",
        b"quality",
        b"tou",
    ),
    *(
        b"costAdditionalDetailLastPeriod",
        b"overallConsumptionLastPeriod",
        b"billingPeriod",
        b"a" * 3_000,
    ),
]
NAMESPACES = [
    *(b"http://www.w3.org/2005/Atom", b"http://naesb.org/espi", b"http://naesb.org/espi/customer"),
    *(
        b"",
        b"urn:x",
        b"http://www.w3.org/XML/1998/namespace",
        b"http://www.w3.org/2001/XInclude",
        b"{x}",
    ),
]
INSERTS = [
    *(
        b"<!-- -->",
        b"<!--",
        b"-->",
        b"<?pi x?>",
        b"<?xml version='1.0'?>",
        b"<![CDATA[",
        b"]]>",
        b"<![CDATA[5]]>",
    ),
    *(
        b"&amp;",
        b"&lt;",
        b"&#0;",
        b"&#x41;",
        b"&#55;",
        b"&#xD800;",
        b"&undefined;",
        b"&",
        b"<",
        b">",
        b'"',
        b"'",
        b"\x00",
    ),
    *(
        b"\xff",
        b"\xc3",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xef\xbf\xbe",
        b"\xef\xbb\xbf",
        b"\xe2\x80\xa8",
    ),
    *(
        b"<x:y/>",
        b"<y xmlns=''/>",
        b"<a:b:c/>",
        b"<entry/>",
        b"</entry>",
        b"<feed>",
        b"</feed>",
        b" xml:space='preserve'",
    ),
    *(
        b"<IntervalReading/>",
        b"<IntervalReading><value>1</value></IntervalReading>",
        b"<content><content/></content>",
    ),
    *(
        b"<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='/etc/hostname'/>",
        b"\r",
        b"\r\n",
        b"\t",
        b"\x85",
    ),
]
DOCTYPES = [
    b"<!DOCTYPE feed>",
    b'<!DOCTYPE feed SYSTEM "file:///etc/hostname">',
    b'<!DOCTYPE feed [<!ENTITY a "1"><!ENTITY b "&a;&a;&a;&a;">]>',
    b'<!DOCTYPE feed [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x.dtd"> %x;]>',
    b'<!DOCTYPE feed [<!ATTLIST entry x CDATA "1">]>',
]
ENCODINGS = [
    *(
        b"UTF-8",
        b"utf8",
        b"UTF-16",
        b"UTF-7",
        b"ISO-8859-1",
        b"windows-1252",
        b"US-ASCII",
        b"IBM037",
    ),
    *(b"UCS-4", b"EUC-JP", b"Shift_JIS", b"x", b"", b"UTF-32"),
]


# -- bytes ------------------------------------------------------------------------------------


def flip(document: bytes, random: Random, _: list[bytes]) -> bytes:
    spoilt = bytearray(document)
    for _once in range(random.randint(1, 8)):
        if spoilt:
            spoilt[random.randrange(len(spoilt))] ^= 1 << random.randrange(8)
    return bytes(spoilt)


def cut(document: bytes, random: Random, _: list[bytes]) -> bytes:
    start, end = _span(document, random)
    return document[:start] + document[end:]


def cut_off(document: bytes, random: Random, _: list[bytes]) -> bytes:
    return document[: random.randrange(len(document) + 1)]


def repeat(document: bytes, random: Random, _: list[bytes]) -> bytes:
    start, end = _span(document, random)
    return document[:end] + document[start:end] * random.randint(1, 20) + document[end:]


def swap(document: bytes, random: Random, _: list[bytes]) -> bytes:
    a, b, c, d = sorted(random.randrange(len(document) + 1) for _once in range(4))
    return document[:a] + document[c:d] + document[b:c] + document[a:b] + document[d:]


def splice(document: bytes, random: Random, others: list[bytes]) -> bytes:
    other = random.choice(others)
    start, end = _span(other, random, 4_000)
    at = random.randrange(len(document) + 1)
    return document[:at] + other[start:end] + document[at:]


def join_halves(document: bytes, random: Random, others: list[bytes]) -> bytes:
    other = random.choice(others)
    return (
        document[: random.randrange(len(document) + 1)] + other[random.randrange(len(other) + 1) :]
    )


def insert(document: bytes, random: Random, _: list[bytes]) -> bytes:
    at = random.randrange(len(document) + 1)
    return document[:at] + random.choice(INSERTS) + document[at:]


def noise(document: bytes, random: Random, _: list[bytes]) -> bytes:
    at = random.randrange(len(document) + 1)
    return document[:at] + random.randbytes(random.randint(1, 60)) + document[at:]


# -- XML --------------------------------------------------------------------------------------


def extreme_numbers(document: bytes, random: Random, _: list[bytes]) -> bytes:
    return _some(NUMBER, document, random, lambda _found: random.choice(NUMBERS))


def other_texts(document: bytes, random: Random, _: list[bytes]) -> bytes:
    return _some(TEXT, document, random, lambda _found: b">" + random.choice(NUMBERS) + b"<")


def wrap_texts(document: bytes, random: Random, _: list[bytes]) -> bytes:
    wrapped = random.choice(
        [
            b"><![CDATA[%b]]><",
            b"><!-- -->%b<",
            b">%b<?x?><",
            b">&#32;%b<",
            b"><b>%b</b><",
            b">%b<b/><",
        ]
    )
    return _some(TEXT, document, random, lambda found: wrapped % found[1])


def split_texts(document: bytes, random: Random, _: list[bytes]) -> bytes:
    between = random.choice(INSERTS)
    return _some(
        TEXT, document, random, lambda found: b">" + found[1][:1] + between + found[1][1:] + b"<"
    )


def reference_texts(document: bytes, random: Random, _: list[bytes]) -> bytes:
    def referred(found: re.Match[bytes]) -> bytes:
        return b">" + b"".join(b"&#%d;" % byte for byte in found[1][:40]) + b"<"

    return _some(TEXT, document, random, referred)


def drop_tags(document: bytes, random: Random, _: list[bytes]) -> bytes:
    return _some(TAG, document, random, lambda _found: b"", at_most=2)


def drop_elements(document: bytes, random: Random, _: list[bytes]) -> bytes:
    return _some(ELEMENT, document, random, lambda _found: b"")


def repeat_elements(document: bytes, random: Random, _: list[bytes]) -> bytes:
    times = random.choice([2, 3, 50])
    return _some(ELEMENT, document, random, lambda found: found[0] * times)


def move_elements(document: bytes, random: Random, _: list[bytes]) -> bytes:
    elements = [found[0] for found in ELEMENT.finditer(document)] or [b""]
    return _some(ELEMENT, document, random, lambda _found: random.choice(elements))


def nest_elements(document: bytes, random: Random, _: list[bytes]) -> bytes:
    """An element inside its like, as a reading in a reading."""
    return _some(
        ELEMENT, document, random, lambda found: b"<%b>%b</%b>" % (found[1], found[0], found[1])
    )


def shuffle_entries(document: bytes, random: Random, _: list[bytes]) -> bytes:
    entries = [found[0] for found in ENTRY.finditer(document)]
    random.shuffle(entries)
    taken = iter(entries)
    return ENTRY.sub(lambda _found: next(taken), document)


def repeat_entries(document: bytes, random: Random, _: list[bytes]) -> bytes:
    return _some(ENTRY, document, random, lambda found: found[0] * random.randint(2, 5))


def foreign_entries(document: bytes, random: Random, others: list[bytes]) -> bytes:
    entries = [found[0] for found in ENTRY.finditer(random.choice(others))] or [b""]
    return _some(ENTRY, document, random, lambda found: found[0] + random.choice(entries))


def nest_entries(document: bytes, random: Random, _: list[bytes]) -> bytes:
    return _some(ENTRY, document, random, lambda found: b"<entry>" + found[0] + b"</entry>")


def rename(document: bytes, random: Random, _: list[bytes]) -> bytes:
    """Both tags of a name, so that the document stays well-formed."""
    names = sorted({found[0] for found in NAME.finditer(document)})
    if not names:
        return document
    old, new = random.choice(names), random.choice([*NAMES, *names])
    return re.sub(rb"(?<=[<:/])" + re.escape(old) + rb"(?=[ />])", new, document)


def swap_hrefs(document: bytes, random: Random, _: list[bytes]) -> bytes:
    hrefs = [found[0] for found in HREF.finditer(document)]
    hrefs += [b"", b" ", b"/", b"/" * 2_000, b"urn:x", b"x" * 100_000, b"\xc3\xa9"]
    return _some(HREF, document, random, lambda _found: random.choice(hrefs))


def swap_namespaces(document: bytes, random: Random, _: list[bytes]) -> bytes:
    old, new = random.choice(NAMESPACES), random.choice(NAMESPACES)
    return document.replace(b'"%b"' % old, b'"%b"' % new, random.randint(1, 50))


def rename_prefixes(document: bytes, random: Random, _: list[bytes]) -> bytes:
    prefixes = sorted({found[1] for found in PREFIX.finditer(document)})
    if not prefixes:
        return document
    new = random.choice([*prefixes, b"xml", b"_", b"p" * 500])
    return document.replace(random.choice(prefixes) + b":", new + b":")


def add_attributes(document: bytes, random: Random, _: list[bytes]) -> bytes:
    attributes = random.choice(
        [
            b' a="%b"' % (b"x" * random.choice([10, 100_000])),
            b"".join(b' a%d=""' % number for number in range(random.choice([2, 2_000]))),
            b' xmlns="urn:x"',
            b' xsi:type="x"',
            b' xmlns:espi="http://naesb.org/espi"',
            b' xmlns="http://naesb.org/espi"',
            b' type="html"',
            b' type="xhtml" src="file:///etc/hostname"',
            b' columns="1 2 3"',
        ]
    )
    return _some(TAG, document, random, lambda found: _with(found[0], attributes), at_most=3)


def nest_deeply(document: bytes, random: Random, _: list[bytes]) -> bytes:
    depth, name = random.choice([10, 200, 300, 5_000]), random.choice(NAMES)
    at = random.choice([found.end() for found in TAG.finditer(document)] or [0])
    return document[:at] + b"<%b>" % name * depth + b"</%b>" % name * depth + document[at:]


def add_doctype(document: bytes, random: Random, _: list[bytes]) -> bytes:
    at = document.find(b"?>") + 2 if document.startswith(b"<?xml") else 0
    return document[:at] + random.choice(DOCTYPES) + document[at:]


def other_encoding(document: bytes, random: Random, _: list[bytes]) -> bytes:
    declaration = b'<?xml version="1.0" encoding="%b"?>' % random.choice(ENCODINGS)
    body = re.sub(rb"^<\?xml.*?\?>", b"", document, count=1, flags=re.DOTALL)
    if random.random() < 0.5:
        return declaration + body
    encoding = random.choice(["utf-16", "utf-16-be", "utf-32", "cp037", "latin-1", "utf-8-sig"])
    text = (declaration + body).decode("utf-8", "replace")
    return text.encode(encoding, "replace")


def other_quotes(document: bytes, _random: Random, _: list[bytes]) -> bytes:
    return document.replace(b'"', b"'")


def other_blanks(document: bytes, random: Random, _: list[bytes]) -> bytes:
    blank = random.choice([b"", b" ", b"\n\n", b"\r", b"\t", b" " * 300])
    return re.sub(rb">\s+<", b">" + blank + b"<", document)


def blanks_in_tags(document: bytes, random: Random, _: list[bytes]) -> bytes:
    return _some(TAG, document, random, lambda found: found[0][:-1] + b" \n>", at_most=40)


MUTATIONS: list[Mutation] = [
    flip, cut, cut_off, repeat, swap, splice, join_halves, insert, noise,
    extreme_numbers, extreme_numbers, other_texts, wrap_texts, split_texts, reference_texts,
    drop_tags, drop_elements, repeat_elements, move_elements, nest_elements, shuffle_entries,
    repeat_entries, foreign_entries, nest_entries, rename, rename, swap_hrefs, swap_namespaces,
    rename_prefixes, add_attributes, nest_deeply, add_doctype, other_encoding, other_quotes,
    other_blanks, blanks_in_tags,
]  # fmt: skip
# These leave a document well-formed, mostly, so several may be laid over one another.
GENTLE: list[Mutation] = [
    extreme_numbers, other_texts, wrap_texts, drop_elements, repeat_elements, move_elements,
    shuffle_entries, repeat_entries, foreign_entries, rename, swap_hrefs, other_blanks,
    blanks_in_tags, reference_texts,
]  # fmt: skip
# Repeating the repeated grows without end.
LARGEST = 3_000_000


def spoilt(originals: list[bytes], seed: int, number: int) -> bytes:
    """The document of that number, always the same for the same originals and seed."""
    random = Random(f"{seed}/{number}")
    document = random.choice(originals)
    if random.random() < 0.6:
        mutations = random.choices(GENTLE, k=random.randint(1, 5))
    else:
        mutations = random.choices(MUTATIONS, k=random.randint(1, 3))
    for mutation in mutations:
        changed = mutation(document, random, originals)
        document = changed if len(changed) <= LARGEST else document
    return document


def _span(document: bytes, random: Random, longest: int = 2_000) -> tuple[int, int]:
    start = random.randrange(len(document) + 1)
    return start, min(len(document), start + random.randint(1, longest))


def _some(
    pattern: re.Pattern[bytes],
    document: bytes,
    random: Random,
    change: Callable[[re.Match[bytes]], bytes],
    at_most: int = 10,
) -> bytes:
    """Change a few of the places that the pattern finds, or, now and then, all of them."""
    found = list(pattern.finditer(document))
    if not found:
        return document
    if len(found) < 2_000 and random.random() < 0.1:
        chosen = found
    else:
        count = min(len(found), random.randint(1, at_most))
        chosen = sorted(random.sample(found, count), key=lambda one: one.start())
    pieces, at = [], 0
    for one in chosen:
        pieces += [document[at : one.start()], change(one)]
        at = one.end()
    return b"".join([*pieces, document[at:]])


def _with(tag: bytes, attributes: bytes) -> bytes:
    if tag.startswith(b"</"):
        return tag
    end = -2 if tag.endswith(b"/>") else -1
    return tag[:end] + attributes + tag[end:]
