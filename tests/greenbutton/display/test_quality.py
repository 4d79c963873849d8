"""The report's arithmetic against a slow and obvious model: every five minutes marked by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenbutton.display.periods import midnight
from greenbutton.display.quality import (
    BillCheck,
    Billed,
    Coverage,
    Qualities,
    Readings,
    Span,
    StoredDay,
    check_bill,
    coverage_of,
    cut_by,
    in_hours,
    lengths_of_odd_days,
    odd_days_of,
    percent,
)
from greenbutton.display.units import Quantity, scaled, unit_of
from greenbutton.ingest import days
from greenbutton.ingest.days import Reading
from tests.greenbutton.clocks import ZONES, anchors, instant, local_date, zones

STEP = 300
HOUR, DAY = 3600, 86_400
TORONTO, LORD_HOWE, ST_JOHNS = (
    ZONES[name] for name in ("America/Toronto", "Australia/Lord_Howe", "America/St_Johns")
)
WH = 72


@st.composite
def series(draw: st.DrawFn) -> list[Reading]:
    """Some runs of readings around a change of clocks: with gaps, overlaps, and several lengths."""
    start = instant(draw(anchors)) - DAY
    places = set[tuple[int, int]]()
    for _ in range(draw(st.integers(1, 4))):
        begin = start + STEP * draw(st.integers(0, 3 * DAY // STEP))
        lasts = draw(st.sampled_from([300, 900, 1800, 3600, 7200, DAY]))
        count = draw(st.integers(1, 40 if lasts < DAY else 2))
        places |= {(begin + n * lasts, lasts) for n in range(count)}
    value = st.none() | st.integers(-1000, 1000)
    return [Reading(at, lasts, draw(value)) for at, lasts in sorted(places)]


def stored(
    readings: Sequence[Reading], zone: ZoneInfo = TORONTO
) -> tuple[list[StoredDay], dict[date, list[int | None]]]:
    """The readings as days, and their values beside them."""
    by_day: dict[date, list[Reading]] = {}
    for reading in readings:
        by_day.setdefault(local_date(reading.start, zone), []).append(reading)
    built = [days.build(day, part) for day, part in sorted(by_day.items())]
    rows = [
        StoredDay(
            day=one.day,
            start=one.start,
            seconds=one.seconds,
            count=one.count,
            total=one.total,
            without_value=one.values.count(None),
            offsets=one.offsets,
            durations=one.durations,
        )
        for one in built
    ]
    return rows, {one.day: one.values for one in built}


def marks(readings: Iterable[Reading]) -> Counter[int]:
    """How many readings cover each five minutes, by when these begin."""
    return Counter(
        at
        for reading in readings
        for at in range(reading.start, reading.start + reading.seconds, STEP)
    )


def marked(spans: Iterable[Span]) -> list[int]:
    return [at for span in spans for at in range(span.begin, span.end, STEP)]


def whole_days(first: date, count: int, zone: ZoneInfo, lasts: int = HOUR) -> list[Reading]:
    """Readings of 1 from a local midnight to another one."""
    begin = int(midnight(first, zone).timestamp())
    end = int(midnight(first + timedelta(days=count), zone).timestamp())
    return [Reading(at, lasts, 1) for at in range(begin, end, lasts)]


# --- Covered, missing, measured twice -------------------------------------------------------------


@given(zones, series())
def test_gaps_and_overlaps_are_what_no_reading_or_several_cover(
    zone: ZoneInfo, readings: list[Reading]
) -> None:
    rows, _ = stored(readings, zone)
    coverage = coverage_of(rows)
    counted = marks(readings)
    span = range(min(counted), max(counted) + STEP, STEP)
    assert coverage.span == (span.start, span.stop)
    assert marked(coverage.gaps) == [at for at in span if not counted[at]]
    assert marked(coverage.overlaps) == [at for at in span if counted[at] > 1]
    assert coverage.missing == STEP * sum(not counted[at] for at in span)
    assert coverage.twice == STEP * sum(counted[at] > 1 for at in span)


@given(series())
def test_gaps_are_merged_over_days(readings: list[Reading]) -> None:
    coverage = coverage_of(stored(readings)[0])
    for spans in (coverage.gaps, coverage.overlaps):
        assert all(span.begin < span.end for span in spans)
        assert all(one.end < other.begin for one, other in pairwise(spans))


@given(series(), st.integers(-100, 1500), st.integers(1, 1500))
def test_what_is_covered_within_a_span_is_counted(
    readings: list[Reading], begin: int, steps: int
) -> None:
    coverage = coverage_of(stored(readings)[0])
    begin = readings[0].start + begin * STEP
    span = Span(begin, begin + steps * STEP)
    counted = marks(readings)
    expected = STEP * sum(counted[at] > 0 for at in range(span.begin, span.end, STEP))
    assert coverage.covered_in(span) == expected


@given(zones, anchors, st.sampled_from([300, 900, 1800]))
def test_a_day_of_another_length_is_neither_gap_nor_overlap(
    zone: ZoneInfo, anchor: date, lasts: int
) -> None:
    rows, _ = stored(whole_days(anchor - timedelta(days=3), 6, zone, lasts), zone)
    coverage = coverage_of(rows)
    assert (coverage.gaps, coverage.overlaps) == ((), ())
    assert coverage.percent == 100


def test_a_gap_from_one_day_to_another_is_one_gap() -> None:
    readings = whole_days(date(2026, 3, 6), 4, TORONTO)
    del readings[20:60]
    coverage = coverage_of(stored(readings)[0])
    assert [gap.seconds for gap in coverage.gaps] == [40 * HOUR]
    assert coverage.longest_gap == coverage.missing == 40 * HOUR


def test_readings_of_24_hours_overlap_the_day_after_one_of_23() -> None:
    first = int(midnight(date(2026, 3, 8), TORONTO).timestamp())
    second = int(midnight(date(2026, 3, 9), TORONTO).timestamp())
    coverage = coverage_of(stored([Reading(first, DAY, 1), Reading(second, DAY, 1)])[0])
    assert coverage.overlaps == (Span(second, second + HOUR),)


def test_several_bills_of_one_start_overlap() -> None:
    coverage = coverage_of(stored([Reading(0, n * DAY, 1) for n in (28, 30, 31)])[0])
    assert coverage.span == (0, 31 * DAY)
    assert coverage.overlaps == (Span(0, 30 * DAY),)


# --- Percent --------------------------------------------------------------------------------------


@given(st.integers(1, 10**12), st.data())
def test_only_what_is_complete_says_100_and_only_nothing_says_0(
    whole: int, data: st.DataObject
) -> None:
    part = data.draw(st.integers(0, whole))
    share = percent(part, whole)
    assert (share == 100) == (part == whole)
    assert (share == 0) == (part == 0)
    assert abs(share - Decimal(100 * part) / whole) <= Decimal("0.01")


def test_all_but_a_quarter_hour_of_a_year_is_not_100() -> None:
    assert str(percent(35_039, 35_040)) == "99.99"
    assert str(percent(35_040, 35_040)) == "100.00"
    assert str(percent(1, 35_040_000)) == "0.01"


# --- Estimated ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "estimated", "unknown"),
    [
        ({17: 100}, 0, 0),
        ({0: 50, 14: 25, 18: 20, 19: 5}, 0, 0),
        ({17: 75, 7: 5, 8: 5, 9: 5, 11: 5, 12: 4, 15: 1}, 25, 0),
        ({17: 50, None: 50}, 0, 50),
        # Mixed, questionable and other leave it open, as does a number that the schema lacks.
        ({8: 20, 10: 20, 13: 20, 16: 20, 99: 20}, 20, 80),
        ({None: 3}, 0, 100),
    ],
)
def test_the_estimated_share_counts_what_was_not_read_off_the_meter(
    counts: dict[int | None, int], estimated: int, unknown: int
) -> None:
    qualities = Qualities(counts)
    assert qualities.estimated == estimated
    assert qualities.unknown == unknown


# --- Days on which clocks change ------------------------------------------------------------------


@settings(max_examples=50)
@given(zones, anchors)
def test_the_lengths_of_days_are_those_that_zoneinfo_counts(zone: ZoneInfo, anchor: date) -> None:
    first, last = anchor - timedelta(days=7), anchor + timedelta(days=7)
    minutes = Counter(
        local_date(at, zone) for at in range(instant(first) - DAY, instant(last) + 2 * DAY, 60)
    )
    expected = {
        day: count * 60
        for day, count in minutes.items()
        if first <= day <= last and count != DAY // 60
    }
    assert lengths_of_odd_days(first, last, zone) == expected


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/Toronto", date(2026, 3, 8), "23"),
        ("America/Toronto", date(2026, 11, 1), "25"),
        ("America/Los_Angeles", date(2026, 11, 1), "25"),
        ("America/St_Johns", date(2026, 3, 8), "23"),
        ("Australia/Lord_Howe", date(2026, 4, 5), "24.5"),
        ("Australia/Lord_Howe", date(2026, 10, 4), "23.5"),
    ],
)
@pytest.mark.parametrize("lasts", [300, 900, 1800, 3600])
def test_readings_that_fill_such_a_day_fit_it(zone: str, day: date, hours: str, lasts: int) -> None:
    readings = whole_days(day - timedelta(days=2), 5, ZONES[zone], lasts)
    rows, _ = stored(readings, ZONES[zone])
    (odd,) = odd_days_of(rows, coverage_of(rows), ZONES[zone])
    assert (odd.day, odd.hours, odd.fits) == (day, hours, True)


def test_24_hours_on_a_day_of_23_do_not_fit() -> None:
    start = int(midnight(date(2026, 3, 7), TORONTO).timestamp())
    rows, _ = stored([Reading(at, DAY, 1) for at in (start, start + DAY, start + 2 * DAY)])
    (odd,) = odd_days_of(rows, coverage_of(rows), TORONTO)
    assert (odd.measured_hours, odd.fits) == ("24", False)


def test_an_hour_that_is_missing_on_a_day_of_25_does_not_fit() -> None:
    readings = whole_days(date(2026, 10, 31), 3, TORONTO)
    del readings[24 + 2]
    rows, _ = stored(readings)
    (odd,) = odd_days_of(rows, coverage_of(rows), TORONTO)
    assert (odd.hours, odd.measured_hours, odd.fits) == ("25", "24", False)


def test_a_day_of_23_hours_without_readings_does_not_fit() -> None:
    before = whole_days(date(2026, 3, 6), 2, TORONTO)
    after = whole_days(date(2026, 3, 9), 1, TORONTO)
    rows, _ = stored(before + after)
    (odd,) = odd_days_of(rows, coverage_of(rows), TORONTO)
    assert (odd.measured_hours, odd.fits) == ("0", False)


def test_of_monthly_readings_no_day_is_judged() -> None:
    start = int(midnight(date(2026, 3, 1), TORONTO).timestamp())
    rows, _ = stored([Reading(start, 31 * DAY - HOUR, 1), Reading(start + 31 * DAY - HOUR, DAY, 1)])
    (odd,) = odd_days_of(rows, coverage_of(rows), TORONTO)
    assert odd.fits is None


def test_a_day_that_the_readings_begin_or_end_in_is_not_judged() -> None:
    readings = whole_days(date(2026, 3, 8), 1, TORONTO)[3:]
    rows, _ = stored(readings)
    assert odd_days_of(rows, coverage_of(rows), TORONTO) == []


def test_a_day_in_two_pieces_fits_in_both() -> None:
    """7 November 2010 began in St. John's at 00:00, was left at 00:01, and began once more."""
    readings = whole_days(date(2010, 11, 5), 5, ST_JOHNS, lasts=60)
    rows, _ = stored(readings, ST_JOHNS)
    found = odd_days_of(rows, coverage_of(rows), ST_JOHNS)
    assert [(odd.day.day, odd.seconds, odd.fits) for odd in found] == [
        (6, DAY + 59 * 60, True),
        (7, DAY + 60, True),
    ]
    assert in_hours(DAY + 59 * 60) == "24.98"


# --- Bills ----------------------------------------------------------------------------------------


def only(
    values: dict[date, list[int | None]], rows: Sequence[StoredDay], *spans: Span
) -> dict[date, list[int | None]]:
    """Just the values that the report asks for."""
    return {day: values[day] for day in cut_by(spans, rows)}


@given(zones, series(), st.integers(-50, 1500), st.integers(1, 1500))
def test_a_sum_takes_whole_readings_by_their_start(
    zone: ZoneInfo, readings: list[Reading], begin: int, steps: int
) -> None:
    begin = readings[0].start + begin * STEP
    span = Span(begin, begin + steps * STEP)
    rows, values = stored(readings, zone)
    part = Readings(rows, only(values, rows, span)).within(span)
    inside = [one for one in readings if span.begin <= one.start < span.end]
    if not inside:
        assert part is None
        return
    assert part is not None
    assert part.total == sum(one.value or 0 for one in inside)
    assert part.without_value == sum(one.value is None for one in inside)
    assert part.begin == min(one.start for one in inside)
    assert part.end == max(one.start + one.seconds for one in inside)


def checked(
    readings: Sequence[Reading],
    span: Span,
    consumption: int,
    *,
    uom: int = WH,
    power: int = 0,
    reading_uom: int | None = WH,
    reading_power: int = 0,
) -> BillCheck:
    rows, values = stored(readings)
    unit = unit_of(uom, power)
    used = Quantity(scaled(consumption, power, unit), unit)
    billed = Billed(date(2026, 1, 1), date(2026, 1, 31), span, used)
    found = Readings(rows, only(values, rows, span))
    return check_bill(
        billed, found, coverage_of(rows), unit_of(reading_uom, reading_power), reading_power
    )


@given(series(), st.integers(-20, 400), st.integers(1, 800))
def test_a_bill_is_compared_only_where_its_period_is_measured(
    readings: list[Reading], begin: int, steps: int
) -> None:
    begin = readings[0].start + begin * STEP
    span = Span(begin, begin + steps * STEP)
    check = checked(readings, span, 1000)
    counted = marks(readings)
    inside = [one for one in readings if span.begin <= one.start < span.end]
    missing = [at for at in range(span.begin, span.end, STEP) if not counted[at]]
    if check.outcome == "compared":
        assert check.measured is not None
        assert check.measured.value == Decimal(sum(one.value or 0 for one in inside)) / 1000
        assert all(one.value is not None for one in inside)
        ends = set(range(span.begin, span.begin + HOUR, STEP))
        ends |= set(range(span.end - HOUR, span.end, STEP))
        assert set(missing) <= ends
    elif check.outcome == "uneven":
        assert missing == []
    else:
        assert check.outcome == "partly"
        assert missing or any(one.value is None for one in inside) or not inside


MONTH = whole_days(date(2026, 3, 1), 31, TORONTO)
PERIOD = Span(MONTH[0].start, MONTH[-1].start + HOUR)


def test_the_difference_is_exact_and_in_the_bills_unit() -> None:
    check = checked(MONTH, PERIOD, 740)
    assert check.outcome == "compared"
    assert check.measured is not None
    assert (check.measured.value, check.billed.used.value) == (Decimal("0.743"), Decimal("0.74"))
    assert check.difference is not None
    assert check.difference.value == Decimal("0.003")
    assert check.percent is not None
    assert round(check.percent, 3) == Decimal("0.405")


@pytest.mark.parametrize(("power", "consumption"), [(0, 743), (-3, 743_000), (3, 1)])
def test_powers_of_ten_of_one_unit_are_compared(power: int, consumption: int) -> None:
    check = checked(MONTH, PERIOD, consumption, power=power)
    assert check.outcome == "compared"
    assert (check.percent == 0) == (power != 3)


@pytest.mark.parametrize(
    "units",
    [
        {"uom": 169},
        {"uom": 9999},
        {"uom": 9999, "reading_uom": 9999},
        {"reading_uom": None},
        {"power": 100},
    ],
)
def test_other_units_and_unknown_ones_are_not_compared(units: dict[str, int]) -> None:
    assert checked(MONTH, PERIOD, 743, **units).outcome == "other_unit"


def test_a_missing_hour_or_value_within_the_period_is_not_fully_measured() -> None:
    gap = checked(MONTH[:100] + MONTH[101:], PERIOD, 743)
    assert (gap.outcome, gap.covered, gap.measured) == ("partly", Decimal("99.86"), None)
    silent = [*MONTH[:100], MONTH[100]._replace(value=None), *MONTH[101:]]
    assert checked(silent, PERIOD, 743).outcome == "partly"


@pytest.mark.parametrize("moved", [-HOUR, -1, 1, HOUR])
def test_an_hour_at_the_end_is_let_pass(moved: int) -> None:
    assert checked(MONTH, Span(PERIOD.begin, PERIOD.end + moved), 743).outcome == "compared"
    assert checked(MONTH, Span(PERIOD.begin + moved, PERIOD.end), 743).outcome == "compared"


def test_more_than_an_hour_is_not() -> None:
    assert checked(MONTH, Span(PERIOD.begin, PERIOD.end + 2 * HOUR), 743).outcome == "partly"
    assert checked(MONTH, Span(PERIOD.begin - 2 * HOUR, PERIOD.end), 743).outcome == "partly"


def test_readings_of_a_day_or_a_month_do_not_stand_for_another_period() -> None:
    by_day = [Reading(PERIOD.begin + n * DAY, DAY, 24) for n in range(60)]
    noon = Span(PERIOD.begin + 5 * DAY + DAY // 2, PERIOD.begin + 35 * DAY + DAY // 2)
    assert checked(by_day, noon, 743).outcome == "uneven"
    monthly = [Reading(PERIOD.begin + n * 30 * DAY, 30 * DAY, 743) for n in range(3)]
    assert checked(monthly, noon, 743).outcome == "uneven"
    fitting = Span(PERIOD.begin + 30 * DAY, PERIOD.begin + 60 * DAY)
    assert checked(monthly, fitting, 743).outcome == "compared"


def test_a_bill_of_nothing_has_a_difference_but_no_percent() -> None:
    check = checked(MONTH, PERIOD, 0)
    assert check.percent is None
    assert check.difference is not None
    assert check.difference.value == Decimal("0.743")


def test_absurd_numbers_are_compared_without_an_error() -> None:
    huge = [one._replace(value=2**50) for one in MONTH]
    check = checked(huge, PERIOD, 1, power=-15, reading_power=15)
    assert check.percent is not None
    assert check.percent > 10**30


def test_a_day_that_was_stored_anew_meanwhile_counts_as_not_measured() -> None:
    rows, values = stored(MONTH)
    span = Span(PERIOD.begin + HOUR, PERIOD.end)
    (day,) = cut_by([span], rows)
    part = Readings(rows, {day: values[day][:-1]}).within(span)
    assert part is not None
    assert part.without_value == 23


def test_the_period_of_a_bill_may_lie_wholly_beside_the_readings() -> None:
    before = Span(PERIOD.begin - 30 * DAY, PERIOD.begin - DAY)
    check = checked(MONTH, before, 743)
    assert (check.outcome, check.covered) == ("partly", Decimal(0))


def test_coverage_of_one_reading() -> None:
    assert coverage_of(stored([Reading(0, 900, 1)])[0]) == Coverage(Span(0, 900), (), ())
