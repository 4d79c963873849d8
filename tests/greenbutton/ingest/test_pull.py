"""Pulls from a real HTTP server that answers as it is told."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.db.models import Value
from django.utils import timezone

from authorizations.models import Authorization
from greenbutton.ingest import due, history, lease, raw
from greenbutton.ingest.pull import BACKOFF_LONGEST, backoff, pull
from greenbutton.ingest.raw import open_raw
from greenbutton.ingest.windows import Window
from greenbutton.models import CustomerAccount, HistoricalCollection, Pull, RawFeed, ReadingDay
from tests import cast
from tests.greenbutton.ingest.documents import HOUR, MIDNIGHT, bill, block, document, hours, meter
from tests.lying_utility import LyingUtility
from utilities.encrypted import WrongKeyError

pytestmark = pytest.mark.django_db

FEED = "/resource/Batch/Subscription/1"
TOKEN = "/token"
numbers = itertools.count(1)


@pytest.fixture
def authorization(lying: LyingUtility) -> Authorization:
    return authorize(lying)


def authorize(lying: LyingUtility, *, seconds: int = 3600) -> Authorization:
    utility = cast.make_utility(lying.url, slug=f"pull{next(numbers)}")
    return cast.authorize(cast.ada(), utility, seconds=seconds)


def feed(*entries: Any) -> bytes:
    return document(*entries).getvalue()


def first_feeds(lying: LyingUtility) -> None:
    """Three windows with an hour, a day and a bill."""
    lying.answer(FEED, body=feed(meter(), block(*hours([1], start=MIDNIGHT))))
    lying.answer(
        FEED, body=feed(meter(), block(*hours(range(24), start=MIDNIGHT - 99 * 24 * HOUR)))
    )
    lying.answer(FEED, body=feed(meter(), bill(MIDNIGHT - 600 * 24 * HOUR)))


def pulled(authorization: Authorization) -> Pull:
    """Pull, and the authorization as it is then."""
    done = pull(Authorization.objects.get(pk=authorization.pk))
    assert done is not None
    authorization.refresh_from_db()
    done.refresh_from_db()
    return done


def told(authorization: Authorization) -> list[str]:
    """The events since it was made, oldest first."""
    found = authorization.events.order_by("id").values_list("type", flat=True)
    return [one for one in found if one != "authorization_created"]


def due_in(authorization: Authorization) -> timedelta:
    assert authorization.next_pull_at is not None
    return authorization.next_pull_at - timezone.now()


def new_token(lying: LyingUtility, name: str = "second") -> None:
    lying.answer(
        TOKEN,
        json={
            "token_type": "Bearer",
            "access_token": f"{name}-access",
            "refresh_token": f"{name}-refresh",
            "expires_in": 3600,
        },
    )


# -- what goes well -------------------------------------------------------------------------------


def test_a_first_pull_asks_newest_first_and_stores_all(
    lying: LyingUtility, authorization: Authorization
) -> None:
    first_feeds(lying)
    done = pulled(authorization)
    assert (done.state, done.error, done.first) == (Pull.State.DONE, "", True)
    assert (done.windows_done, done.windows_planned) == (3, 3)
    assert (done.readings, done.new, done.changed, done.bills) == (25, 25, 0, 1)
    asked = lying.asked(FEED)
    assert [request.headers["authorization"] for request in asked] == [
        "Bearer the-access-token"
    ] * 3
    starts = [datetime.fromisoformat(request.query["published-min"][0]) for request in asked]
    assert starts == sorted(starts, reverse=True)
    assert "published-max" not in asked[0].query


def test_a_finished_pull_moves_the_cursor_and_is_due_tomorrow(
    lying: LyingUtility, authorization: Authorization
) -> None:
    first_feeds(lying)
    done = pulled(authorization)
    assert authorization.pulled_to is not None
    assert authorization.pulled_to <= done.started
    assert timedelta(hours=21) < due_in(authorization) < timedelta(hours=27)
    assert (authorization.lease_id, authorization.leased_until) == ("", None)
    assert told(authorization) == [
        "authorization_update_started",
        "meter_created",
        "meter_intervals_added",
        "authorization_update_progress",
        "meter_intervals_added",
        "authorization_update_progress",
        "meter_bills_added",
        "authorization_update_finished_successful",
    ]


def test_a_later_pull_asks_once_with_overlap_and_adds_nothing_twice(
    lying: LyingUtility, authorization: Authorization
) -> None:
    first_feeds(lying)
    pulled(authorization)
    cursor = authorization.pulled_to
    assert cursor is not None
    again = pulled(authorization)
    assert (again.first, again.windows_planned, again.new, again.bills) == (False, 1, 0, 0)
    (since,) = lying.asked(FEED)[-1].query["published-min"]
    assert cursor - datetime.fromisoformat(since) >= timedelta(days=3)


def test_a_token_that_is_over_is_refreshed_first(lying: LyingUtility) -> None:
    authorization = authorize(lying, seconds=5)
    new_token(lying)
    first_feeds(lying)
    assert pulled(authorization).state == Pull.State.DONE
    assert lying.asked(FEED)[0].headers["authorization"] == "Bearer second-access"
    assert authorization.refresh_token == "second-refresh"


def test_each_feed_is_kept_as_it_came_but_not_readable_without_its_key(
    lying: LyingUtility, authorization: Authorization
) -> None:
    first_feeds(lying)
    done = pulled(authorization)
    newest = done.raw_feeds.order_by("id")[0]
    with open_raw(newest) as kept:
        data = kept.read()
    assert data == feed(meter(), block(*hours([1], start=MIDNIGHT)))
    assert (newest.size, newest.window_end) == (len(data), None)
    assert b"UsagePoint" not in b"".join(bytes(part.body) for part in newest.parts.all())


# -- what goes wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [202, 429])
def test_an_answer_of_come_later_waits_as_long_as_asked(
    lying: LyingUtility, authorization: Authorization, status: int
) -> None:
    lying.answer(FEED, status, headers={"Retry-After": "600"})
    done = pulled(authorization)
    assert done.state == Pull.State.WAITING
    assert "preparing" in done.message
    assert timedelta(seconds=590) < due_in(authorization) <= timedelta(seconds=606)
    assert (authorization.status, authorization.failures) == ("active", 0)
    assert told(authorization)[-1] == "authorization_update_delayed"


def test_a_first_history_goes_on_where_it_was_told_to_wait(
    lying: LyingUtility, authorization: Authorization
) -> None:
    lying.answer(FEED, body=feed(meter(), block(*hours([1]))))
    lying.answer(FEED, 429, headers={"Retry-After": "60"})
    lying.answer(FEED, body=feed(meter()))
    waiting = pulled(authorization)
    assert (waiting.windows_done, authorization.pulled_to) == (1, None)
    done = pulled(authorization)
    assert (done.state, done.windows_done, done.windows_planned) == (Pull.State.DONE, 3, 3)
    asked = [request.query["published-min"] for request in lying.asked(FEED)]
    # The first window once, the second twice, the third once.
    assert len(asked) == 4
    assert asked[1] == asked[2]
    assert authorization.pulled_to is not None
    assert authorization.pulled_to <= waiting.started
    assert due_in(authorization) < timedelta(minutes=2)


def test_a_first_history_whose_rest_never_comes_does_not_hold_up_what_is_new(
    lying: LyingUtility, authorization: Authorization
) -> None:
    lying.answer(FEED, body=feed(meter(), block(*hours([1]))))
    lying.answer(FEED, 500)
    tries = [pulled(authorization) for _ in range(history.TRIES)]
    assert {one.state for one in tries} == {Pull.State.FAILED}
    assert authorization.pulled_to == tries[0].started
    [rest] = authorization.histories.all()
    assert rest.state == HistoricalCollection.State.WAITING
    for _ in range(history.TRIES):
        pulled(authorization)
    rest.refresh_from_db()
    assert rest.state == HistoricalCollection.State.FAILED
    lying.forget(FEED)
    lying.answer(FEED, body=feed(meter(), block(*hours([2], start=MIDNIGHT + 24 * HOUR))))
    done = pulled(authorization)
    assert (done.state, done.windows_planned, done.new) == (Pull.State.DONE, 1, 1)


def test_a_first_history_of_which_nothing_came_is_tried_on_and_on(
    lying: LyingUtility, authorization: Authorization
) -> None:
    lying.answer(FEED, 500)
    for _ in range(history.TRIES + 1):
        assert pulled(authorization).state == Pull.State.FAILED
    assert authorization.pulled_to is None
    assert not authorization.histories.exists()


def test_attempts_that_stored_nothing_leave_no_hole_in_the_first_history(
    lying: LyingUtility, authorization: Authorization
) -> None:
    lying.answer(FEED, 503)
    lying.answer(FEED, body=feed(meter()))
    lying.answer(FEED, 503)
    lying.answer(FEED, body=feed(meter()))
    pulled(authorization)
    long_ago = timezone.now() - timedelta(days=10)
    authorization.pulls.update(started=long_ago)
    pulled(authorization)
    assert pulled(authorization).state == Pull.State.DONE
    asked = [request.query for request in lying.asked(FEED)]
    starts = [datetime.fromisoformat(query["published-min"][0]) for query in asked]
    # The fourth request is for the second window, which has to reach up to the first one.
    assert datetime.fromisoformat(asked[3]["published-max"][0]) > starts[1]


@pytest.mark.parametrize("status", [500, 503, 504, 404])
def test_a_utility_in_trouble_is_asked_again_ever_later(
    lying: LyingUtility, authorization: Authorization, status: int
) -> None:
    lying.answer(FEED, status)
    done = pulled(authorization)
    assert done.state == Pull.State.FAILED
    assert str(status) in done.error
    assert str(status) not in done.message
    assert (authorization.status, authorization.failures) == ("active", 1)
    first = due_in(authorization)
    pulled(authorization)
    assert due_in(authorization) > first
    assert told(authorization)[-1] == "authorization_update_retrying"


def test_no_answer_at_all_is_a_failure_that_passes(
    lying: LyingUtility, authorization: Authorization
) -> None:
    utility = authorization.utility
    assert utility is not None
    utility.origins = ["http://127.0.0.1:1"]
    utility.save()
    Authorization.objects.filter(pk=authorization.pk).update(resource_uri="http://127.0.0.1:1/feed")
    assert pulled(authorization).state == Pull.State.FAILED
    assert (authorization.status, authorization.failures) == ("active", 1)


def test_a_success_forgets_the_failures(lying: LyingUtility, authorization: Authorization) -> None:
    Authorization.objects.filter(pk=authorization.pk).update(failures=5)
    first_feeds(lying)
    pulled(authorization)
    assert authorization.failures == 0


def test_a_token_that_is_refused_before_its_time_is_renewed_once(
    lying: LyingUtility, authorization: Authorization
) -> None:
    lying.answer(FEED, 401)
    new_token(lying)
    first_feeds(lying)
    assert pulled(authorization).state == Pull.State.DONE
    sent = [request.headers["authorization"] for request in lying.asked(FEED)]
    assert sent == ["Bearer the-access-token", *["Bearer second-access"] * 3]
    assert len(lying.asked(TOKEN)) == 1


def test_a_fresh_token_that_is_refused_too_needs_a_new_consent(
    lying: LyingUtility, authorization: Authorization
) -> None:
    lying.answer(FEED, 401)
    new_token(lying)
    assert pulled(authorization).state == Pull.State.FAILED
    assert (authorization.status, authorization.refresh_token) == ("needs_consent", "")
    assert len(lying.asked(FEED)) == 2


def test_a_feed_that_is_forbidden_needs_a_new_consent(
    lying: LyingUtility, authorization: Authorization
) -> None:
    lying.answer(FEED, 403)
    done = pulled(authorization)
    assert done.state == Pull.State.FAILED
    assert (authorization.status, authorization.next_pull_at) == ("needs_consent", None)
    assert told(authorization).count("authorization_update_finished_errored") == 1


def test_an_invalid_grant_needs_a_new_consent_and_keeps_the_data(lying: LyingUtility) -> None:
    authorization = authorize(lying)
    first_feeds(lying)
    pulled(authorization)
    Authorization.objects.filter(pk=authorization.pk).update(access_expires_at=timezone.now())
    lying.answer(TOKEN, 400, json={"error": "invalid_grant"})
    assert pulled(authorization).state == Pull.State.FAILED
    assert authorization.status == "needs_consent"
    assert authorization.reading_days.count() == 2
    assert told(authorization).count("authorization_update_finished_errored") == 1


def test_an_invalid_client_pauses_the_client_and_revokes_nobody(lying: LyingUtility) -> None:
    authorization = authorize(lying, seconds=5)
    lying.answer(TOKEN, 401, json={"error": "invalid_client"})
    assert pulled(authorization).state == Pull.State.FAILED
    assert authorization.status == "active"
    assert authorization.client is not None
    assert authorization.client.paused_at is not None
    assert pull(authorization) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not xml",
        feed(meter(), block(*hours([1])))[:-20],
        b'<!DOCTYPE feed [<!ENTITY a "b">]><feed xmlns="http://www.w3.org/2005/Atom"/>',
        b"<feed/>",
    ],
    ids=["empty", "not XML", "truncated", "with a DTD", "another namespace"],
)
def test_a_broken_feed_stores_nothing_and_is_kept(
    lying: LyingUtility, authorization: Authorization, data: bytes
) -> None:
    lying.answer(FEED, body=data)
    done = pulled(authorization)
    assert done.state == Pull.State.FAILED
    assert done.error.startswith("The feed was refused: The document")
    assert "could not read" in done.message
    assert authorization.usage_points.count() == 0
    assert authorization.pulled_to is None
    raw_feed = RawFeed.objects.get(pull=done)
    assert raw_feed.error
    with open_raw(raw_feed) as kept:
        assert kept.read() == data


def test_a_broken_window_leaves_the_cursor_and_the_window_before_it(
    lying: LyingUtility, authorization: Authorization
) -> None:
    lying.answer(FEED, body=feed(meter(), block(*hours([1]))))
    lying.answer(FEED, body=b"<feed")
    done = pulled(authorization)
    assert (done.windows_done, done.new) == (1, 1)
    assert authorization.pulled_to is None
    assert authorization.reading_days.count() == 1


def test_a_feed_that_says_it_is_too_large_is_not_read(
    lying: LyingUtility, authorization: Authorization
) -> None:
    lying.answer(FEED, headers={"Content-Length": str(10**15)})
    done = pulled(authorization)
    assert done.state == Pull.State.FAILED
    assert "more than" in done.message
    assert RawFeed.objects.filter(pull=done).count() == 0


def test_an_error_of_our_own_is_noted_and_not_hidden(
    lying: LyingUtility, authorization: Authorization
) -> None:
    Authorization.objects.filter(pk=authorization.pk).update(feed_key="no key")
    lying.answer(FEED, body=feed())
    with pytest.raises(ValueError, match="Fernet"):
        pulled(authorization)
    authorization.refresh_from_db()
    done = authorization.pulls.get()
    assert (done.state, done.error) == (
        Pull.State.FAILED,
        "An error in the portal itself: ValueError.",
    )
    assert authorization.lease_id == ""
    assert due_in(authorization) > timedelta(seconds=40)


def test_no_token_reaches_the_pull_or_the_log(
    lying: LyingUtility, authorization: Authorization, caplog: pytest.LogCaptureFixture
) -> None:
    lying.answer(FEED, 500, json={"error_description": "Bearer the-access-token"})
    done = pulled(authorization)
    assert "the-access-token" not in done.error + done.message + caplog.text


# -- what is not pulled ---------------------------------------------------------------------------


def test_a_pull_leaves_alone_what_another_worker_has(
    lying: LyingUtility, authorization: Authorization
) -> None:
    assert lease.take(authorization)
    assert pull(authorization) is None
    assert authorization.pulls.count() == 0
    assert lying.requests == []


def test_a_lease_that_ran_out_is_taken_over_and_its_pull_abandoned(
    lying: LyingUtility, authorization: Authorization
) -> None:
    lease.take(authorization)
    dead = Pull.objects.create(authorization=authorization, first=True)
    Authorization.objects.filter(pk=authorization.pk).update(leased_until=timezone.now())
    first_feeds(lying)
    assert pulled(authorization).state == Pull.State.DONE
    dead.refresh_from_db()
    assert dead.state == Pull.State.ABANDONED
    assert dead.finished is not None


@pytest.mark.parametrize(
    "values",
    [
        {"status": "needs_consent"},
        {"status": "revoked"},
        {"held_at": timezone.now()},
        {"client": None, "origin": "file"},
    ],
    ids=["needs consent", "revoked", "on hold", "from a file"],
)
def test_what_may_not_be_collected_is_not_asked_for(
    lying: LyingUtility, authorization: Authorization, values: dict[str, Any]
) -> None:
    Authorization.objects.filter(pk=authorization.pk).update(**values)
    assert pull(authorization) is None
    assert lying.requests == []
    authorization.refresh_from_db()
    assert authorization.lease_id == ""


def test_what_is_over_is_marked_expired_and_not_asked_for(
    lying: LyingUtility, authorization: Authorization
) -> None:
    Authorization.objects.filter(pk=authorization.pk).update(expires_at=timezone.now())
    assert pull(authorization) is None
    authorization.refresh_from_db()
    assert (authorization.status, authorization.access_token) == ("expired", "")
    assert lying.requests == []


def test_no_more_history_is_asked_for_than_was_granted(
    lying: LyingUtility, authorization: Authorization
) -> None:
    Authorization.objects.filter(pk=authorization.pk).update(scope="FB=4;HistoryLength=86400")
    lying.answer(FEED, body=feed())
    assert pulled(authorization).windows_planned == 1
    (since,) = lying.asked(FEED)[0].query["published-min"]
    earliest = authorization.created - timedelta(days=1)
    assert abs(datetime.fromisoformat(since) - earliest) < timedelta(seconds=2)


def test_a_scope_with_more_history_than_the_calendar_has_is_no_crash(
    lying: LyingUtility, authorization: Authorization
) -> None:
    endless = "FB=4;HistoryLength=999999999999999"
    Authorization.objects.filter(pk=authorization.pk).update(scope=endless)
    lying.answer(FEED, body=feed())
    assert pulled(authorization).state == Pull.State.DONE
    (since,) = lying.asked(FEED)[-1].query["published-min"]
    assert timedelta(0) < timezone.now() - datetime.fromisoformat(since) < timedelta(days=365 * 31)


@pytest.mark.parametrize("failures", [0, 1, 5, 20, 100_000])
def test_backing_off_is_bounded(failures: int) -> None:
    expected = min(timedelta(minutes=1) * 2 ** min(failures, 16), BACKOFF_LONGEST)
    assert 0.8 * expected <= backoff(failures) <= 1.2 * expected


# -- what happens at once -------------------------------------------------------------------------


def elsewhere(act: Callable[[], object]) -> Callable[[], None]:
    """Do something as another process would: in a thread, on a connection of its own."""

    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    def wait() -> None:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()

    return wait


@pytest.mark.django_db(transaction=True)
def test_what_is_revoked_while_it_is_fetched_is_not_stored(lying: LyingUtility) -> None:
    authorization = authorize(lying)

    def revoke() -> None:
        Authorization.objects.get(pk=authorization.pk).mark_revoked("customer")

    lying.answer(FEED, body=feed(meter(), block(*hours([1]))), before=elsewhere(revoke))
    done = pulled(authorization)
    assert done.state == Pull.State.ABANDONED
    assert ReadingDay.objects.count() == RawFeed.objects.count() == 0
    assert authorization.usage_points.count() == 0
    assert (authorization.status, authorization.next_pull_at) == ("revoked", None)


@pytest.mark.django_db(transaction=True)
def test_a_lease_lost_while_fetching_stores_nothing(lying: LyingUtility) -> None:
    authorization = authorize(lying)

    def steal() -> None:
        Authorization.objects.filter(pk=authorization.pk).update(lease_id="stolen")

    lying.answer(FEED, body=feed(meter(), block(*hours([1]))), before=elsewhere(steal))
    assert pulled(authorization).state == Pull.State.ABANDONED
    assert authorization.lease_id == "stolen"
    assert ReadingDay.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_of_two_pulls_at_once_one_does_the_work(lying: LyingUtility) -> None:
    authorization = authorize(lying)
    second: list[Pull | None] = []
    answer = feed(meter(), block(*hours([1])))
    lying.answer(FEED, body=answer, before=elsewhere(lambda: second.append(pull(authorization))))
    done = pulled(authorization)
    assert done.state == Pull.State.DONE
    assert second == [None] * 3
    assert authorization.pulls.count() == 1


def test_a_raw_feed_of_several_parts_comes_back_whole(
    authorization: Authorization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw, "PART_BYTES", 100)
    data = b"".join(str(number * 7919).encode() for number in range(200_000))
    attempt = Pull.objects.create(authorization=authorization)
    kept = raw.keep(attempt, BytesIO(data), Window(timezone.now(), None))
    assert kept is not None
    assert kept.parts.count() > 1
    with open_raw(kept) as opened:
        assert opened.read() == data


@pytest.mark.django_db(transaction=True)
def test_a_database_that_drops_the_connection_costs_a_delay(lying: LyingUtility) -> None:
    authorization = authorize(lying)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (worker,) = cursor.fetchone()

    def terminate() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [worker])

    answer = feed(meter(), block(*hours([1])))
    lying.answer(FEED, body=answer, before=elsewhere(terminate))
    lying.answer(FEED, body=answer)
    with pytest.raises(DatabaseError):
        pulled(authorization)
    assert due.claim(waiting=True, room=9) == []
    authorization.refresh_from_db()
    assert authorization.leased_until is None
    past = timezone.now() - timedelta(seconds=1)
    Authorization.objects.filter(pk=authorization.pk).update(next_pull_at=past)
    assert due.claim(waiting=False, room=9) == [authorization.pk]
    assert pulled(authorization).state == Pull.State.DONE
    assert authorization.reading_days.get().values == [1]
    assert [one.state for one in authorization.pulls.order_by("id")] == ["failed", "done"]


# -- as the utility wants it ----------------------------------------------------------------------


def with_quirks(authorization: Authorization, **quirks: object) -> None:
    assert authorization.utility is not None
    authorization.utility.quirks = quirks
    authorization.utility.save()


def asked_days_ago(lying: LyingUtility) -> list[int]:
    """How far back each request began."""
    starts = [request.query["published-min"][0] for request in lying.asked(FEED)]
    return [(timezone.now() - datetime.fromisoformat(start)).days for start in starts]


def test_windows_overlap_and_history_are_the_utilitys(
    lying: LyingUtility, authorization: Authorization
) -> None:
    with_quirks(
        authorization, first_windows_days=[7, 60], later_overlap_days=10, first_history_days=90
    )
    lying.answer(FEED, body=feed(meter()))
    assert pulled(authorization).windows_planned == 3
    pulled(authorization)
    assert asked_days_ago(lying) == [7, 60, 90, 10]


def test_a_grant_for_less_history_than_the_utility_has_is_kept_to(
    lying: LyingUtility, authorization: Authorization
) -> None:
    with_quirks(authorization, first_history_days=90)
    Authorization.objects.update(scope=f"FB=4;HistoryLength={20 * 86_400}")
    lying.answer(FEED, body=feed(meter()))
    pulled(authorization)
    assert asked_days_ago(lying) == [20]


def test_a_plan_that_changed_meanwhile_leaves_no_hole(
    lying: LyingUtility, authorization: Authorization
) -> None:
    lying.answer(FEED, body=feed(meter()))
    lying.answer(FEED, 503)
    lying.answer(FEED, body=feed(meter()))
    assert pulled(authorization).windows_done == 1
    with_quirks(authorization, first_windows_days=[7, 14, 365])
    done = pulled(authorization)
    assert (done.state, done.windows_done, done.windows_planned) == (Pull.State.DONE, 4, 4)
    assert asked_days_ago(lying)[2:] == [7, 14, 365, 730]


def test_a_deadline_of_the_utilitys_own_goes_before_ours(
    lying: LyingUtility, authorization: Authorization
) -> None:
    with_quirks(authorization, feed_deadline_seconds=1)
    lying.trickle(FEED)
    assert [step["result"] for step in pulled(authorization).steps] == ["timeout"]


@pytest.mark.parametrize("pace", ["requests_a_minute", "downloads_a_minute"])
def test_whoever_comes_too_soon_for_the_pace_waits_and_has_not_failed(
    lying: LyingUtility, authorization: Authorization, pace: str
) -> None:
    with_quirks(authorization, **{pace: 1})
    lying.answer(FEED, body=feed(meter()))
    done = pulled(authorization)
    assert (done.state, done.windows_done) == (Pull.State.WAITING, 1)
    assert (authorization.status, authorization.failures) == ("active", 0)
    assert timedelta(seconds=10) < due_in(authorization) < timedelta(seconds=67)
    assert len(lying.asked(FEED)) == 1


def test_the_scope_goes_along_with_a_refresh_where_it_is_wanted(lying: LyingUtility) -> None:
    authorization = authorize(lying, seconds=5)
    with_quirks(authorization, resends_scope_on_refresh=True)
    new_token(lying)
    first_feeds(lying)
    pulled(authorization)
    assert lying.asked(TOKEN)[0].form["scope"] == authorization.scope


# -- a new consent for an earlier one -------------------------------------------------------------


def test_one_that_could_not_be_compared_comes_again_soon_and_then_ever_later(
    lying: LyingUtility, authorization: Authorization
) -> None:
    """A worker that ends between the sample and the comparison must not cost its customer a day."""
    assert authorization.utility is not None
    candidate = cast.authorize(cast.ada(), authorization.utility)
    renewing = {"renews": authorization, "renewal": Authorization.Renewal.WAITING}
    Authorization.objects.filter(pk=candidate.pk).update(**renewing)
    lying.answer(FEED, body=feed(meter(), block(*hours([1]))))
    account = CustomerAccount.objects.create(authorization=authorization, name="77-1")
    accounts = CustomerAccount.objects.filter(pk=account.pk)
    accounts.update(name=Value("no key opens this"))
    waits = []
    for failures in (1, 2, 3):
        with pytest.raises(WrongKeyError):
            pull(candidate)
        candidate.refresh_from_db()
        assert candidate.failures == failures
        waits.append(due_in(candidate))
    assert timedelta(0) < waits[0] < waits[1] < waits[2] < timedelta(minutes=6)
    accounts.update(name="77-1")
    pulled(candidate)
    assert candidate.renewal == Authorization.Renewal.APART
    assert candidate.is_due()


def test_meters_that_come_while_a_first_history_is_half_done_get_what_is_done_of_it(
    lying: LyingUtility, authorization: Authorization
) -> None:
    house = [*meter("1"), block(*hours([1]))]
    lying.answer(FEED, body=feed(*house))
    lying.answer(FEED, 500)
    assert pulled(authorization).windows_done == 1
    lying.forget(FEED)
    assert authorization.utility is not None
    candidate = cast.authorize(cast.ada(), authorization.utility)
    Authorization.objects.filter(pk=candidate.pk).update(
        renews=authorization,
        renewal=Authorization.Renewal.WAITING,
        browser_hash=authorization.browser_hash,
    )
    lying.answer(FEED, body=feed(*house, *meter("2"), block(*hours([5]), of="2")))
    pulled(candidate)
    assert candidate.renewal == Authorization.Renewal.MERGED, candidate.renewal_said
    asked = HistoricalCollection.objects.get(authorization=authorization)
    assert (asked.state, asked.usage_point) == ("waiting", None)
