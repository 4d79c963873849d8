"""The simulated lives: the same hour is the same for ever, and the bills add up."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from utilities.sandbox.households import (
    CENT,
    HOUR,
    ON_PEAK,
    PROFILES,
    REVERSE,
    Meter,
    bill_of,
    billing_periods,
    midnight,
    reading_day,
)

TORONTO = ZoneInfo("America/Toronto")
LOS_ANGELES = ZoneInfo("America/Los_Angeles")
SEED = 271_828


def meter(profile: str, seed: int = SEED) -> Meter:
    zone = TORONTO if profile.startswith("ontario") else LOS_ANGELES
    return Meter(seed, PROFILES[profile], zone)


def total(it: Meter, first: date, days: int) -> int:
    return sum(
        reading.value or 0
        for number in range(days)
        for reading in it.day(first + timedelta(days=number))
    )


@pytest.mark.parametrize("name", PROFILES)
def test_the_same_day_is_the_same_whoever_asks_and_whenever(name: str) -> None:
    day = date(2025, 7, 14)
    first = meter(name).day(day)
    meter(name).day(day + timedelta(days=1))
    assert meter(name).day(day) == first


@pytest.mark.parametrize("name", PROFILES)
def test_two_meters_of_a_kind_lead_different_lives(name: str) -> None:
    assert meter(name).day(date(2025, 7, 14)) != meter(name, SEED + 1).day(date(2025, 7, 14))


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        (date(2025, 3, 8), 24),
        (date(2025, 3, 9), 23),
        (date(2025, 11, 1), 24),
        (date(2025, 11, 2), 25),
    ],
)
@pytest.mark.parametrize(
    "name",
    ["ontario_home_electricity", "california_home_gas", "california_solar_home_electricity"],
)
def test_a_local_day_has_as_many_hours_as_its_clock(name: str, day: date, hours: int) -> None:
    it = meter(name)
    readings = it.day(day)
    assert len(readings) == hours * HOUR // it.profile.seconds
    assert readings[0].start == midnight(day, it.zone)
    starts = [reading.start for reading in readings]
    end = midnight(day + timedelta(days=1), it.zone)
    assert starts == list(range(starts[0] or 0, end, it.profile.seconds))


def test_the_hour_that_comes_twice_in_autumn_has_two_readings_at_the_same_local_price() -> None:
    readings = meter("ontario_home_electricity").day(date(2025, 11, 2))
    local = [datetime.fromtimestamp(r.start or 0, TORONTO).hour for r in readings]
    assert local.count(1) == 2
    assert local[1:3] == [1, 1]


@pytest.mark.parametrize("name", PROFILES)
def test_no_reading_is_negative_or_without_a_price(name: str) -> None:
    it = meter(name)
    for number in range(0, 365, 7):
        for reading in it.day(date(2025, 1, 1) + timedelta(days=number)):
            assert reading.value is not None
            assert reading.cost is not None
            assert reading.value >= 0
            price = it.profile.tariff.prices[reading.tou or 0]
            assert abs(reading.cost * 1000 - reading.value * price) <= 500


def test_a_gas_heated_home_uses_more_in_january_than_in_july() -> None:
    home = meter("california_home_gas")
    assert total(home, date(2025, 1, 1), 31) > 2 * total(home, date(2025, 7, 1), 31)


def test_a_californian_home_uses_more_electricity_in_summer() -> None:
    home = meter("california_home_electricity")
    assert total(home, date(2025, 7, 1), 31) > total(home, date(2025, 4, 1), 31)


@pytest.mark.parametrize("name", ["ontario_shop_electricity", "california_office_electricity"])
def test_a_business_is_closed_on_sunday_nights_and_busy_at_ten_on_tuesdays(name: str) -> None:
    it = meter(name)
    tuesday, sunday = it.day(date(2025, 5, 13)), it.day(date(2025, 5, 11))
    slots = HOUR // it.profile.seconds
    assert (tuesday[10 * slots].value or 0) > 2 * (sunday[23 * slots].value or 0)


def test_water_sleeps_at_night_and_wakes_in_the_morning() -> None:
    it = meter("ontario_home_water")
    days = [it.day(date(2025, 2, 3) + timedelta(days=n)) for n in range(28)]
    night = sum(day[3].value or 0 for day in days)
    morning = sum(day[7].value or 0 for day in days)
    assert morning > 5 * night


def test_weekends_have_no_peak_price_in_ontario_and_have_one_in_california() -> None:
    sunday = date(2025, 7, 13)
    assert ON_PEAK not in {r.tou for r in meter("ontario_home_electricity").day(sunday)}
    assert ON_PEAK in {r.tou for r in meter("california_home_electricity").day(sunday)}


@pytest.mark.parametrize("name", PROFILES)
def test_a_bill_counts_what_its_readings_count(name: str) -> None:
    it = meter(name)
    start = midnight(date(2025, 2, 1), it.zone)
    first, after = next(billing_periods(it, start, midnight(date(2025, 6, 1), it.zone)))
    bill = bill_of(it, first, after)
    days = [it.day(first + timedelta(days=n)) for n in range((after - first).days)]
    readings = [reading for day in days for reading in day]
    assert bill.consumption == sum(r.value or 0 for r in readings)
    energy = [c for c in bill.charges if c.measured is not None and c.amount >= 0]
    # A line is rounded to cents, a reading's cost to 10^-5.
    rounding = len(energy) * CENT // 2 + len(readings)
    assert abs(sum(c.amount for c in energy) - sum(r.cost or 0 for r in readings)) <= rounding
    assert sum(c.measured or 0 for c in energy) == bill.consumption
    assert bill.amount == sum(c.amount for c in bill.charges)
    assert all(c.amount % CENT == 0 for c in bill.charges)
    assert readings[0].start == bill.start
    assert (readings[-1].start or 0) + it.profile.seconds == bill.start + bill.seconds


def test_billing_periods_follow_one_another_without_a_gap() -> None:
    it = meter("ontario_home_electricity")
    end = midnight(date(2026, 1, 1), it.zone)
    periods = list(billing_periods(it, midnight(date(2024, 1, 1), it.zone), end))
    assert len(periods) >= 22
    assert all(before[1] == after[0] for before, after in pairwise(periods))
    assert midnight(periods[-1][1], it.zone) <= end


def test_a_period_that_is_not_over_has_no_bill() -> None:
    it = meter("ontario_home_electricity")
    start = midnight(date(2025, 1, reading_day(it)), it.zone)
    over = midnight(date(2025, 2, reading_day(it)), it.zone)
    assert not list(billing_periods(it, start, over - 1))
    assert len(list(billing_periods(it, start, over))) == 1
    assert not list(billing_periods(it, start + 1, over))


@pytest.mark.parametrize("name", [name for name, its in PROFILES.items() if its.solar])
def test_panels_give_by_day_and_more_in_summer(name: str) -> None:
    it = meter(name)

    def sent(first: date) -> list[tuple[int, int]]:
        """The local hour and the value of each reading of a month."""
        days = [it.day(first + timedelta(days=n), REVERSE) for n in range(30)]
        return [
            (datetime.fromtimestamp(r.start or 0, it.zone).hour, r.value or 0)
            for day in days
            for r in day
        ]

    summer, winter = sent(date(2025, 6, 1)), sent(date(2025, 12, 1))
    assert sum(value for _, value in summer) > 1.5 * sum(value for _, value in winter)
    assert not any(value for hour, value in summer + winter if hour < 5 or hour > 21)
    assert any(value for hour, value in winter if 11 <= hour <= 14)


def test_what_is_sent_is_never_used_in_the_same_quarter_of_an_hour() -> None:
    it = meter("california_solar_home_electricity")
    day = date(2025, 6, 21)
    pairs = zip(it.day(day), it.day(day, REVERSE), strict=True)
    assert all(0 in (used.value, sent.value) for used, sent in pairs)


def test_the_ratchet_is_the_highest_demand_of_a_year() -> None:
    it = meter("california_office_electricity")
    since = midnight(date(2023, 12, 1), it.zone)
    bills = [
        bill_of(it, *period)
        for period in billing_periods(it, since, midnight(date(2025, 3, 1), it.zone))
    ]
    last = bills[-1]
    assert last.ratchet == max(bill.totals.peak for bill in bills[-12:])
    assert last.ratchet_start == bills[-12].start
    assert last.totals.peak <= last.ratchet


def test_a_register_only_goes_up_and_counts_across_months() -> None:
    it = meter("ontario_shop_electricity")
    days = [date(2025, 1, 20) + timedelta(days=n) for n in range(30)]
    states = [it.register(day) for day in days]
    for day, before, after in zip(days[1:], states, states[1:], strict=False):
        assert after - before == sum(reading.value or 0 for reading in it.day(day))
