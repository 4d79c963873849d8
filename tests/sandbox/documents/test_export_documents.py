"""The export profile: as odd as a real export for PUC Distribution, and read to the same."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from greenbutton.espi import Entry
from greenbutton.espi.application_information import ApplicationInformation
from greenbutton.espi.interval_block import IntervalReading
from greenbutton.espi.links import Linker
from greenbutton.espi.reading_type import ReadingType
from tests.sandbox.given import (
    PUC_HOME,
    PUC_SHOP,
    PUC_SOLAR,
    SVCE_BUSINESS,
    account,
    breaches,
    company,
    consent,
    customer_entries,
    read,
    usage_entries,
    written,
)
from tests.sandbox.walk import Feed
from utilities.sandbox import documents
from utilities.sandbox.documents.branch import Branch
from utilities.sandbox.models import RESOURCES, Fault, Grant, Registration

EXPORT = Registration.Profile.EXPORT
# Registers and demands are in no real export; theirs say what they are, or they would be added up.
TYPE_HAS = {"uom", "power_of_ten", "flow_direction", "accumulation_behaviour"}


def exported(number: str, data: tuple[int, ...] = (4, 16), **how: int) -> Grant:
    its = account(number)
    return consent(its, data, to=company(its.utility, EXPORT), **how)  # type: ignore[arg-type]


def readings_by_unit(feed: Feed) -> dict[object, list[IntervalReading]]:
    """The readings in order, by the meter reading that the links lead to, in any document alike."""
    linker = Linker()
    for entry in feed.entries:
        linker.add(entry)
    tree = linker.resolve()
    found: dict[object, list[IntervalReading]] = defaultdict(list)
    names = {it.entry.self_href: it for it in tree.meter_readings.values() if it.entry}
    for entry in feed.entries:
        if entry.type == "IntervalBlock":
            assert entry.up
            href = entry.up.removesuffix("/IntervalBlock")
            its = names[href].reading_type
            assert its
            meter = href.rpartition("/")[2]
            found[meter, its.uom, its.flow_direction] += entry.resource.readings  # type: ignore[union-attr]
    return {key: sorted(readings, key=lambda r: r.start or 0) for key, readings in found.items()}


@pytest.mark.parametrize("number", [PUC_HOME, PUC_SHOP, PUC_SOLAR, SVCE_BUSINESS])
def test_it_is_read_to_the_same_readings_and_bills_as_a_certified_document(number: str) -> None:
    odd = exported(number)
    export = read(written(odd, usage_entries(odd)))
    tidy = consent(account(number), at=odd.created_at)
    certified = read(written(tidy, usage_entries(tidy)))
    assert readings_by_unit(export) == readings_by_unit(certified)
    assert export.bills() == certified.bills()


def test_what_a_reader_finds_odd_in_it_is_what_is_odd_in_a_real_one() -> None:
    grant = exported(PUC_HOME)
    feed = read(written(grant, usage_entries(grant)))
    assert {finding.code for finding in feed.findings} == {
        "block.newest_first",
        "block.no_interval",
        # A timezone in each reading's timePeriod.
        "element.unknown",
        "entry.misplaced_date",
        "entry.no_date",
        "entry.no_id",
    }


def test_its_feed_says_nothing_of_itself_and_begins_with_the_application() -> None:
    grant = exported(PUC_HOME, days=10)
    document = written(grant, usage_entries(grant))
    head = document.partition(b"<entry>")[0]
    assert b"<id" not in head
    assert b"<link" not in head
    first, *others = read(document).entries
    assert first.resource == ApplicationInformation(third_party_name="Green Button Sandbox")
    assert first.self_href is None
    assert all(entry.self_href for entry in others)


def test_every_link_is_relative() -> None:
    grant = exported(PUC_HOME, (4, 16, 51), days=10)
    everything = [*usage_entries(grant)]
    for href in re.findall(rb'href="([^"]*)"', written(grant, everything)):
        assert not href.startswith((b"http", b"/"))


def test_the_customers_side_keeps_the_standard_and_names_the_usage_as_that_is_written() -> None:
    grant = exported(PUC_HOME, (4, 16, 51), days=2)
    document = written(grant, customer_entries(grant))
    assert breaches(document) == []
    points = {e.self_href for e in read(written(grant, usage_entries(grant))).of_type("UsagePoint")}
    named = re.findall(r"<cust:UsagePoint>([^<]+)</cust:UsagePoint>", document.decode())
    assert set(named) == points


def test_no_local_time_is_there_and_a_type_that_nobody_needs() -> None:
    grant = exported(PUC_HOME, days=10)
    feed = read(written(grant, usage_entries(grant)))
    assert not feed.of_type("LocalTimeParameters")
    types = feed.of_type("ReadingType")
    used = {href for entry in feed.of_type("MeterReading") for href in entry.related}
    assert [entry.self_href for entry in types if entry.self_href not in used] == [
        "ReadingType/ssmpuc-unused"
    ]
    for entry in types:
        assert isinstance(entry.resource, ReadingType)
        said = {n for n in ReadingType.__slots__ if getattr(entry.resource, n) is not None}
        assert said <= TYPE_HAS


def test_a_block_is_a_month_the_newest_first_in_it_and_before_it() -> None:
    grant = exported(PUC_HOME, (4,), days=100)
    feed = read(written(grant, usage_entries(grant)))
    zone = ZoneInfo("America/Toronto")
    months: dict[str | None, list[str]] = defaultdict(list)
    for entry in feed.of_type("IntervalBlock"):
        assert entry.self_href
        starts = [reading.start for reading in entry.resource.readings]  # type: ignore[union-attr]
        assert starts == sorted(starts, key=lambda it: -(it or 0))
        month = entry.self_href.rpartition("/")[2]
        months[entry.up].append(month)
        assert {f"{datetime.fromtimestamp(it or 0, zone):%Y%m}" for it in starts} == {month}
    for found in months.values():
        assert found == sorted(found, reverse=True)
        assert len(found) >= 3


def test_each_time_period_names_the_offset_of_the_local_clock() -> None:
    grant = exported(PUC_HOME, (4,), days=400)
    document = written(grant, usage_entries(grant)).decode()
    periods = re.findall(r"<start>(\d+)</start><timezone>([+-]\d{4})</timezone>", document)
    assert {offset for _, offset in periods} == {"-0400", "-0500"}
    zone = ZoneInfo("America/Toronto")
    for start, offset in periods[::97]:
        assert f"{datetime.fromtimestamp(int(start), zone):%z}" == offset


def test_the_dates_of_a_meter_reading_stand_inside_its_content() -> None:
    grant = exported(PUC_HOME, (4,), days=3)
    document = written(grant, usage_entries(grant))
    assert re.search(
        rb'<MeterReading xmlns="http://naesb.org/espi"/><published>[^<]+\+00:00</published>'
        rb"<updated>[^<]+</updated></content>",
        document,
    )


def test_a_block_that_is_asked_for_by_its_month_is_there() -> None:
    grant = exported(PUC_HOME, (4,), days=70)
    blocks = [e for e in usage_entries(grant) if e.type == "IntervalBlock"]
    for block in blocks:
        assert block.self_href
        assert block.self_href.startswith(RESOURCES), "links are made relative when written"
        assert usage_entries(grant, branch=Branch(block.self_href)) == [block]


def test_a_lone_entry_is_a_document_of_its_own() -> None:
    grant = exported(PUC_HOME, (4,), days=3)
    for entry in usage_entries(grant):
        (found,) = read(documents.write_entry(grant.registration, entry)).entries
        assert found.resource == entry.resource
        assert found.id is None


def test_its_faults_come_on_top() -> None:
    its = account(PUC_HOME)
    wrong = company("ssmpuc", EXPORT, [Fault.PREFIX_STYLE, Fault.SHARED_BLOCK_LINKS])
    grant = consent(its, (4, 16), to=wrong)
    entries: list[Entry] = usage_entries(grant)
    document = written(grant, entries)
    assert b"<ns1:feed" in document
    feed = read(document)
    assert [e.resource for e in feed.entries] == [e.resource for e in entries]
    assert len({block.self_href for block in feed.of_type("IntervalBlock")}) == 2


def test_text_that_looks_like_markup_stays_text() -> None:
    its = account(PUC_HOME)
    its.name = 'Robin <entry xmlns="x"> & "Co" </content>'
    its.save()
    odd = company("ssmpuc", EXPORT, [Fault.PREFIX_STYLE])
    grant = consent(its, (4, 51), days=2, to=odd, at=timezone.now())
    branch = Branch(f"{RESOURCES}/RetailCustomer/{grant.uid}/Customer")
    found = list(documents.customer_entries(grant, grant.granted, branch))
    feed = read(written(grant, found))
    assert feed.entries[0].resource.customer_name == its.name  # type: ignore[union-attr]
