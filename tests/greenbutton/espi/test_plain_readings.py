"""The quick way and the general one read every document alike, tidy or not."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenbutton.espi import EspiError, plain_readings, read_feed
from greenbutton.espi.feed import Feed
from greenbutton.espi.interval_block import IntervalBlock, Readings
from greenbutton.espi.plain_readings import LONGEST_READING, MAX_FORMS, Condensed
from tests.greenbutton.espi.documents import at, block, entry, feed

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus"
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "espi"

ESPI = "http://naesb.org/espi"


def outcome(document: bytes, *, quick: bool) -> tuple[list[object], list[object]]:
    """All that reading a document gives: its entries, how it was refused, and its findings."""
    read = read_feed(BytesIO(document), max_bytes=2**30, quick=quick)
    return [*_until_refused(read)], [*read.findings]


def _until_refused(read: Feed) -> Iterator[object]:
    try:
        yield from read
    except EspiError as refused:
        # One that is found in a piece of the document may be told before the entries of that piece.
        yield refused.says, refused.line


def assert_both_ways_agree(document: bytes) -> None:
    quick, slow = outcome(document, quick=True), outcome(document, quick=False)
    if isinstance(slow[0][-1] if slow[0] else None, tuple):
        assert quick[0][-1] == slow[0][-1]
    else:
        assert quick == slow


def condensed(document: bytes) -> bytes:
    source = Condensed(BytesIO(document))
    return b"".join(iter(source.read, b""))


@pytest.fixture(params=[2**17, 700, 61], ids=lambda size: f"{size} bytes at a time")
def piece(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How much of a document is looked at together."""
    size: int = request.param
    monkeypatch.setattr(plain_readings, "CHUNK", size)
    return size


PLAIN = at("1330578000", "900", "-12")
GOOD = feed(entry(block(*[PLAIN] * 40)))


# -- real and made documents ----------------------------------------------------------------------


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the real feeds are not here (../shared/corpus)")
@pytest.mark.parametrize("name", sorted(path.name for path in CORPUS.glob("*.xml")))
def test_a_real_feed_is_read_alike(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    document = (CORPUS / name).read_bytes()
    for size in (plain_readings.CHUNK, 700, 61):
        monkeypatch.setattr(plain_readings, "CHUNK", size)
        # In small pieces the beginning of a large one tells as much.
        assert_both_ways_agree(document if size > 10_000 else document[:40_000])


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.xml")), ids=lambda path: path.name)
def test_an_odd_feed_of_our_own_is_read_alike(path: Path, piece: int) -> None:
    assert_both_ways_agree(path.read_bytes())


def test_most_of_a_tidy_document_never_reaches_the_parser() -> None:
    assert len(condensed(GOOD)) < len(GOOD) / 4
    (one,) = read_feed(BytesIO(GOOD), max_bytes=2**20)
    assert isinstance(one.resource, IntervalBlock)
    assert isinstance(one.resource.readings, Readings)
    assert one.resource.readings.starts == [1330578000] * 40
    assert one.resource.readings.seconds == [900] * 40
    assert one.resource.readings.values == [-12] * 40
    assert one.resource.readings.costs is None


def test_comments_and_attributes_in_each_reading_do_not_stop_it() -> None:
    typed = f"{OPENED[:-1]} a='b' espi:type=\"espi:IntervalReading\">"
    readings = [
        f"{typed}<!-- reading {n} of 40 -->{at(str(1330578000 + 900 * n), '900', f'-{n}')}{CLOSED}"
        for n in range(40)
    ]
    document = feed(entry(f"<espi:IntervalBlock>{''.join(readings)}</espi:IntervalBlock>"))
    assert len(condensed(document)) < len(document) / 4
    assert_both_ways_agree(document)
    (one,) = read_feed(BytesIO(document), max_bytes=2**20)
    assert isinstance(one.resource, IntervalBlock)
    assert [reading.value for reading in one.resource.readings] == [-n for n in range(40)]


# -- what is no plain reading ---------------------------------------------------------------------

XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
OPENED, CLOSED = "<espi:IntervalReading>", "</espi:IntervalReading>"
READING = f"{OPENED}{PLAIN}{CLOSED}"
ODD_READINGS = {
    "a comment in it": READING.replace("-12", "-1<!-- x -->2"),
    "a CDATA section in it": READING.replace("-12", "<![CDATA[-12]]>"),
    "an instruction in it": READING.replace("-12", "-12<?x y?>"),
    "a character reference in it": READING.replace("-12", "&#49;2"),
    "an attribute": READING.replace("<espi:value>", '<espi:value xml:lang="en">'),
    "an attribute on the reading": READING.replace(OPENED, '<espi:IntervalReading a="b">'),
    "a blank in a tag": READING.replace("<espi:value>", "<espi:value >"),
    "a field that comes twice": READING.replace(CLOSED, f"<espi:value>13</espi:value>{CLOSED}"),
    "no value": f"{OPENED}<espi:cost>1</espi:cost>{CLOSED}",
    "nothing": f"{OPENED}{CLOSED}",
    "an empty element": "<espi:IntervalReading/>",
    "a value elsewhere": READING.replace(
        CLOSED, f"<espi:other><espi:value>3</espi:value></espi:other>{CLOSED}"
    ),
    "a start outside its period": f"{OPENED}<espi:start>1</espi:start>{PLAIN}{CLOSED}",
    "a quality outside": f"{OPENED}<espi:quality>1</espi:quality>{PLAIN}{CLOSED}",
    "two qualities": f"{OPENED}<espi:ReadingQuality><espi:quality>1</espi:quality>"
    f"<espi:quality>2</espi:quality></espi:ReadingQuality>{PLAIN}{CLOSED}",
    "two elements of quality": f"{OPENED}"
    + "<espi:ReadingQuality><espi:quality>1</espi:quality></espi:ReadingQuality>" * 2
    + f"{PLAIN}{CLOSED}",
    "a field of the schema that is not read": READING.replace(
        CLOSED, f"<espi:remark>Zone-5</espi:remark>{CLOSED}"
    ),
    "digits in the name of a field": READING.replace(CLOSED, f"<espi:f7>8</espi:f7>{CLOSED}"),
    "a field of another namespace": READING.replace(CLOSED, f"<published>1</published>{CLOSED}"),
    "a text between": READING.replace(CLOSED, f"7{CLOSED}"),
    "blanks around a number": READING.replace("-12", " -12\n"),
    "a plus sign": READING.replace("-12", "+12"),
    "two signs": READING.replace("-12", "--12"),
    "a fraction": READING.replace("-12", "12.5"),
    "a fraction of nothing": READING.replace("1330578000", "1330578000.0"),
    "an underscore": READING.replace("-12", "1_2"),
    "other digits": READING.replace("-12", "١٢"),
    "milliseconds": READING.replace("1330578000", "1330578000000"),
    "a number beyond bigint": READING.replace("-12", "9" * 25),
    "leading zeros": READING.replace("-12", "0012"),
    "no seconds": READING.replace("900", "0"),
    "negative seconds": READING.replace("900", "-900"),
    "a tier beyond smallint": READING.replace(
        CLOSED, f"<espi:consumptionTier>40000</espi:consumptionTier>{CLOSED}"
    ),
    "an unprefixed tag": READING.replace(":value", "").replace("espi-12", "value-12"),
    "the wrong end": READING.replace("</espi:value>", "</espi:cost>"),
    "no end": f"{OPENED}{PLAIN}",
    "a reading in a reading": f"{OPENED}{READING}{PLAIN}{CLOSED}",
    "a comment between": READING.replace(CLOSED, f"<!-- of 7 - \n 8 -->{CLOSED}"),
    "a comment at its beginning": READING.replace(OPENED, f"{OPENED}<!---->"),
    "a comment in its period": READING.replace("<espi:start>", "<!--a-b--><espi:start>"),
    "a comment of two hyphens": READING.replace(CLOSED, f"<!-- a--b -->{CLOSED}"),
    "a comment that ends in three": READING.replace(CLOSED, f"<!-- a --->{CLOSED}"),
    "a comment of other letters": READING.replace(CLOSED, f"<!-- é -->{CLOSED}"),
    "a comment of no character": READING.replace(CLOSED, f"<!-- \x01 -->{CLOSED}"),
    "a comment that hides the end": READING.replace(CLOSED, f"<!-- {CLOSED} -->{CLOSED}"),
    "a comment that hides a number": READING.replace(
        "<espi:value>", "<!-- <espi:value>9</espi:value> --><espi:value>"
    ),
    "a type": READING.replace(OPENED, f'<espi:IntervalReading {XSI} xsi:type="espi:X">'),
    "attributes": READING.replace(OPENED, "<espi:IntervalReading a='1'\n b = \"2\" >"),
    "attributes on lines": READING.replace(OPENED, "<espi:IntervalReading\n a='1'\n\tb=\"2\"\n>"),
    "an attribute given twice": READING.replace(OPENED, '<espi:IntervalReading a="b" a="b">'),
    "an attribute of no namespace": READING.replace(OPENED, '<espi:IntervalReading z:a="b">'),
    "an attribute of a namespace": READING.replace(OPENED, '<espi:IntervalReading espi:a="b">'),
    "an attribute with an entity": READING.replace(OPENED, '<espi:IntervalReading a="&no;">'),
    "an attribute with a tag": READING.replace(OPENED, '<espi:IntervalReading a="<b>">'),
    "an attribute without quotes": READING.replace(OPENED, "<espi:IntervalReading a=b>"),
    "attributes without a blank": READING.replace(OPENED, "<espi:IntervalReading a='1'b='2'>"),
    "a prefix of its own": READING.replace(OPENED, '<espi:IntervalReading xmlns:espi="urn:x">'),
    "an id": READING.replace(OPENED, '<espi:IntervalReading xml:id="1 2">'),
    "an attribute at its end": READING.replace(CLOSED, '</espi:IntervalReading a="b">'),
    "a long text": READING.replace(
        CLOSED, f"<espi:remark>{'x' * LONGEST_READING}</espi:remark>{CLOSED}"
    ),
    "an entity": READING.replace("-12", "&lt;12"),
    "our own attribute, guessed": READING.replace(
        OPENED, '<espi:IntervalReading columns-0="value">'
    ),
}


@pytest.mark.parametrize("odd", ODD_READINGS.values(), ids=ODD_READINGS)
def test_an_odd_reading_is_read_alike_wherever_it_stands(odd: str, piece: int) -> None:
    for readings in ([odd], [READING, odd], [odd, READING], [READING] * 9 + [odd] * 3 + [READING]):
        content = f"<espi:IntervalBlock>{''.join(readings)}</espi:IntervalBlock>"
        assert_both_ways_agree(feed(entry(content)))


# -- what is around a reading ---------------------------------------------------------------------

MANY = READING * 5
BLOCK = f"<espi:IntervalBlock>{MANY}</espi:IntervalBlock>"
ODD_PLACES = {
    "a comment": f"<espi:IntervalBlock><!-- {MANY} --></espi:IntervalBlock>",
    "a comment that is never closed": f"<espi:IntervalBlock><!-- {MANY}</espi:IntervalBlock>",
    "after a comment": f"<!-- > -->{BLOCK}<!-- -->{BLOCK}",
    "a CDATA section": f"<![CDATA[{BLOCK}]]>",
    "after a CDATA section that looks closed": f"<![CDATA[ --> ?> ]] > ]]>{BLOCK}",
    "an instruction": f"<espi:IntervalBlock><?x {MANY} ?></espi:IntervalBlock>",
    "an attribute": f'<espi:IntervalBlock x="{MANY}"/>',
    "an escaped attribute": '<espi:IntervalBlock x="&lt;!--"/>' + BLOCK,
    "no block": MANY,
    "another element": f"<espi:UsagePoint>{MANY}</espi:UsagePoint>",
    "another element in a block": BLOCK.replace(MANY, f"<espi:x>{MANY}</espi:x>"),
    "after an empty block": f"<espi:IntervalBlock/>{MANY}",
    "a block of another schema": f'<x:IntervalBlock xmlns:x="urn:x">{MANY}</x:IntervalBlock>',
    "a block that renames the prefix": (
        f'<y:IntervalBlock xmlns:y="{ESPI}" xmlns:espi="urn:x">{MANY}</y:IntervalBlock>'
    ),
    "a prefix that is not bound": BLOCK.replace("espi:IntervalReading", "z:IntervalReading"),
    "a default namespace": (
        f'<IntervalBlock xmlns="{ESPI}">' + MANY.replace("espi:", "") + "</IntervalBlock>"
    ),
    "a prefix with digits": (
        f'<ns1:IntervalBlock xmlns:ns1="{ESPI}">'
        + MANY.replace("espi:", "ns1:")
        + "</ns1:IntervalBlock>"
    ),
    "two prefixes for one namespace": (
        f'<espi:IntervalBlock xmlns:ns1="{ESPI}">{MANY}{MANY.replace("espi:", "ns1:")}{MANY}'
        "</espi:IntervalBlock>"
    ),
    "two prefixes in one reading": BLOCK.replace("espi:value", "e:value").replace(
        "<espi:IntervalBlock>", f'<espi:IntervalBlock xmlns:e="{ESPI}">'
    ),
    "line ends of two characters": BLOCK.replace("><", ">\r\n<"),
    "tabs and line ends": BLOCK.replace("><", ">\n\t\t<"),
    "an interval after its readings": BLOCK.replace(
        "</espi:IntervalBlock>",
        "<espi:interval><espi:duration>60</espi:duration><espi:start>0</espi:start></espi:interval>"
        "</espi:IntervalBlock>",
    ),
}


@pytest.mark.parametrize("content", ODD_PLACES.values(), ids=ODD_PLACES)
def test_readings_at_an_odd_place_are_read_alike(content: str, piece: int) -> None:
    assert_both_ways_agree(feed(entry(content), entry(BLOCK)))


ODD_DOCUMENTS = {
    "cut off within a reading": GOOD[: len(GOOD) // 2],
    "cut off within a number": GOOD[: GOOD.rindex(b"-12") + 2],
    "cut off within a tag": GOOD[: GOOD.rindex(b"<espi:value>") + 4],
    "cut off within a comment": feed("<!--") + b"--",
    "an end that is not there": GOOD.replace(b"</content>", b""),
    "an error many lines down": GOOD.replace(b"><", b">\n<").replace(b"</content>", b"</contents>"),
    "a DOCTYPE": b"<!DOCTYPE feed>" + GOOD,
    "a DOCTYPE after a comment": b"<!-- -->\n<!DOCTYPE feed>" + GOOD,
    "a declaration": b'<?xml version="1.0" encoding="utf-8"?>\n' + GOOD,
    "a byte order mark": b"\xef\xbb\xbf" + GOOD,
    "Latin-1": b'<?xml version="1.0" encoding="ISO-8859-1"?>'
    + GOOD.replace(b"<content>", b"<title>\xe9</title><content>"),
    "UTF-16": '<?xml version="1.0" encoding="UTF-16"?>'.encode("utf-16")
    + GOOD.decode().encode("utf-16")[2:],
    "an encoding that is stateful": b'<?xml version="1.0" encoding="ISO-2022-JP"?>' + GOOD,
    "an encoding of another alphabet": GOOD.decode().encode("cp037"),
    "bytes that are no UTF-8": GOOD.replace(b"<content>", b"<title>\xff</title><content>"),
    "a NUL": GOOD.replace(b"<content>", b"<title>\0</title><content>"),
    "nothing": b"",
    "only blanks": b"  \n ",
    "an instruction before the root": b'<?xml-stylesheet href="a"?>' + GOOD,
    "something after the root": GOOD + READING.encode(),
    "a comment after the root": GOOD + b"<!-- " + READING.encode() + b" -->",
}


@pytest.mark.parametrize("document", ODD_DOCUMENTS.values(), ids=ODD_DOCUMENTS)
def test_an_odd_document_is_read_or_refused_alike(document: bytes, piece: int) -> None:
    assert_both_ways_agree(document)


def test_a_document_with_more_forms_than_any_program_writes_is_read_alike() -> None:
    blanks = [" " * number for number in range(MAX_FORMS * 2)]
    readings = "".join(f"{READING.replace(OPENED, OPENED + some)}" * 2 for some in blanks)
    assert_both_ways_agree(feed(entry(f"<espi:IntervalBlock>{readings}</espi:IntervalBlock>")))


def test_nobody_can_know_the_name_of_the_replacement() -> None:
    names = {plain_readings.COLUMNS}
    assert len(plain_readings.COLUMNS) > 32
    assert names.isdisjoint(ODD_READINGS.values())


# -- any mixture ----------------------------------------------------------------------------------

PIECES = [
    READING,
    READING * 3,
    READING.replace("-12", "345"),
    READING.replace("><", ">\n <"),
    READING.replace(OPENED, f"{OPENED}<espi:cost>7</espi:cost>"),
    READING.replace(CLOSED, f"<espi:tou>1</espi:tou><espi:cpp>0</espi:cpp>{CLOSED}"),
    "<!-- x -->",
    f"<!-- {READING} -->",
    f"<![CDATA[{READING}]]>",
    "<?x <espi:IntervalReading>?>",
    "\n  ",
    "text",
    "]]",
    *ODD_READINGS.values(),
]


@given(
    pieces=st.lists(st.sampled_from(PIECES), max_size=12),
    size=st.integers(20, 900),
    cut=st.integers(0, 60),
)
def test_any_mixture_in_any_pieces_is_read_alike(pieces: list[str], size: int, cut: int) -> None:
    document = feed(entry(f"<espi:IntervalBlock>{''.join(pieces)}</espi:IntervalBlock>"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(plain_readings, "CHUNK", size)
        assert_both_ways_agree(document[: len(document) - cut])
