"""What a pull tells of itself: why it was due, what was asked, what came, and when it goes on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from authorizations.models import Authorization, Event, EventType, PullTrigger
from greenbutton import tasks
from greenbutton.display.story import in_words
from greenbutton.ingest import due
from greenbutton.ingest.pull import LATER_FOR_THE_WAITING, PATIENT_TIMES, pull
from greenbutton.models import Pull
from tests.greenbutton.ingest.documents import block, document, hours, meter
from tests.greenbutton.ingest.test_pull import (
    FEED,
    TOKEN,
    authorize,
    due_in,
    elsewhere,
    first_feeds,
    new_token,
    pulled,
)
from tests.greenbutton.ingest.test_pull_customer import CUSTOMER, codes, named
from tests.lying_utility import LyingUtility

pytestmark = pytest.mark.django_db


@pytest.fixture
def authorization(lying: LyingUtility) -> Authorization:
    return authorize(lying)


def results(done: Pull) -> list[str]:
    return [step["result"] for step in done.steps]


# -- why, what, and when again --------------------------------------------------------------------


def test_a_first_pull_tells_its_windows_and_what_came(
    lying: LyingUtility, authorization: Authorization
) -> None:
    first_feeds(lying)
    done = pulled(authorization)
    assert (done.trigger, done.requests) == (PullTrigger.FIRST, 3)
    assert [step["what"] for step in done.steps] == ["usage"] * 3
    assert [step["readings"] for step in done.steps] == [1, 24, 0]
    assert done.steps[2]["bills"] == 1
    assert done.steps[0]["end"] is None
    assert done.steps[1]["end"] > done.steps[1]["start"]
    assert done.next_at == authorization.next_pull_at


def test_afterwards_it_is_the_daily_run_and_nobody_waits(
    lying: LyingUtility, authorization: Authorization
) -> None:
    first_feeds(lying)
    pulled(authorization)
    assert (authorization.pull_trigger, authorization.somebody_waits) == ("nightly", False)
    assert pulled(authorization).trigger == PullTrigger.NIGHTLY


def test_a_refresh_is_counted_among_the_requests(lying: LyingUtility) -> None:
    authorization = authorize(lying, seconds=5)
    new_token(lying)
    first_feeds(lying)
    done = pulled(authorization)
    assert done.requests == 4
    assert done.steps[0]["requests"] == 2


def test_what_goes_on_after_a_wait_says_so_and_the_customer_still_waits(
    lying: LyingUtility, authorization: Authorization
) -> None:
    lying.answer(FEED, 202, headers={"Retry-After": "60"})
    lying.answer(FEED, body=document(meter()).getvalue())
    waiting = pulled(authorization)
    assert (results(waiting), waiting.steps[0]["come_after"]) == (["come_later"], 60)
    assert waiting.next_at == authorization.next_pull_at
    assert authorization.somebody_waits
    assert pulled(authorization).trigger == PullTrigger.RESUMED


def test_the_story_in_words(lying: LyingUtility, authorization: Authorization) -> None:
    lying.answer(FEED, body=document(meter(), block(*hours(range(24)))).getvalue())
    lying.answer(FEED, 429, headers={"Retry-After": "600"})
    stored, asked = in_words(pulled(authorization))
    assert stored.startswith("Readings and bills from ")
    assert " on: 24 readings (24 new). 1 request, " in stored
    assert "the utility asked us to come back in 10 min. 1 request" in asked


@pytest.mark.parametrize(
    ("status", "words"),
    [(503, "the utility answered 503."), (400, "the utility answered 400.")],
)
def test_a_refusal_in_words(
    lying: LyingUtility, authorization: Authorization, status: int, words: str
) -> None:
    lying.answer(FEED, status)
    [said] = in_words(pulled(authorization))
    assert words in said


def test_a_feed_that_cannot_be_read_is_a_step_too(
    lying: LyingUtility, authorization: Authorization
) -> None:
    lying.answer(FEED, body=b"<feed")
    done = pulled(authorization)
    assert results(done) == ["not_espi"]
    assert "what came could not be read" in in_words(done)[0]


def test_an_interrupted_refresh_is_told_by_the_pull(lying: LyingUtility) -> None:
    authorization = authorize(lying, seconds=5)
    Authorization.objects.update(refreshing_since=timezone.now() - timedelta(minutes=5))
    lying.answer(TOKEN, 400, json={"error": "invalid_grant"})
    done = pulled(authorization)
    assert "interrupted before its answer was saved" in done.error
    assert authorization.status == "needs_consent"
    assert "no longer accepts our tokens" in in_words(done)[0]


def test_no_token_and_no_address_stands_in_a_story(
    lying: LyingUtility, authorization: Authorization
) -> None:
    first_feeds(lying)
    told = str(pulled(authorization).steps)
    assert "the-access-token" not in told
    assert "http" not in told


# -- what is brought forward meanwhile ------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_news_that_come_while_a_pull_runs_are_looked_for_after_it(
    lying: LyingUtility, authorization: Authorization
) -> None:
    def notice() -> None:
        Authorization.objects.get(pk=authorization.pk).bring_forward("notification")

    lying.answer(FEED, body=document(meter()).getvalue())
    lying.answer(FEED, body=document(meter()).getvalue(), before=elsewhere(notice))
    lying.answer(FEED, body=document(meter()).getvalue())
    done = pulled(authorization)
    assert done.state == Pull.State.DONE
    assert authorization.is_due()
    assert authorization.somebody_waits
    assert done.next_at == authorization.next_pull_at
    again = pulled(authorization)
    assert again.trigger == PullTrigger.NOTIFICATION
    # The one that came after the notice has served it.
    assert due_in(authorization) > timedelta(hours=20)


@pytest.mark.django_db(transaction=True)
def test_a_revocation_meanwhile_leaves_nothing_due(
    lying: LyingUtility, authorization: Authorization
) -> None:
    def stop() -> None:
        Authorization.objects.get(pk=authorization.pk).mark_revoked("customer")

    lying.answer(FEED, 503, before=elsewhere(stop))
    assert pulled(authorization).next_at is None
    assert authorization.next_pull_at is None


# -- patience -------------------------------------------------------------------------------------


@pytest.mark.parametrize("waits", [True, False])
def test_a_utility_that_puts_us_off_for_ever_is_asked_ever_later(
    lying: LyingUtility, authorization: Authorization, waits: bool
) -> None:
    lying.answer(FEED, 202, headers={"Retry-After": "1"})
    Authorization.objects.update(somebody_waits=waits)
    for _ in range(PATIENT_TIMES):
        assert pulled(authorization).state == Pull.State.WAITING
        assert due_in(authorization) < timedelta(seconds=10)
    Authorization.objects.update(delays=12)
    assert pulled(authorization).state == Pull.State.WAITING
    assert due_in(authorization) > timedelta(minutes=4)
    assert (due_in(authorization) <= LATER_FOR_THE_WAITING) == waits
    assert (authorization.status, authorization.failures) == ("active", 0)


def test_one_window_that_comes_renews_the_patience(
    lying: LyingUtility, authorization: Authorization
) -> None:
    Authorization.objects.update(delays=12)
    lying.answer(FEED, body=document(meter()).getvalue())
    lying.answer(FEED, 429, headers={"Retry-After": "1"})
    pulled(authorization)
    assert authorization.delays == 0
    assert due_in(authorization) < timedelta(seconds=10)


@pytest.mark.parametrize(
    ("said", "at_most"),
    [
        ("Wed, 21 Oct 2015 07:28:00 GMT", timedelta(seconds=7)),
        ("999999999", timedelta(days=1, minutes=1)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", timedelta(days=1, minutes=1)),
    ],
)
@pytest.mark.parametrize("status", [202, 429])
def test_a_moment_that_has_passed_or_never_comes_is_bounded(
    lying: LyingUtility, authorization: Authorization, status: int, said: str, at_most: timedelta
) -> None:
    lying.answer(FEED, status, headers={"Retry-After": said})
    assert pulled(authorization).state == Pull.State.WAITING
    assert timedelta(0) < due_in(authorization) <= at_most


# -- whose account it is --------------------------------------------------------------------------


@pytest.fixture
def with_account(lying: LyingUtility, authorization: Authorization) -> Authorization:
    authorization.customer_uri = f"{lying.url}{CUSTOMER}"
    authorization.save()
    lying.answer(FEED, body=document(meter()).getvalue())
    return authorization


def test_account_details_that_are_late_are_found_once(
    lying: LyingUtility, with_account: Authorization
) -> None:
    lying.answer(CUSTOMER, 202, headers={"Retry-After": "3600"})
    found = [codes(pulled(with_account)) for _ in range(3)]
    assert found == [["customer.refused"], [], []]
    # The steps have it each time.
    assert [results(done)[-1] for done in with_account.pulls.all()] == ["come_later"] * 3


def test_another_refusal_of_account_details_is_found_anew(
    lying: LyingUtility, with_account: Authorization
) -> None:
    for status in (202, 202, 403, 403):
        lying.answer(CUSTOMER, status, headers={"Retry-After": "3600"})
    lying.answer(CUSTOMER, body=named("Ada Lovelace"))
    lying.answer(CUSTOMER, 403)
    found = [bool(codes(pulled(with_account))) for _ in range(6)]
    assert found == [True, False, True, False, False, True]


# -- errors of our own ----------------------------------------------------------------------------


def test_an_error_before_the_pull_began_is_put_off_and_told(authorization: Authorization) -> None:
    """As after a key was lost: nothing of the row can be decrypted."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE authorizations_authorization SET access_token = 'of another key'")
    with pytest.raises(Exception, match="FIELD_KEYS"):
        tasks.pull_authorization(authorization.pk)
    row: Any = Authorization.objects.values("next_pull_at", "failures", "lease_id").get()
    assert (row["failures"], row["lease_id"]) == (1, "")
    assert row["next_pull_at"] > timezone.now() + timedelta(seconds=40)
    assert due.claim(waiting=True, room=9) + due.claim(waiting=False, room=9) == []
    told = Pull.objects.only("uid", "state", "error", "message").get()
    assert (told.state, "WrongKeyError" in told.error) == (Pull.State.FAILED, True)
    event = Event.objects.get(type=EventType.UPDATE_RETRYING)
    assert (event.detail["pull"], event.detail["reason"]) == (told.uid, "our_error")
    assert datetime.fromisoformat(event.detail["next_at"]) <= row["next_pull_at"]


def test_an_error_in_a_pull_is_put_off_once(
    lying: LyingUtility, authorization: Authorization
) -> None:
    Authorization.objects.update(feed_key="no key")
    lying.answer(FEED, body=document(meter()).getvalue())
    for failures in (1, 2):
        with pytest.raises(ValueError, match="Fernet"):
            pull(Authorization.objects.get())
        authorization.refresh_from_db()
        assert authorization.failures == failures
        assert results(authorization.pulls.all()[0]) == ["our_error"]
    assert authorization.pulls.count() == 2
