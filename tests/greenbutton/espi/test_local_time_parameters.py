from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenbutton.espi.local_time_parameters import DstRule, LocalTimeParameters, decode_rule
from tests.greenbutton.espi.documents import codes_of, entry, feed, read_all

HOUR = timedelta(hours=1)


def test_the_rules_of_north_america_are_decoded() -> None:
    assert decode_rule("360E2000") == DstRule(3, 3, 0, 7, 2, 0)
    assert decode_rule("B40E2000") == DstRule(11, 2, 0, 7, 2, 0)


@pytest.mark.parametrize("year", range(2007, 2031))
def test_they_fall_when_the_clocks_of_toronto_change(year: int) -> None:
    zone = ZoneInfo("America/Toronto")
    for text in ("360E2000", "B40E2000"):
        rule = decode_rule(text)
        assert rule is not None
        moment = rule.moment(year)
        assert moment is not None
        # By the clock before the change: an hour after what that clock showed an hour before.
        change = (moment - HOUR).replace(tzinfo=zone).astimezone(UTC) + HOUR
        before = (change - timedelta(seconds=1)).astimezone(zone)
        assert before.utcoffset() != change.astimezone(zone).utcoffset()


@pytest.mark.parametrize(
    ("rule", "moment"),
    [
        (DstRule(3, 0, 31, 0, 1, 0), "2024-03-31T01:00"),
        (DstRule(4, 1, 8, 1, 0, 0), "2024-04-08T00:00"),
        (DstRule(4, 1, 9, 1, 0, 0), "2024-04-15T00:00"),
        (DstRule(10, 7, 0, 7, 3, 0), "2024-10-27T03:00"),
        (DstRule(3, 4, 0, 5, 1, 2700), "2024-03-15T01:45"),
        (DstRule(9, 6, 0, 7, 0, 0), "2024-09-29T00:00"),
        (DstRule(2, 6, 0, 5, 0, 0), None),
        (DstRule(2, 0, 30, 0, 0, 0), None),
    ],
)
def test_each_operator_finds_its_day(rule: DstRule, moment: str | None) -> None:
    assert rule.moment(2024) == (moment and datetime.fromisoformat(moment))


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "FFFFFFFF",
        "ffffffff",
        "B40E",  # SCE
        "B40E20000",
        "060E2000",  # month 0
        "D60E2000",  # month 13
        "36002000",  # no weekday
        "300E2000",  # on the day, without a day
        "360F8000",  # hour 24
        "360E2FFF",  # second 4095
        "360E200G",
        "+360E200",
    ],
)
def test_what_is_no_rule_is_none(text: str | None) -> None:
    assert decode_rule(text) is None


@given(st.text(max_size=9) | st.from_regex(r"[0-9A-Fa-f]{8}", fullmatch=True))
def test_any_text_is_a_rule_with_a_moment_or_none(text: str) -> None:
    rule = decode_rule(text)
    if rule is not None:
        moment = rule.moment(2023)
        assert moment is None or moment.month == rule.month


def test_a_rule_that_was_cut_short_is_kept_as_sent_and_that_is_said() -> None:
    inner = "<espi:dstEndRule>B40E</espi:dstEndRule><espi:dstStartRule>360E2000</espi:dstStartRule>"
    document = feed(entry(f"<espi:LocalTimeParameters>{inner}</espi:LocalTimeParameters>"))
    assert read_all(document)[0].resource == LocalTimeParameters(
        dst_end_rule="B40E", dst_start_rule="360E2000"
    )
    assert codes_of(document) == ["local_time.rule_truncated"]
