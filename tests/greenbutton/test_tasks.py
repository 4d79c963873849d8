from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from authorizations.models import Authorization, PullTrigger
from greenbutton import tasks
from greenbutton.ingest.recut import ask
from greenbutton.ingest.stopping import stop_sharing
from greenbutton.models import BulkCollection, Pull
from portal.celery import app
from tests import cast
from tests.greenbutton.ingest.documents import block, document, hours, meter
from tests.lying_utility import LyingUtility

pytestmark = pytest.mark.django_db
QUEUES = ("waiting", "celery", "nightly")


@pytest.fixture
def queue() -> list[int]:
    """What dispatch puts into Celery's queues, read back from a real broker."""
    for name in QUEUES:
        drain(name)
    return []


def drain(name: str = "waiting") -> list[int]:
    found: list[int] = []
    with app.connection_for_read() as connection:
        simple = connection.SimpleQueue(name)
        while True:
            try:
                message = simple.get(block=False)
            except simple.Empty:
                return found
            message.ack()
            found += message.payload[0]


@pytest.fixture
def authorization() -> Authorization:
    return cast.authorize(cast.ada(), cast.make_utility(slug="tasks"))


def test_what_is_due_is_queued_by_its_id_once(
    queue: list[int], authorization: Authorization
) -> None:
    tasks.dispatch_due_pulls()
    tasks.dispatch_due_pulls()
    assert drain() == [authorization.pk]


def test_what_an_emptied_redis_lost_is_queued_again(
    queue: list[int], authorization: Authorization
) -> None:
    tasks.dispatch_due_pulls()
    with app.connection_for_write() as connection:
        # Every transport has it; kombu's types name only what all of AMQP has.
        purge = connection.default_channel.queue_purge  # type: ignore[attr-defined]
        assert purge(tasks.WAITING) == 1
    tasks.dispatch_due_pulls()
    assert drain() == []
    Authorization.objects.update(claimed_until=timezone.now())
    tasks.dispatch_due_pulls()
    assert drain() == [authorization.pk]


def test_the_daily_run_has_a_queue_behind_those_who_wait(
    queue: list[int], authorization: Authorization
) -> None:
    Authorization.objects.update(somebody_waits=False)
    waits = cast.authorize(cast.ben(), cast.make_utility(slug="waits"))
    tasks.dispatch_due_pulls()
    assert [drain(name) for name in QUEUES] == [[waits.pk], [], [authorization.pk]]


def test_a_queue_that_is_full_gets_no_more_even_when_claims_ran_out(
    queue: list[int], authorization: Authorization, settings: Any
) -> None:
    settings.PULLS_QUEUED = 2
    assert authorization.utility is not None
    others = [cast.authorize(cast.ada(), authorization.utility) for _ in range(4)]
    for _ in range(3):
        tasks.dispatch_due_pulls()
        Authorization.objects.update(claimed_until=timezone.now())
    assert drain() == [authorization.pk, others[0].pk]
    tasks.dispatch_due_pulls()
    assert len(drain()) == 2


def test_workers_take_from_the_queues_in_the_order_in_which_people_wait() -> None:
    assert [queue.name for queue in app.conf.task_queues] == list(QUEUES)
    assert app.conf.broker_transport_options["queue_order_strategy"] == "priority"
    assert {tasks.WAITING, tasks.NIGHTLY} < set(QUEUES)
    assert app.conf.task_default_queue in QUEUES


def test_nothing_due_queues_nothing(queue: list[int], authorization: Authorization) -> None:
    Authorization.objects.update(next_pull_at=None)
    tasks.dispatch_due_pulls()
    assert [drain(name) for name in QUEUES] == [[], [], []]


def test_a_queued_pull_pulls() -> None:
    with LyingUtility() as lying:
        utility = cast.make_utility(lying.url, slug="tasks")
        authorization = cast.authorize(cast.ada(), utility)
        feed = document(meter(), block(*hours([1]))).getvalue()
        lying.answer("/resource/Batch/Subscription/1", body=feed)
        said = tasks.pull_authorization(authorization.pk)
        # Queued twice, as when a claim ran out in a long queue: the second finds nothing due.
        again = tasks.pull_authorization(authorization.pk)
    assert said.endswith("(Done)")
    assert again == "None"
    assert authorization.pulls.get().state == Pull.State.DONE


def test_what_is_revoked_is_purged(authorization: Authorization) -> None:
    authorization.mark_revoked("customer")
    assert tasks.purge_due() == 1
    authorization.refresh_from_db()
    assert authorization.purge_at is None


def test_what_no_key_opens_is_purged_too(authorization: Authorization) -> None:
    authorization.mark_revoked("customer")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE authorizations_authorization SET feed_key = 'of another key'")
    assert tasks.purge_due() == 1
    authorization.refresh_from_db()
    assert (authorization.feed_key, authorization.purge_at) == ("", None)


def test_what_is_over_expires(authorization: Authorization) -> None:
    Authorization.objects.update(expires_at=timezone.now())
    assert tasks.expire_due() == 1


def test_a_bulk_address_that_is_due_is_queued_once_and_read(
    queue: list[int], authorization: Authorization
) -> None:
    tasks.dispatch_bulks()
    assert drain("nightly") == []
    client = authorization.client
    assert client is not None
    # Nobody answers at this utility.
    row = BulkCollection.bring_forward(
        client, f"{client.utility.resource_url}/Batch/Bulk/1", PullTrigger.STAFF
    )
    tasks.dispatch_bulks()
    tasks.dispatch_bulks()
    assert drain("nightly") == [row.pk]
    assert "(Failed)" in tasks.collect_bulk(row.pk)


def test_a_meter_that_was_stopped_is_looked_after(authorization: Authorization) -> None:
    assert tasks.forget_stopped() == 0
    point = authorization.usage_points.create(identity="1")
    stop_sharing(point, by="customer")
    assert tasks.forget_stopped() == 1
    assert tasks.forget_stopped() == 0


def test_beat_knows_tasks_that_exist() -> None:
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert scheduled <= set(app.tasks)
    assert "greenbutton.tasks.purge_due" in scheduled


def test_days_that_are_to_be_cut_anew_are_queued_once(
    queue: list[int], authorization: Authorization
) -> None:
    tasks.dispatch_recuttings()
    assert drain("waiting") == []
    ask(authorization)
    tasks.dispatch_recuttings()
    tasks.dispatch_recuttings()
    assert drain("waiting") == [authorization.pk]
    assert "(Done)" in tasks.recut_days_of(authorization.pk)
