"""The page on which a company, or the utility, chooses what goes wrong."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User

from tests.sandbox.people import People
from tests.sandbox.walk import browser
from utilities.sandbox.models import Fault, Registration

PAGE = "/ssmpuc/registrations/ada_1/conditions/"


@pytest.fixture
def people() -> People:
    return People.around("ada_1", "ssmpuc")


def test_every_fault_stands_on_the_page_by_its_sentence(people: People) -> None:
    html = people.ada.get(PAGE).content.decode()
    for fault in Fault:
        assert f'name="fault" value="{fault.value}">' in html
        assert fault.label in unescape(html)
    assert re.findall(r'name="profile" value="(\w+)" checked', html) == ["certified"]


def test_what_is_chosen_holds_and_is_shown(people: People) -> None:
    answer = people.ada.submit(PAGE, "conditions", profile="export", fault=["unavailable"])
    assert "hold from the next request on" in answer.content.decode()
    registration = Registration.objects.get(client_id="ada_1")
    assert (registration.profile, registration.faults) == ("export", ["unavailable"])
    assert 'value="unavailable" checked' in people.ada.get(PAGE).content.decode()
    people.ada.submit(PAGE, "conditions", profile="certified")
    registration.refresh_from_db()
    assert (registration.profile, registration.faults) == ("certified", [])


def test_the_utilitys_staff_may_set_them_too(people: People) -> None:
    people.staff.submit(PAGE, "conditions", profile="export")
    assert Registration.objects.get(client_id="ada_1").profile == "export"


def test_a_public_clients_conditions_are_the_staffs(people: People) -> None:
    page = "/ssmpuc/registrations/SSMPUC_ccccccccc/conditions/"
    assert people.ada.get(page).status_code == 404
    people.staff.submit(page, "conditions", profile="export")
    assert Registration.objects.get(client_id="SSMPUC_ccccccccc").profile == "export"


@pytest.mark.parametrize("who", ["ben", "other_staff", "superuser"])
def test_nobody_else_sees_or_sets_them(people: People, who: str) -> None:
    person = getattr(people, who)
    assert person.get(PAGE).status_code == 404
    assert person.post(f"{PAGE}change/", profile="export").status_code == 404
    assert Registration.objects.get(client_id="ada_1").profile == "certified"


def test_whoever_has_not_signed_in_is_asked_to(people: People) -> None:
    assert people.cy.get(PAGE)["Location"] == f"/ssmpuc/sign-in/?next={quote(PAGE, safe='')}"
    answer = people.cy.post(f"{PAGE}change/", profile="export")
    assert (answer.status_code, answer["Location"]) == (302, "/ssmpuc/sign-in/")
    assert Registration.objects.get(client_id="ada_1").profile == "certified"


def test_the_tabs_lead_to_what_one_may_see(people: People) -> None:
    own, review = 'href="/ssmpuc/registrations/ada_1/"', 'href="/ssmpuc/staff/ada_1/"'
    deliveries = 'href="/ssmpuc/registrations/ada_1/deliveries/"'
    for page in ("", "deliveries/", "conditions/"):
        html = people.ada.get(f"/ssmpuc/registrations/ada_1/{page}").content.decode()
        assert own in html
        assert deliveries in html
        assert review not in html
    html = people.staff.get(PAGE).content.decode()
    assert own not in html
    assert review in html


def test_staff_find_the_public_client_in_their_list(people: People) -> None:
    page = 'href="/ssmpuc/registrations/SSMPUC_ccccccccc/conditions/"'
    assert page in people.staff.get("/ssmpuc/staff/").content.decode()


@pytest.mark.parametrize(
    "page",
    [
        "/svce/registrations/ada_1/conditions/",  # another utility's
        "/ssmpuc/registrations/nobody/conditions/",
        "/ssmpuc/registrations/ada_1%00/conditions/",
        f"/ssmpuc/registrations/{'a' * 65}/conditions/",
    ],
)
def test_what_is_not_there_is_not_found(people: People, page: str) -> None:
    assert people.ada.get(page).status_code == 404


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"profile": "nonsense"},
        {"profile": "certified", "fault": ["explode"]},
        {"profile": "certified", "fault": ["unavailable", "un\x00available"]},
    ],
)
def test_only_what_is_offered_can_be_chosen(people: People, data: dict[str, Any]) -> None:
    answer = people.ada.post(f"{PAGE}change/", **data)
    assert answer.status_code == 422
    assert "Please choose from what this page offers." in answer.content.decode()
    assert Registration.objects.get(client_id="ada_1").faults == []


def test_it_is_changed_by_post_with_a_token_of_the_page(people: People) -> None:
    assert people.ada.get(f"{PAGE}change/").status_code == 405
    strict = browser()
    strict.force_login(User.objects.get(username="ada"))
    assert strict.post(f"{PAGE}change/", {"profile": "export"}).status_code == 403


def test_it_refuses_to_be_framed(people: People) -> None:
    answer = people.ada.get(PAGE)
    assert answer["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]
