"""Claims, expiry and purge: what a dispatcher does before and after anything is collected."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from cryptography.fernet import InvalidToken
from django.db import DatabaseError, connection, transaction
from django.db.models import Value
from django.utils import timezone

from authorizations.models import Authorization
from greenbutton.ingest import due, lease, purge, raw
from greenbutton.ingest.lease import LeaseLostError
from greenbutton.ingest.purge import purge_due
from greenbutton.ingest.store import store_feed
from greenbutton.ingest.windows import Window
from greenbutton.models import (
    MeterReading,
    Pull,
    RawFeed,
    RawFeedPart,
    ReadingCorrection,
    ReadingDay,
    UsagePoint,
    UsageSummary,
)
from tests import cast
from tests.greenbutton.ingest.documents import (
    MEGABYTE,
    MIDNIGHT,
    bill,
    block,
    document,
    hours,
    meter,
)

pytestmark = pytest.mark.django_db
numbers = itertools.count(1)


def make(count: int = 1, **values: Any) -> list[Authorization]:
    utility = cast.make_utility(slug=f"due{next(numbers)}")
    made = [cast.authorize(cast.ada(), utility) for _ in range(count)]
    Authorization.objects.filter(pk__in=[one.pk for one in made]).update(**values)
    return made


def ids(authorizations: list[Authorization]) -> set[int]:
    return {one.pk for one in authorizations}


# -- claims ---------------------------------------------------------------------------------------


def claim(room: int = 50) -> list[int]:
    """As a dispatcher: those who wait, then the others."""
    return due.claim(waiting=True, room=room) + due.claim(waiting=False, room=room)


def nightly(count: int, **values: Any) -> list[Authorization]:
    return make(count, somebody_waits=False, **values)


def test_what_is_due_is_claimed_once() -> None:
    made = make(3)
    assert set(claim()) == ids(made)
    assert claim() == []


def test_a_claim_runs_out_after_a_minute() -> None:
    made = make()
    claim()
    Authorization.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert set(claim()) == ids(made)


def test_no_more_is_claimed_than_there_is_room_for() -> None:
    made = nightly(5)
    first = due.claim(waiting=False, room=2)
    assert (len(first), due.queued(waiting=False)) == (2, 2)
    assert due.claim(waiting=False, room=0) == []
    assert due.claim(waiting=False, room=-3) == []
    assert {*first, *due.claim(waiting=False, room=9)} == ids(made)


def test_a_worker_that_is_at_it_makes_room() -> None:
    nightly(2)
    due.claim(waiting=False, room=1)
    claimed = Authorization.objects.get(claimed_until__gt=timezone.now())
    assert lease.take(claimed)
    assert due.queued(waiting=False) == 0


def test_those_who_wait_are_claimed_apart_from_the_daily_run() -> None:
    daily, (waits,) = nightly(3), make()
    assert due.claim(waiting=True, room=9) == [waits.pk]
    assert set(due.claim(waiting=False, room=9)) == ids(daily)
    assert (due.queued(waiting=True), due.queued(waiting=False)) == (1, 3)


def test_within_a_client_the_longest_due_comes_first() -> None:
    made = nightly(3)
    for number, one in enumerate(made):
        moment = timezone.now() - timedelta(minutes=number + 1)
        Authorization.objects.filter(pk=one.pk).update(next_pull_at=moment)
    assert due.claim(waiting=False, room=9) == [one.pk for one in reversed(made)]


def many_and_few() -> tuple[set[int], set[int]]:
    """A client with 500 that have been due for an hour, and one with three that are due now."""
    many = nightly(1, next_pull_at=timezone.now() - timedelta(hours=1))
    [pattern] = Authorization.objects.filter(pk=many[0].pk)
    copies = [
        Authorization(
            utility=pattern.utility,
            client=pattern.client,
            next_pull_at=pattern.next_pull_at,
            somebody_waits=False,
        )
        for _ in range(499)
    ]
    Authorization.objects.bulk_create(copies)
    few = nightly(3)
    return ids(many) | ids(copies), ids(few)


def test_a_client_with_three_does_not_wait_for_one_with_five_hundred() -> None:
    many, few = many_and_few()
    claimed = due.claim(waiting=False, room=6)
    assert len(claimed) == 6
    assert few <= set(claimed)
    # They take turns.
    assert [pk in many for pk in claimed] == [True, False] * 3


def test_a_client_that_comes_late_gets_the_next_place_that_falls_free() -> None:
    many = nightly(10, next_pull_at=timezone.now() - timedelta(hours=1))
    assert set(due.claim(waiting=False, room=5)) <= ids(many)
    few = nightly(2)
    # Five of the first client's are under way; the other client's are due later, and come first.
    assert [due.claim(waiting=False, room=1) for _ in range(2)] == [[few[0].pk], [few[1].pk]]


def test_of_a_client_with_a_pace_no_more_come_than_it_may_ask_for() -> None:
    paced, other = nightly(4), nightly(2)
    utility = paced[0].utility
    assert utility is not None
    utility.quirks = {"downloads_a_minute": 2}
    utility.save()
    claimed = due.claim(waiting=False, room=9)
    assert len(claimed) == 4
    assert ids(other) < set(claimed)
    # Two are under way, and may ask; the others come when there is room again.
    assert due.claim(waiting=False, room=9) == []


def test_a_pull_needs_room_for_all_that_it_asks_for() -> None:
    """The usage and whose account it is: with five requests left, a third pull would get half."""
    paced = nightly(4)
    utility = paced[0].utility
    assert utility is not None
    utility.quirks = {"requests_a_minute": 5, "downloads_a_minute": 9}
    utility.save()
    assert len(due.claim(waiting=False, room=9)) == 2
    assert due.claim(waiting=False, room=9) == []


def test_at_one_request_a_minute_one_pull_is_claimed_all_the_same() -> None:
    paced = nightly(2)
    utility = paced[0].utility
    assert utility is not None
    utility.quirks = {"requests_a_minute": 1}
    utility.save()
    assert len(due.claim(waiting=False, room=9)) == 1


@pytest.mark.parametrize(
    "values",
    [
        {"next_pull_at": None},
        {"next_pull_at": timezone.now() + timedelta(days=1)},
        {"held_at": timezone.now()},
        {"status": "needs_consent"},
        {"status": "revoked"},
        {"leased_until": timezone.now() + timedelta(days=1)},
    ],
    ids=["never", "tomorrow", "on hold", "without consent", "revoked", "at work already"],
)
def test_what_is_not_due_is_not_claimed(values: dict[str, Any]) -> None:
    make(**values)
    assert claim() == []


def test_a_paused_clients_authorizations_wait() -> None:
    (authorization,) = make()
    assert authorization.client is not None
    authorization.client.pause("The utility does not know it.")
    assert claim() == []


@pytest.mark.django_db(transaction=True)
def test_what_another_dispatcher_is_claiming_is_skipped_not_waited_for() -> None:
    first, second = make(2)
    claimed: list[int] = []
    with transaction.atomic():
        Authorization.objects.select_for_update().get(pk=first.pk)
        thread = threading.Thread(target=elsewhere(lambda: claimed.extend(claim())))
        thread.start()
        thread.join(timeout=30)
        assert not thread.is_alive()
    assert claimed == [second.pk]
    assert claim() == [first.pk]


@pytest.mark.django_db(transaction=True)
def test_two_dispatchers_at_once_claim_nothing_twice() -> None:
    many, few = many_and_few()
    claimed: list[list[int]] = []
    both = threading.Barrier(2)

    def dispatch() -> None:
        both.wait(30)
        claimed.append(due.claim(waiting=False, room=40))

    threads = [threading.Thread(target=elsewhere(dispatch)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    one, other = claimed
    assert not set(one) & set(other)
    assert few <= {*one, *other}
    assert set(one) | set(other) <= many | few
    in_both = Authorization.objects.filter(claimed_until__gt=timezone.now())
    assert in_both.count() == len(one) + len(other)


def elsewhere(act: Callable[[], object]) -> Callable[[], None]:
    """For a thread, which has a connection of its own to close."""

    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    return run


# -- leases ---------------------------------------------------------------------------------------


def test_only_one_worker_gets_the_lease() -> None:
    (authorization,) = make()
    lease_id = lease.take(authorization)
    assert lease_id
    assert lease.take(authorization) is None
    lease.give_back(authorization, lease_id)
    assert lease.take(authorization)


def test_giving_back_leaves_another_workers_lease_alone() -> None:
    (authorization,) = make()
    lease.take(authorization)
    lease.give_back(authorization, "somebody-else")
    assert lease.take(authorization) is None


@pytest.mark.parametrize("values", [{"lease_id": "stolen"}, {"status": "revoked"}])
def test_a_lost_lease_cannot_be_renewed(values: dict[str, Any]) -> None:
    (authorization,) = make()
    lease_id = lease.take(authorization)
    assert lease_id
    Authorization.objects.update(**values)
    with pytest.raises(lease.LeaseLostError):
        lease.renew(authorization, lease_id)


# -- expiry ---------------------------------------------------------------------------------------


def test_only_what_is_over_expires() -> None:
    (over,) = make(expires_at=timezone.now())
    (open_end,) = make()
    (later,) = make(expires_at=timezone.now() + timedelta(days=1))
    assert due.expire() == 1
    assert due.expire() == 0
    for authorization in (over, open_end, later):
        authorization.refresh_from_db()
    assert [over.status, open_end.status, later.status] == ["expired", "active", "active"]
    assert (over.access_token, over.refresh_token) == ("", "")


def test_one_that_no_key_opens_expires_and_keeps_nobody_from_it() -> None:
    _, newest = make(2, expires_at=timezone.now() - timedelta(seconds=1))
    Authorization.objects.filter(pk=newest.pk).update(access_token=Value("no key opens this"))
    assert due.expire() == 2
    assert set(Authorization.objects.values_list("status", flat=True)) == {"expired"}
    assert newest.events.filter(type="authorization_expired").count() == 1


# -- purge ----------------------------------------------------------------------------------------

COLLECTED: list[Any] = [
    UsagePoint,
    MeterReading,
    ReadingDay,
    ReadingCorrection,
    UsageSummary,
    RawFeed,
    RawFeedPart,
]


def with_data() -> Authorization:
    (authorization,) = make()
    attempt = Pull.objects.create(authorization=authorization, findings=[{"where": "href"}])
    for value in (1, 2):
        feed = document(meter(), block(*hours([value])), bill(MIDNIGHT))
        raw.keep(attempt, feed, Window(timezone.now(), None))
        feed.seek(0)
        store_feed(authorization, feed, max_bytes=MEGABYTE)
    assert all(model.objects.exists() for model in COLLECTED)
    return authorization


def test_a_purge_deletes_what_was_collected_and_keeps_the_receipt() -> None:
    authorization = with_data()
    authorization.mark_revoked("customer")
    assert purge_due() == 1
    assert [model.__name__ for model in COLLECTED if model.objects.exists()] == []
    authorization.refresh_from_db()
    assert (authorization.status, authorization.purge_at) == ("revoked", None)
    assert (authorization.feed_key, authorization.lease_id) == ("", "")
    assert authorization.pulls.get().findings == []
    assert authorization.events.filter(type="authorization_revoked").exists()
    assert purge_due() == 0


def test_one_that_cannot_be_purged_keeps_no_other_from_it() -> None:
    bens, adas = with_data(), with_data()
    for row in (bens, adas):
        row.mark_revoked("customer")
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql "
            "AS 'BEGIN RAISE EXCEPTION ''not this one''; END'"
        )
        cursor.execute(
            "CREATE TRIGGER refuse BEFORE DELETE ON greenbutton_usagepoint "
            f"FOR EACH ROW WHEN (OLD.authorization_id = {bens.pk}) EXECUTE FUNCTION refuse()"
        )
    with pytest.raises(DatabaseError, match="not this one"):
        purge_due()
    assert [row.pk for row in Authorization.objects.exclude(purge_at=None)] == [bens.pk]
    adas.refresh_from_db()
    assert adas.is_deleted()


def test_a_purge_leaves_everybody_else_alone() -> None:
    bens, adas = with_data(), with_data()
    adas.mark_revoked("customer")
    purge_due()
    assert bens.reading_days.count() == 1
    assert RawFeed.objects.filter(pull__authorization=bens).count() == 2
    assert ReadingCorrection.objects.filter(authorization=bens).count() == 1


def test_what_is_not_due_is_not_purged() -> None:
    authorization = with_data()
    Authorization.objects.update(purge_at=timezone.now() + timedelta(hours=1))
    assert purge_due() == 0
    assert authorization.reading_days.count() == 1


def test_a_purge_waits_for_nobody_and_looks_again_until_the_last_worker_has_gone() -> None:
    authorization = with_data()
    lease_id = lease.take(authorization)
    assert lease_id
    authorization.mark_revoked("customer")
    assert purge_due() == 1
    assert [model.__name__ for model in COLLECTED if model.objects.exists()] == []
    for _ in range(2):
        authorization.refresh_from_db()
        assert authorization.purge_at is not None
        assert timezone.now() < authorization.purge_at <= timezone.now() + purge.LOOK_AGAIN
        Authorization.objects.update(purge_at=timezone.now())
        assert purge_due() == 1
    lease.give_back(authorization, lease_id)
    Authorization.objects.update(purge_at=timezone.now())
    assert purge_due() == 1
    authorization.refresh_from_db()
    assert (authorization.purge_at, authorization.lease_id) == (None, "")
    # It is told once, however often it looks.
    assert authorization.events.filter(type="authorization_data_deleted").count() == 1


def test_a_worker_that_is_still_at_it_stores_nothing_more() -> None:
    authorization = with_data()
    lease_id = lease.take(authorization)
    assert lease_id
    authorization.mark_revoked("customer")
    purge_due()
    feed = document(meter(), block(*hours([3])))
    with pytest.raises(LeaseLostError):
        store_feed(authorization, feed, max_bytes=MEGABYTE, lease_id=lease_id)
    with pytest.raises(LeaseLostError), lease.while_shared(authorization):
        raise AssertionError
    with pytest.raises(LeaseLostError):
        lease.renew(authorization, lease_id)
    assert [model.__name__ for model in COLLECTED if model.objects.exists()] == []


def test_what_is_shared_is_never_purged() -> None:
    authorization = with_data()
    Authorization.objects.update(purge_at=timezone.now())
    assert purge_due() == 0
    assert authorization.reading_days.count() == 1


def test_a_raw_feed_from_a_backup_cannot_be_read_after_the_purge() -> None:
    (authorization,) = make()
    attempt = Pull.objects.create(authorization=authorization)
    kept = raw.keep(attempt, BytesIO(b"<feed/>"), Window(timezone.now(), None))
    assert kept is not None
    copied = [(part.number, bytes(part.body)) for part in kept.parts.all()]
    authorization.mark_revoked("customer")
    purge_due()
    restored = RawFeed.objects.create(pull=attempt, size=7)
    for number, body in copied:
        RawFeedPart.objects.create(raw_feed=restored, number=number, body=body)
    restored = RawFeed.objects.select_related("pull__authorization").get(pk=restored.pk)
    with pytest.raises((ValueError, InvalidToken)):
        raw.open_raw(restored)
