"""The log of notices, as the company and the utility see it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.lying_utility import LyingUtility
from tests.sandbox.people import People
from utilities.sandbox.models import Clock, Notice
from utilities.sandbox.push import clerk, notices

PAGE = "/ssmpuc/registrations/ada_1/deliveries/"


@pytest.fixture
def people(lying: LyingUtility) -> People:
    people = People.around("ada_1", "ssmpuc")
    people.registration.notify_uri = f"{lying.url}/notify"
    people.registration.save()
    return people


def shown(people: People, who: str = "ada") -> str:
    answer = getattr(people, who).get(PAGE)
    assert answer.status_code == 200
    html: str = answer.content.decode()
    return html


def make(people: People) -> Notice:
    notice = notices.registration_changed(people.registration)
    assert notice is not None
    return notice


def test_an_empty_log_says_when_the_first_notice_comes(people: People) -> None:
    assert "There is no notice yet." in shown(people)


def test_without_a_notify_address_it_says_so(people: People) -> None:
    people.registration.notify_uri = ""
    people.registration.save()
    assert "has registered no notify URL" in shown(people)


def test_what_arrived_is_shown_with_its_status(people: People, lying: LyingUtility) -> None:
    lying.answer("/notify", 201)
    notice = make(people)
    assert "Waiting" in shown(people)
    clerk.deliver()
    html = shown(people)
    assert notice.address in html
    assert "Delivered" in html
    assert "<strong>201</strong>" in html


def test_what_failed_is_shown_in_words_with_the_next_try(
    people: People, lying: LyingUtility
) -> None:
    lying.answer("/notify", 500, body=b"<script>alert(1)</script>")
    make(people)
    clerk.deliver()
    html = shown(people, "staff")
    assert "<strong>500</strong> It did not take the notice" in html
    assert "next try" in html
    assert "alert(1)" not in html


def test_of_many_tries_the_last_are_shown_and_how_many_there_were(
    people: People, lying: LyingUtility
) -> None:
    lying.answer("/notify", 500)
    make(people)
    for _ in range(75):
        clerk.deliver()
        Clock.advance(timedelta(hours=1))
    html = shown(people)
    assert "Given up" in html
    assert "The last 5 of 73 tries." in html
    assert html.count("<strong>500</strong>") == 5


def test_it_can_be_sent_again(people: People, lying: LyingUtility) -> None:
    lying.answer("/notify", 200)
    notice = make(people)
    clerk.deliver()
    answer = people.ada.client.post(f"{PAGE}{notice.uid}/again/", follow=True)
    assert "It is sent again." in answer.content.decode()
    clerk.deliver()
    assert len(lying.asked("/notify")) == 2
    assert Notice.objects.count() == 2


@pytest.mark.parametrize("who", ["ben", "other_staff", "superuser"])
def test_nobody_else_sees_it_or_sends_again(people: People, who: str) -> None:
    notice = make(people)
    person = getattr(people, who)
    assert person.get(PAGE).status_code == 404
    assert person.post(f"{PAGE}{notice.uid}/again/").status_code == 404
    assert Notice.objects.count() == 1


def test_whoever_has_not_signed_in_is_asked_to(people: People) -> None:
    notice = make(people)
    for answer in (people.cy.get(PAGE), people.cy.post(f"{PAGE}{notice.uid}/again/")):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/ssmpuc/sign-in/")
    assert Notice.objects.count() == 1


def test_a_notice_is_sent_again_from_its_own_companys_page_only(people: People) -> None:
    notice = make(people)
    assert (
        people.ben.post(f"/ssmpuc/registrations/ben_1/deliveries/{notice.uid}/again/").status_code
        == 404
    )
    assert people.ada.get(f"{PAGE}{notice.uid}/again/").status_code == 405
    assert people.ada.post(f"{PAGE}{'0' * 34}/again/").status_code == 404
