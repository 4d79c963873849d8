"""Claims, expiry and purge: what a dispatcher does before and after anything is collected."""

from __future__ import annotations

import itertools
import threading
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from cryptography.fernet import InvalidToken
from django.db import connection, transaction
from django.utils import timezone

from authorizations.models import Authorization
from greenbutton.ingest import due, lease, raw
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


def test_what_is_due_is_claimed_once() -> None:
    made = make(3)
    assert set(due.claim()) == ids(made)
    assert due.claim() == []


def test_a_claim_runs_out_after_a_minute() -> None:
    made = make()
    due.claim()
    Authorization.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert set(due.claim()) == ids(made)


def test_more_than_a_batch_is_claimed_in_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "BATCH", 2)
    made = make(5)
    assert set(due.claim()) == ids(made)


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
    assert due.claim() == []


def test_a_paused_clients_authorizations_wait() -> None:
    (authorization,) = make()
    assert authorization.client is not None
    authorization.client.pause("The utility does not know it.")
    assert due.claim() == []


@pytest.mark.django_db(transaction=True)
def test_what_another_dispatcher_is_claiming_is_skipped_not_waited_for() -> None:
    first, second = make(2)
    claimed: list[int] = []

    def elsewhere() -> None:
        try:
            claimed.extend(due.claim())
        finally:
            connection.close()

    with transaction.atomic():
        Authorization.objects.select_for_update().get(pk=first.pk)
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join(timeout=30)
        assert not thread.is_alive()
    assert claimed == [second.pk]
    assert due.claim() == [first.pk]


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


def test_a_purge_waits_for_the_worker_that_is_still_at_it() -> None:
    authorization = with_data()
    lease_id = lease.take(authorization)
    assert lease_id
    authorization.mark_revoked("customer")
    assert purge_due() == 0
    lease.give_back(authorization, lease_id)
    assert purge_due() == 1


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
