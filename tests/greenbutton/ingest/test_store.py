"""A document is stored whole or not at all, and only what is new in it is written."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from django.db import connection

from authorizations.models import Authorization
from greenbutton.espi import EspiError
from greenbutton.espi.interval_block import IntervalReading
from greenbutton.espi.local_time_parameters import LocalTimeParameters
from greenbutton.ingest import copy_in, lease, parents
from greenbutton.ingest import read as ingest_read
from greenbutton.ingest.days import Day
from greenbutton.ingest.lease import LeaseLostError
from greenbutton.ingest.store import Stored, store_feed
from greenbutton.models import (
    MeterReading,
    ReadingCorrection,
    ReadingDay,
    UsagePoint,
    UsageSummary,
)
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
    meter,
)

pytestmark = pytest.mark.django_db

DAY = 24 * HOUR
numbers = itertools.count(1)


@pytest.fixture
def authorization() -> Authorization:
    return make_authorization()


def make_authorization(**values: Any) -> Authorization:
    utility = make_utility(slug=f"store{next(numbers)}")
    given = {"origin": Authorization.Origin.FILE, **values}
    return Authorization.objects.create(utility=utility, **given)


def store(authorization: Authorization, *entries: Any, **options: Any) -> Stored:
    return store_feed(authorization, document(*entries), max_bytes=MEGABYTE, **options)


def rows(authorization: Authorization) -> list[tuple[Any, ...]]:
    """Every stored reading, as the view for people with a SQL tool has it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT extract(epoch FROM start)::bigint, seconds, value, cost
            FROM greenbutton_reading WHERE authorization_id = %s
            ORDER BY meter_reading_id, start, seconds
            """,
            [authorization.pk],
        )
        return list(cursor.fetchall())


def versions() -> list[tuple[Any, ...]]:
    """Where each row of the tables lies and who wrote it; a write of any kind changes that."""
    tables = [ReadingDay, UsagePoint, MeterReading, UsageSummary, ReadingCorrection]
    found: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        for table in tables:
            query = "SELECT tableoid, ctid, xmin, xmax FROM {} ORDER BY 1, 2"
            cursor.execute(query.format(table._meta.db_table))
            found += cursor.fetchall()
    return found


# -- what is stored ---------------------------------------------------------------------------


def test_a_feed_becomes_days_of_the_utilitys_zone(authorization: Authorization) -> None:
    stored = store(authorization, meter(), block(*hours(range(48))))
    assert (stored.readings, stored.new, stored.changed) == (48, 48, 0)
    first, second = authorization.reading_days.order_by("day")
    assert (str(first.day), first.count, first.total) == ("2026-03-02", 24, 276)
    assert first.start == datetime.fromtimestamp(MIDNIGHT, UTC)
    assert (second.seconds, second.offsets, second.durations) == (HOUR, None, None)


def test_the_view_has_a_row_for_each_reading_of_each_day(authorization: Authorization) -> None:
    readings = [*hours(range(30), cost=5), IntervalReading(MIDNIGHT + 2 * DAY, 900, None)]
    store(authorization, meter(), block(*readings))
    expected = [(one.start, one.seconds, one.value, one.cost) for one in readings]
    assert rows(authorization) == expected
    expanded = [
        reading[:4]
        for row in authorization.reading_days.order_by("day")
        for reading in as_day(row).readings()
    ]
    assert expanded == expected


def as_day(row: ReadingDay) -> Day:
    return Day(
        row.day,
        int(row.start.timestamp()),
        row.seconds,
        row.values,
        row.costs,
        row.qualities,
        row.tou,
        row.cpp,
        row.tiers,
        row.offsets,
        row.durations,
        row.count,
        row.total,
        row.total_cost,
    )


def test_what_a_meter_measures_is_kept_with_it(authorization: Authorization) -> None:
    store(authorization, meter(kind=1, interval_length=HOUR, title="Cottage"), block(*hours([1])))
    point = authorization.usage_points.get()
    assert (point.kind, point.title, point.identity) == (1, "Cottage", "UsagePoint/1")
    series = point.meter_readings.get()
    assert (series.uom, series.power_of_ten, series.interval_length) == (72, 0, HOUR)


def test_entries_may_come_in_any_order(authorization: Authorization) -> None:
    store(authorization, block(*hours(range(3))), reversed(meter()))
    assert authorization.usage_points.get().meter_readings.get().uom == 72
    assert len(rows(authorization)) == 3


def test_several_usage_points_keep_their_readings_apart(authorization: Authorization) -> None:
    store(
        authorization,
        meter("1"),
        meter("2", kind=1),
        block(*hours([1, 1]), of="1"),
        block(*hours([5]), of="2"),
    )
    totals = {
        day.meter_reading.usage_point.identity: day.total
        for day in authorization.reading_days.all()
    }
    assert totals == {"UsagePoint/1": 2, "UsagePoint/2": 5}


def test_bills_are_kept_and_counted(authorization: Authorization) -> None:
    stored = store(authorization, meter(), bill(MIDNIGHT), bill(MIDNIGHT - 30 * DAY, number=2))
    assert (stored.bills, stored.bills_changed) == (2, 0)
    newest = UsageSummary.objects.filter(usage_point__authorization=authorization)[0]
    assert newest.start == datetime.fromtimestamp(MIDNIGHT, UTC)
    assert (newest.bill_last_period, newest.currency) == (1_000_000, 124)


@pytest.mark.parametrize("year", [1, 1899, 2200, 5000])
def test_a_bill_from_an_impossible_time_is_kept_without_it_and_told_on(
    authorization: Authorization, year: int
) -> None:
    start = int(datetime(year, 1, 1, tzinfo=UTC).timestamp())
    stored = store(authorization, meter(), bill(start))
    assert codes(stored) == {"bill.impossible_start"}
    kept = UsageSummary.objects.get(usage_point__authorization=authorization)
    assert (kept.start, kept.end, kept.bill_last_period) == (None, None, 1_000_000)


def test_several_bills_under_one_self_link_are_all_kept(authorization: Authorization) -> None:
    store(authorization, meter(), bill(MIDNIGHT), bill(MIDNIGHT + 30 * DAY))
    assert authorization.usage_points.get().summaries.count() == 2


def test_readings_without_a_length_take_the_reading_types(authorization: Authorization) -> None:
    loose = [one._replace(seconds=None) for one in hours([1, 2])]
    stored = store(authorization, block(*loose), meter(interval_length=900))
    assert [row[1] for row in rows(authorization)] == [900, 900]
    assert codes(stored) == set()


def test_readings_without_a_time_follow_their_blocks_start(authorization: Authorization) -> None:
    loose = [IntervalReading(None, None, value) for value in (1, 2, 3)]
    store(authorization, block(*loose, start=MIDNIGHT), meter(interval_length=HOUR))
    assert [row[0] for row in rows(authorization)] == [MIDNIGHT + HOUR * n for n in range(3)]


def test_without_a_reading_type_the_spacing_is_the_length_and_said(
    authorization: Authorization,
) -> None:
    loose = [one._replace(seconds=None) for one in hours([1, 2])]
    stored = store(authorization, block(*loose), meter())
    assert [row[1] for row in rows(authorization)] == [HOUR, HOUR]
    assert codes(stored) == {"reading.length_assumed"}


def test_a_reading_without_a_value_is_kept_and_said(authorization: Authorization) -> None:
    stored = store(authorization, meter(), block(*hours([1, None, 3])))
    assert len(rows(authorization)) == 3
    assert codes(stored) == {"reading.no_value"}


def codes(stored: Stored) -> set[str]:
    """What is odd, but for the ids and dates that these small documents do without."""
    found = {finding["code"] for finding in stored.findings}
    return {code for code in found if not code.startswith("entry.")}


# -- the same again, corrected, overlapping -----------------------------------------------------


def test_the_same_feed_again_writes_no_row(authorization: Authorization) -> None:
    feed = [*meter(), block(*hours(range(48), cost=3)), bill(MIDNIGHT)]
    store(authorization, feed)
    before = versions()
    again = store(authorization, feed)
    assert versions() == before
    assert (again.readings, again.new, again.changed) == (48, 0, 0)
    assert (again.bills, again.bills_changed) == (0, 0)


def test_a_corrected_feed_changes_exactly_the_corrected_readings(
    authorization: Authorization,
) -> None:
    store(authorization, meter(), block(*hours(range(72))))
    values = [*range(72)]
    values[30] = 1000
    stored = store(authorization, meter(), block(*hours(values)))
    assert (stored.new, stored.changed) == (0, 1)
    assert [row[2] for row in rows(authorization)] == values
    correction = ReadingCorrection.objects.get(authorization=authorization)
    assert (correction.old_value, correction.new_value) == (30, 1000)
    assert correction.start == datetime.fromtimestamp(MIDNIGHT + 30 * HOUR, UTC)


def test_an_estimate_that_is_validated_is_a_correction_though_its_value_stays(
    authorization: Authorization,
) -> None:
    (reading,) = hours([5])
    store(authorization, meter(), block(reading._replace(qualities=(8,))))
    stored = store(authorization, meter(), block(reading._replace(qualities=(17,))))
    assert (stored.new, stored.changed) == (0, 1)
    correction = ReadingCorrection.objects.get(authorization=authorization)
    assert (correction.old_quality, correction.new_quality) == (8, 17)
    assert correction.old_value == correction.new_value == 5


def test_days_that_a_correction_does_not_touch_are_not_written(
    authorization: Authorization,
) -> None:
    store(authorization, meter(), block(*hours(range(72))))
    before = dict(authorization.reading_days.extra(select={"x": "ctid"}).values_list("day", "x"))
    store(authorization, meter(), block(*hours([99], start=MIDNIGHT + 25 * HOUR)))
    after = dict(authorization.reading_days.extra(select={"x": "ctid"}).values_list("day", "x"))
    assert [str(day) for day in before if before[day] != after[day]] == ["2026-03-03"]


def test_a_window_that_holds_a_part_of_a_stored_day_writes_no_row(
    authorization: Authorization,
) -> None:
    store(authorization, meter(), block(*hours(range(24))))
    before = versions()
    stored = store(authorization, meter(), block(*hours(range(5))))
    assert versions() == before
    assert (stored.readings, stored.new, stored.changed) == (5, 0, 0)


def test_overlapping_windows_double_nothing(authorization: Authorization) -> None:
    store(authorization, meter(), block(*hours(range(10, 40), start=MIDNIGHT + 10 * HOUR)))
    stored = store(authorization, meter(), block(*hours(range(20))))
    assert (stored.new, stored.changed) == (10, 0)
    assert [row[2] for row in rows(authorization)] == list(range(40))


def test_blocks_that_cut_a_day_are_joined(authorization: Authorization) -> None:
    readings = hours(range(24))
    blocks = [block(*readings[n : n + 5], number=n) for n in range(0, 24, 5)]
    store(authorization, meter(), reversed(blocks))
    day = authorization.reading_days.get()
    assert (day.values, day.offsets) == (list(range(24)), None)


def test_of_two_blocks_the_one_with_the_newer_date_wins(authorization: Authorization) -> None:
    newer = block(*hours([2]), number=1, updated=datetime(2026, 3, 5, tzinfo=UTC))
    older = block(*hours([1]), number=2, updated=datetime(2026, 3, 4, tzinfo=UTC))
    stored = store(authorization, meter(), newer, older)
    assert [row[2] for row in rows(authorization)] == [2]
    assert codes(stored) == {"reading.conflicting"}


def test_what_was_known_is_not_blanked_by_a_feed_that_says_less(
    authorization: Authorization,
) -> None:
    store(authorization, meter(kind=2, title="Cottage"), bill(MIDNIGHT, total=77))
    store(authorization, meter(kind=None)[:2], bill(MIDNIGHT, total=None))
    point = authorization.usage_points.get()
    assert (point.kind, point.title) == (2, "Cottage")
    assert point.meter_readings.get().uom == 72
    assert point.summaries.get().bill_last_period == 77


def test_a_corrected_bill_is_changed_not_added(authorization: Authorization) -> None:
    store(authorization, meter(), bill(MIDNIGHT, total=77))
    stored = store(authorization, meter(), bill(MIDNIGHT, total=78))
    assert (stored.bills, stored.bills_changed) == (0, 1)
    assert UsageSummary.objects.get().bill_last_period == 78


# -- what only links tell -------------------------------------------------------------------------


def test_readings_whose_usage_point_is_not_there_hang_on_their_blocks_link(
    authorization: Authorization,
) -> None:
    stored = store(authorization, block(*hours([1])))
    assert codes(stored) == {"link.no_meter_reading", "link.no_usage_point"}
    point = authorization.usage_points.get()
    assert point.identity == "UsagePoint/1/MeterReading/1/IntervalBlock"
    assert point.kind is None


def test_a_later_window_without_the_usage_point_finds_the_stored_one(
    authorization: Authorization,
) -> None:
    store(authorization, meter(), block(*hours(range(24))))
    stored = store(authorization, block(*hours(range(24), start=MIDNIGHT + DAY), number=2))
    assert codes(stored) == set()
    assert authorization.usage_points.count() == 1
    assert MeterReading.objects.get(usage_point__authorization=authorization).days.count() == 2


def test_a_bill_without_the_usage_point_finds_the_stored_one(authorization: Authorization) -> None:
    store(authorization, meter("1"), meter("2"))
    stored = store(authorization, bill(MIDNIGHT, of="2"))
    assert codes(stored) == set()
    assert UsageSummary.objects.get().usage_point.identity == "UsagePoint/2"


def test_another_authorizations_usage_point_is_not_found(authorization: Authorization) -> None:
    store(make_authorization(), meter())
    stored = store(authorization, block(*hours([1])))
    assert "link.no_usage_point" in codes(stored)
    assert authorization.reading_days.count() == 1


def test_an_identity_longer_than_its_column_still_is_one(authorization: Authorization) -> None:
    long = meter("x" * 600)
    store(authorization, long, block(*hours([1]), of="x" * 600))
    again = store(authorization, long, block(*hours([1]), of="x" * 600))
    assert (again.new, authorization.usage_points.count()) == (0, 1)


def test_a_feed_with_another_idea_of_the_time_zone_is_told_on(authorization: Authorization) -> None:
    wrong = entry(LocalTimeParameters(tz_offset=18_000), "LocalTimeParameters/1")
    right = entry(LocalTimeParameters(tz_offset=-18_000), "LocalTimeParameters/1")
    assert codes(store(authorization, meter(), wrong)) == {"time_zone.differs"}
    assert codes(store(authorization, meter(), right)) == set()


# -- what is refused ------------------------------------------------------------------------------


def refused(authorization: Authorization, data: bytes, max_bytes: int = MEGABYTE) -> str:
    """Store a document that must be refused; what it is told, when nothing was kept."""
    before = versions()
    with pytest.raises(EspiError) as refusal:
        store_feed(authorization, BytesIO(data), max_bytes=max_bytes)
    assert versions() == before
    assert authorization.events.count() == 0
    return str(refusal.value)


def whole_feed() -> bytes:
    return document(meter(), block(*hours(range(48)))).getvalue()


def test_a_feed_cut_off_at_any_place_stores_nothing(authorization: Authorization) -> None:
    data = whole_feed()
    for length in range(0, len(data) - 8, len(data) // 7):
        assert refused(authorization, data[:length])


def test_what_is_not_xml_stores_nothing(authorization: Authorization) -> None:
    assert refused(authorization, b"PK\x03\x04")
    assert "empty" in refused(authorization, b"")


def test_a_document_type_or_entity_stores_nothing(authorization: Authorization) -> None:
    declared = b'<!DOCTYPE feed [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    text = whole_feed()
    at = text.index(b"<feed")
    assert "DOCTYPE" in refused(authorization, text[:at] + declared + text[at:])


def test_a_feed_over_the_limit_stores_nothing(authorization: Authorization) -> None:
    assert "larger than 4,000 bytes" in refused(authorization, whole_feed(), max_bytes=4_000)


def test_a_feed_over_one_of_the_other_limits_stores_nothing(
    authorization: Authorization, settings: Any
) -> None:
    feed = document(meter("1"), meter("2"), block(*hours([1]), of="3")).getvalue()
    for name, most, says in (
        ("FEED_ENTRY_MAX_BYTES", 100, "One entry is larger than 100 bytes"),
        ("FEED_ENTRY_MAX_ELEMENTS", 5, "One entry has more than 5 elements and attributes"),
        ("FEED_MAX_RESOURCES", 6, "more than 6 resources"),
        ("FEED_MAX_USAGE_POINTS", 2, "more than 2 usage points. Ask for fewer meters"),
    ):
        usual = getattr(settings, name)
        setattr(settings, name, most)
        assert says in refused(authorization, feed)
        setattr(settings, name, usual)
    assert store_feed(authorization, BytesIO(feed), max_bytes=MEGABYTE).new == 1


def test_a_feed_in_another_namespace_stores_nothing(authorization: Authorization) -> None:
    assert refused(authorization, b"<feed><entry/></feed>")


def test_a_refused_feed_leaves_no_trace_for_the_next_one(authorization: Authorization) -> None:
    refused(authorization, whole_feed()[:-10])
    assert store(authorization, meter("2"), block(*hours([1]), of="2")).new == 1


def test_a_feed_refused_while_its_days_go_out_leaves_the_connection_to_others(
    authorization: Authorization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy_in, "PIECE_BYTES", 1)
    data = whole_feed()
    refused(authorization, data[: data.rindex(b"</entry>")])
    assert not ReadingDay.objects.exists()
    assert store_feed(authorization, BytesIO(data), max_bytes=MEGABYTE).new > 0


def test_blocks_without_times_may_come_among_others_that_go_out_at_once(
    authorization: Authorization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy_in, "PIECE_BYTES", 1)
    monkeypatch.setattr(copy_in, "BATCH_BYTES", 1)
    timed = [block(*hours([1, 2], MIDNIGHT + n * DAY), number=n) for n in range(3)]
    untimed = IntervalReading(None, None, 5)
    loose = [block(untimed, start=MIDNIGHT + n * DAY, number=n) for n in (10, 11)]
    kind = meter(interval_length=HOUR)
    stored = store(authorization, timed[0], loose[0], timed[1], kind, loose[1], timed[2])
    assert (stored.new, stored.distinct) == (8, (8, 19))


def test_an_error_of_whoever_is_told_of_the_progress_leaves_nothing_behind(
    authorization: Authorization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest_read, "SAY_SECONDS", 0)

    def stops(readings: int) -> None:
        if readings:
            raise LeaseLostError

    monkeypatch.setattr(copy_in, "PIECE_BYTES", 1)
    feed = [*meter(), block(*hours([1, 2])), bill(MIDNIGHT)]
    with pytest.raises(LeaseLostError):
        store(authorization, feed, progress=stops)
    assert not UsagePoint.objects.exists()
    assert store(authorization, feed).new == 2


def test_usage_points_are_kept_several_at_once_and_each_once(
    authorization: Authorization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parents, "TOGETHER", 2)
    meters = [each for n in range(5) for each in meter(f"{n}")]
    blocks = [block(*hours([n + 1]), of=f"{n}", number=n) for n in range(5)]
    for new in (5, 0):
        assert store(authorization, meters, blocks).new == new
        kept = authorization.usage_points.order_by("pk")
        sums = [day.total for point in kept for day in point.meter_readings.get().days.all()]
        assert sums == [1, 2, 3, 4, 5]


# -- lease, status, cursor ------------------------------------------------------------------------


@pytest.fixture
def connected() -> Authorization:
    return make_authorization(origin=Authorization.Origin.CONNECT)


def test_a_worker_that_lost_its_lease_stores_nothing(connected: Authorization) -> None:
    assert lease.take(connected)
    with pytest.raises(LeaseLostError):
        store(connected, meter(), block(*hours([1])), lease_id="somebody-else")
    assert UsagePoint.objects.count() == 0


@pytest.mark.parametrize("status", ["needs_consent", "expired", "revoked"])
def test_nothing_is_stored_for_an_authorization_that_is_not_active(
    connected: Authorization, status: str
) -> None:
    Authorization.objects.filter(pk=connected.pk).update(status=status)
    with pytest.raises(LeaseLostError):
        store(connected, meter(), block(*hours([1])))
    assert UsagePoint.objects.count() == 0


def test_nothing_is_added_to_a_file_that_was_revoked(authorization: Authorization) -> None:
    Authorization.objects.filter(pk=authorization.pk).update(status="revoked")
    with pytest.raises(LeaseLostError):
        store(authorization, meter())


def test_a_lease_lost_in_mid_store_keeps_what_was_merged_and_nothing_more(
    connected: Authorization,
) -> None:
    lease_id = lease.take(connected)
    moved = datetime(2026, 3, 5, tzinfo=UTC)
    feed = [*meter("1"), *meter("2"), block(*hours([1]), of="1"), block(*hours([1]), of="2")]
    with pytest.raises(LeaseLostError), steals_after_first_usage_point(connected):
        store(connected, feed, lease_id=lease_id, pulled_to=moved)
    connected.refresh_from_db()
    assert connected.pulled_to is None
    [day] = ReadingDay.objects.all()
    assert day.meter_reading.usage_point == connected.usage_points.order_by("pk")[0]
    assert not connected.events.filter(type="meter_bills_added").exists()


class steals_after_first_usage_point:  # noqa: N801 (reads as a sentence)
    """Another worker takes the lease as soon as the first usage point is there."""

    def __init__(self, authorization: Authorization) -> None:
        self.authorization = authorization

    def __enter__(self) -> None:
        self.wrapper = connection.execute_wrapper(self)
        self.wrapper.__enter__()

    def __exit__(self, *raised: Any) -> None:
        self.wrapper.__exit__(*raised)

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if "meter_created" in str(params):
            mine = Authorization.objects.filter(pk=self.authorization.pk)
            mine.update(lease_id="stolen")
        return result


def test_the_cursor_moves_with_the_rows_and_never_back(connected: Authorization) -> None:
    later, earlier = datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC)
    store(connected, meter(), pulled_to=later)
    store(connected, meter(), pulled_to=earlier)
    connected.refresh_from_db()
    assert connected.pulled_to == later


def test_an_empty_feed_moves_the_cursor_too(connected: Authorization) -> None:
    store(connected, pulled_to=datetime(2026, 3, 5, tzinfo=UTC))
    connected.refresh_from_db()
    assert connected.pulled_to is not None


def test_events_tell_what_came(authorization: Authorization) -> None:
    store(authorization, meter(), block(*hours([1])), bill(MIDNIGHT))
    store(authorization, meter(), block(*hours([1])), bill(MIDNIGHT))
    told = sorted(event.type for event in authorization.events.all())
    assert told == ["meter_bills_added", "meter_created", "meter_intervals_added"]


def test_deleting_an_authorization_deletes_its_days(authorization: Authorization) -> None:
    store(authorization, meter(), block(*hours([1])))
    authorization.delete()
    assert ReadingDay.objects.count() == 0


# -- after a new consent --------------------------------------------------------------------------


def renewed(authorization: Authorization) -> None:
    """As after a new consent, by which the meter has another name; nothing else is known yet."""
    UsagePoint.objects.filter(authorization=authorization).update(
        identity="UsagePoint/2",
        links=["UsagePoint/2", "UsagePoint/2/MeterReading", "UsagePoint/2/UsageSummary"],
    )
    for table in (MeterReading, UsageSummary):
        table._default_manager.update(of_earlier_grant=True)


def test_series_and_bills_that_have_other_names_after_a_new_consent_do_not_double(
    authorization: Authorization,
) -> None:
    values = range(1, 25)
    store(authorization, meter("1"), block(*hours(values)), bill(MIDNIGHT))
    renewed(authorization)
    again = store(
        authorization, meter("2"), block(*hours(values), of="2"), bill(MIDNIGHT, of="2", number=9)
    )
    assert (again.new, again.changed, again.bills) == (0, 0, 0)
    for table in (UsagePoint, MeterReading, UsageSummary):
        row = table._default_manager.get()
        assert row.identity.startswith("UsagePoint/2")
    assert not MeterReading.objects.get().of_earlier_grant
    # It is known by its new name from then on, and others are new.
    more = store(authorization, meter("2"), bill(MIDNIGHT + 30 * DAY, of="2", number=10))
    assert (more.bills, MeterReading.objects.count()) == (1, 1)


def test_a_bill_for_another_period_is_not_the_earlier_one(authorization: Authorization) -> None:
    store(authorization, meter("1"), bill(MIDNIGHT))
    renewed(authorization)
    later = store(authorization, meter("2"), bill(MIDNIGHT + 30 * DAY, of="2"))
    assert (later.bills, UsageSummary.objects.count()) == (1, 2)


def test_of_two_earlier_series_of_one_kind_neither_is_taken(authorization: Authorization) -> None:
    store(authorization, meter("1"), block(*hours(range(1, 25))))
    series = MeterReading.objects.get()
    series.pk, series.uid, series.identity = None, "another", "another"
    series.save()
    renewed(authorization)
    store(authorization, meter("2"), block(*hours(range(1, 25)), of="2"))
    assert MeterReading.objects.count() == 3
