"""What was kept is read once more: by the same rules, and without asking anybody."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any, BinaryIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from authorizations.models import Authorization
from greenbutton import tasks
from greenbutton.ingest import due, lease, raw, read, replay
from greenbutton.ingest.purge import purge_due
from greenbutton.ingest.replay import ReplayError, ask, replay_asked
from greenbutton.models import Pull, RawFeed, RawFeedPart, ReadingDay
from tests.greenbutton.ingest.documents import block, document, hours, meter
from tests.greenbutton.ingest.test_pull import FEED, authorize, first_feeds, pulled
from tests.lying_utility import LyingUtility

pytestmark = pytest.mark.django_db
BROKEN = b"<feed"


@pytest.fixture
def authorization(lying: LyingUtility) -> Authorization:
    return authorize(lying)


def feed(*values: int) -> bytes:
    return document(meter(), block(*hours(list(values)))).getvalue()


def replayed(done: Pull) -> Pull:
    found = replay_asked(ask(done).authorization)
    assert found is not None
    found.refresh_from_db()
    return found


def mended(raw_feed: RawFeed, data: bytes) -> None:
    """As if the reader now understood it: the same place, with a document that can be read."""
    other = raw.keep(raw_feed.pull, document_of(data))
    assert other is not None
    raw_feed.parts.all().delete()
    RawFeedPart.objects.filter(raw_feed=other).update(raw_feed=raw_feed)
    other.delete()


def document_of(data: bytes) -> BinaryIO:
    file = raw.spool()
    file.write(data)
    return file


def test_what_was_lost_comes_back_and_nobody_is_asked(
    lying: LyingUtility, authorization: Authorization
) -> None:
    first_feeds(lying)
    done = pulled(authorization)
    asked = len(lying.requests)
    cursor, next_at = authorization.pulled_to, authorization.next_pull_at
    ReadingDay.objects.all().delete()
    again = replayed(done)
    assert (again.state, again.error, again.new, again.bills) == (Pull.State.DONE, "", 25, 0)
    assert (again.source, again.replay_of, again.trigger) == ("replay", done, "staff")
    assert [step["what"] for step in again.steps] == ["kept"] * 3
    assert (again.windows_done, again.windows_planned, again.requests) == (3, 3, 0)
    authorization.refresh_from_db()
    assert (authorization.pulled_to, authorization.next_pull_at) == (cursor, next_at)
    assert len(lying.requests) == asked
    assert authorization.lease_id == ""


def test_what_is_stored_already_changes_nothing(
    lying: LyingUtility, authorization: Authorization
) -> None:
    first_feeds(lying)
    again = replayed(pulled(authorization))
    assert (again.readings, again.new, again.changed, again.bills) == (25, 0, 0, 0)


def test_a_feed_that_could_not_be_read_is_stored_by_a_mended_reader(
    lying: LyingUtility, authorization: Authorization
) -> None:
    lying.answer(FEED, body=BROKEN)
    failed = pulled(authorization)
    kept = failed.raw_feeds.get()
    assert replayed(failed).error == "1 of 1 documents could not be read."
    mended(kept, feed(1, 2))
    again = replayed(failed)
    assert (again.state, again.new) == (Pull.State.DONE, 2)
    kept.refresh_from_db()
    assert kept.error == ""


def test_one_that_is_still_refused_keeps_no_other_from_coming(
    lying: LyingUtility, authorization: Authorization
) -> None:
    lying.answer(FEED, body=BROKEN)
    lying.answer(FEED, body=feed(1))
    failed = pulled(authorization)
    pulled(authorization)
    ReadingDay.objects.all().delete()
    again = replayed(failed)
    assert (again.state, again.new) == (Pull.State.FAILED, 1)
    assert again.error == "1 of 4 documents could not be read."


def test_an_older_feed_brings_no_old_value_back(
    lying: LyingUtility, authorization: Authorization
) -> None:
    lying.answer(FEED, body=feed(1))
    old = pulled(authorization)
    lying.forget(FEED)
    lying.answer(FEED, body=feed(7))
    pulled(authorization)
    assert replayed(old).state == Pull.State.DONE
    assert ReadingDay.objects.get().values == [7]


def test_only_what_came_since_is_read(lying: LyingUtility, authorization: Authorization) -> None:
    first_feeds(lying)
    pulled(authorization)
    later = pulled(authorization)
    assert len(replayed(later).steps) == 1


# -- refusals -------------------------------------------------------------------------------------


def test_after_a_year_the_oldest_go_and_what_is_left_can_be_read(
    lying: LyingUtility, authorization: Authorization, settings: Any
) -> None:
    settings.RAW_FEEDS_KEPT_FOR_DAYS = 365
    first_feeds(lying)
    old, young = pulled(authorization), pulled(authorization)
    assert tasks.forget_old_feeds() == 0
    long_ago = timezone.now() - timedelta(days=366)
    Pull.objects.filter(pk=old.pk).update(started=long_ago)
    old.raw_feeds.update(received=long_ago)
    asked = ask(young)
    assert tasks.forget_old_feeds() == 0, "a worker is going to read feeds of it again"
    assert replay_asked(authorization) == asked
    days = ReadingDay.objects.count()
    assert tasks.forget_old_feeds() == 3
    assert RawFeedPart.objects.exclude(raw_feed__pull=young).count() == 0
    assert ReadingDay.objects.count() == days
    old.refresh_from_db()
    with pytest.raises(ReplayError, match="kept for 365 days"):
        ask(old)
    assert replayed(young).state == Pull.State.DONE


def test_after_a_purge_there_is_nothing_to_read(
    lying: LyingUtility, authorization: Authorization
) -> None:
    first_feeds(lying)
    done = pulled(authorization)
    authorization.mark_revoked("customer")
    purge_due()
    with pytest.raises(ReplayError, match="destroyed when sharing was stopped"):
        ask(done)


def test_what_was_revoked_is_refused_before_it_is_purged(
    lying: LyingUtility, authorization: Authorization
) -> None:
    first_feeds(lying)
    done = pulled(authorization)
    authorization.mark_revoked("customer")
    with pytest.raises(ReplayError, match="destroyed"):
        ask(done)


@pytest.mark.parametrize("status", ["needs_consent", "expired"])
def test_what_is_not_shared_any_more_is_refused(
    lying: LyingUtility, authorization: Authorization, status: str
) -> None:
    first_feeds(lying)
    done = pulled(authorization)
    Authorization.objects.update(status=status)
    with pytest.raises(ReplayError, match="not shared any more"):
        ask(done)


def test_a_pull_that_kept_nothing_is_refused(
    lying: LyingUtility, authorization: Authorization
) -> None:
    lying.answer(FEED, 503)
    with pytest.raises(ReplayError, match="Nothing was kept"):
        ask(pulled(authorization))


def test_asked_twice_it_is_done_once(lying: LyingUtility, authorization: Authorization) -> None:
    first_feeds(lying)
    done = pulled(authorization)
    ask(done)
    with pytest.raises(ReplayError, match="waits for a worker already"):
        ask(done)


def test_another_worker_is_not_disturbed(lying: LyingUtility, authorization: Authorization) -> None:
    first_feeds(lying)
    asked = ask(pulled(authorization))
    assert lease.take(authorization)
    assert replay_asked(authorization) is None
    asked.refresh_from_db()
    assert asked.state == Pull.State.RUNNING


def test_sharing_that_is_stopped_after_it_was_asked_stores_nothing(
    lying: LyingUtility, authorization: Authorization
) -> None:
    first_feeds(lying)
    asked = ask(pulled(authorization))
    ReadingDay.objects.all().delete()
    authorization.mark_revoked("customer")
    assert tasks.replay_asked_of(authorization.pk).endswith("(Abandoned)")
    asked.refresh_from_db()
    assert "Sharing was stopped" in asked.error
    assert not ReadingDay.objects.exists()


def test_a_key_that_opens_nothing_is_said(
    lying: LyingUtility, authorization: Authorization
) -> None:
    first_feeds(lying)
    done = pulled(authorization)
    Authorization.objects.update(feed_key="another")
    assert "cannot be opened" in replayed(done).error


def test_a_replay_whose_workers_die_ends_after_some_times(
    lying: LyingUtility, authorization: Authorization
) -> None:
    first_feeds(lying)
    asked = ask(pulled(authorization))
    for _ in range(replay.TRIES):
        authorization.tell("authorization_update_started", pull=asked.uid)
    done = replay_asked(authorization)
    assert done is not None
    assert (done.state, "each worker ended" in done.error) == (Pull.State.FAILED, True)


def test_collecting_leaves_a_replay_that_waits_alone(
    lying: LyingUtility, authorization: Authorization
) -> None:
    first_feeds(lying)
    asked = ask(pulled(authorization))
    pulled(authorization)
    asked.refresh_from_db()
    assert asked.state == Pull.State.RUNNING


# -- by whom --------------------------------------------------------------------------------------


def test_the_command_tells_it_step_by_step(
    lying: LyingUtility, authorization: Authorization
) -> None:
    first_feeds(lying)
    done = pulled(authorization)
    said = StringIO()
    call_command("replay_pull", done.uid, stdout=said)
    assert said.getvalue().count("Kept document") == 3
    lying.forget(FEED)
    lying.answer(FEED, body=BROKEN)
    with pytest.raises(CommandError, match="could not be read"):
        call_command("replay_pull", pulled(authorization).uid, stdout=said)
    with pytest.raises(CommandError, match="There is no pull nobody"):
        call_command("replay_pull", "nobody")


def test_the_command_refuses_after_a_purge(
    lying: LyingUtility, authorization: Authorization
) -> None:
    first_feeds(lying)
    done = pulled(authorization)
    authorization.mark_revoked("customer")
    purge_due()
    with pytest.raises(CommandError, match="destroyed"):
        call_command("replay_pull", done.uid)


def test_a_replay_that_waits_is_claimed_once(
    lying: LyingUtility, authorization: Authorization
) -> None:
    first_feeds(lying)
    ask(pulled(authorization))
    assert due.claim_replays() == [authorization.pk]
    assert due.claim_replays() == []
    Authorization.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert due.claim_replays() == [authorization.pk]


def test_a_long_document_keeps_the_lease_and_ends_where_sharing_was_stopped(
    lying: LyingUtility, authorization: Authorization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "SAY_SECONDS", 0)
    first_feeds(lying)
    asked = ask(pulled(authorization))
    ReadingDay.objects.all().delete()
    renewed: list[str] = []

    def stops_in_the_first_document(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("UPDATE") and "leased_until" in sql:
            renewed.append(sql)
            # Taken, renewed for the first document, and then within it.
            if len(renewed) == 3:
                Authorization.objects.filter(pk=authorization.pk).update(lease_id="another's")
        return execute(sql, *rest)

    with connection.execute_wrapper(stops_in_the_first_document):
        done = replay_asked(authorization)
    assert done is not None
    assert (done.state, done.windows_done, len(renewed)) == (Pull.State.ABANDONED, 0, 4)
    assert done == asked
    assert not ReadingDay.objects.exists()
