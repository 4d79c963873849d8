"""Rows that were made from bare links become the real ones, in whatever order documents come."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authorizations.models import Authorization
from greenbutton.espi import Entry
from greenbutton.espi.interval_block import IntervalBlock
from greenbutton.espi.links import Linker
from greenbutton.espi.meter_reading import MeterReading
from greenbutton.espi.reading_type import ReadingType
from greenbutton.espi.usage_point import UsagePoint
from greenbutton.espi.usage_summary import UsageSummary
from greenbutton.ingest.known import Known, Row, Rows
from greenbutton.ingest.store import Stored, store_feed
from greenbutton.models import MeterReading as Series
from greenbutton.models import ReadingDay
from greenbutton.models import UsagePoint as Point
from greenbutton.models import UsageSummary as Bill
from tests.cast import make_utility
from tests.greenbutton.ingest.documents import (
    HOUR,
    MEGABYTE,
    MIDNIGHT,
    bill,
    block,
    document,
    entry,
    hours,
)

pytestmark = pytest.mark.django_db

DAY = 24 * HOUR
POINT = "urn:uuid:11111111-1111-4111-8111-111111111111"
SERIES = "urn:uuid:22222222-2222-4222-8222-222222222222"
OTHER = "urn:uuid:33333333-3333-4333-8333-333333333333"
numbers = itertools.count(1)


@pytest.fixture
def authorization() -> Authorization:
    return make_authorization()


def make_authorization() -> Authorization:
    utility = make_utility(slug=f"known{next(numbers)}")
    return Authorization.objects.create(utility=utility, origin=Authorization.Origin.FILE)


def store(authorization: Authorization, *entries: Any) -> Stored:
    return store_feed(authorization, document(*entries), max_bytes=MEGABYTE)


def point(identity: str | None = POINT, name: str = "1") -> Entry:
    href = f"UsagePoint/{name}"
    related = [f"{href}/MeterReading", f"{href}/UsageSummary"]
    return entry(UsagePoint(kind=0), href, "UsagePoint", related, id=identity, title="Home")


def series(identity: str | None = SERIES, name: str = "1") -> list[Entry]:
    up = f"UsagePoint/{name}/MeterReading"
    related = [f"{up}/1/IntervalBlock", f"ReadingType/{name}"]
    return [
        entry(MeterReading(), f"{up}/1", up, related, id=identity),
        entry(ReadingType(uom=72, power_of_ten=0), f"ReadingType/{name}", "ReadingType"),
    ]


def names(authorization: Authorization) -> list[tuple[str, str]]:
    """The identity of each meter reading, with its usage point's."""
    found = Series.objects.filter(usage_point__authorization=authorization)
    return sorted(found.values_list("usage_point__identity", "identity"))


def values(authorization: Authorization) -> list[int | None]:
    days = authorization.reading_days.order_by("meter_reading", "start")
    return [value for day in days for value in day.values]


def test_a_usage_point_that_was_made_from_a_link_becomes_the_real_one(
    authorization: Authorization,
) -> None:
    store(authorization, block(*hours(range(30))))
    made = authorization.usage_points.get()
    made_series = made.meter_readings.get()
    store(authorization, point(), series())
    row = authorization.usage_points.get()
    assert (row.pk, row.uid, row.identity, row.title) == (made.pk, made.uid, POINT, "Home")
    reading = row.meter_readings.get()
    assert (reading.pk, reading.identity, reading.uom) == (made_series.pk, SERIES, 72)
    assert values(authorization) == list(range(30))


def test_it_is_found_from_then_on_and_nothing_changes_any_more(
    authorization: Authorization,
) -> None:
    whole = [point(), *series(), block(*hours(range(30))), bill(MIDNIGHT)]
    store(authorization, block(*hours(range(24))), bill(MIDNIGHT))
    store(authorization, *whole)
    again = store(authorization, *whole)
    assert (again.new, again.changed, again.bills, again.bills_changed) == (0, 0, 0, 0)
    later = store(authorization, block(*hours([7], MIDNIGHT + 2 * DAY)))
    assert (later.new, later.changed) == (1, 0)
    assert names(authorization) == [(POINT, SERIES)]
    assert authorization.usage_points.get().summaries.count() == 1


def test_the_customer_is_told_of_one_meter(authorization: Authorization) -> None:
    store(authorization, block(*hours([1])))
    store(authorization, point(), series())
    assert authorization.events.filter(type="meter_created").count() == 1


@pytest.mark.parametrize("seed", range(12))
def test_entries_that_come_one_a_document_give_the_same_rows_in_any_order(
    authorization: Authorization, seed: int
) -> None:
    documents: list[Sequence[Entry]] = [
        [point()],
        series(),
        [block(*hours(range(24)), number=1)],
        [block(*hours(range(20, 44), MIDNIGHT + 20 * HOUR), number=2)],
        [bill(MIDNIGHT)],
        [point(OTHER, "2")],
        [block(*hours([5], MIDNIGHT + 5 * DAY), of="2")],
    ]
    Random(seed).shuffle(documents)
    for entries in documents:
        store(authorization, *entries)
    assert names(authorization) == [
        (POINT, SERIES),
        (OTHER, "UsagePoint/2/MeterReading/1/IntervalBlock"),
    ]
    assert sorted(authorization.usage_points.values_list("identity", "title")) == [
        (POINT, "Home"),
        (OTHER, "Home"),
    ]
    assert Bill.objects.get().usage_point.identity == POINT
    assert sorted(v for v in values(authorization) if v is not None) == sorted([*range(44), 5])


def test_a_meter_reading_alone_takes_its_readings_over(authorization: Authorization) -> None:
    store(authorization, block(*hours([1, 2])))
    store(authorization, series())
    store(authorization, point())
    assert names(authorization) == [(POINT, SERIES)]
    assert Point.objects.count() == 1
    assert values(authorization) == [1, 2]


def test_links_without_a_common_beginning_are_enough(authorization: Authorization) -> None:
    loose = entry(block(*hours([1, 2])).resource, "b/1", "blocks")
    store(authorization, loose)
    store(
        authorization,
        entry(UsagePoint(kind=0), "p", related=["readings"], id=POINT),
        entry(MeterReading(), "r", "readings", ["blocks"], id=SERIES),
    )
    assert names(authorization) == [(POINT, SERIES)]
    assert Point.objects.count() == 1
    assert values(authorization) == [1, 2]


def test_blocks_that_each_made_a_row_are_put_together(authorization: Authorization) -> None:
    """Opower's blocks have no up link: each has only its own."""
    up = "UsagePoint/1/MeterReading/1/IntervalBlock"
    first = entry(block(*hours([1, 2, 3])).resource, f"{up}/1")
    second = entry(block(*hours([30, 4, 5], MIDNIGHT + 2 * HOUR)).resource, f"{up}/2")
    third = entry(block(*hours([9], MIDNIGHT + DAY)).resource, f"{up}/3")
    for loose in (first, second, third):
        store(authorization, loose)
    assert Series.objects.count() == 3
    store(authorization, point(), series())
    assert names(authorization) == [(POINT, SERIES)]
    assert Point.objects.count() == 1
    assert values(authorization) == [1, 2, 3, 4, 5, 9]
    assert ReadingDay.objects.count() == 2
    correction = authorization.corrections.get()
    assert (correction.old_value, correction.new_value) == (30, 3)


def test_the_row_of_another_usage_point_is_left_alone(authorization: Authorization) -> None:
    store(authorization, block(*hours([1]), of="2"))
    store(authorization, point(), series())
    assert names(authorization) == [
        ("UsagePoint/2/MeterReading/1/IntervalBlock", "UsagePoint/2/MeterReading/1/IntervalBlock"),
        (POINT, SERIES),
    ]


def test_the_row_of_another_authorization_is_left_alone(authorization: Authorization) -> None:
    other = make_authorization()
    store(other, block(*hours([1])))
    store(authorization, point(), series())
    assert other.usage_points.get().title == ""
    assert names(authorization) == [(POINT, SERIES)]


def test_an_entry_that_was_known_by_its_link_gets_its_uuid(authorization: Authorization) -> None:
    store(authorization, point(None), series(None), block(*hours([1])))
    before = authorization.usage_points.get()
    assert before.identity == "UsagePoint/1"
    store(authorization, point(), series(), block(*hours([1, 2])))
    assert authorization.usage_points.get().uid == before.uid
    assert names(authorization) == [(POINT, SERIES)]
    assert values(authorization) == [1, 2]


def test_an_entry_that_comes_without_its_uuid_is_known_by_its_link(
    authorization: Authorization,
) -> None:
    store(authorization, point(), series(), block(*hours([1])))
    stored = store(authorization, point(None), series(None), block(*hours([1])))
    assert (stored.new, stored.changed) == (0, 0)
    assert names(authorization) == [(POINT, SERIES)]


def test_two_uuids_of_one_link_are_two(authorization: Authorization) -> None:
    store(authorization, point())
    store(authorization, point(OTHER))
    assert authorization.usage_points.count() == 2


def test_blocks_below_a_stored_meter_reading_that_does_not_name_them_find_it(
    authorization: Authorization,
) -> None:
    up = "UsagePoint/1/MeterReading"
    silent = entry(MeterReading(), f"{up}/1", up, id=SERIES)
    store(authorization, point(), silent)
    stored = store(authorization, block(*hours([1])))
    assert names(authorization) == [(POINT, SERIES)]
    assert "link.no_meter_reading" not in {finding["code"] for finding in stored.findings}


def test_bills_that_two_made_rows_have_are_there_once(authorization: Authorization) -> None:
    """The blocks' link and the bills' link made two rows for one usage point."""
    store(authorization, block(*hours([1])))
    store(authorization, bill(MIDNIGHT))
    assert authorization.usage_points.count() == 2
    store(authorization, point(), bill(MIDNIGHT), series())
    assert authorization.usage_points.get().summaries.count() == 1


def test_an_identity_too_long_for_its_column_is_recognised_too(
    authorization: Authorization,
) -> None:
    name = "9" * 600
    for _ in range(2):
        store(authorization, point(None, name), series(None, name), block(*hours([1]), of=name))
    store(authorization, block(*hours([1, 2]), of=name))
    assert len(names(authorization)) == 1
    assert values(authorization) == [1, 2]


# -- any tangle of links --------------------------------------------------------------------------

LINKS = ["a", "b", "a/b", "a/b/c", "b/c", "c"]
links = st.sampled_from(LINKS)
maybe = st.none() | links
persistent = st.sampled_from([None, None, POINT, SERIES, OTHER])
tangled = st.builds(
    entry,
    st.sampled_from([UsagePoint(), MeterReading(), IntervalBlock(), UsageSummary()]),
    maybe,
    maybe,
    st.lists(links, max_size=2),
    id=persistent,
)
rows = st.tuples(
    st.sampled_from([*LINKS, POINT, SERIES, OTHER]),
    st.lists(links, max_size=2).map(tuple),
    st.integers(0, 2),
)


def known_of(points: list[tuple[Any, ...]], series: list[tuple[Any, ...]]) -> Known:
    """Stored rows; each identity once a usage point, as the tables have it."""
    above = [Row(key, *it[:2]) for key, it in enumerate({one[0]: one for one in points}.values())]
    below = {(it[0], it[2] % len(above)): it for it in series} if above else {}
    return Known(
        Rows(above),
        Rows(Row(key, it[0], it[1], above[at]) for key, ((_, at), it) in enumerate(below.items())),
    )


@given(st.lists(tangled, max_size=8), st.lists(rows, max_size=4), st.lists(rows, max_size=4))
def test_any_tangle_of_links_gives_a_tree_that_holds_together(
    found: list[Entry], points: list[tuple[Any, ...]], series: list[tuple[Any, ...]]
) -> None:
    linker = Linker()
    for ordinal, one in enumerate(found, 1):
        linker.add(replace(one, ordinal=ordinal))
    before = linker.resolve()
    known = known_of(points, series)
    tree = known.recognise(before)
    assert set(tree.blocks) == set(before.blocks)
    assert set(tree.summaries) == set(before.summaries)
    assert set(tree.blocks.values()) <= set(tree.meter_readings)
    assert {one.usage_point for one in tree.meter_readings.values()} <= set(tree.usage_points)
    assert {one.usage_point for one in tree.summaries.values()} <= set(tree.usage_points)
    assert all(name == one.identity for name, one in tree.usage_points.items())
    assert all(name == one.identity for name, one in tree.meter_readings.items())
    became = [key for one in tree.usage_points.values() for key in one.rows]
    assert len(became) == len(set(became))
    # What became something else is not there under its old name beside it.
    gone = {known.usage_points.by_key[key].identity for key in became}
    assert not gone & set(tree.usage_points)
    moved = [key for one in tree.meter_readings.values() for key in one.rows]
    assert len(moved) == len(set(moved))
