"""Local days, months, years and the days of bills, against zoneinfo asked for each instant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenbutton.display.bills import days_of
from greenbutton.display.periods import (
    VIEWS,
    Period,
    View,
    last_midnight,
    lasting,
    midnight,
    nearest_midnight,
)
from tests.greenbutton.clocks import ZONES, anchors, local_date, zones

views = st.sampled_from(VIEWS)
beside = st.integers(-10, 10).map(lambda number: timedelta(days=number))
TORONTO = ZONES["America/Toronto"]


@given(zones, anchors, beside, views)
def test_a_period_is_bounded_by_the_first_and_last_instant_of_its_days(
    zone: ZoneInfo, anchor: date, moved: timedelta, view: View
) -> None:
    period = Period.holding(view, anchor + moved)
    begin, end = (int(at.timestamp()) for at in period.bounds(zone))
    assert local_date(begin, zone) == period.first
    assert local_date(end - 1, zone) == period.end - timedelta(days=1)
    # Half a day beside them, no minute is on a day of the period any more.
    outside = [*range(begin - 43_200, begin, 60), *range(end, end + 43_200, 60)]
    assert not [at for at in outside if period.first <= local_date(at, zone) < period.end]


@given(zones, anchors, beside, views)
def test_periods_follow_one_another(
    zone: ZoneInfo, anchor: date, moved: timedelta, view: View
) -> None:
    period = Period.holding(view, anchor + moved)
    assert period.previous().end == period.first
    assert period.next().first == period.end
    assert period.next().previous() == period
    # But where a day was left and begun again, the two overlap; never is anything between them.
    assert period.next().bounds(zone)[0] <= period.bounds(zone)[1]


@pytest.mark.parametrize(
    ("zone", "day", "minutes"),
    [
        ("America/Toronto", date(2026, 3, 8), 23 * 60),
        ("America/Toronto", date(2026, 11, 1), 25 * 60),
        ("America/Los_Angeles", date(2026, 3, 8), 23 * 60),
        ("America/St_Johns", date(2026, 11, 1), 25 * 60),
        ("America/St_Johns", date(2010, 3, 14), 23 * 60),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24 * 60 + 30),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23 * 60 + 30),
        # From its first midnight to its last: the 59 minutes of the 6th in between included.
        ("America/St_Johns", date(2010, 11, 7), 25 * 60),
        ("America/St_Johns", date(2010, 11, 6), 25 * 60),
        # A midnight that the clocks leap over: the day begins at 1:00.
        ("America/Sao_Paulo", date(2018, 11, 4), 23 * 60),
        ("America/Sao_Paulo", date(2018, 2, 17), 25 * 60),
    ],
)
def test_a_day_is_as_long_as_its_zone_has_it(zone: str, day: date, minutes: int) -> None:
    begin, end = Period.holding("day", day).bounds(ZoneInfo(zone))
    assert (end - begin) == timedelta(minutes=minutes)


def test_the_last_midnight_is_the_second_where_a_day_began_twice() -> None:
    st_johns = ZONES["America/St_Johns"]
    day = date(2010, 11, 7)
    assert midnight(day, st_johns) == datetime(2010, 11, 7, 2, 30, tzinfo=UTC)
    assert last_midnight(day, st_johns) == datetime(2010, 11, 7, 3, 30, tzinfo=UTC)


# --- The days of a bill ---------------------------------------------------------------------------


@given(zones, anchors, beside, st.integers(1, 70))
def test_a_bill_from_midnight_to_midnight_has_just_these_days(
    zone: ZoneInfo, anchor: date, moved: timedelta, length: int
) -> None:
    first = anchor + moved
    after = first + timedelta(days=length)
    found = days_of(midnight(first, zone), midnight(after, zone), zone)
    assert found == (first, after - timedelta(days=1))


@given(zones, anchors, beside, st.integers(1, 70), st.integers(-10, 10), st.integers(-10, 10))
def test_an_end_some_hours_beside_midnight_means_that_midnight(
    zone: ZoneInfo, anchor: date, moved: timedelta, length: int, early: int, late: int
) -> None:
    """Greenwich's midnight, one that forgets a change of clocks, the second before one."""
    first = anchor + moved
    after = first + timedelta(days=length)
    start = midnight(first, zone) + timedelta(hours=early, seconds=-1)
    end = midnight(after, zone) + timedelta(hours=late, seconds=-1)
    if length > 1 or early == late:
        assert days_of(start, end, zone) == (first, after - timedelta(days=1))


@given(zones, anchors, st.integers(0, 86_399), st.lists(st.integers(1, 70), min_size=2, max_size=5))
def test_bills_that_follow_one_another_share_no_day_and_leave_none_out(
    zone: ZoneInfo, anchor: date, seconds: int, lengths: list[int]
) -> None:
    """Whatever the hour at which meters are read: bills of whole days of 24 hours."""
    start = datetime(anchor.year, anchor.month, anchor.day, tzinfo=UTC)
    start += timedelta(seconds=seconds)
    expected = nearest_midnight(start, zone)
    for length in lengths:
        end = start + timedelta(days=length)
        first, last = days_of(start, end, zone)
        assert first == expected
        assert last is not None
        assert abs((last - first).days + 1 - length) <= 1
        start, expected = end, last + timedelta(days=1)


def test_thirty_times_24_hours_are_thirty_days_also_in_march() -> None:
    start = midnight(date(2026, 2, 22), TORONTO)
    end = start + timedelta(days=30)  # 1:00 on 24 March, by summer time
    assert days_of(start, end, TORONTO) == (date(2026, 2, 22), date(2026, 3, 23))


def test_a_month_by_greenwich_is_that_month_in_toronto() -> None:
    found = days_of(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), TORONTO)
    assert found == (date(2026, 1, 1), date(2026, 1, 31))


@pytest.mark.parametrize("hour", [0, 9, 13, 22])
def test_a_period_of_less_than_a_day_lies_on_its_day(hour: int) -> None:
    start = midnight(date(2026, 7, 4), TORONTO) + timedelta(hours=hour)
    found = days_of(start, start + timedelta(hours=1), TORONTO)
    assert found == (date(2026, 7, 4), date(2026, 7, 4))


def test_a_period_without_an_end_or_one_before_its_start_has_no_last_day() -> None:
    start = midnight(date(2026, 7, 4), TORONTO)
    assert days_of(start, None, TORONTO) == (date(2026, 7, 4), None)
    assert days_of(start, start, TORONTO) == (date(2026, 7, 4), None)
    assert days_of(start, start - timedelta(days=3), TORONTO) == (date(2026, 7, 4), None)
    assert days_of(None, start, TORONTO) == (None, None)


# --- In words -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "no time"),
        (1, "1 second"),
        (900, "15 minutes"),
        (3600, "1 hour"),
        (5400, "1 hour 30 minutes"),
        (86_400, "1 day"),
        (86_460, "1 day"),
        (183_599, "2 days 2 hours"),
        (86_400 * 1234 + 7200, "1,234 days 2 hours"),
    ],
)
def test_a_length_of_time_is_said_in_its_two_largest_units(seconds: int, said: str) -> None:
    assert lasting(seconds) == said
