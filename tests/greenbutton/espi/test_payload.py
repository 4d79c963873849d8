"""Payloads given as text, and payloads that nobody knows."""

from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from greenbutton.espi import Entry, write_entry
from greenbutton.espi.interval_block import IntervalBlock
from greenbutton.espi.meter_reading import MeterReading
from greenbutton.espi.payload import MAX_ESCAPED_CHARACTERS, MAX_KEPT_CHARACTERS, kept, payloads
from greenbutton.espi.reading_type import ReadingType
from greenbutton.espi.resources import EMPTY, Other
from tests.greenbutton.espi.documents import (
    ESPI,
    at,
    block,
    codes_of,
    entry,
    feed,
    read_all,
    readings_of,
    texts,
)

TYPE = f'<ReadingType xmlns="{ESPI}"><uom>72</uom></ReadingType>'


def as_html(text: str) -> bytes:
    return feed(f'<entry><content type="html">{text}</content></entry>')


def refused(text: str) -> bool:
    """Whether the text is left out, with that said, and its entry kept."""
    document = as_html(escape(text, quote=False))
    return [one.resource for one in read_all(document)] == [EMPTY] and codes_of(document) == [
        "content.unreadable"
    ]


@pytest.mark.parametrize(
    "text",
    [
        escape(TYPE),
        f"<![CDATA[{TYPE}]]>",
        f"\n  <![CDATA[  {TYPE}\n]]>  ",
        f'<![CDATA[<?xml version="1.0" encoding="UTF-8"?>\n{TYPE}]]>',
        f"<![CDATA[<!-- a comment -->{TYPE}]]>",
        "<![CDATA[<espi:ReadingType><espi:uom>72</espi:uom></espi:ReadingType>]]>",
    ],
)
def test_a_payload_that_is_given_as_text_is_read_and_that_is_said(text: str) -> None:
    assert [one.resource for one in read_all(as_html(text))] == [ReadingType(uom=72)]
    assert codes_of(as_html(text)) == ["content.escaped"]


def test_whatever_the_type_of_the_content_says() -> None:
    document = feed(entry(escape(TYPE)))
    assert read_all(document)[0].resource == ReadingType(uom=72)


def test_several_payloads_in_one_text_are_several() -> None:
    document = as_html(escape(f"{TYPE}<espi:MeterReading/>"))
    assert [one.resource for one in read_all(document)] == [ReadingType(uom=72), MeterReading()]
    assert codes_of(document) == ["content.escaped", "entry.several_resources"]


def test_readings_in_cdata_are_read() -> None:
    document = as_html(f"<![CDATA[{block(at('100', value='-7'), at('3700'))}]]>")
    assert [reading.value for reading in readings_of(document)] == [-7, 1]
    (found,) = read_all(document)
    assert isinstance(found.resource, IntervalBlock)


@pytest.mark.parametrize(
    "text",
    [
        "Nothing to see here",
        "<ReadingType>",
        "</content><content>",
        "<unbound:ReadingType/>",
        "<a>&nbsp;</a>",
        '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        "<a>&#0;</a>",
        "<a>" * 300 + "</a>" * 300,
    ],
)
def test_text_that_is_no_payload_is_left_out_and_its_entry_kept(text: str) -> None:
    assert refused(text)


def test_an_entity_of_the_text_is_never_resolved() -> None:
    document = as_html(escape('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "hush">]><a>&b;</a>'))
    assert "hush" not in repr(read_all(document))


def test_too_long_a_text_is_not_parsed() -> None:
    content = etree.Element("content")
    content.text = f"<a>{'b' * MAX_ESCAPED_CHARACTERS}</a>"
    # The document itself is refused from libxml2's own limit on; this holds without it.
    assert payloads(content) == ([], "content.unreadable")


@pytest.mark.parametrize(
    "payload",
    [
        "<espi:Unheard/>",
        '<espi:Unheard a="1 &lt; 2">text &amp; <b>more</b> text</espi:Unheard>',
        '<x:a xmlns:x="urn:x" x:y="z" xml:lang="en"><x:b/><c xmlns="urn:c">d</c></x:a>',
        '<statement xmlns="http://www.w3.org/2005/Atom"><issueDateTime/></statement>',
        '<q:Unheard xmlns:q="http://naesb.org/espi"><q:b> </q:b></q:Unheard>',
        '<a xmlns="relative/uri"><b/></a>',
    ],
)
def test_a_payload_that_nobody_knows_is_written_as_it_was_read(payload: str) -> None:
    (found,) = read_all(feed(entry(payload)))
    assert isinstance(found.resource, Other)
    (again,) = read_all(write_entry(found))
    assert again == found
    assert read_all(write_entry(again)) == [found]


names = st.sampled_from(["a", "b", "espi:UsagePoint", "x:y"])
trees = st.recursive(
    st.builds(lambda text: escape(text), texts),
    lambda inner: st.builds(
        lambda name, parts: f"<{name}>{''.join(parts)}</{name}>", names, st.lists(inner, max_size=3)
    ),
    max_leaves=8,
)


@given(trees)
@settings(max_examples=60)
def test_any_payload_that_nobody_knows_is_written_as_it_was_read(inner: str) -> None:
    payload = f'<x:Unheard xmlns:x="urn:x">{inner}</x:Unheard>'
    (found,) = read_all(feed(entry(payload)))
    assert read_all(write_entry(found)) == [found]


def test_a_large_payload_that_nobody_knows_is_known_by_name_only() -> None:
    (found,) = read_all(feed(entry(f"<espi:Unheard>{'a' * MAX_KEPT_CHARACTERS}</espi:Unheard>")))
    assert found.resource == Other("Unheard")


@pytest.mark.parametrize("payload", ['<a xmlns=""/>', '<x:a xmlns:x="urn:x"><b xmlns=""/></x:a>'])
def test_a_payload_of_no_namespace_is_known_by_name_only(payload: str) -> None:
    (found,) = read_all(feed(entry(payload)))
    assert isinstance(found.resource, Other)
    assert found.resource.xml is None


def test_readings_that_were_condensed_in_it_keep_a_payload_from_being_written() -> None:
    readings = "".join(
        f"<espi:IntervalReading>{at(str(n * 3600))}</espi:IntervalReading>" for n in range(9)
    )
    (found,) = read_all(feed(entry(f"<espi:Unheard>{readings}</espi:Unheard>")))
    assert found.resource == Other("Unheard")


def test_what_is_kept_says_nothing_of_its_surroundings() -> None:
    outer = etree.fromstring('<a xmlns="urn:a" xmlns:b="urn:b"><b:c>d</b:c>tail</a>')
    assert kept(outer[0]) == '<n0:c xmlns:n0="urn:b">d</n0:c>'


def test_an_entry_with_an_empty_content_is_written_and_read() -> None:
    written = Entry(ordinal=1, id="i", resource=EMPTY)
    assert read_all(write_entry(written)) == [written]
