"""A Bulk feed of many customers: each gets what is theirs, and nothing of the others."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Value
from django.utils import timezone

from authorizations.models import Authorization, EventType, PullTrigger
from greenbutton import flows
from greenbutton.display.story import in_words
from greenbutton.espi import Entry
from greenbutton.espi.usage_point import UsagePoint as EspiUsagePoint
from greenbutton.ingest import bulk, due, lease, purge, stopping
from greenbutton.ingest.bulk import Spread
from greenbutton.ingest.raw import open_raw
from greenbutton.models import (
    BulkCollection,
    MeterReading,
    Pull,
    RawFeed,
    ReadingDay,
    UsagePoint,
    UsageSummary,
)
from tests import cast
from tests.greenbutton.espi.test_split import household, moved
from tests.greenbutton.ingest.documents import block, document, entry, hours, meter
from tests.greenbutton.ingest.test_pull import elsewhere
from tests.lying_utility import LyingUtility
from utilities.client import UtilityError
from utilities.encrypted import WrongKeyError
from utilities.models import Client, Utility
from utilities.registration import Standing

pytestmark = pytest.mark.django_db

BULK = "/resource/Batch/Bulk/B1"
numbers = itertools.count(1)


@pytest.fixture
def client(lying: LyingUtility) -> Client:
    lying.answer(
        "/token",
        json={
            "token_type": "Bearer",
            "access_token": "the-client-token",
            "expires_in": 3600,
            "resourceURI": f"{lying.url}{BULK}",
        },
    )
    utility = cast.make_utility(lying.url, slug=f"bulk{next(numbers)}")
    return utility.clients.get()


@pytest.fixture
def three(client: Client) -> list[Authorization]:
    return [add(client, number) for number in (1, 2, 3)]


def add(client: Client, number: int) -> Authorization:
    made = cast.authorize(cast.ada(), client.utility)
    made.resource_uri = f"{client.utility.resource_url}/Batch/Subscription/{number}"
    made.scope = "FB=4_16_35;BR=B1"
    made.save()
    return made


def home(client: Client, number: int) -> str:
    return f"{client.utility.resource_url}/Subscription/{number}"


def serve(lying: LyingUtility, *entries: Any) -> None:
    lying.forget(BULK)
    lying.answer(BULK, body=document(*entries).getvalue())


def households(client: Client, *owners: int) -> list[Entry]:
    """A meter with as many readings as its owner's number, and a bill."""
    return [one for owner in owners for one in household(home(client, owner), *range(owner))]


def spread(client: Client) -> Spread:
    return bulk.collect(client, address_of(client), trigger=PullTrigger.NOTIFICATION)


def readings(authorizations: Sequence[Authorization]) -> list[list[int | None]]:
    return [
        [value for day in one.reading_days.all() for value in day.values] for one in authorizations
    ]


# -- who gets what --------------------------------------------------------------------------------


def test_each_authorization_gets_its_own_and_nothing_of_the_others(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    serve(lying, *households(client, 1, 2, 3))
    found = spread(client)
    assert (found.stored, found.new, found.unknown, found.disputed) == (3, 6, 0, 0)
    assert readings(three) == [[0], [0, 1], [0, 1, 2]]
    for number, one in enumerate(three, start=1):
        links = one.usage_points.get().links
        assert all(link.startswith(f"{home(client, number)}/") for link in links)
        assert UsageSummary.objects.filter(usage_point__authorization=one).count() == 1
        series = MeterReading.objects.get(usage_point__authorization=one)
        assert series.uom == 72, "the reading type that all share"
        attempt = one.pulls.get()
        assert (attempt.source, attempt.state, attempt.new) == ("bulk", "done", number)
    (asked,) = lying.asked(BULK)
    assert asked.headers["authorization"] == "Bearer the-client-token"


def test_what_is_kept_of_the_feed_is_each_ones_part_alone(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    serve(lying, *households(client, 1, 2))
    spread(client)
    assert RawFeed.objects.count() == 2
    for number, one in enumerate(three[:2], start=1):
        with open_raw(RawFeed.objects.get(pull__authorization=one)) as kept:
            text = kept.read().decode()
        assert f"/Subscription/{number}/" in text
        assert f"/Subscription/{3 - number}/" not in text


def test_the_same_again_stores_nothing_twice(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    serve(lying, *households(client, 1, 2, 3))
    spread(client)
    assert spread(client).new == 0


def test_the_cursor_of_the_ordinary_collecting_stays(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    serve(lying, *households(client, 1))
    spread(client)
    three[0].refresh_from_db()
    assert three[0].pulled_to is None


@pytest.mark.parametrize(
    "values",
    [
        {"status": "revoked"},
        {"status": "needs_consent"},
        {"held_at": timezone.now()},
        {"expires_at": timezone.now() - timedelta(minutes=1)},
    ],
)
def test_one_that_may_not_be_collected_gets_nothing_and_the_others_get_theirs(
    lying: LyingUtility, client: Client, three: list[Authorization], values: dict[str, Any]
) -> None:
    Authorization.objects.filter(pk=three[1].pk).update(**values)
    serve(lying, *households(client, 1, 2, 3))
    found = spread(client)
    assert (found.stored, found.not_active, found.unknown) == (2, 1, 0)
    assert readings(three) == [[0], [], [0, 1, 2]]
    assert not three[1].usage_points.exists()
    assert not three[1].pulls.exists()


def test_entries_of_an_authorization_that_is_not_known_are_counted_and_never_stored(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    serve(lying, *households(client, 1, 44))
    found = spread(client)
    assert (found.stored, found.unknown) == (1, 4)
    assert UsagePoint.objects.count() == 1


def test_an_entry_that_points_into_two_is_refused_for_both(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    one, two = home(client, 1), home(client, 2)
    hostile = entry(
        EspiUsagePoint(kind=0), f"{one}/UsagePoint/9", f"{one}/UsagePoint", [f"{two}/UsagePoint/1"]
    )
    serve(lying, *households(client, 1, 2), hostile)
    found = spread(client)
    assert (found.disputed, found.stored) == (1, 2)
    assert UsagePoint.objects.count() == 2


def test_another_registrations_customers_get_nothing(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    other = cast.make_client(client.utility, client_id="another")
    Authorization.objects.filter(pk=three[0].pk).update(client=other)
    serve(lying, *households(client, 1, 2))
    found = spread(client)
    assert (found.stored, found.unknown) == (1, 4)
    assert readings(three) == [[], [0, 1], []]


def test_a_second_consent_to_the_same_address_is_the_one_that_counts(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    again = add(client, 1)
    Authorization.objects.filter(pk=three[0].pk).update(status="revoked")
    serve(lying, *households(client, 1))
    assert spread(client).stored == 1
    assert readings([three[0], again]) == [[], [0]]


def test_links_without_what_they_have_in_common_are_understood(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    serve(
        lying,
        household("Subscription/1", 4),
        household("/resource/Subscription/2", 5),
    )
    assert spread(client).stored == 2
    assert readings(three) == [[4], [5], []]


def test_a_meter_that_is_no_longer_shared_does_not_come_by_this_way(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    barn = [moved(one, home(client, 1)) for one in [*meter("2"), block(*hours([9]), of="2")]]
    serve(lying, *households(client, 1), *barn)
    spread(client)
    house = three[0].usage_points.order_by("id")[0]
    stopping.stop_sharing(house, by="customer")
    spread(client)
    assert readings(three) == [[9], [], []]
    assert not RawFeed.objects.exists()


def test_a_part_that_cannot_be_stored_costs_the_others_nothing(
    lying: LyingUtility,
    client: Client,
    three: list[Authorization],
    settings: Any,
) -> None:
    settings.FEED_MAX_USAGE_POINTS = 1
    second = [moved(one, home(client, 1)) for one in meter("2")]
    serve(lying, *households(client, 1, 2), *second)
    found = spread(client)
    assert (found.stored, found.refused) == (1, 1)
    assert readings(three) == [[], [0, 1], []]
    failed = three[0].pulls.get()
    assert (failed.state, "more than 1 usage points" in failed.error) == ("failed", True)
    three[0].refresh_from_db()
    assert three[0].failures == 0


def test_an_authorization_that_nobody_can_read_keeps_no_other_from_its_part(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    """It is an error of our own: the feed is read again for it, and the others have theirs."""
    Authorization.objects.filter(pk=three[0].pk).update(access_token=Value("no key opens this"))
    serve(lying, *households(client, 1, 2, 3))
    with pytest.raises(WrongKeyError):
        collected(client)
    assert readings(three[1:]) == [[0, 1], [0, 1, 2]]
    row = BulkCollection.objects.get()
    assert (row.state, row.error) == ("failed", "An error in the portal itself: WrongKeyError.")
    assert (row.collected_to, row.due_at is not None) == (None, True)


def test_a_part_whose_worker_died_is_not_running_for_ever(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    died = Pull.objects.create(authorization=three[0], source=Pull.Source.BULK)
    serve(lying, *households(client, 1))
    spread(client)
    died.refresh_from_db()
    assert (died.state, died.finished is not None) == ("abandoned", True)
    assert three[0].pulls.get(state=Pull.State.DONE).new == 1


def test_a_feed_that_breaks_off_has_stored_nothing(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    data = document(*households(client, 1, 2, 3)).getvalue()
    lying.answer(BULK, body=data[:-10])
    done = collected(client)
    assert (done.state, "cut off" in done.error) == ("failed", True)
    assert "Subscription" not in done.error
    assert not ReadingDay.objects.exists()
    assert not Pull.objects.exists()


@pytest.mark.parametrize("address", ["https://evil.example/Batch/Bulk/B1", "http://127.0.0.1:1/x"])
def test_no_token_goes_to_another_origin(
    lying: LyingUtility, client: Client, three: list[Authorization], address: str
) -> None:
    with pytest.raises(UtilityError) as refused:
        bulk.collect(client, address, trigger=PullTrigger.NOTIFICATION)
    assert refused.value.code == "not_ours"
    assert lying.requests == []


def test_a_client_token_that_is_refused_before_its_time_is_renewed_once(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    lying.answer(BULK, 401)
    lying.answer(BULK, body=document(*households(client, 1)).getvalue())
    assert spread(client).stored == 1
    assert len(lying.asked("/token")) == 2
    lying.forget(BULK)
    lying.answer(BULK, 401)
    assert collected(client).state == BulkCollection.State.FAILED
    assert {one.status for one in Authorization.objects.all()} == {"active"}


# -- what each one's pull tells ------------------------------------------------------------------


def read_when_due(client: Client) -> BulkCollection:
    """Read it because its time has come, and nobody brought it forward."""
    BulkCollection.objects.update(due_at=timezone.now(), claimed_until=None)
    done = bulk.collect_due(BulkCollection.objects.get(client=client))
    assert done is not None
    return done


def test_each_part_is_a_step_with_what_it_brought(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    serve(lying, *households(client, 1, 3))
    collected(client)
    [step] = three[2].pulls.get().steps
    assert (step["what"], step["result"]) == ("bulk", "stored")
    assert (step["readings"], step["new"], step["bills"]) == (3, 3, 1)
    assert (step["start"], step["requests"]) == (None, 0)
    assert in_words(three[2].pulls.get()) == [
        "Its part of the Bulk feed: 3 readings (3 new), 1 new bill."
    ]
    assert not three[1].pulls.exists()
    collected(client)
    [again] = three[2].pulls.all()[0].steps
    assert (again["start"] is not None, again["new"]) == (True, 0)


def test_a_part_that_cannot_be_stored_is_a_step_too(
    lying: LyingUtility, client: Client, three: list[Authorization], settings: Any
) -> None:
    settings.FEED_MAX_USAGE_POINTS = 1
    serve(lying, *households(client, 1), *[moved(one, home(client, 1)) for one in meter("2")])
    collected(client)
    assert in_words(three[0].pulls.get()) == [
        "Its part of the Bulk feed: what came could not be read."
    ]
    told = three[0].events.get(type=EventType.UPDATE_ERRORED)
    assert told.detail == {"pull": three[0].pulls.get().uid, "reason": "not_espi"}
    assert "Main Street" not in str(told.detail)


@pytest.mark.parametrize(
    "trigger", [PullTrigger.NOTIFICATION, PullTrigger.NIGHTLY, PullTrigger.STAFF]
)
def test_each_pull_tells_who_had_the_feed_read(
    lying: LyingUtility, client: Client, three: list[Authorization], trigger: PullTrigger
) -> None:
    serve(lying, *households(client, 1, 2))
    done = collected(client, trigger)
    assert {one.trigger for one in Pull.objects.all()} == {trigger}
    assert done.trigger == PullTrigger.RESUMED


def test_what_was_put_off_goes_on_by_itself(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    lying.answer(BULK, 503)
    lying.answer(BULK, body=document(*households(client, 1)).getvalue())
    assert collected(client, PullTrigger.NIGHTLY).state == BulkCollection.State.FAILED
    read_when_due(client)
    assert three[0].pulls.get().trigger == PullTrigger.RESUMED


@pytest.mark.django_db(transaction=True)
def test_news_that_come_while_it_is_read_are_why_it_is_read_again(
    lying: LyingUtility, client: Client
) -> None:
    ada = add(client, 1)

    def notice() -> None:
        BulkCollection.objects.update(brought_forward_to=None)
        BulkCollection.bring_forward(client, address_of(client), PullTrigger.NOTIFICATION)

    body = document(*households(client, 1)).getvalue()
    lying.answer(BULK, body=body, before=elsewhere(notice))
    lying.answer(BULK, body=body)
    collected(client, PullTrigger.NIGHTLY)
    read_when_due(client)
    read_when_due(client)
    assert list(ada.pulls.order_by("id").values_list("trigger", flat=True)) == [
        PullTrigger.NIGHTLY,
        PullTrigger.NOTIFICATION,
        PullTrigger.RESUMED,
    ]


def test_who_waits_for_its_turn_is_not_taken_for_who_comes_later(client: Client) -> None:
    BulkCollection.bring_forward(client, address_of(client), PullTrigger.NIGHTLY)
    for trigger in (PullTrigger.NOTIFICATION, PullTrigger.STAFF):
        row = BulkCollection.bring_forward(client, address_of(client), trigger)
    assert row.trigger == PullTrigger.NOTIFICATION


# -- when it is read ------------------------------------------------------------------------------


def address_of(client: Client) -> str:
    return f"{client.utility.resource_url}/Batch/Bulk/B1"


def collected(client: Client, trigger: PullTrigger = PullTrigger.NOTIFICATION) -> BulkCollection:
    """Bring the address forward, and do what is due."""
    BulkCollection.objects.update(brought_forward_to=None)
    row = BulkCollection.bring_forward(client, address_of(client), trigger)
    assert due.claim_bulks() == [row.pk]
    done = bulk.collect_due(BulkCollection.objects.get(pk=row.pk))
    assert done is not None
    return done


def test_what_is_brought_forward_is_due_once_and_read_once(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    serve(lying, *households(client, 1, 2, 3))
    done = collected(client)
    assert (done.state, done.due_at, done.error) == (BulkCollection.State.DONE, None, "")
    assert done.counts["stored"] == 3
    assert due.claim_bulks() == []
    assert bulk.collect_due(done) is None


def on_hold(authorization: Authorization, **values: Any) -> Authorization:
    Authorization.objects.filter(pk=authorization.pk).update(
        origin=Authorization.Origin.ADOPTED, next_pull_at=None, **values
    )
    authorization.refresh_from_db()
    authorization.hold()
    return authorization


def test_what_came_during_a_hold_comes_when_it_is_released(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    """It is in no feed of what is new: that was published, and passed over, before."""
    serve(lying, *households(client, 1))
    collected(client)
    before = timezone.now()
    held = on_hold(three[0])
    serve(lying, *household(home(client, 1), 0, 7), *households(client, 2))
    passed_over = collected(client)
    assert passed_over.counts["not_active"] == 1
    flows.release(held)
    row = BulkCollection.objects.get()
    assert row.collected_to is not None
    assert row.collected_to < before
    read_when_due(client)
    assert readings(three[:2]) == [[0, 7], [0, 1]]


def test_of_one_that_had_no_part_before_its_hold_all_is_read(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    held = on_hold(three[0])
    serve(lying, *households(client, 1, 2))
    collected(client)
    BulkCollection.objects.update(run_id="of a run that passes it over", state="running")
    flows.release(held)
    row = BulkCollection.objects.get()
    assert (row.collected_to, row.run_id, row.due_at is not None) == (None, "", True)
    read_when_due(client)
    assert readings(three[:1]) == [[0]]


def test_a_hold_of_what_is_collected_by_itself_has_no_feed_read_again(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    serve(lying, *households(client, 1))
    cursor = collected(client).collected_to
    three[0].hold()
    flows.release(three[0])
    row = BulkCollection.objects.get()
    assert (row.collected_to, row.due_at) == (cursor, None)


def test_one_that_is_stopped_and_purged_when_its_turn_comes_keeps_nothing(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    """A feed kept with the key as it was before would be left, and could never be opened."""
    stopped: list[bool] = []

    def stops_before_the_lease(execute: Any, sql: str, *rest: Any) -> Any:
        if "leased_until" in sql and sql.startswith("UPDATE") and not stopped:
            stopped.append(True)
            three[0].mark_revoked("customer")
            assert purge.purge_due() == 1
        return execute(sql, *rest)

    serve(lying, *households(client, 1, 2))
    with connection.execute_wrapper(stops_before_the_lease):
        found = spread(client)
    assert stopped
    assert (found.not_active, found.stored) == (1, 1)
    assert not RawFeed.objects.filter(pull__authorization=three[0]).exists()
    assert not three[0].pulls.exists()


def test_a_run_that_another_one_has_taken_over_ends_while_the_feed_comes(
    lying: LyingUtility, client: Client
) -> None:
    lying.trickle(BULK)
    began = time.monotonic()
    with pytest.raises(bulk.RunLostError):
        bulk.collect(client, address_of(client), trigger=PullTrigger.NIGHTLY, keep_on=lambda: False)
    assert time.monotonic() - began < 30


def test_a_feed_has_as_long_as_the_registry_says(lying: LyingUtility, client: Client) -> None:
    Utility.objects.update(quirks={"feed_deadline_seconds": 1})
    client.utility.refresh_from_db()
    lying.trickle(BULK)
    began = time.monotonic()
    with pytest.raises(UtilityError) as slow:
        spread(client)
    assert slow.value.code == "timeout"
    assert time.monotonic() - began < 30


def test_it_is_brought_forward_at_most_once_in_15_minutes(client: Client) -> None:
    first = BulkCollection.bring_forward(client, address_of(client), PullTrigger.NOTIFICATION)
    BulkCollection.objects.update(due_at=None)
    for _ in range(5):
        again = BulkCollection.bring_forward(
            client, f"{address_of(client)}?published-min=x", PullTrigger.NOTIFICATION
        )
    assert again.pk == first.pk
    assert first.brought_forward_to is not None
    assert again.due_at == first.brought_forward_to + timedelta(minutes=15)
    assert due.claim_bulks() == []
    long_ago = timezone.now() - timedelta(minutes=16)
    BulkCollection.objects.update(brought_forward_to=long_ago, due_at=None)
    BulkCollection.bring_forward(client, address_of(client), PullTrigger.NOTIFICATION)
    assert due.claim_bulks() == [first.pk]


def test_later_ones_ask_for_what_is_new_with_overlap(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    serve(lying, *households(client, 1))
    began = collected(client).collected_to
    collected(client)
    first, second = lying.asked(BULK)
    assert "published-min" not in first.query
    assert began is not None
    since = datetime.fromisoformat(second.query["published-min"][0])
    assert began - since >= timedelta(days=3)


def test_one_whose_authorization_is_busy_is_read_again_for_it(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    serve(lying, *households(client, 1, 2))
    lease_id = lease.take(three[1])
    assert lease_id
    done = collected(client)
    assert (done.counts["stored"], done.counts["busy"], done.collected_to) == (1, 1, None)
    assert done.due_at is not None
    assert done.due_at > timezone.now()
    lease.give_back(three[1], lease_id)
    assert collected(client).counts["busy"] == 0
    assert readings(three) == [[0], [0, 1], []]


def test_an_address_that_is_gone_is_told_and_harms_no_customer(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    lying.answer(BULK, 404)
    done = collected(client)
    assert (done.state, done.due_at) == (BulkCollection.State.GONE, None)
    assert "404" in done.error
    assert not Pull.objects.exists()
    assert {one.failures for one in Authorization.objects.all()} == {0}
    serve(lying, *households(client, 1))
    assert collected(client).state == BulkCollection.State.DONE


def test_come_later_and_trouble_are_asked_again(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    lying.answer(BULK, 202, headers={"Retry-After": "600"})
    delayed = collected(client)
    assert delayed.state == BulkCollection.State.DELAYED
    assert delayed.due_at is not None
    assert delayed.due_at > timezone.now() + timedelta(minutes=9)
    lying.forget(BULK)
    lying.answer(BULK, 503)
    failed = collected(client)
    assert (failed.state, failed.failures) == (BulkCollection.State.FAILED, 1)
    assert failed.due_at is not None
    client.refresh_from_db()
    assert client.is_usable()


def test_a_registration_that_is_refused_is_paused_and_revokes_nobody(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    lying.forget("/token")
    lying.answer("/token", 401, json={"error": "invalid_client"})
    client.client_secret = "not-the-one-that-was-kept"
    client.save()
    done = collected(client)
    assert (done.state, done.due_at) == (BulkCollection.State.FAILED, None)
    client.refresh_from_db()
    assert not client.is_usable()
    assert {one.status for one in Authorization.objects.all()} == {"active"}
    BulkCollection.bring_forward(client, address_of(client), PullTrigger.NOTIFICATION)
    assert due.claim_bulks() == []


def test_of_two_workers_one_reads_it(client: Client) -> None:
    row = BulkCollection.bring_forward(client, address_of(client), PullTrigger.NOTIFICATION)
    assert row.take("first")
    assert not row.take("second")
    assert not row.renew("second")
    # A worker that died is followed by another one, and has nothing to say any more.
    BulkCollection.objects.update(claimed_until=timezone.now())
    assert row.take("second")
    row.ended("first", BulkCollection.State.DONE)
    row.refresh_from_db()
    assert (row.state, row.run_id) == (BulkCollection.State.RUNNING, "second")


def test_news_that_come_while_it_is_read_are_not_lost(client: Client) -> None:
    row = BulkCollection.bring_forward(client, address_of(client), PullTrigger.NOTIFICATION)
    assert row.take("run")
    later = BulkCollection.bring_forward(
        client, address_of(client), PullTrigger.NOTIFICATION
    ).brought_forward_to
    row.ended("run", BulkCollection.State.DONE)
    row.refresh_from_db()
    assert (row.due_at, later) == (later, later)


# -- which addresses are heard --------------------------------------------------------------------


def test_an_address_is_known_by_its_id_in_a_customers_scope(
    client: Client, three: list[Authorization]
) -> None:
    base = client.utility.resource_url
    assert bulk.is_known(client, f"{base}/Batch/Bulk/B1")
    assert bulk.is_known(client, f"{base}/Bulk/B1?published-min=2026-01-01T00:00:00Z")
    for unknown in (
        f"{base}/Batch/Bulk/B2",
        f"{base}/Batch/Bulk/",
        f"{base}/Elsewhere/B1",
        "https://evil.example/resource/Batch/Bulk/B1",
        f"{base}@evil.example/Batch/Bulk/B1",
        "B1",
        "",
    ):
        assert not bulk.is_known(client, unknown), unknown


def test_the_utility_itself_names_the_registrations_address(
    lying: LyingUtility, client: Client
) -> None:
    row = bulk.ask_for(client, PullTrigger.NIGHTLY)
    assert row is not None
    assert row.uri == f"{lying.url}{BULK}"
    assert bulk.is_known(client, row.uri)


def test_an_address_that_is_not_the_utilitys_is_not_taken_from_its_answer(
    lying: LyingUtility, client: Client
) -> None:
    lying.forget("/token")
    answer = {"token_type": "Bearer", "access_token": "a", "expires_in": 60}
    lying.answer("/token", json={**answer, "resourceURI": "https://evil.example/Batch/Bulk/B1"})
    assert bulk.ask_for(client, PullTrigger.NIGHTLY) is None
    assert not BulkCollection.objects.exists()


# -- where the registration's document says that it is --------------------------------------------


def silent(lying: LyingUtility) -> None:
    """The answer with a client token names no address."""
    lying.forget("/token")
    lying.answer("/token", json={"token_type": "Bearer", "access_token": "a", "expires_in": 60})


def registered(client: Client, bulk_url: str) -> Client:
    """As after its ApplicationInformation was read."""
    client.standing = Standing(bulk_url=bulk_url).as_json()
    client.save()
    return client


@pytest.mark.parametrize("said", ["/Batch/Bulk", "/Batch/Bulk/", "/Batch/Bulk/0", "/Batch/Bulk/B1"])
def test_where_the_token_names_none_the_registrations_document_does(
    lying: LyingUtility, client: Client, three: list[Authorization], said: str
) -> None:
    silent(lying)
    registered(client, f"{client.utility.resource_url}{said}")
    row = bulk.ask_for(client, PullTrigger.NIGHTLY)
    assert row is not None
    assert row.uri == f"{lying.url}{BULK}"
    serve(lying, *households(client, 1, 2))
    assert collected(client).counts["stored"] == 2


def test_the_word_with_the_token_goes_first(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    registered(client, f"{client.utility.resource_url}/Elsewhere/Bulk")
    row = bulk.ask_for(client, PullTrigger.NIGHTLY)
    assert row is not None
    assert row.uri == f"{lying.url}{BULK}"


def test_an_answer_that_names_another_origin_is_not_made_good_by_the_document(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    registered(client, f"{client.utility.resource_url}/Batch/Bulk")
    lying.forget("/token")
    answer = {"token_type": "Bearer", "access_token": "a", "expires_in": 60}
    lying.answer("/token", json={**answer, "resourceURI": "https://evil.example/Batch/Bulk/B1"})
    assert bulk.ask_for(client, PullTrigger.NIGHTLY) is None


@pytest.mark.parametrize(
    "said",
    [
        "https://evil.example/resource/Batch/Bulk",
        "{origin}@evil.example/Batch/Bulk",
        "{base}?at=/Bulk",
        "{base}#/Bulk",
        "{base}",
        "{base}/Batch/Bulk/B1/UsagePoint",
        "{base}/Batch/Bulk?which=",
        "{base}/Batch/" + "x" * 480 + "/Bulk",
        "/Batch/Bulk",
        "Bulk",
        "",
    ],
)
def test_a_document_that_does_not_say_where_is_not_followed(
    lying: LyingUtility, client: Client, three: list[Authorization], said: str
) -> None:
    silent(lying)
    registered(client, said.format(base=client.utility.resource_url, origin=lying.url))
    assert bulk.ask_for(client, PullTrigger.NIGHTLY) is None
    assert [request.path for request in lying.requests] == ["/token"]


@pytest.mark.parametrize("id_", ["..", ".", "a/b", "a?b", "a#b", "a%2fb", "a b", "a@b:c"])
def test_a_scope_does_not_lead_the_address_elsewhere(
    lying: LyingUtility, client: Client, id_: str
) -> None:
    silent(lying)
    registered(client, f"{client.utility.resource_url}/Batch/Bulk")
    made = add(client, 1)
    Authorization.objects.filter(pk=made.pk).update(scope=f"FB=4_16_35;BR={id_}")
    assert bulk.ask_for(client, PullTrigger.NIGHTLY) is None


def test_which_of_several_feeds_is_meant_is_not_guessed(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    silent(lying)
    registered(client, f"{client.utility.resource_url}/Batch/Bulk")
    Authorization.objects.filter(pk=three[0].pk).update(scope="FB=4_16_35;BR=B2")
    assert bulk.ask_for(client, PullTrigger.NIGHTLY) is None
    # That of whose data is looked for is no guess.
    assert bulk.registered_uri(client, "FB=4;BR=B2").endswith("/Batch/Bulk/B2")
    # What has ended is not looked for.
    Authorization.objects.filter(pk=three[0].pk).update(status="revoked")
    assert bulk.registered_uri(client).endswith("/Batch/Bulk/B1")


def test_a_registration_that_was_never_read_says_nothing(
    lying: LyingUtility, client: Client, three: list[Authorization]
) -> None:
    silent(lying)
    assert bulk.ask_for(client, PullTrigger.NIGHTLY) is None
