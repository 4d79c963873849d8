from __future__ import annotations

import pytest

from greenbutton.bench import report
from greenbutton.bench.figures import FIGURES
from greenbutton.bench.rounds import Result, result_of

BY_NAME = {figure.name: figure for figure in FIGURES}
RESULTS = {
    "floor": Result(1, 20, {}, [1]),
    "rows": Result(2, 20, {}, [2]),
    "reader": Result(4, 20, {}, [4]),
    "first": Result(6, 80, {"bytes_per_reading": 20, "storing_seconds": 2}, [6]),
    "again": Result(9, 80, {}, [9]),
    "peer": Result(40, 900, {}, [40]),
    "bulk": Result(60, 90, {}, [60]),
    "year": Result(1, 90, {"days_ms": 5, "rows_ms": 20}, [1]),
    "elements": Result(6, 50, {}, [6]),
    "writer": Result(2, 30, {}, [2]),
    "sandbox": Result(
        7,
        100,
        {"readings_a_second": 300, "lxml_readings_a_second": 400, "sandbox_peak_mb": 70},
        [7],
    ),
}
EXPECTED = {
    "reader_over_floor": 4,
    "first_over_floors": 2,
    "again_over_floors": 3,
    "peer_over_reader": 10,
    "django_over_store": 30,
    "bytes_per_reading": 20,
    "year_ms_over_rows": 0.25,
    "peak_mb": 80,
    "lxml_over_writer": 3,
    "sandbox_over_lxml": 0.75,
    "sandbox_peak_mb": 70,
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_figure_is_worked_out_of_its_contenders(name: str) -> None:
    figure = BY_NAME[name]
    assert figure.value(RESULTS) == EXPECTED[name]
    for needed in figure.needs:
        others = {other: result for other, result in RESULTS.items() if other != needed}
        assert figure.value(others) is None


@pytest.mark.parametrize(
    ("name", "value", "verdict"),
    [
        ("reader_over_floor", 3, "aim met"),
        ("reader_over_floor", 5, "met"),
        ("reader_over_floor", 5.01, "missed"),
        ("peer_over_reader", 12, "aim met"),
        ("peer_over_reader", 8, "met"),
        ("peer_over_reader", 7.99, "missed"),
    ],
)
def test_a_mark_counts_as_reached_when_it_is_hit(name: str, value: float, verdict: str) -> None:
    assert BY_NAME[name].verdict(value) == verdict


def test_a_figure_is_judged_at_its_own_size_only() -> None:
    reader = BY_NAME["reader_over_floor"]
    at_large = report.judge(reader, {"large": RESULTS, "medium": {}})
    assert (at_large.size, at_large.value, at_large.verdict) == ("large", 4, "met")
    at_small = report.judge(reader, {"small": RESULTS})
    assert (at_small.size, at_small.value, at_small.verdict) == ("small", 4, None)
    nowhere = report.judge(reader, {"small": {}})
    assert (nowhere.value, nowhere.verdict) == (None, None)


def test_what_is_missed_is_said_with_what_it_must_be() -> None:
    found = [
        report.judge(BY_NAME["again_over_floors"], {"large": RESULTS}),
        report.judge(
            BY_NAME["django_over_store"], {"medium": {**RESULTS, "bulk": RESULTS["peer"]}}
        ),
        report.judge(BY_NAME["peak_mb"], {"large": RESULTS}),
    ]
    assert report.missed(found) == ["again_over_floors is 3.00 at large and must be at most 2.6."]
    slow = {**RESULTS, "bulk": RESULTS["first"]}
    assert report.missed([report.judge(BY_NAME["django_over_store"], {"medium": slow})]) == [
        "django_over_store is 3.00 at medium and must be at least 20."
    ]


def test_medians_are_taken_over_the_rounds() -> None:
    answers = [
        {"seconds": seconds, "peak_mb": peak, "measured": {"bytes": seconds * 10}}
        for seconds, peak in ((3, 50), (1, 70), (9, 60))
    ]
    assert result_of(answers) == Result(3, 60, {"bytes": 30}, [3, 1, 9])
