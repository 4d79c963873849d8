"""One refresh at a time, saved before it is used; what a refusal means for whom."""

from __future__ import annotations

import pytest
from django.db import transaction

from authorizations.models import Authorization
from authorizations.tokens import fresh_access_token
from tests.cast import Person, authorize, make_utility
from tests.lying_utility import LyingUtility
from utilities.client import Problem, UtilityError
from utilities.models import Client, Utility

NEW = {
    "token_type": "Bearer",
    "access_token": "new-access",
    "refresh_token": "new-refresh",
    "expires_in": 3600,
}


def refused(authorization: Authorization) -> UtilityError:
    with pytest.raises(UtilityError) as caught:
        fresh_access_token(authorization)
    authorization.refresh_from_db()
    return caught.value


def test_a_token_that_lasts_is_used_as_it_is(
    lying: LyingUtility, utility: Utility, ada: Person
) -> None:
    authorization = authorize(ada, utility, seconds=120)
    assert fresh_access_token(authorization) == "the-access-token"
    assert lying.requests == []


def test_a_token_that_ends_soon_is_renewed_and_the_rotated_one_kept(
    lying: LyingUtility, utility: Utility, ada: Person
) -> None:
    lying.answer("/token", json=NEW)
    authorization = authorize(ada, utility, seconds=50)
    assert fresh_access_token(authorization) == "new-access"
    assert lying.requests[0].form["refresh_token"] == "the-refresh-token"
    authorization.refresh_from_db()
    assert (authorization.access_token, authorization.refresh_token) == (
        "new-access",
        "new-refresh",
    )
    assert not authorization.token_expires_within(3000)
    assert authorization.resource_uri == f"{lying.url}/resource/Batch/Subscription/1"


@pytest.mark.spec("RFC 6749", "6")
def test_without_a_new_refresh_token_the_old_one_stays(
    lying: LyingUtility, utility: Utility, ada: Person
) -> None:
    lying.answer("/token", json={"token_type": "Bearer", "access_token": "new-access"})
    authorization = authorize(ada, utility, seconds=1)
    fresh_access_token(authorization)
    authorization.refresh_from_db()
    assert authorization.refresh_token == "the-refresh-token"


def test_a_token_that_the_utility_refused_is_renewed_once(
    lying: LyingUtility, utility: Utility, ada: Person
) -> None:
    lying.answer("/token", json=NEW)
    authorization = authorize(ada, utility)
    for _ in range(2):
        assert fresh_access_token(authorization, refused="the-access-token") == "new-access"
    assert len(lying.requests) == 1


@pytest.mark.parametrize(
    ("status", "json"),
    [(400, {"error": "invalid_grant"}), (400, None), (401, None), (403, None)],
)
def test_a_refused_refresh_needs_a_new_consent(
    lying: LyingUtility, utility: Utility, ada: Person, status: int, json: object
) -> None:
    lying.answer("/token", status, json=json)
    authorization = authorize(ada, utility, seconds=1)
    assert refused(authorization).permanent
    assert authorization.status == Authorization.Status.NEEDS_CONSENT
    assert (authorization.access_token, authorization.refresh_token) == ("", "")
    assert authorization.next_pull_at is None
    assert authorization.purge_at is None
    assert Client.objects.get().paused_at is None


def test_a_token_that_cannot_be_refreshed_needs_a_new_consent(
    lying: LyingUtility, utility: Utility, ada: Person
) -> None:
    authorization = authorize(ada, utility, seconds=1)
    Authorization.objects.update(refresh_token="")
    assert refused(authorization).code == Problem.NO_REFRESH_TOKEN
    assert authorization.status == Authorization.Status.NEEDS_CONSENT
    assert lying.requests == []


def test_invalid_client_pauses_the_client_and_revokes_nobody(
    lying: LyingUtility, utility: Utility, ada: Person, ben: Person
) -> None:
    lying.answer("/token", 401, json={"error": "invalid_client"})
    adas, bens = authorize(ada, utility, seconds=1), authorize(ben, utility, seconds=1)
    assert not refused(adas).permanent
    assert not refused(bens).permanent
    for authorization in (adas, bens):
        assert authorization.status == Authorization.Status.ACTIVE
        assert authorization.refresh_token == "the-refresh-token"
    client = Client.objects.get()
    assert client.paused_at is not None
    assert client.changes.count() == 1
    assert not Authorization.objects.due().exists()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_utility_that_is_down_changes_nothing(
    lying: LyingUtility, utility: Utility, ada: Person, status: int
) -> None:
    lying.answer("/token", status)
    authorization = authorize(ada, utility, seconds=1)
    assert not refused(authorization).permanent
    assert authorization.status == Authorization.Status.ACTIVE
    assert authorization.refresh_token == "the-refresh-token"


def test_an_answer_that_cannot_be_read_changes_nothing(
    lying: LyingUtility, utility: Utility, ada: Person
) -> None:
    lying.answer("/token", body=b"<html>")
    authorization = authorize(ada, utility, seconds=1)
    assert not refused(authorization).permanent
    assert authorization.status == Authorization.Status.ACTIVE


def lose_an_answer(lying: LyingUtility) -> None:
    """The utility has traded the refresh token, and the connection ends before it is said."""
    lying.answer("/token", body=b'{"access_token": "new', headers={"Content-Length": "500"})


@pytest.fixture
def works_once(utility: Utility, ada: Person) -> Authorization:
    """A consent at a utility whose refresh tokens work once."""
    utility.quirks = {"one_time_refresh_tokens": True}
    utility.save()
    return authorize(ada, utility, seconds=1)


def test_where_a_refresh_token_works_once_a_lost_answer_is_asked_for_again_at_once(
    lying: LyingUtility, works_once: Authorization
) -> None:
    lose_an_answer(lying)
    lying.answer("/token", json=NEW)
    assert fresh_access_token(works_once) == "new-access"
    sent = [request.form["refresh_token"] for request in lying.asked("/token")]
    assert sent == ["the-refresh-token"] * 2
    works_once.refresh_from_db()
    assert works_once.refresh_token == "new-refresh"
    assert works_once.refreshing_since is None


def test_it_is_asked_for_again_once_and_not_for_ever(
    lying: LyingUtility, works_once: Authorization
) -> None:
    lose_an_answer(lying)
    error = refused(works_once)
    assert (error.code, error.permanent) == (Problem.CUT_OFF, False)
    assert len(lying.asked("/token")) == 2
    assert works_once.status == Authorization.Status.ACTIVE
    assert works_once.refreshing_since is not None
    refused(works_once)
    # Whoever comes later knows that it was interrupted, and tries the old one once.
    assert len(lying.asked("/token")) == 3


def test_a_utility_that_takes_no_token_twice_ends_in_words(
    lying: LyingUtility, works_once: Authorization
) -> None:
    lose_an_answer(lying)
    lying.answer("/token", 400, json={"error": "invalid_grant"})
    error = refused(works_once)
    assert error.permanent
    assert "interrupted before its answer was saved" in error.to_log
    assert works_once.status == Authorization.Status.NEEDS_CONSENT


def test_a_utility_that_is_down_for_the_second_question_leaves_the_note_of_the_first(
    lying: LyingUtility, works_once: Authorization
) -> None:
    lose_an_answer(lying)
    lying.answer("/token", 503)
    assert refused(works_once).code == "http_503"
    assert works_once.status == Authorization.Status.ACTIVE
    assert works_once.refreshing_since is not None


@pytest.mark.parametrize("status", [400, 401, 429, 500, 503])
def test_an_answer_that_was_heard_is_not_asked_for_again(
    lying: LyingUtility, works_once: Authorization, status: int
) -> None:
    lying.answer("/token", status)
    refused(works_once)
    assert len(lying.asked("/token")) == 1


def test_a_refresh_token_that_goes_on_working_is_tried_again_later(
    lying: LyingUtility, utility: Utility, ada: Person
) -> None:
    lose_an_answer(lying)
    assert refused(authorize(ada, utility, seconds=1)).code == Problem.CUT_OFF
    assert len(lying.asked("/token")) == 1


def test_a_stopped_authorization_gets_no_token_and_stays_stopped(
    lying: LyingUtility, utility: Utility, ada: Person
) -> None:
    authorization = authorize(ada, utility)
    Authorization.objects.get().mark_revoked("customer")
    assert refused(authorization).code == Problem.NOT_ACTIVE
    assert authorization.status == Authorization.Status.REVOKED
    assert lying.requests == []


@pytest.mark.django_db(transaction=True)
def test_an_outer_transaction_is_refused_since_it_could_undo_the_rotation(
    lying: LyingUtility, ada: Person
) -> None:
    authorization = authorize(ada, make_utility(lying.url), seconds=1)
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        fresh_access_token(authorization)
    assert lying.requests == []


@pytest.mark.spec("RFC 6749", "6")
@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"scope": "FB=4"}, "FB=4;HistoryLength=63072000"),
        ({"scope": "FB=4_16_51;HistoryLength=99999999"}, "FB=4_16;HistoryLength=63072000"),
        ({}, "FB=4_16;HistoryLength=63072000"),
        ({"scope": 7}, "FB=4_16;HistoryLength=63072000"),
    ],
    ids=["less", "more", "nothing said", "nonsense"],
)
def test_only_a_narrower_scope_is_taken_over_from_a_refresh(
    lying: LyingUtility, utility: Utility, ada: Person, said: dict[str, object], kept: str
) -> None:
    authorization = authorize(ada, utility, seconds=1)
    Authorization.objects.update(scope="FB=4_16;HistoryLength=63072000")
    lying.answer("/token", json={**NEW, **said})
    fresh_access_token(authorization)
    authorization.refresh_from_db()
    assert authorization.scope == kept
    narrowed = authorization.events.filter(type="authorization_narrowed")
    assert narrowed.exists() == (kept == "FB=4;HistoryLength=63072000")
