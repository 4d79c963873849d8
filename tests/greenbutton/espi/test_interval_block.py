import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenbutton.espi.interval_block import IntervalBlock, IntervalReading, Readings
from tests.greenbutton.espi.documents import (
    at,
    block,
    codes_of,
    entry,
    feed,
    findings_of,
    int16s,
    numbers,
    readings_of,
    seconds,
)


@pytest.mark.parametrize(
    ("start", "read", "code"),
    [
        ("1330578000", 1330578000, None),
        (" 1330578000\n", 1330578000, None),
        ("1330578000.0", 1330578000, None),
        ("-86400", -86400, None),
        ("1721154384.66136", 1721154384, "time.fraction"),
        ("1440585200000", 1440585200, "time.milliseconds"),
        ("1440585200000000", 1440585200, "time.microseconds"),
        ("9223372036854775807", None, "time.out_of_range"),
        ("9" * 5000, None, "number.unreadable"),
        ("1e999999999", None, "number.unreadable"),
        ("1_000", None, "number.unreadable"),
        ("NaN", None, "number.unreadable"),
        ("", None, None),
    ],
)
def test_starts_become_whole_utc_seconds(start: str, read: int | None, code: str | None) -> None:
    document = feed(entry(block(at(start))))
    assert readings_of(document)[0].start == read
    assert codes_of(document) == ([code] if code else [])


@pytest.mark.parametrize(
    ("value", "read", "code"),
    [
        ("-5", -5, None),
        ("12.000", 12, None),
        ("0.7", None, "number.not_whole"),
        ("1,000", None, "number.unreadable"),
        ("1_000", None, "number.unreadable"),
        ("9223372036854775808", None, "number.out_of_range"),
        ("9" * 5000, None, "number.unreadable"),
        ("", None, None),
    ],
)
def test_a_value_is_a_whole_number_or_left_out(value: str, read: int | None, code: str) -> None:
    document = feed(entry(block(at("0", value=value))))
    assert readings_of(document)[0].value == read
    assert codes_of(document) == ([code] if code else [])


@pytest.mark.parametrize(
    ("duration", "code"),
    [
        ("0", "reading.no_duration"),
        ("-60", "number.out_of_range"),
        ("4294967296", "number.out_of_range"),
    ],
)
def test_an_impossible_duration_is_left_to_the_reading_type(duration: str, code: str) -> None:
    document = feed(entry(block(at("100", duration))))
    assert readings_of(document)[0].seconds is None
    assert codes_of(document) == [code]


def test_several_qualities_and_the_small_numbers_are_read() -> None:
    reading = (
        "<espi:cost>7</espi:cost>"
        "<espi:ReadingQuality><espi:quality>17</espi:quality></espi:ReadingQuality>"
        "<espi:ReadingQuality><espi:quality>8</espi:quality></espi:ReadingQuality>"
        + at("100")
        + "<espi:consumptionTier>3</espi:consumptionTier><espi:tou>1</espi:tou>"
        "<espi:cpp>99999</espi:cpp>"
    )
    document = feed(entry(block(reading)))
    assert readings_of(document) == [IntervalReading(100, 3600, 1, 7, (17, 8), 1, None, 3)]
    assert codes_of(document) == ["number.out_of_range"]


def test_the_same_oddity_in_one_entry_is_one_finding_with_its_count() -> None:
    document = feed(entry(block(*[at("1.5")] * 9), links="self=b"), entry(block(at("1.5"))))
    found = [(finding.code, finding.where, finding.count) for finding in findings_of(document)]
    assert found == [("time.fraction", "b", 9), ("time.fraction", "entry 2", 1)]


def test_findings_stay_few_however_odd_the_feed_is() -> None:
    found = findings_of(feed(*(entry(block(at("1.5")), links=f"self={n}") for n in range(2000))))
    assert len(found) < 600
    assert sum(finding.count for finding in found) == 2000


def test_readings_without_a_time_follow_one_another_from_the_blocks_start() -> None:
    timeless = IntervalReading(None, None, 1)
    placed = IntervalBlock(
        1000, None, (timeless, timeless, IntervalReading(9000, None, 1), timeless)
    )
    assert [(one.start, one.seconds) for one in placed.placed(900)] == [
        (1000, 900),
        (1900, 900),
        (9000, 900),
        (9900, 900),
    ]


def test_what_no_one_says_stays_unknown() -> None:
    placed = IntervalBlock(1000, None, (IntervalReading(None, None, 1),) * 2).placed(None)
    assert [(one.start, one.seconds) for one in placed] == [(1000, None), (None, None)]


def test_a_readings_own_time_wins_over_the_reading_type() -> None:
    (placed,) = IntervalBlock(0, None, (IntervalReading(60, 300, 1),)).placed(900)
    assert (placed.start, placed.seconds) == (60, 300)


# -- readings by the column -----------------------------------------------------------------------

rows = st.lists(
    st.builds(
        IntervalReading,
        start=seconds,
        seconds=st.none() | st.integers(1, 86_400),
        value=numbers,
        cost=numbers,
        qualities=st.lists(st.integers(0, 20), max_size=3).map(tuple),
        tou=int16s,
        cpp=int16s,
        tier=int16s,
    ),
    max_size=6,
)


@given(rows)
def test_columns_give_back_the_readings_that_they_were_made_of(
    made_of: list[IntervalReading],
) -> None:
    readings = Readings.of(made_of)
    assert [*readings] == made_of
    assert readings == made_of
    assert len(readings) == len(made_of)
    assert [readings[index] for index in range(len(made_of))] == made_of
    assert [*readings.reversed()] == made_of[::-1]


@given(st.lists(rows, min_size=1, max_size=4))
def test_columns_joined_are_the_readings_one_after_the_other(
    parts: list[list[IntervalReading]],
) -> None:
    expected = [reading for part in parts for reading in part]
    assert [*Readings.joined([Readings.of(part) for part in parts])] == expected


def test_readings_that_differ_anywhere_are_not_equal() -> None:
    one = IntervalReading(0, 900, 1, qualities=(8,))
    others = [
        one._replace(start=1),
        one._replace(seconds=1),
        one._replace(value=2),
        one._replace(cost=0),
        one._replace(qualities=(8, 7)),
        one._replace(tou=0),
    ]
    for other in others:
        assert Readings.of([one]) != Readings.of([other])
    assert Readings.of([one]) != [one, one]
    assert Readings.of([one]) != "one"


def test_a_column_that_no_reading_fills_is_absent() -> None:
    readings = Readings.of([IntervalReading(0, 900, 1), IntervalReading(900, 900, 2, cost=3)])
    assert readings.costs == [None, 3]
    assert readings.qualities is None


# -- how readings lie to their block --------------------------------------------------------------

LASTING = "<espi:duration>3600</espi:duration><espi:start>7200</espi:start>"
HOUR = f"<espi:interval>{LASTING}</espi:interval>"


@pytest.mark.parametrize(
    ("starts", "interval", "found"),
    [
        (["7200", "9000"], HOUR, {}),
        (["7199", "9000"], HOUR, {"reading.outside_interval": 1}),
        (["7200", "10800"], HOUR, {"reading.outside_interval": 1}),
        (["1", "2", "3"], HOUR, {"reading.outside_interval": 3}),
        (["9000", "7200"], HOUR, {"block.newest_first": 1}),
        (["9000", "7200", "8000"], HOUR, {}),
        (["7200"], "", {"block.no_interval": 1}),
        (["7200"], "<espi:interval/>", {}),
        ([], HOUR, {}),
    ],
)
def test_where_readings_lie_is_told(
    starts: list[str], interval: str, found: dict[str, int]
) -> None:
    document = feed(entry(block(*(at(start, "900") for start in starts), interval=interval)))
    assert len(readings_of(document)) == len(starts)
    told = {one.code: one.count for one in findings_of(document)}
    assert {code: count for code, count in told.items() if not code.startswith("entry.")} == found


def test_a_quality_that_the_schema_does_not_know_is_kept_and_told() -> None:
    odd = "<espi:ReadingQuality><espi:quality>99</espi:quality></espi:ReadingQuality>"
    document = feed(entry(block(*[odd + at("1")] * 3, at("2"))))
    assert [reading.qualities for reading in readings_of(document)] == [(99,)] * 3 + [()]
    (found,) = (one for one in findings_of(document) if one.code == "enum.unknown")
    assert (found.count, found.detail[:13]) == (3, "quality is 99")


def test_elements_that_no_reading_has_are_counted_and_their_readings_read() -> None:
    stranger = "<espi:mood>7</espi:mood>"
    document = feed(entry(block(*[at("1") + stranger] * 3, f'{at("2")}<espi:mood id="1"/>')))
    assert len(readings_of(document)) == 4
    (found,) = findings_of(document)
    assert (found.code, found.count) == ("element.unknown", 4)
