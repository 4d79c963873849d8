from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenbutton.espi import Entry, EspiError, read_feed, write_bare, write_entry, write_feed
from greenbutton.espi.authorization import Authorization
from greenbutton.espi.batch_list import BatchList
from greenbutton.espi.customer.customer import Customer
from greenbutton.espi.element import CUSTOMER
from greenbutton.espi.interval_block import IntervalBlock
from greenbutton.espi.members import Limits
from greenbutton.espi.plain_readings import CHUNK
from greenbutton.espi.resources import EMPTY, Other
from greenbutton.espi.service_status import ServiceStatus
from greenbutton.espi.usage_point import UsagePoint
from greenbutton.espi.usage_summary import UsageSummary
from tests.greenbutton.espi.documents import (
    ATOM,
    ESPI,
    MEGABYTE,
    at,
    block,
    codes_of,
    dates,
    entry,
    feed,
    maybe_text,
    opened,
    read_all,
    readings_of,
    texts,
)

GOOD = feed(entry("<espi:MeterReading/>", links="self=a"))
LAUGHS = "".join(
    f'<!ENTITY {name} "{f"&{of};" * 10}">' for of, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (b"", "empty"),
        (b"   \n", "not well-formed"),
        (b"This is not XML.", "not well-formed"),
        (b'{"error": "server_error"}', "not well-formed"),
        (b"\x1f\x8b\x08\x00" + b"\x07" * 40, "not well-formed"),
        (b"<html><body>Sign in</body></html>", "begins with html in no namespace"),
        (b"<feed><entry/></feed>", "begins with feed in no namespace"),
        (b'<feed xmlns="http://example.com/a"/>', "the namespace http://example.com/a"),
        (f'<UsagePoint xmlns="{ESPI}"/>'.encode(), "begins with UsagePoint"),
        (f'<x><entry xmlns="{ATOM}"/></x>'.encode(), "begins with x"),
        (GOOD[:-4], "cut off"),
        (GOOD + GOOD, "not well-formed"),
        (GOOD.replace(b"espi:Meter", b"foo:Meter"), "not well-formed"),
        (GOOD.replace(b"espi:Meter", b"espi:foo:Meter"), "not well-formed"),
        (GOOD.replace(b"<content>", b"<content>\x00"), "not well-formed"),
        (GOOD.replace(b"<content>", b"<content>\xff"), "not well-formed"),
        (GOOD.replace(b"<content>", b"<content>&nbsp;"), "entities"),
        (b"<!DOCTYPE feed>" + GOOD, "DOCTYPE"),
        (b'<!DOCTYPE feed SYSTEM "http://127.0.0.1:9/espi.dtd">' + GOOD, "DOCTYPE"),
        (b'<!DOCTYPE feed [<!ENTITY a "b">]>' + GOOD, "DOCTYPE"),
        (
            b'<!DOCTYPE feed [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
            + GOOD.replace(b"<content>", b"<content>&a;"),
            "DOCTYPE",
        ),
        (b'<!DOCTYPE feed [<!ENTITY % a SYSTEM "file:///etc/hostname">%a;]>' + GOOD, "DOCTYPE"),
        (
            f'<!DOCTYPE feed [<!ENTITY a "aaaaaaaaaa">{LAUGHS}]>'.encode()
            + GOOD.replace(b"<content>", b"<content>&i;"),
            "DOCTYPE",
        ),
        (
            f'<!DOCTYPE feed [<!ENTITY a "aaaaaaaaaa">{LAUGHS}]>'.encode()
            + GOOD.replace(b"<feed", b'<feed x="&i;"'),
            "entities or a DOCTYPE",
        ),
        (
            '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE feed>'.encode("utf-16")
            + GOOD.decode().encode("utf-16-le"),
            "DOCTYPE",
        ),
        (feed(entry("<a>" * 300 + "</a>" * 300)), "nested too deeply"),
        (feed(entry("<a>" * 100_000)), "nested too deeply"),
    ],
)
def test_a_document_that_is_no_feed_is_refused_with_a_sentence(document: bytes, says: str) -> None:
    with pytest.raises(EspiError, match=says):
        read_all(document)


@pytest.mark.parametrize("piece", [2**15, CHUNK])
def test_what_follows_an_undeclared_entity_is_not_taken_for_a_new_document(piece: int) -> None:
    broken = GOOD.replace(b"<content>", b"<content>&foo;")
    # A new document just where the parser is fed its next piece.
    document = broken + b" " * (-len(broken) % piece) + GOOD
    with pytest.raises(EspiError, match="entities"):
        read_all(document)


def test_a_document_of_exactly_the_limit_is_read_and_one_byte_more_is_refused() -> None:
    assert len(list(opened(GOOD, len(GOOD)))) == 1
    with pytest.raises(EspiError, match=f"larger than {len(GOOD) - 1} bytes"):
        list(opened(GOOD, len(GOOD) - 1))


def test_the_size_is_counted_while_reading_so_no_more_is_read_than_the_limit() -> None:
    class Endless:
        given = 0

        def read(self, size: int = -1, /) -> bytes:
            head = GOOD.removesuffix(b"</feed>") if not self.given else b""
            self.given += size
            return head + b" " * (size - len(head))

    endless = Endless()
    with pytest.raises(EspiError, match="larger than 1,048,576 bytes"):
        list(read_feed(endless, max_bytes=MEGABYTE))
    assert endless.given < 2 * MEGABYTE


@pytest.mark.parametrize("name", ["UsagePoint", "MeterReading", "ReadingType", "IntervalBlock"])
@pytest.mark.parametrize("namespace", ["urn:else", CUSTOMER, "http://naesb.org/espi/"])
def test_usage_in_another_namespace_is_refused_with_its_place(name: str, namespace: str) -> None:
    document = feed(entry(f'\n<x:{name} xmlns:x="{namespace}"/>'))
    with pytest.raises(EspiError, match=rf"its {name} is in the namespace {namespace}.*line 2"):
        read_all(document)


def test_one_entry_of_many_tiny_elements_is_not_held_in_memory() -> None:
    tiny = "<a/>" * (Limits().entry_elements + 1)
    for quick in (True, False):
        read = read_feed(BytesIO(feed(entry(tiny))), max_bytes=10**9, quick=quick)
        with pytest.raises(EspiError, match="One entry has more than 2,500,000 elements"):
            list(read)


def test_a_document_of_very_many_tiny_entries_is_not_held_in_memory() -> None:
    def limited(document: bytes) -> list[Entry]:
        three = Limits(resources=3)
        return [*read_feed(BytesIO(document), max_bytes=MEGABYTE, limits=three)]

    small = entry(block(at("1")))
    assert len(limited(feed(*[small] * 3))) == 3
    with pytest.raises(EspiError, match="more than 3 resources"):
        limited(feed(*[small] * 4))


def test_an_entry_may_have_more_readings_than_elements_if_they_are_written_alike() -> None:
    count = 1_000
    many = feed(entry(block(*[at("1")] * count)))
    few = Limits(entry_elements=count)
    (one,) = read_feed(BytesIO(many), max_bytes=10**9, limits=few)
    assert isinstance(one.resource, IntervalBlock)
    assert len(one.resource.readings) == count


def test_one_entry_of_any_size_is_not_held_in_memory() -> None:
    def limited(document: bytes) -> list[Entry]:
        return [*read_feed(BytesIO(document), max_bytes=10**9, limits=Limits(entry_bytes=2**19))]

    small = entry(block(at("1")))
    assert len(limited(feed(*[small] * 5000))) == 5000
    with pytest.raises(EspiError, match="One entry is larger than 524,288 bytes"):
        limited(feed(entry(block(*[at("1")] * 5000))))


def test_a_truncated_feed_gives_its_whole_entries_and_then_says_where_it_ended() -> None:
    lines = GOOD.replace(b"</feed>", b"\n<entry>\n<id>")
    read = opened(lines)
    assert next(read).self_href == "a"
    with pytest.raises(EspiError) as refused:
        next(read)
    assert (refused.value.line, refused.value.entry) == (3, "a")
    assert str(refused.value).endswith("(line 3, after a)")


def test_a_feed_without_entries_is_no_error() -> None:
    read = opened(feed())
    assert list(read) == []
    assert (read.entries, len(read.findings)) == (0, 0)


def test_namespaces_are_compared_by_uri_and_never_by_prefix() -> None:
    document = (
        f'<?xml-stylesheet href="a"?><!-- b --><espi:feed xmlns:espi="{ATOM}" xmlns:atom="{ESPI}">'
        '<espi:entry><espi:link rel = " self " href=" u/1 "/>'
        '<espi:title type="text"> A </espi:title>'
        '<espi:content type="xml" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        '<atom:UsagePoint xsi:type="x"><atom:status>1</atom:status></atom:UsagePoint>'
        "</espi:content></espi:entry></espi:feed>"
    )
    (only,) = read_all(document.replace("><", ">\r\n<").encode())
    assert (only.self_href, only.title, only.resource) == ("u/1", "A", UsagePoint(status=1))


def test_unknown_elements_are_passed_over_even_if_they_hold_known_ones() -> None:
    reading = (
        at("100")
        + "<espi:extension><espi:value>9</espi:value></espi:extension><espi:new>1</espi:new>"
    )
    (found,) = readings_of(feed("<espi:x/>", entry(block(reading), around="<author/>")))
    assert (found.start, found.value) == (100, 1)


def test_comments_and_cdata_inside_a_number_do_not_cut_it() -> None:
    (found,) = readings_of(feed(entry(block(at("100", value="1<!-- a -->2<?b?><![CDATA[3]]>")))))
    assert found.value == 123


def test_several_resources_in_one_content_share_links_and_count_as_one_entry() -> None:
    read = opened(
        feed(
            entry(block(at("1")) + block(at("2")), links="self=b up=c"),
            entry("<espi:MeterReading/>"),
        )
    )
    found = list(read)
    assert [(one.ordinal, one.self_href) for one in found] == [(1, "b"), (2, "b"), (3, None)]
    assert read.entries == 2


def test_empty_content_other_schemas_and_missing_content_are_named() -> None:
    found = read_all(
        feed(
            entry(""),
            "<entry/>",
            entry('<Customer xmlns="http://naesb.org/espi/customer"/>'),
            entry("<espi:Unheard/>"),
            entry('<a xmlns="urn:b"/>'),
            entry("<b/>"),
            entry('<c xmlns=""/>'),
        )
    )
    assert [one.type for one in found] == [
        "(empty content)",
        "(empty content)",
        "Customer@cust",
        "Unheard",
        "a@urn:b",
        "b@http://www.w3.org/2005/Atom",
        "c@",
    ]
    assert found[0].resource == EMPTY
    assert found[2].resource == Customer()
    assert [type(one.resource) for one in found[3:]] == [Other] * 4


def test_an_entry_in_an_entry_is_no_entry_of_the_feed() -> None:
    read = opened(feed(f"<entry><entry/>{'<entry/>' * 3}</entry>"))
    assert [one.type for one in read] == ["(empty content)"]
    assert read.entries == 1
    lone = f'<entry xmlns="{ATOM}"><entry/><title>A</title></entry>'.encode()
    assert [one.title for one in read_all(lone)] == ["A"]


def test_a_lone_entry_and_bare_documents_are_read() -> None:
    authorization = Entry(ordinal=1, self_href="a", resource=Authorization(status=1, scope="FB=4"))
    assert read_all(write_entry(authorization)) == [authorization]
    batch = BatchList(("https://a.example/1", "https://a.example/2"))
    assert [one.resource for one in read_all(write_bare(batch))] == [batch]
    assert [one.type for one in read_all(write_bare(ServiceStatus(1)))] == ["ServiceStatus"]
    read = opened(write_bare(batch))
    assert [one.self_href for one in read] == [None]
    assert read.entries == 0  # no Atom, no entry


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2012-10-24T07:00:00Z", datetime(2012, 10, 24, 7, tzinfo=UTC)),
        ("2012-10-24T07:00:00-08:00", datetime(2012, 10, 24, 15, tzinfo=UTC)),
        ("2016-07-07T02:32:02", datetime(2016, 7, 7, 2, 32, 2, tzinfo=UTC)),
        ("2015-08-04T06:36:20.974Z", datetime(2015, 8, 4, 6, 36, 20, 974000, tzinfo=UTC)),
        ("2024-06-21", datetime(2024, 6, 21, tzinfo=UTC)),
        ("yesterday", None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_dates_come_in_many_spellings_and_leave_in_utc(written: str, read: datetime | None) -> None:
    document = feed(entry("<espi:MeterReading/>", around=f"<updated>{written}</updated>"))
    assert read_all(document)[0].updated == read
    has_zone = written.endswith(("Z", ":00"))
    said = "date.unreadable" if read is None else None if has_zone else "date.no_zone"
    assert codes_of(document) == ([said] if said else [])


def test_dates_in_the_content_count_only_where_the_entry_has_none() -> None:
    inner = "<espi:MeterReading/><published>2001-01-01</published><updated>2001-01-01</updated>"
    (found,) = read_all(feed(entry(inner, around="<updated>2002-02-02</updated>")))
    assert found.published == datetime(2001, 1, 1, tzinfo=UTC)
    assert found.updated == datetime(2002, 2, 2, tzinfo=UTC)
    assert found.type == "MeterReading"


@given(
    st.lists(
        st.builds(
            Entry,
            id=maybe_text,
            title=maybe_text,
            self_href=maybe_text,
            up=maybe_text,
            related=st.lists(texts, unique=True, max_size=3).map(tuple),
            published=dates,
            updated=dates,
            resource=st.just(UsagePoint(kind=0)) | st.just(EMPTY),
        ),
        max_size=4,
    )
)
def test_a_feed_reads_back_as_it_was_written(written: list[Entry]) -> None:
    pieces = write_feed(
        written, self_href="s", title="t", updated=datetime(2024, 1, 1, tzinfo=UTC), id="urn:uuid:1"
    )
    found = read_all(b"".join(pieces))
    assert [one.ordinal for one in found] == list(range(1, len(written) + 1))
    assert [one.related for one in found] == [one.related for one in written]
    assert found == [
        Entry(
            ordinal=ordinal,
            id=one.id,
            title=one.title,
            self_href=one.self_href,
            up=one.up,
            related=one.related,
            published=one.published,
            updated=one.updated,
            resource=one.resource,
        )
        for ordinal, one in enumerate(written, 1)
    ]


def test_the_deprecated_summary_keeps_its_name() -> None:
    written = Entry(ordinal=1, resource=UsageSummary(), type="ElectricPowerUsageSummary")
    assert read_all(write_entry(written)) == [written]


def test_the_writer_streams_an_entry_at_a_time() -> None:
    def endless() -> Iterator[Entry]:
        while True:
            yield Entry(resource=IntervalBlock())

    pieces = write_feed(
        endless(), self_href="s", title="t", updated=datetime(2024, 1, 1, tzinfo=UTC), id="i"
    )
    first, second = islice(pieces, 2)
    assert first.startswith(b"<?xml")
    assert second.startswith(b"<entry")


def test_a_resource_known_by_name_only_cannot_be_written() -> None:
    with pytest.raises(EspiError, match="Unheard@cust cannot be written"):
        write_entry(Entry(resource=Other("Unheard@cust")))


@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=4))
def test_a_damaged_document_is_read_or_refused_and_nothing_else(place: int, damage: bytes) -> None:
    document = GOOD[:place] + damage + GOOD[place + len(damage) :]
    with suppress(EspiError):  # any other error would pass through, and fail
        assert len(read_all(document)) <= 1
