"""Who may be tested, and that of several workers one does it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils import timezone

from authorizations.models import Authorization, ConnectAttempt
from greenbutton import client_check, tasks
from greenbutton.models import ClientCheck
from tests import cast
from tests.lying_utility import LyingUtility
from utilities.models import Client

TOKEN = {"access_token": "a-client-token", "token_type": "Bearer", "expires_in": 3600}


@pytest.fixture
def client(db: None, lying: LyingUtility) -> Client:
    utility = cast.make_utility(lying.url)
    utility.test_submit_url = f"{lying.url}/test-submit"
    utility.save()
    return utility.clients.get()


def told(check: ClientCheck) -> dict[str, Any]:
    return {one["name"]: one for one in check.steps}


def live(client: Client) -> None:
    client.approve(None, "Their e-mail")
    client.go_live(None, "Launch")


def without_test_submit(client: Client) -> None:
    client.utility.test_submit_url = ""


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (live, "real customers use it"),
        (without_test_submit, "sign in there with one of the utility's test accounts"),
        (lambda client: client.pause("Why"), "Resume it first"),
        (lambda client: client.retire(None, "Why"), "retired"),
    ],
)
def test_who_cannot_be_tested_is_told_what_to_do_instead(
    client: Client, boss: User, change: Any, sentence: str
) -> None:
    change(client)
    with pytest.raises(ValidationError, match=sentence):
        client_check.ask(client, boss)
    assert not ClientCheck.objects.exists()


def test_one_check_a_client_at_a_time(client: Client, boss: User) -> None:
    client_check.ask(client, boss)
    with pytest.raises(ValidationError, match="being tested already"):
        client_check.ask(client, boss)
    assert ClientCheck.objects.count() == 1


def test_a_check_is_claimed_once_and_again_when_its_message_was_lost(
    client: Client, boss: User
) -> None:
    check = client_check.ask(client, boss)
    assert client_check.claim() == [check.pk]
    assert client_check.claim() == []
    ClientCheck.objects.update(due_at=timezone.now())
    assert client_check.claim() == [check.pk]


def test_a_check_that_a_worker_has_is_nobody_elses(
    client: Client, boss: User, lying: LyingUtility
) -> None:
    check = client_check.ask(client, boss)
    ClientCheck.objects.update(taken_until=timezone.now() + timedelta(minutes=5))
    assert client_check.claim() == []
    tasks.check_client(check.pk)
    check.refresh_from_db()
    assert check.steps == []
    assert lying.requests == []


def test_a_check_whose_worker_died_is_taken_up(client: Client, boss: User) -> None:
    check = client_check.ask(client, boss)
    over = timezone.now() - timedelta(seconds=1)
    ClientCheck.objects.update(taken_until=over, due_at=over)
    assert client_check.claim() == [check.pk]


def test_a_check_that_is_over_is_not_done_again(
    client: Client, boss: User, lying: LyingUtility
) -> None:
    check = client_check.run(client_check.ask(client, boss))
    asked = len(lying.requests)
    assert check.state == ClientCheck.State.FAILED
    client_check.run(check)
    assert len(lying.requests) == asked


def test_a_utility_that_says_no_for_its_test_customer_is_told(
    client: Client, boss: User, lying: LyingUtility
) -> None:
    lying.answer("/token", json=TOKEN)
    lying.answer(
        "/test-submit",
        400,
        json={"error": "invalid_scope", "error_description": "Not that one."},
    )
    check = client_check.run(client_check.ask(client, boss))
    assert told(check)["registration"]["state"] == "skipped"
    assert "invalid_scope: Not that one." in told(check)["consent"]["words"]
    assert told(check)["code"]["state"] == "skipped"


@pytest.mark.parametrize(
    "answer",
    [
        {"code": "c", "state": "another-state"},
        {"code": ["c"], "state": 5},
        {"error": "access_denied"},
        {"code": "c", "iss": "https://evil.example"},
        {},
    ],
)
def test_an_answer_that_no_callback_would_pass_makes_no_consent(
    client: Client, boss: User, lying: LyingUtility, answer: dict[str, Any]
) -> None:
    lying.answer("/token", json=TOKEN)
    lying.answer("/test-submit", json=answer)
    check = client_check.run(client_check.ask(client, boss))
    assert told(check)["code"]["state"] == "failed"
    assert not Authorization.objects.exists()
    # A client token was asked for, and no code traded.
    assert {request.form["grant_type"] for request in lying.asked("/token")} == {
        "client_credentials"
    }


def test_the_test_customer_is_asked_for_as_a_real_one_is(
    client: Client, boss: User, lying: LyingUtility
) -> None:
    lying.answer("/token", json=TOKEN)
    client_check.run(client_check.ask(client, boss))
    (request,) = lying.asked("/test-submit")
    assert request.headers["authorization"].startswith("Basic ")
    attempt = ConnectAttempt.objects.get()
    assert attempt.client == client
    assert attempt.browser_hash
    for asked in (client.utility.callback_url, client.default_scope, "residential"):
        assert asked in request.body.decode()


def test_a_test_customer_is_asked_for_only_at_the_utility(
    client: Client, boss: User, lying: LyingUtility
) -> None:
    client.utility.test_submit_url = "https://elsewhere.example/test-submit"
    client.utility.save()
    lying.answer("/token", json=TOKEN)
    check = client_check.run(client_check.ask(client, boss))
    assert "not one of its origins" in told(check)["consent"]["words"]
