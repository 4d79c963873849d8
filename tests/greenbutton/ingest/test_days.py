"""Days against a slow and obvious model: every reading asked for its local date, one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenbutton.espi import EspiError
from greenbutton.espi.interval_block import IntervalReading, Readings
from greenbutton.ingest import days
from greenbutton.ingest.calendar import Calendar
from greenbutton.ingest.days import Day, Oddities, Reading, Unplaced

ZONES = ["America/Toronto", "America/Los_Angeles", "America/St_Johns", "Australia/Lord_Howe"]
CALENDARS = {name: Calendar(ZoneInfo(name)) for name in ZONES}
# St. John's changed its clocks at 00:01 until 2011, so a day there was once in two pieces.
YEARS = range(2009, 2028)
TRANSITION_MONTHS = [(3, 13), (4, 4), (10, 3), (11, 6)]

zones = st.sampled_from(ZONES)
anchors = st.builds(
    lambda year, at: int(datetime(year, at[0], at[1], tzinfo=UTC).timestamp()),
    st.sampled_from(YEARS),
    st.sampled_from(TRANSITION_MONTHS),
)
small = st.none() | st.integers(-(10**6), 10**6)


@st.composite
def series(draw: st.DrawFn) -> list[IntervalReading]:
    """Readings with distinct places, some days around a change of clocks, in some order."""
    anchor = draw(anchors)
    scattered = st.lists(
        st.tuples(
            st.integers(-500, 500).map(lambda step: anchor + step * 900),
            st.sampled_from([300, 900, 3600]),
        ),
        min_size=1,
        max_size=60,
        unique=True,
    )
    # As feeds mostly are: one after the other, over a midnight or two.
    consecutive = st.builds(
        lambda first, count, lasts: [
            (anchor + first * 900 + number * lasts, lasts) for number in range(count)
        ],
        st.integers(-500, 500),
        st.integers(1, 60),
        st.sampled_from([300, 900, 1800, 3600]),
    )
    places = draw(scattered | consecutive)
    order = draw(st.sampled_from(["drawn", "oldest first", "newest first"]))
    if order != "drawn":
        places = sorted(places, reverse=order == "newest first")
    return [
        IntervalReading(start, seconds, draw(small), draw(small), (), draw(small), None, None)
        for start, seconds in places
    ]


def model(readings: Sequence[IntervalReading], zone: str) -> dict[date, list[Reading]]:
    """The later of two with one place wins; each belongs where its own local date says."""
    latest = {(reading.start, reading.seconds): reading for reading in readings}
    expected: dict[date, list[Reading]] = {}
    for (start, seconds), one in sorted(latest.items()):
        assert start is not None
        assert seconds is not None
        day = datetime.fromtimestamp(start, ZoneInfo(zone)).date()
        quality = one.qualities[0] if one.qualities else None
        expected.setdefault(day, []).append(
            Reading(start, seconds, one.value, one.cost, quality, one.tou, one.cpp, one.tier)
        )
    return expected


def gathered(readings: Sequence[IntervalReading], zone: str = "America/Toronto") -> list[Day]:
    return days.gather(Readings.of(readings), CALENDARS[zone], Oddities())


def expanded(found: Sequence[Day]) -> dict[date, list[Reading]]:
    return {day.day: list(day.readings()) for day in found}


def hourly(*values: int | None, start: int = 1_772_427_600) -> list[IntervalReading]:
    """From midnight of 2 March 2026 in Toronto on."""
    return [
        IntervalReading(start + 3600 * number, 3600, value) for number, value in enumerate(values)
    ]


@given(zones, series())
def test_each_reading_lies_on_the_local_day_in_which_it_starts(
    zone: str, readings: list[IntervalReading]
) -> None:
    assert expanded(gathered(readings, zone)) == model(readings, zone)


@given(zones, series(), st.data())
def test_readings_cut_shuffled_repeated_and_overlapped_give_the_same_days(
    zone: str, readings: list[IntervalReading], data: st.DataObject
) -> None:
    rows = st.lists(st.sampled_from(readings), max_size=30, unique=True)
    blocks = [*data.draw(st.lists(rows, max_size=5)), data.draw(st.permutations(readings))]
    pieces: dict[date, list[Day]] = {}
    for block in data.draw(st.permutations(blocks)):
        for piece in gathered(block, zone):
            pieces.setdefault(piece.day, []).append(piece)
    joined = [days.join(pieces[day], Oddities()) for day in sorted(pieces)]
    assert joined == gathered(readings, zone)


@given(zones, series(), st.data())
def test_merging_the_pieces_into_what_is_stored_gives_the_same_days_and_corrects_nothing(
    zone: str, readings: list[IntervalReading], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(readings)))
    stored: dict[date, Day] = {}
    for block in (readings[cut:], readings[:cut], readings):
        for piece in gathered(block, zone):
            known = stored.get(piece.day)
            merged, corrections = (piece, []) if known is None else days.merge(known, piece)
            assert corrections == []
            stored[piece.day] = merged
    assert [stored[day] for day in sorted(stored)] == gathered(readings, zone)


@given(zones, series(), st.data())
def test_a_corrected_feed_changes_exactly_the_corrected_readings(
    zone: str, readings: list[IntervalReading], data: st.DataObject
) -> None:
    wrong = data.draw(st.sets(st.integers(0, len(readings) - 1), max_size=5))
    after = [
        reading._replace(value=(reading.value or 0) + 1) if number in wrong else reading
        for number, reading in enumerate(readings)
    ]
    found = []
    for old, new in zip(gathered(readings, zone), gathered(after, zone), strict=True):
        merged, corrections = days.merge(old, new)
        assert merged == new
        found += corrections
    places = {(correction.new.start, correction.new.seconds) for correction in found}
    assert places == {(readings[number].start, readings[number].seconds) for number in wrong}


@given(zones, anchors, st.integers(-10 * 86_400, 10 * 86_400))
def test_a_span_holds_only_instants_of_its_day(zone: str, anchor: int, moved: int) -> None:
    at = anchor + moved
    begin, end, day = CALENDARS[zone].span(at)
    assert begin <= at < end
    for instant in (begin, at, (begin + end) // 2, end - 1):
        assert datetime.fromtimestamp(instant, ZoneInfo(zone)).date() == day


@pytest.mark.parametrize(
    ("zone", "day", "count"),
    [
        ("America/Toronto", date(2026, 3, 8), 23),
        ("America/Toronto", date(2026, 11, 1), 25),
        ("America/Los_Angeles", date(2026, 3, 8), 23),
        ("America/St_Johns", date(2026, 11, 1), 25),
        ("America/Toronto", date(2026, 3, 9), 24),
    ],
)
def test_a_day_on_which_clocks_change_has_23_or_25_hours(zone: str, day: date, count: int) -> None:
    noon = int(datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(zone)).timestamp())
    readings = [IntervalReading(noon + 3600 * hour, 3600, 1) for hour in range(-60, 60)]
    found = {one.day: one for one in gathered(readings, zone)}
    assert found[day].count == count
    assert found[day].offsets is None


def test_a_day_that_was_left_and_begun_again_is_one_day() -> None:
    # 7 November 2010 began in St. John's at 00:00, was left at 00:01, and began once more.
    begin = int(datetime(2010, 11, 7, 2, tzinfo=UTC).timestamp())  # 23:30 on the 6th
    readings = [IntervalReading(begin + 60 * minute, 60, 1) for minute in range(180)]
    found = gathered(readings, "America/St_Johns")
    assert [(one.day.day, one.count) for one in found] == [(6, 30 + 59), (7, 1 + 90)]
    assert all(one.offsets is not None for one in found)


def test_a_uniform_gapless_day_needs_no_offsets() -> None:
    (day,) = gathered(hourly(*range(24)))
    assert (day.seconds, day.offsets, day.durations) == (3600, None, None)
    assert (day.count, day.total, day.total_cost) == (24, 276, None)


def test_a_gap_or_another_length_is_kept_with_offsets_and_durations() -> None:
    readings = hourly(1, 2, 3)
    (gap,) = gathered([readings[0], readings[2]])
    assert (gap.offsets, gap.durations) == ([0, 7200], [3600, 3600])
    (longer,) = gathered([readings[0], readings[1]._replace(seconds=900)])
    assert (longer.offsets, longer.durations) == ([0, 3600], [3600, 900])


def test_an_array_of_nothing_but_absence_is_absent() -> None:
    (day,) = gathered(hourly(None, None))
    assert day.values == [None, None]
    assert (day.costs, day.qualities, day.tou, day.cpp, day.tiers) == (None,) * 5


def test_readings_of_one_entry_with_one_place_are_all_kept_when_they_differ() -> None:
    same = [IntervalReading(1_772_427_600, 3600, value) for value in (7, 8, 7)]
    oddities = Oddities()
    (day,) = days.gather(Readings.of(same), CALENDARS["America/Toronto"], oddities)
    assert day.values == [7, 8]
    assert (oddities.repeated, oddities.same_place) == (1, 1)
    assert days.merge(day, day) == (day, [])


def test_of_two_entries_the_later_one_wins_and_the_conflict_is_counted() -> None:
    oddities = Oddities()
    (old,), (new,) = gathered(hourly(1, 2)), gathered(hourly(1, 3))
    assert days.join([old, new], oddities).values == [1, 3]
    assert (oddities.repeated, oddities.conflicting) == (1, 1)


def test_merging_what_is_known_gives_back_the_same_object() -> None:
    (whole,), (part,) = gathered(hourly(1, 2, 3)), gathered(hourly(1, 2))
    merged, corrections = days.merge(whole, part)
    assert merged is whole
    assert corrections == []


def test_a_correction_knows_what_was_and_what_is() -> None:
    (old,), (new,) = gathered(hourly(1, 2)), gathered(hourly(1, 5))
    merged, (correction,) = days.merge(old, new)
    assert (correction.old.value, correction.new.value) == (2, 5)
    assert merged.total == 6


def test_a_reading_before_1900_or_after_2199_is_left_out_and_counted() -> None:
    oddities = Oddities()
    ancient = [IntervalReading(start, 3600, 1) for start in (-62_135_596_800, 253_402_300_799)]
    assert days.gather(Readings.of(ancient), CALENDARS["America/Toronto"], oddities) == []
    assert oddities.impossible == 2


def test_a_day_that_adds_up_to_more_than_the_column_holds_is_refused() -> None:
    with pytest.raises(EspiError, match="more than any meter"):
        gathered(hourly(2**62, 2**62))


def test_readings_without_a_length_last_until_the_next_one() -> None:
    unplaced = Unplaced()
    readings = [IntervalReading(start, None, 1) for start in (1800, 0, 900)]
    placed = days.place(readings, unplaced)
    assert [(one.start, one.seconds) for one in placed] == [(0, 900), (900, 900), (1800, 900)]
    assert unplaced.assumed_lengths == 3


def test_a_lone_reading_without_a_length_is_left_out_and_counted() -> None:
    unplaced = Unplaced()
    assert days.place([IntervalReading(0, None, 1), IntervalReading(None, 60, 1)], unplaced) == []
    assert (unplaced.without_length, unplaced.without_start) == (1, 1)
