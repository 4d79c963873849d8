"""What a customer sees of meters that ended, and how one of them is stopped."""

from __future__ import annotations

from datetime import date

import pytest
from django.http import HttpResponse
from django.test import Client as Browser
from django.utils import timezone

from authorizations.models import Authorization
from greenbutton.models import ReadingDay, UsagePoint
from tests import cast
from tests.greenbutton.metering import GAS, add_day, add_meter_reading, add_point
from tests.greenbutton.test_usage_page import page, words
from tests.staff.conftest import signed_in

pytestmark = pytest.mark.django_db

DAY = date(2026, 7, 4)


@pytest.fixture
def ada() -> cast.Person:
    return cast.ada()


@pytest.fixture
def authorization(ada: cast.Person) -> Authorization:
    return cast.authorize(ada, cast.make_utility())


@pytest.fixture
def house(authorization: Authorization) -> UsagePoint:
    return measured(authorization, "House")


@pytest.fixture
def barn(authorization: Authorization) -> UsagePoint:
    return measured(authorization, "Barn", kind=GAS)


def measured(authorization: Authorization, title: str, kind: int = 0) -> UsagePoint:
    point = add_point(authorization, kind, title)
    add_day(add_meter_reading(point), DAY, [1])
    return point


def address(point: UsagePoint, rest: str = "") -> str:
    return f"/usage/{point.authorization.uid}/meters/{point.uid}/{rest}"


def opened(person: cast.Person, point: UsagePoint) -> HttpResponse:
    answer = person.browser.get(address(point))
    assert isinstance(answer, HttpResponse)
    return answer


def stop(browser: Browser, point: UsagePoint) -> int:
    return browser.post(address(point, "stop/")).status_code


# -- what the usage page says ---------------------------------------------------------------------


def test_a_single_meter_that_is_collected_is_not_listed(
    ada: cast.Person, authorization: Authorization, house: UsagePoint
) -> None:
    assert "Your meters" not in words(page(ada, authorization))


@pytest.mark.usefixtures("house", "barn")
def test_several_are_listed_each_with_a_way_to_stop_it(
    ada: cast.Person, authorization: Authorization
) -> None:
    said = words(page(ada, authorization))
    assert "Electricity, House Stop sharing this meter" in said
    assert "Gas, Barn Stop sharing this meter" in said


def test_what_ended_is_said_in_words(
    ada: cast.Person, authorization: Authorization, house: UsagePoint, barn: UsagePoint
) -> None:
    house.closed_at = timezone.now()
    house.save()
    barn.stop_monitoring(None, "The boss’s own words")
    said = words(page(ada, authorization))
    assert "No longer in what Demo Power and Light sends, since" in said
    assert "Test Company has collected nothing new of it since" in said
    assert "own words" not in said


def test_one_that_is_stopped_is_a_line_and_no_service(
    ada: cast.Person, authorization: Authorization, house: UsagePoint, barn: UsagePoint
) -> None:
    assert stop(ada.browser, barn) == 302
    said = words(page(ada, authorization))
    assert "Gas meter Stopped You stopped sharing it on" in said
    # What was granted does not change by it, and would contradict it.
    assert "No longer: Gas meter" in said
    assert "No longer: Electricity" not in said
    assert "Barn is no longer shared. What it measured is deleted." in said
    assert "Barn" not in words(page(ada, authorization))
    assert "no readings yet" not in said


# -- stopping one ---------------------------------------------------------------------------------


def test_the_customer_is_asked_first(ada: cast.Person, house: UsagePoint, barn: UsagePoint) -> None:
    answer = opened(ada, house)
    assert "Stop sharing this meter? Electricity, House, from Demo Power" in words(answer)
    assert address(house, "stop/") in answer.content.decode()
    assert ReadingDay.objects.count() == 2


def test_it_is_stopped_and_its_readings_are_gone(
    ada: cast.Person, house: UsagePoint, barn: UsagePoint
) -> None:
    assert stop(ada.browser, house) == 302
    house.refresh_from_db()
    assert house.stopped_by == "customer"
    assert ReadingDay.objects.get().meter_reading.usage_point == barn
    assert ada.browser.get(address(house)).status_code == 404


def test_one_of_a_connection_that_is_being_compared_with_an_earlier_one_is_not_stopped_yet(
    ada: cast.Person, authorization: Authorization, house: UsagePoint, barn: UsagePoint
) -> None:
    """The earlier one would go on with that meter under its new name."""
    Authorization.objects.update(renewal=Authorization.Renewal.WAITING)
    assert stop(ada.browser, house) == 302
    assert "is just being compared with the earlier one" in words(page(ada, authorization))
    house.refresh_from_db()
    assert house.is_shared()
    assert ReadingDay.objects.count() == 2
    Authorization.objects.update(renewal=Authorization.Renewal.APART)
    assert stop(ada.browser, house) == 302
    house.refresh_from_db()
    assert not house.is_shared()


def test_of_the_last_one_the_page_offers_to_stop_everything(
    ada: cast.Person, authorization: Authorization, house: UsagePoint, barn: UsagePoint
) -> None:
    stop(ada.browser, house)
    answer = opened(ada, barn)
    assert "This is the last meter that you share" in words(answer)
    assert f"/connections/{authorization.uid}/disconnect/" in answer.content.decode()
    sent = ada.browser.post(address(barn, "stop/"))
    assert sent.headers["Location"] == address(barn)
    barn.refresh_from_db()
    assert barn.is_shared()


@pytest.mark.parametrize("kind", ["ben", "cy"])
def test_nobody_else_may_look_or_stop(
    authorization: Authorization, house: UsagePoint, barn: UsagePoint, kind: str
) -> None:
    person = cast.Person(kind)
    if kind == "ben":
        own = cast.authorize(person, cast.make_utility(slug="other"))
        measured(own, "Ben’s")
    assert person.browser.get(address(house)).status_code == 404
    assert stop(person.browser, house) == 404
    house.refresh_from_db()
    assert house.is_shared()


def test_a_meter_of_another_authorization_is_not_stopped_through_ones_own(
    house: UsagePoint, barn: UsagePoint
) -> None:
    ben = cast.ben()
    own = cast.authorize(ben, cast.make_utility(slug="other"))
    answer = ben.browser.post(f"/usage/{own.uid}/meters/{house.uid}/stop/")
    assert answer.status_code == 404
    house.refresh_from_db()
    assert house.is_shared()


def test_looking_stops_nothing_and_csrf_is_asked_for(
    ada: cast.Person, house: UsagePoint, barn: UsagePoint
) -> None:
    assert ada.browser.get(address(house, "stop/")).status_code == 405
    ada.browser.handler.enforce_csrf_checks = True
    assert stop(ada.browser, house) == 403
    house.refresh_from_db()
    assert house.is_shared()


def test_staff_who_may_only_look_cannot_stop_one(house: UsagePoint, barn: UsagePoint) -> None:
    looker = signed_in(cast.make_staff("looker", "view_authorization"))
    assert stop(looker, house) == 404
    changer = signed_in(cast.make_staff("changer", "view_authorization", "change_authorization"))
    assert stop(changer, house) == 302
    house.refresh_from_db()
    assert house.stopped_by == "staff"


def test_a_meter_out_of_a_file_has_no_such_way(ada: cast.Person) -> None:
    brought = Authorization.for_file(ada.cookie, None, "America/Toronto")
    one, _ = measured(brought, "House"), measured(brought, "Barn")
    assert "Stop sharing this meter" not in words(page(ada, brought))
    assert ada.browser.get(address(one)).status_code == 404
    assert stop(ada.browser, one) == 404
