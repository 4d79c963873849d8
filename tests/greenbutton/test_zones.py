"""Which time zone a file is likely to come from."""

from __future__ import annotations

import pytest

from greenbutton import zones
from greenbutton.espi.local_time_parameters import LocalTimeParameters
from greenbutton.zones import Proposal, choices, fits, is_zone, label_of, propose

HOUR = 3600
# As field guide 1.8 has them: month, operator, weekday, hour.
US = ("360E2000", "B40E2000")  # the second Sunday in March, the first in November
EUROPE = ("3E0E2000", "AE0E3000")  # the last Sundays in March and October
AUSTRALIA = ("A40E2000", "440E3000")  # the first Sundays in October and April


def said(
    hours: float | None, rules: tuple[str, str] | None = US, dst: int | None = HOUR
) -> LocalTimeParameters:
    start, end = rules or (None, None)
    offset = None if hours is None else int(hours * HOUR)
    return LocalTimeParameters(end, dst, start, offset)


@pytest.mark.parametrize(
    ("hours", "rules", "expected"),
    [
        (-3.5, US, "America/St_Johns"),
        (-4, US, "America/Halifax"),
        (-5, US, "America/Toronto"),
        (-6, US, "America/Chicago"),
        (-7, US, "America/Denver"),
        (-8, US, "America/Los_Angeles"),
        (-9, US, "America/Anchorage"),
        (0, EUROPE, "Europe/London"),
        (1, EUROPE, "Europe/Berlin"),
        (2, EUROPE, "Europe/Helsinki"),
        (10, AUSTRALIA, "Australia/Sydney"),
        (9.5, AUSTRALIA, "Australia/Adelaide"),
        (10.5, AUSTRALIA, "Australia/Lord_Howe"),
    ],
)
def test_offset_and_rules_name_a_zone(hours: float, rules: tuple[str, str], expected: str) -> None:
    assert propose([said(hours, rules)], "", "") == Proposal(expected)


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (-5, "America/Panama"),
        (-6, "America/Regina"),
        (-7, "America/Phoenix"),
        (-10, "Pacific/Honolulu"),
        (8, "Asia/Manila"),
        (10, "Australia/Brisbane"),
    ],
)
def test_without_daylight_saving_it_is_another_zone(hours: float, expected: str) -> None:
    assert propose([said(hours, None, 0)], "", "") == Proposal(expected)


def test_rules_that_were_cut_short_leave_the_offset_to_decide() -> None:
    assert propose([said(-8, ("B60E", "B40E"))], "", "") == Proposal("America/Los_Angeles")


@pytest.mark.parametrize(
    "wrong",
    [
        said(+5),  # a gas utility in the east writes its offset without the sign
        said(-5, EUROPE),
        said(None),
        said(-2.25),
    ],
)
def test_what_fits_no_zone_proposes_none(wrong: LocalTimeParameters) -> None:
    assert propose([wrong], "", "") is None


def test_parameters_that_contradict_each_other_propose_none() -> None:
    assert propose([said(-5), said(-8)], "", "") is None


def test_a_file_that_says_nothing_is_taken_to_be_from_where_its_customer_is() -> None:
    assert propose([], "", "America/Halifax") == Proposal("America/Halifax")
    assert propose([], "", "") is None


def test_of_zones_that_fit_the_customers_own_comes_first() -> None:
    assert propose([said(-5)], "", "America/Detroit") == Proposal("America/Detroit")
    assert propose([said(-5)], "", "Asia/Tokyo") == Proposal("America/Toronto")


def test_the_chosen_utilitys_zone_counts_most() -> None:
    assert propose([said(-8)], "America/Toronto", "America/Los_Angeles") == Proposal(
        "America/Toronto"
    )
    assert propose([], "America/Toronto", "") == Proposal("America/Toronto")


def test_utility_and_file_together_settle_it() -> None:
    assert propose([said(-5)], "America/Toronto", "") == Proposal("America/Toronto", True)


@pytest.mark.parametrize("name", zones.COMMON)
def test_every_zone_to_choose_from_is_one(name: str) -> None:
    assert is_zone(name)
    assert fits(name, LocalTimeParameters(tz_offset=zones.clocks_of(name)[0]))


@pytest.mark.parametrize("name", ["", "Mars", "../../etc/passwd", "/etc/localtime", "EST5EDT\0"])
def test_nothing_else_is_a_zone(name: str) -> None:
    assert not is_zone(name)


def test_people_read_places_and_not_names_of_files() -> None:
    assert label_of("America/Toronto") == "Eastern (Toronto)"
    assert label_of("America/Argentina/Buenos_Aires") == "America/Argentina/Buenos Aires"
    assert choices("Asia/Tokyo").count(("Asia/Tokyo", "Tokyo")) == 1
    assert choices("Asia/Seoul")[0] == ("Asia/Seoul", "Asia/Seoul")
