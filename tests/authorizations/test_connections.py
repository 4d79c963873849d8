"""Who sees an authorization, and how it is stopped."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.db import connection

from authorizations.access import COOKIE
from authorizations.models import Authorization
from tests import cast
from tests.cast import Person, authorize, make_staff
from tests.lying_utility import LyingUtility
from utilities.models import Client, Utility

CLIENT_TOKEN = {"token_type": "Bearer", "access_token": "client-token"}


def stop(person: Person, authorization: Authorization) -> int:
    answer = person.browser.post(f"/connections/{authorization.uid}/disconnect/")
    authorization.refresh_from_db()
    return int(answer.status_code)


# -- access --------------------------------------------------------------------------------------


def test_everybody_sees_their_own_and_cy_sees_nothing(
    utility: Utility, ada: Person, ben: Person, cy: Person
) -> None:
    adas, bens = authorize(ada, utility), authorize(ben, utility)
    pages = {
        person.name: person.browser.get("/connections/").content.decode()
        for person in (ada, ben, cy)
    }
    assert (adas.uid in pages["Ada"], bens.uid in pages["Ada"]) == (True, False)
    assert (adas.uid in pages["Ben"], bens.uid in pages["Ben"]) == (False, True)
    assert (adas.uid in pages["Cy"], bens.uid in pages["Cy"]) == (False, False)
    for stranger in (ben, cy):
        assert not stranger.sees(adas)
        assert stop(stranger, adas) == 404
    assert adas.status == Authorization.Status.ACTIVE


@pytest.mark.parametrize("page", ["/", "/connections/"])
def test_days_are_those_of_the_utility(utility: Utility, ada: Person, page: str) -> None:
    made = authorize(ada, utility)
    Authorization.objects.filter(pk=made.pk).update(
        created=datetime(2026, 7, 2, 3, 59, tzinfo=UTC)  # in Toronto not midnight yet
    )
    assert "Connected on 1 July 2026" in ada.browser.get(page).content.decode()


def test_strangers_get_the_answer_of_what_does_not_exist(
    utility: Utility, ada: Person, cy: Person
) -> None:
    there = cy.browser.get(f"/connections/{authorize(ada, utility).uid}/stopped/")
    nowhere = cy.browser.get("/connections/nothing/stopped/")
    assert there.status_code == nowhere.status_code == 404
    assert there.content == nowhere.content


@pytest.mark.parametrize("cookie", ["", "x", "x" * 22])
def test_a_browser_without_a_name_sees_nothing(utility: Utility, cookie: str) -> None:
    # As after an import from a file, which no browser owns.
    Authorization.objects.create(utility=utility, origin=Authorization.Origin.FILE)
    visitor = cast.browser()
    visitor.cookies[COOKIE] = cookie
    assert "Nothing was connected" in visitor.get("/connections/").content.decode()
    uid = Authorization.objects.get().uid
    assert visitor.get(f"/connections/{uid}/stopped/").status_code == 404


def test_the_hash_in_the_database_opens_nothing(utility: Utility, ada: Person) -> None:
    authorization = authorize(ada, utility)
    with connection.cursor() as cursor:
        cursor.execute("SELECT browser_hash FROM authorizations_authorization")
        (kept,) = cursor.fetchone()
    assert ada.cookie not in kept
    thief = cast.browser()
    thief.cookies[COOKIE] = kept
    assert thief.get(f"/connections/{authorization.uid}/stopped/").status_code == 404


def test_staff_look_with_one_permission_and_stop_with_another(
    lying: LyingUtility, utility: Utility, ada: Person, ben: Person, cy: Person
) -> None:
    authorization = authorize(ada, utility)
    ben.browser.force_login(make_staff("looks", "view_authorization"))
    cy.browser.force_login(make_staff("nothing"))
    assert ben.sees(authorization)
    assert not cy.sees(authorization)
    assert stop(ben, authorization) == 404
    ben.browser.force_login(make_staff("stops", "view_authorization", "change_authorization"))
    assert stop(ben, authorization) == 302
    assert authorization.revoked_by == "staff"


def test_a_permission_without_being_staff_opens_nothing(
    utility: Utility, ada: Person, ben: Person
) -> None:
    authorization = authorize(ada, utility)
    user = make_staff("was-staff", "view_authorization")
    user.is_staff = False
    user.save()
    ben.browser.force_login(user)
    assert not ben.sees(authorization)


def test_signing_in_does_not_lose_a_guests_connections(utility: Utility, ada: Person) -> None:
    authorization = authorize(ada, utility)
    ada.browser.force_login(make_staff("grace"))
    assert ada.sees(authorization)


# -- stop sharing --------------------------------------------------------------------------------


def test_ada_stops_and_the_utility_is_told(
    lying: LyingUtility, utility: Utility, ada: Person
) -> None:
    lying.answer("/token", json=CLIENT_TOKEN)
    lying.answer("/resource/Authorization/1", 200)
    authorization = authorize(ada, utility)
    answer = ada.browser.post(f"/connections/{authorization.uid}/disconnect/")
    assert answer.headers["Location"] == f"/connections/{authorization.uid}/stopped/"
    authorization.refresh_from_db()
    assert authorization.status == Authorization.Status.REVOKED
    assert (authorization.access_token, authorization.refresh_token) == ("", "")
    assert authorization.next_pull_at is None
    assert authorization.revoked_by == "customer"
    # It was purged at once; a worker looks once more.
    assert authorization.is_deleted()
    assert authorization.purge_at is not None
    events = [event.type for event in authorization.events.all()]
    assert events == [
        "authorization_utility_told",
        "authorization_data_deleted",
        "authorization_revoked",
        "authorization_created",
    ]
    (delete,) = lying.asked("/resource/Authorization/1")
    assert (delete.method, delete.headers["authorization"]) == ("DELETE", "Bearer client-token")


def test_the_receipt_stays_and_says_by_whom(
    lying: LyingUtility, utility: Utility, ada: Person
) -> None:
    authorization = authorize(ada, utility)
    stop(ada, authorization)
    page = ada.browser.get(f"/connections/{authorization.uid}/stopped/").content.decode()
    assert "Sharing has stopped" in page
    assert "by you" in page
    assert "is deleted" in page
    assert "You stopped sharing." in page
    # In the time of the utility's customers, here Toronto's.
    assert len(re.findall(r"[ap]\.m\. E[SD]T", page)) == 2
    assert authorization.uid in ada.browser.get("/connections/").content.decode()


@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_a_utility_that_cannot_be_told_stops_nothing_from_stopping(
    lying: LyingUtility, utility: Utility, ada: Person, status: int
) -> None:
    lying.answer("/token", json=CLIENT_TOKEN)
    lying.answer("/resource/Authorization/1", status)
    authorization = authorize(ada, utility)
    stop(ada, authorization)
    assert authorization.status == Authorization.Status.REVOKED
    page = ada.browser.get(f"/connections/{authorization.uid}/stopped/").content.decode()
    assert "does not answer at the moment, so we go on telling them" in page


def test_a_utility_that_does_not_know_us_pauses_the_client_and_still_stops(
    lying: LyingUtility, utility: Utility, ada: Person
) -> None:
    lying.answer("/token", 401, json={"error": "invalid_client"})
    authorization = authorize(ada, utility)
    stop(ada, authorization)
    assert authorization.status == Authorization.Status.REVOKED
    assert Client.objects.get().paused_at is not None


def test_stopping_twice_tells_the_utility_once(
    lying: LyingUtility, utility: Utility, ada: Person
) -> None:
    lying.answer("/token", json=CLIENT_TOKEN)
    lying.answer("/resource/Authorization/1", 200)
    authorization = authorize(ada, utility)
    assert (stop(ada, authorization), stop(ada, authorization)) == (302, 302)
    assert len(lying.asked("/resource/Authorization/1")) == 1
    assert authorization.events.filter(type="authorization_revoked").count() == 1


def test_without_an_authorization_uri_it_stops_here(
    lying: LyingUtility, utility: Utility, ada: Person
) -> None:
    authorization = authorize(ada, utility)
    Authorization.objects.update(authorization_uri="")
    stop(ada, authorization)
    assert authorization.status == Authorization.Status.REVOKED
    assert lying.requests == []


@pytest.mark.parametrize("status", ["needs_consent", "expired"])
def test_what_has_ended_by_itself_can_be_stopped_too(
    lying: LyingUtility, utility: Utility, ada: Person, status: str
) -> None:
    authorization = authorize(ada, utility)
    Authorization.objects.update(status=status)
    stop(ada, authorization)
    assert authorization.status == Authorization.Status.REVOKED
    assert authorization.purge_at is not None


def test_there_is_no_receipt_for_what_is_shared(utility: Utility, ada: Person) -> None:
    authorization = authorize(ada, utility)
    answer = ada.browser.get(f"/connections/{authorization.uid}/stopped/")
    assert answer.headers["Location"] == f"/usage/{authorization.uid}/"


def test_stopping_is_a_post_with_a_token(utility: Utility, ada: Person) -> None:
    authorization = authorize(ada, utility)
    path = f"/connections/{authorization.uid}/disconnect/"
    assert ada.browser.get(path).status_code == 405
    ada.browser.handler.enforce_csrf_checks = True
    assert ada.browser.post(path).status_code == 403
    authorization.refresh_from_db()
    assert authorization.status == Authorization.Status.ACTIVE


def test_tokens_are_encrypted_at_rest(utility: Utility, ada: Person) -> None:
    authorize(ada, utility)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT access_token, refresh_token, feed_key FROM authorizations_authorization"
        )
        stored = cursor.fetchone()
    authorization = Authorization.objects.get()
    for column, plain in zip(
        stored,
        (authorization.access_token, authorization.refresh_token, authorization.feed_key),
        strict=True,
    ):
        assert plain
        assert plain not in column
