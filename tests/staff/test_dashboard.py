"""The first page: figures that leave tests out, and what is shown to whom."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.utils import timezone

from authorizations.models import Authorization
from greenbutton.models import MeterReading, Pull, ReadingDay, UsagePoint
from tests import cast
from tests.staff.conftest import says, signed_in
from utilities.models import Utility


def figures(browser: Browser, **query: str) -> dict[str, int]:
    response: Any = browser.get("/staff/", query)
    return {card.title: card.figure for card in response.context["cards"]}


@pytest.fixture
def one_of_each(pull: Pull, utility: Utility) -> Authorization:
    """A customer with a failed pull, and a test with a good one and 24 readings."""
    test = cast.authorize(cast.ben(), utility)
    assert test.is_test
    Pull.objects.create(authorization=test, state=Pull.State.DONE)
    point = UsagePoint.objects.create(authorization=test, identity="point")
    series = MeterReading.objects.create(usage_point=point, identity="series")
    ReadingDay.objects.create(
        authorization=test,
        meter_reading=series,
        day=timezone.now().date(),
        start=timezone.now(),
        seconds=3600,
        values=[1] * 24,
        count=24,
        total=24,
    )
    return test


@pytest.mark.usefixtures("one_of_each")
def test_tests_are_left_out_of_figures_unless_asked_for(office: Browser) -> None:
    assert figures(office) == {
        "Active authorizations": 1,
        "Collecting now": 0,
        "Need attention": 0,
        "Readings kept": 0,
        "Pulls in 24 hours": 1,
    }
    counted = figures(office, tests="yes")
    assert counted["Active authorizations"] == 2
    assert counted["Readings kept"] == 24
    assert counted["Pulls in 24 hours"] == 2


def test_latest_pulls_tell_errors_in_words(office: Browser, one_of_each: Authorization) -> None:
    page = says(office.get("/staff/"))
    assert "Demo Power and Light answered 503." in page
    assert "1 of them failed" in page
    assert one_of_each.uid not in page
    assert one_of_each.uid in says(office.get("/staff/", {"tests": "yes"}))


@pytest.mark.usefixtures("one_of_each")
def test_each_figure_leads_to_its_rows(office: Browser) -> None:
    response: Any = office.get("/staff/")
    for card in response.context["cards"]:
        listed: Any = office.get(card.url)
        assert listed.status_code == 200
        if card.title != "Readings kept":
            assert listed.context["cl"].result_count == card.figure, card.title


def test_an_empty_portal_says_what_to_do(office: Browser) -> None:
    page = says(office.get("/staff/"))
    assert "This company is not registered with any utility yet." in page
    assert "Nothing was collected yet" in page


@pytest.mark.usefixtures("one_of_each")
def test_parts_are_shown_to_those_who_may_see_their_rows(boss: User) -> None:
    clerk = signed_in(cast.make_staff("clerk", "view_client"))
    response: Any = clerk.get("/staff/")
    assert response.context["cards"] == []
    assert "DEMO_client" in says(response)
    assert "Latest pulls" not in says(response)
    assert "Share links" not in says(response)


def test_a_demo_says_that_it_is_one(office: Browser, settings: Any) -> None:
    assert ">Demo<" not in "".join(says(office.get("/staff/")).split())
    settings.DEMO = True
    assert ">Demo<" in "".join(says(office.get("/staff/")).split())
