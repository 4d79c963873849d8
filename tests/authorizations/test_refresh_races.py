"""Refreshing, while others refresh, stop sharing or die: real processes and a real utility."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connection, transaction
from django.utils import timezone

from authorizations import flows, tokens
from authorizations.models import Authorization
from authorizations.tokens import fresh_access_token
from portal.processes import until
from portal.stack import CHECKOUT
from tests.cast import Person, authorize, make_utility
from tests.lying_utility import LyingUtility
from utilities.client import UtilityError
from utilities.models import Utility

pytestmark = pytest.mark.django_db(transaction=True)

NEW = {
    "token_type": "Bearer",
    "access_token": "new-access",
    "refresh_token": "new-refresh",
    "expires_in": 3600,
}
GRANT = "/resource/Authorization/1"
PATIENCE_SECONDS = 60
PROGRAM = """
import django
django.setup()
from authorizations.models import Authorization
from authorizations.tokens import fresh_access_token
print(fresh_access_token(Authorization.objects.get()))
"""


@pytest.fixture
def authorization(lying: LyingUtility, ada: Person) -> Authorization:
    return authorize(ada, make_utility(lying.url), seconds=1)


@contextmanager
def refreshing() -> Iterator[subprocess.Popen[str]]:
    """Another process that wants a token of the only authorization, and prints it."""
    address = urlsplit(os.environ["DATABASE_URL"])
    database = address._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    environment = {
        **os.environ,
        "SITE": "portal",
        "DATABASE_URL": database,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=CHECKOUT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def somebody_waits_for_a_row() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def elsewhere(act: Callable[[], object]) -> Callable[[], None]:
    """For a thread of the utility's, which closes its own connection to our database."""

    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    return run


def killed_between_the_answer_and_the_save(lying: LyingUtility) -> None:
    """A worker that has the utility's answer, and stands before the row that somebody holds."""
    asked, answer_now = threading.Event(), threading.Event()

    def answers_when_told() -> None:
        asked.set()
        answer_now.wait(PATIENCE_SECONDS)

    lying.answer("/token", json=NEW, before=answers_when_told)
    with refreshing() as process:
        assert asked.wait(PATIENCE_SECONDS)
        with transaction.atomic():
            Authorization.objects.select_for_update().get()
            answer_now.set()
            assert until(somebody_waits_for_a_row, PATIENCE_SECONDS)
            process.send_signal(signal.SIGKILL)
            assert process.wait(PATIENCE_SECONDS) == -signal.SIGKILL
    lying.forget("/token")


def turn_is_over() -> None:
    Authorization.objects.update(refreshing_until=timezone.now() - timedelta(seconds=1))


def test_two_processes_make_one_refresh(lying: LyingUtility, authorization: Authorization) -> None:
    answer_now = threading.Event()
    lying.answer("/token", json=NEW, before=lambda: answer_now.wait(PATIENCE_SECONDS))
    with refreshing() as one, refreshing() as other:
        # Time enough for both to be there, or for the second one to find the work done.
        assert until(lambda: bool(lying.asked("/token")), PATIENCE_SECONDS)
        time.sleep(1)
        answer_now.set()
        printed = [process.communicate(timeout=PATIENCE_SECONDS)[0] for process in (one, other)]
    assert printed == ["new-access\n", "new-access\n"]
    assert len(lying.requests) == 1


def test_whoever_stops_sharing_does_not_wait_for_a_refresh(
    lying: LyingUtility, authorization: Authorization
) -> None:
    took: list[float] = []

    def stop() -> None:
        began = time.monotonic()
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")
        flows.disconnect(Authorization.objects.get(), by="customer")
        took.append(time.monotonic() - began)

    credentials = {"token_type": "Bearer", "access_token": "of-the-client"}
    lying.answer("/token", json=NEW, before=elsewhere(stop))
    lying.answer("/token", json=credentials)
    lying.answer(GRANT, 204)
    with pytest.raises(UtilityError) as caught:
        fresh_access_token(authorization)
    assert caught.value.code == "not_active"
    assert took
    authorization.refresh_from_db()
    assert (authorization.access_token, authorization.refresh_token) == ("", "")
    assert authorization.status == Authorization.Status.REVOKED
    # The customer's own click has told the utility; tokens that came after it die with the grant.
    assert [request.method for request in lying.asked(GRANT)] == ["DELETE"]


@pytest.mark.spec("RFC 7009", "2.1")
@pytest.mark.parametrize("told_by", ["customer's click", "nobody yet"])
def test_where_only_tokens_are_taken_back_those_that_came_too_late_are_too(
    lying: LyingUtility, authorization: Authorization, told_by: str
) -> None:
    """The old token, which the click took back, may leave these alive."""
    Utility.objects.update(revocation_url=f"{lying.url}/revoke")

    def stop() -> None:
        row = Authorization.objects.get()
        if told_by == "nobody yet":
            flows.end(row, by="customer")
        else:
            assert flows.disconnect(row, by="customer")

    lying.answer("/token", json=NEW, before=elsewhere(stop))
    lying.answer("/token", json={"token_type": "Bearer", "access_token": "of-the-client"})
    lying.answer(GRANT, 403)
    lying.answer("/revoke", 200)
    with pytest.raises(UtilityError):
        fresh_access_token(authorization)
    taken_back = [request.form["token"] for request in lying.asked("/revoke")]
    assert taken_back[-1] == "new-refresh"
    assert ("the-refresh-token" in taken_back) == (told_by != "nobody yet")


def test_tokens_that_come_too_late_for_a_utility_that_takes_none_back_are_only_dropped(
    lying: LyingUtility, authorization: Authorization
) -> None:
    def stop() -> None:
        Authorization.objects.get().mark_revoked("customer")
        Authorization.objects.get().mark_told()

    lying.answer("/token", json=NEW, before=elsewhere(stop))
    with pytest.raises(UtilityError):
        fresh_access_token(authorization)
    assert [request.path for request in lying.requests] == ["/token"]


def test_a_grant_that_cannot_be_given_back_is_no_error(
    lying: LyingUtility, authorization: Authorization
) -> None:
    def stop() -> None:
        Authorization.objects.get().mark_revoked("customer")

    lying.answer("/token", json=NEW, before=elsewhere(stop))
    lying.answer("/token", 503)
    with pytest.raises(UtilityError) as caught:
        fresh_access_token(authorization)
    assert caught.value.code == "not_active"
    assert lying.asked(GRANT) == []


def test_a_consent_that_expires_meanwhile_keeps_no_token(
    lying: LyingUtility, authorization: Authorization
) -> None:
    def expire() -> None:
        Authorization.objects.get().mark_expired()

    lying.answer("/token", json=NEW, before=elsewhere(expire))
    with pytest.raises(UtilityError):
        fresh_access_token(authorization)
    authorization.refresh_from_db()
    assert (authorization.access_token, authorization.refresh_token) == ("", "")


def test_a_kill_between_answer_and_save_leaves_the_old_token_and_says_so(
    lying: LyingUtility, authorization: Authorization
) -> None:
    killed_between_the_answer_and_the_save(lying)
    authorization.refresh_from_db()
    assert authorization.refresh_token == "the-refresh-token"
    assert authorization.is_refreshing()
    assert authorization.refreshing_since is not None


def test_after_a_kill_the_old_token_is_tried_once_more_and_may_do(
    lying: LyingUtility, authorization: Authorization
) -> None:
    killed_between_the_answer_and_the_save(lying)
    turn_is_over()
    lying.answer("/token", json={**NEW, "access_token": "third"})
    assert fresh_access_token(authorization) == "third"
    assert lying.asked("/token")[-1].form["refresh_token"] == "the-refresh-token"
    authorization.refresh_from_db()
    assert (authorization.refreshing_since, authorization.is_refreshing()) == (None, False)


def test_after_a_kill_a_refusal_needs_consent_and_tells_of_the_interruption(
    lying: LyingUtility, authorization: Authorization
) -> None:
    killed_between_the_answer_and_the_save(lying)
    turn_is_over()
    lying.answer("/token", 400, json={"error": "invalid_grant"})
    with pytest.raises(UtilityError) as caught:
        fresh_access_token(authorization)
    assert caught.value.permanent
    assert "interrupted before its answer was saved" in caught.value.to_log
    authorization.refresh_from_db()
    assert authorization.status == Authorization.Status.NEEDS_CONSENT
    assert authorization.refreshing_since is None
    [event] = authorization.events.filter(type="authorization_update_finished_errored")
    assert "refresh_interrupted" in event.detail


def test_an_ordinary_refusal_tells_of_no_interruption(
    lying: LyingUtility, authorization: Authorization
) -> None:
    lying.answer("/token", 400, json={"error": "invalid_grant"})
    with pytest.raises(UtilityError) as caught:
        fresh_access_token(authorization)
    assert "interrupted" not in caught.value.to_log
    [event] = authorization.events.filter(type="authorization_update_finished_errored")
    assert "refresh_interrupted" not in event.detail


@pytest.mark.parametrize(("answer", "is_remembered"), [("503", False), ("half", True)])
def test_an_answer_that_was_not_heard_to_its_end_counts_as_interrupted(
    lying: LyingUtility, authorization: Authorization, answer: str, is_remembered: bool
) -> None:
    if answer == "half":
        lying.answer("/token", body=b'{"token_type": "Bea', headers={"Content-Length": "1000"})
    else:
        lying.answer("/token", 503)
    with pytest.raises(UtilityError):
        fresh_access_token(authorization)
    authorization.refresh_from_db()
    assert authorization.status == Authorization.Status.ACTIVE
    assert (authorization.refreshing_since is not None) == is_remembered
    # The turn is given back: nobody waits for it.
    assert not authorization.is_refreshing()


def test_a_worker_that_was_overtaken_still_has_the_good_token(
    lying: LyingUtility, authorization: Authorization
) -> None:
    """A process that stood still for longer than its turn; what it was given is all there is."""

    def overtake() -> None:
        Authorization.objects.update(refresh_id="another", refreshing_until=timezone.now())

    lying.answer("/token", json=NEW, before=elsewhere(overtake))
    assert fresh_access_token(authorization) == "new-access"
    authorization.refresh_from_db()
    assert authorization.refresh_token == "new-refresh"


def test_a_refusal_to_a_worker_that_was_overtaken_ends_nothing(
    lying: LyingUtility, authorization: Authorization
) -> None:
    def overtake() -> None:
        row = Authorization.objects.get()
        row.refresh_token, row.access_token = "rotated", "of-the-other"
        row.access_expires_at = timezone.now() + timedelta(hours=1)
        row.save()

    lying.answer("/token", 400, json={"error": "invalid_grant"}, before=elsewhere(overtake))
    assert fresh_access_token(authorization) == "of-the-other"
    authorization.refresh_from_db()
    assert authorization.status == Authorization.Status.ACTIVE


def test_patience_with_another_worker_ends(
    lying: LyingUtility, authorization: Authorization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "PATIENCE_SECONDS", 0.5)
    Authorization.objects.get().begin_refresh("another", timedelta(hours=1))
    with pytest.raises(UtilityError) as caught:
        fresh_access_token(authorization)
    assert caught.value.code == "come_later"
    assert not caught.value.permanent
    assert lying.requests == []
