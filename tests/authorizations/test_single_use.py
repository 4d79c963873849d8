"""Links for one customer: the second one is told before anything of theirs is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection

from authorizations import flows
from authorizations.models import Authorization, ConnectAttempt, ConsentRecord, Event, ShareLink
from tests.cast import Person
from tests.lying_utility import LyingUtility
from utilities.models import Utility


@pytest.fixture
def link(utility: Utility) -> ShareLink:
    return ShareLink.objects.create(utility=utility, single_use=True, reference="Job 17")


def sets_out(person: Person, link: ShareLink) -> str:
    location: str = person.sets_out(f"/share/{link.code}/").headers["Location"]
    return parse_qs(urlsplit(location).query)["state"][0]


def test_it_closes_after_a_consent_and_says_so(
    link: ShareLink,
    utility: Utility,
    ada: Person,
    ben: Person,
    lying: LyingUtility,
    granted: dict[str, Any],
) -> None:
    lying.answer("/token", json=granted)
    answer = ada.comes_back(utility, state=sets_out(ada, link), code="a-code")
    assert answer.url.startswith("/usage/")
    assert Authorization.objects.get().reference == "Job 17"
    closed = ben.browser.get(f"/share/{link.code}/")
    assert closed.status_code == 410
    assert "It was for one customer, and it was used." in closed.content.decode()
    # Whoever repeats the way back still comes to what it made.
    state = parse_qs(urlsplit(answer.wsgi_request.get_full_path()).query)["state"][0]
    assert ada.comes_back(utility, state=state, code="a-code").url == answer.url


def test_a_no_leaves_it_open(link: ShareLink, utility: Utility, ada: Person) -> None:
    ada.comes_back(utility, state=sets_out(ada, link), error="access_denied")
    assert ada.browser.get(f"/share/{link.code}/").status_code == 200


def test_who_comes_second_is_told_and_their_grant_is_given_back(
    link: ShareLink,
    utility: Utility,
    ada: Person,
    ben: Person,
    lying: LyingUtility,
    granted: dict[str, Any],
) -> None:
    lying.answer("/token", json=granted)
    lying.answer("/resource/Authorization/1", 204)
    states = {person.name: sets_out(person, link) for person in (ada, ben)}
    ada.comes_back(utility, state=states["Ada"], code="a-code")
    answer = ben.comes_back(utility, state=states["Ben"], code="b-code")
    assert answer.status_code == 410
    assert "somebody else has used it" in answer.content.decode()
    assert (
        Authorization.objects.get().browser_hash
        == ConnectAttempt.objects.get(authorization__isnull=False).browser_hash
    )
    assert ConsentRecord.objects.count() == 1
    assert [one.type for one in Event.objects.all()] == ["authorization_created"]
    given_back = [one for one in lying.requests if one.method == "DELETE"]
    assert [one.path for one in given_back] == ["/resource/Authorization/1"]
    assert ConnectAttempt.objects.exclude(reason="").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_race_one_wins(
    link: ShareLink,
    utility: Utility,
    ada: Person,
    ben: Person,
    lying: LyingUtility,
    granted: dict[str, Any],
) -> None:
    together = threading.Barrier(2)
    for _ in range(2):
        lying.answer("/token", json=granted, before=together.wait)
    lying.answer("/token", json=granted)
    lying.answer("/resource/Authorization/1", 204)
    states = [(person, sets_out(person, link)) for person in (ada, ben)]
    outcomes: list[object] = []
    threads = [
        threading.Thread(target=_in_thread(outcomes, person, utility, state))
        for person, state in states
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(type(one).__name__ for one in outcomes) == ["Authorization", "ConnectUsedUp"]
    assert Authorization.objects.count() == 1
    assert len([one for one in lying.requests if one.method == "DELETE"]) == 1


def _in_thread(
    outcomes: list[object], person: Person, utility: Utility, state: str
) -> Callable[[], None]:
    def run() -> None:
        answer = person.comes_back(utility, state=state, code="a-code")
        outcomes.append(
            flows.ConnectUsedUp(ConnectAttempt())
            if answer.status_code == 410
            else Authorization.objects.get()
        )
        connection.close()

    return run
