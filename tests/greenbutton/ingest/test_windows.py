from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from greenbutton.ingest import windows

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
STEPS = (31, 365)


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def test_the_first_history_comes_in_three_windows_newest_first() -> None:
    assert windows.first_history(NOW, days_ago(730), STEPS) == [
        (days_ago(31), None),
        (days_ago(365), days_ago(30)),
        (days_ago(730), days_ago(364)),
    ]


@pytest.mark.parametrize("history", [0, 1, 31, 32, 364, 365, 366, 730, 4000])
def test_the_windows_cover_the_whole_history_overlap_and_go_no_further(history: int) -> None:
    found = windows.first_history(NOW, days_ago(history), STEPS)
    assert found[0].end is None
    assert found[-1].start == days_ago(history)
    for newer, older in pairwise(found):
        assert older.start < newer.start < (older.end or NOW)
        assert (older.end or NOW) - newer.start == timedelta(days=1)


def test_no_history_means_from_the_consent_on() -> None:
    assert windows.first_history(NOW, NOW, STEPS) == [(NOW, None)]


def test_a_later_pull_looks_three_days_back() -> None:
    assert windows.since(days_ago(1), days_ago(700), 3) == [(days_ago(4), None)]


def test_a_later_pull_never_looks_behind_what_was_granted() -> None:
    assert windows.since(days_ago(1), days_ago(2), 3) == [(days_ago(2), None)]


def test_a_utility_may_want_other_windows() -> None:
    assert windows.first_history(NOW, days_ago(90), (7, 28, 60)) == [
        (days_ago(7), None),
        (days_ago(28), days_ago(6)),
        (days_ago(60), days_ago(27)),
        (days_ago(90), days_ago(59)),
    ]
    assert windows.first_history(NOW, days_ago(90), ()) == [(days_ago(90), None)]
    assert windows.since(days_ago(1), days_ago(700), 14) == [(days_ago(15), None)]
