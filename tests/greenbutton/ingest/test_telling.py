"""What is told while it is collected: a beginning, how far it is, what goes wrong, and an end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from authorizations.models import Authorization, Event, EventType, PullTrigger
from authorizations.timeline import customers_timeline, staff_timeline
from authorizations.troubles import REFUSED, reason_of
from greenbutton.ingest import history, lease
from greenbutton.ingest.pull import pull
from greenbutton.models import Pull
from tests.greenbutton.ingest.documents import block, document, hours, meter
from tests.greenbutton.ingest.test_pull import (
    FEED,
    TOKEN,
    authorize,
    elsewhere,
    first_feeds,
    new_token,
    pulled,
    told,
    with_quirks,
)
from tests.lying_utility import LyingUtility
from utilities.client import Problem, UtilityError

pytestmark = pytest.mark.django_db

STARTED, PROGRESS = EventType.UPDATE_STARTED, EventType.UPDATE_PROGRESS
RETRYING, ERRORED = EventType.UPDATE_RETRYING, EventType.UPDATE_ERRORED
DELAYED, SUCCESSFUL = EventType.UPDATE_DELAYED, EventType.UPDATE_SUCCESSFUL
EMPTY = document(meter()).getvalue()


@pytest.fixture
def authorization(lying: LyingUtility) -> Authorization:
    return authorize(lying)


def of_collecting(authorization: Authorization) -> list[str]:
    """What was told of collecting itself, oldest first."""
    return [one for one in told(authorization) if one.startswith("authorization_update_")]


def details(authorization: Authorization, type: str) -> list[dict[str, Any]]:  # noqa: A002
    found = Event.objects.filter(authorization=authorization, type=type).order_by("id")
    return list(found.values_list("detail", flat=True))


def collected(lying: LyingUtility, authorization: Authorization) -> None:
    """Leave the first history behind; what it told is forgotten."""
    with_quirks(authorization, first_windows_days=[])
    lying.answer(FEED, body=EMPTY)
    assert pulled(authorization).state == Pull.State.DONE
    authorization.events.all().delete()
    lying.forget(FEED)


# -- how far it is --------------------------------------------------------------------------------


def test_each_window_but_the_last_tells_how_far_it_is(
    lying: LyingUtility, authorization: Authorization
) -> None:
    first_feeds(lying)
    done = pulled(authorization)
    assert of_collecting(authorization) == [STARTED, PROGRESS, PROGRESS, SUCCESSFUL]
    assert details(authorization, PROGRESS) == [
        {"pull": done.uid, "windows_done": 1, "windows_planned": 3, "readings": 1},
        {"pull": done.uid, "windows_done": 2, "windows_planned": 3, "readings": 25},
    ]


def test_what_comes_at_once_makes_no_progress(
    lying: LyingUtility, authorization: Authorization
) -> None:
    collected(lying, authorization)
    lying.answer(FEED, body=EMPTY)
    pulled(authorization)
    assert of_collecting(authorization) == [STARTED, SUCCESSFUL]


@pytest.mark.django_db(transaction=True)
def test_what_was_revoked_meanwhile_makes_no_progress(lying: LyingUtility) -> None:
    authorization = authorize(lying)

    def revoke() -> None:
        Authorization.objects.get(pk=authorization.pk).mark_revoked("customer")

    lying.answer(FEED, body=EMPTY, before=elsewhere(revoke))
    pulled(authorization)
    assert of_collecting(authorization) == [STARTED]


# -- what goes wrong ------------------------------------------------------------------------------


def test_a_first_failure_is_tried_again_and_tells_when_and_why(
    lying: LyingUtility, authorization: Authorization
) -> None:
    lying.answer(FEED, 503)
    done = pulled(authorization)
    assert of_collecting(authorization) == [STARTED, RETRYING]
    [detail] = details(authorization, RETRYING)
    assert done.next_at is not None
    assert detail == {
        "pull": done.uid,
        "reason": "http_503",
        "failures": 1,
        "next_at": done.next_at.isoformat(timespec="seconds"),
        "because": "ever_later",
    }


def test_a_time_that_the_utility_asks_for_is_its_reason(
    lying: LyingUtility, authorization: Authorization
) -> None:
    lying.answer(FEED, 503, headers={"Retry-After": "3600"})
    pulled(authorization)
    [detail] = details(authorization, RETRYING)
    assert detail["because"] == "as_asked"
    said = staff_timeline(authorization)[0].words
    assert said.startswith("Collecting failed: the utility answered 503. It is due again on ")
    assert said.endswith(f", as {authorization.source_name} asked.")


@pytest.mark.django_db(transaction=True)
def test_news_that_came_meanwhile_are_the_reason(lying: LyingUtility) -> None:
    authorization = authorize(lying)

    def notice() -> None:
        Authorization.objects.get(pk=authorization.pk).bring_forward(PullTrigger.NOTIFICATION)

    lying.answer(FEED, 503, before=elsewhere(notice))
    pulled(authorization)
    [detail] = details(authorization, RETRYING)
    assert detail["because"] == PullTrigger.NOTIFICATION
    assert datetime.fromisoformat(detail["next_at"]) <= timezone.now()


def test_what_fails_again_and_again_has_failed(
    lying: LyingUtility, authorization: Authorization
) -> None:
    collected(lying, authorization)
    lying.answer(FEED, 503)
    for _ in range(history.TRIES + 2):
        pulled(authorization)
    retried = history.TRIES - 1
    assert of_collecting(authorization) == [STARTED, *[RETRYING] * retried, *[ERRORED] * 3]
    assert [one["failures"] for one in details(authorization, ERRORED)] == [5, 6, 7]


def test_a_failure_after_a_success_is_a_first_one_again(
    lying: LyingUtility, authorization: Authorization
) -> None:
    collected(lying, authorization)
    Authorization.objects.update(failures=history.TRIES + 3)
    lying.answer(FEED, body=EMPTY)
    pulled(authorization)
    lying.forget(FEED)
    lying.answer(FEED, 503)
    pulled(authorization)
    assert of_collecting(authorization)[-3:] == [SUCCESSFUL, STARTED, RETRYING]


def test_a_feed_that_cannot_be_read_is_asked_for_again(
    lying: LyingUtility, authorization: Authorization
) -> None:
    lying.answer(FEED, body=b"<feed")
    pulled(authorization)
    assert details(authorization, RETRYING)[0]["reason"] == "not_espi"


def test_an_error_of_our_own_is_tried_again(
    lying: LyingUtility, authorization: Authorization
) -> None:
    Authorization.objects.update(feed_key="no key")
    lying.answer(FEED, body=EMPTY)
    with pytest.raises(ValueError, match="Fernet"):
        pulled(authorization)
    assert of_collecting(authorization) == [STARTED, RETRYING]
    assert details(authorization, RETRYING)[0]["reason"] == "our_error"


def test_a_registration_that_is_refused_is_not_tried_again(lying: LyingUtility) -> None:
    authorization = authorize(lying, seconds=5)
    lying.answer(TOKEN, 401, json={"error": "invalid_client"})
    done = pulled(authorization)
    assert of_collecting(authorization) == [STARTED, ERRORED]
    [detail] = details(authorization, ERRORED)
    assert detail == {"pull": done.uid, "reason": "client_paused", "failures": 1}
    assert "it goes on when somebody resumes that" in staff_timeline(authorization)[0].words
    assert customers_timeline(authorization)[0].words == (
        "We could not collect new readings. We are looking into it."
    )


@pytest.mark.parametrize("answers", [[401, 401], [403]])
def test_a_consent_that_is_gone_is_not_tried_again(
    lying: LyingUtility, authorization: Authorization, answers: list[int]
) -> None:
    for status in answers:
        lying.answer(FEED, status)
    new_token(lying)
    pulled(authorization)
    assert of_collecting(authorization) == [STARTED, ERRORED]
    assert details(authorization, ERRORED) == [{"reason": "needs_consent"}]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_tried_again_that_was_revoked_meanwhile(lying: LyingUtility) -> None:
    authorization = authorize(lying)

    def revoke() -> None:
        Authorization.objects.get(pk=authorization.pk).mark_revoked("customer")

    lying.answer(FEED, 503, before=elsewhere(revoke))
    pulled(authorization)
    assert of_collecting(authorization) == [STARTED]


@pytest.mark.django_db(transaction=True)
def test_whoever_lost_the_lease_leaves_telling_to_who_has_it(lying: LyingUtility) -> None:
    authorization = authorize(lying)

    def steal() -> None:
        Authorization.objects.filter(pk=authorization.pk).update(lease_id="stolen")

    lying.answer(FEED, 503, before=elsewhere(steal))
    pulled(authorization)
    assert of_collecting(authorization) == [STARTED]


@pytest.mark.parametrize("code", ["Ada Lovelace, 12 Main Street", "http_Ada", "http_503 Ada", ""])
def test_no_word_of_the_utilitys_goes_into_an_event(code: str) -> None:
    error = UtilityError(code, to_customer="", to_log="")
    assert reason_of(error) == REFUSED


@pytest.mark.parametrize("code", [Problem.TIMEOUT, "http_418", Problem.HTTP_503])
def test_a_reason_of_our_own_is_told(code: str) -> None:
    assert reason_of(UtilityError(code, to_customer="", to_log="")) == code


# -- one beginning and one end --------------------------------------------------------------------


def test_what_waits_fails_and_goes_on_begins_once_and_ends_once(
    lying: LyingUtility, authorization: Authorization
) -> None:
    lying.answer(FEED, body=EMPTY)
    lying.answer(FEED, 202, headers={"Retry-After": "60"})
    lying.answer(FEED, 503)
    lying.answer(FEED, body=EMPTY)
    for _ in range(3):
        pulled(authorization)
    assert of_collecting(authorization) == [
        STARTED,
        PROGRESS,
        DELAYED,
        RETRYING,
        PROGRESS,
        SUCCESSFUL,
    ]
    # What came since that history began is another look.
    assert authorization.pull_trigger == PullTrigger.RESUMED
    pulled(authorization)
    assert of_collecting(authorization)[-2:] == [STARTED, SUCCESSFUL]


def test_a_killed_worker_is_no_second_beginning(
    lying: LyingUtility, authorization: Authorization
) -> None:
    lease.take(authorization)
    dead = Pull.objects.create(authorization=authorization, first=True)
    authorization.tell(STARTED, pull=dead.uid)
    Authorization.objects.update(leased_until=timezone.now())
    first_feeds(lying)
    pulled(authorization)
    assert of_collecting(authorization).count(STARTED) == 1
    assert of_collecting(authorization)[-1] == SUCCESSFUL


def test_whoever_asks_meanwhile_is_told_that_it_begins(
    lying: LyingUtility, authorization: Authorization
) -> None:
    collected(lying, authorization)
    lying.answer(FEED, 503)
    pulled(authorization)
    Authorization.objects.get().collect_now(PullTrigger.STAFF)
    pulled(authorization)
    assert of_collecting(authorization) == [STARTED, RETRYING, STARTED, RETRYING]


def test_a_history_that_has_to_wait_begins_once(
    lying: LyingUtility, authorization: Authorization
) -> None:
    collected(lying, authorization)
    history.ask(authorization)
    lying.answer(FEED, 202, headers={"Retry-After": "60"})
    lying.answer(FEED, body=EMPTY)
    pulled(authorization)
    pulled(authorization)
    assert of_collecting(authorization) == [STARTED, DELAYED, SUCCESSFUL]


# -- how the timeline reads -----------------------------------------------------------------------


def test_a_utility_that_flaps_does_not_fill_the_timeline(
    lying: LyingUtility, authorization: Authorization
) -> None:
    collected(lying, authorization)
    for number in range(12):
        lying.answer(FEED, 503)
        if number % 3 == 0:
            lying.answer(FEED, 202, headers={"Retry-After": "60"})
        lying.answer(FEED, body=EMPTY)
    for _ in range(12 * 2 + 4):
        pulled(authorization)
    assert of_collecting(authorization).count(SUCCESSFUL) == 12
    assert ERRORED not in of_collecting(authorization)
    for timeline in (staff_timeline(authorization), customers_timeline(authorization)):
        [line] = timeline
        assert line.times == 12


def test_an_outage_of_days_is_one_line(lying: LyingUtility, authorization: Authorization) -> None:
    collected(lying, authorization)
    lying.answer(FEED, 503)
    for _ in range(15):
        pulled(authorization)
    [staffs] = staff_timeline(authorization)
    assert staffs.words.startswith(
        "Collecting failed 15 times running: the utility answered 503. It is due again on "
    )
    assert staffs.words.endswith(", later with each failure.")
    [customers] = customers_timeline(authorization)
    assert customers.words == (
        "We could not collect new readings, though we tried several times. We go on trying."
    )
    lying.forget(FEED)
    lying.answer(FEED, body=document(meter(), block(*hours([1]))).getvalue())
    pulled(authorization)
    assert customers_timeline(authorization)[0].words == "New readings arrived."


def test_how_far_it_is_stands_there_until_it_is_done(
    lying: LyingUtility, authorization: Authorization
) -> None:
    seen: list[list[str]] = []

    def look() -> None:
        row = Authorization.objects.get(pk=authorization.pk)
        seen.append([line.words for line in staff_timeline(row)])
        seen.append([line.words for line in customers_timeline(row)])

    lying.answer(FEED, body=document(meter(), block(*hours([1]))).getvalue())
    lying.answer(FEED, 503)
    pulled(authorization)
    look()
    assert seen[0][0].startswith(
        "Collecting failed, after it brought new readings for a meter: the utility answered 503."
    )
    assert seen[1][0] == "New readings arrived, but not everything. We try again by ourselves."
    lying.forget(FEED)
    lying.answer(FEED, body=EMPTY)
    pulled(authorization)
    look()
    assert seen[2][0] == "Collected: new readings for a meter."
    assert "goes on" not in str(seen)


def test_pull_is_none_where_nothing_may_be_collected(authorization: Authorization) -> None:
    authorization.hold()
    assert pull(authorization) is None
    assert of_collecting(authorization) == []
