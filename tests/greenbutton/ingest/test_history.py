"""A history that is asked for once more, from a real HTTP server that answers as it is told."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from authorizations.models import Authorization
from greenbutton.ingest import history, stopping
from greenbutton.ingest.pull import pull
from greenbutton.ingest.purge import purge
from greenbutton.models import HistoricalCollection, Pull, ReadingDay, UsagePoint
from tests import cast
from tests.greenbutton.ingest.documents import HOUR, MIDNIGHT, block, document, hours, meter
from tests.lying_utility import LyingUtility

pytestmark = pytest.mark.django_db

FEED = "/resource/Batch/Subscription/1"
EVENT = "meter_historical_collection_"
numbers = itertools.count(1)
HOUSE = [*meter("1", title="House"), block(*hours([1]))]
BARN = [*meter("2", title="Barn"), block(*hours([5]), of="2")]
YESTERDAY = MIDNIGHT - 24 * HOUR


@pytest.fixture
def authorization(lying: LyingUtility) -> Authorization:
    """With two meters, after its first history."""
    utility = cast.make_utility(lying.url, slug=f"history{next(numbers)}")
    authorization = cast.authorize(cast.ada(), utility)
    answer(lying, *HOUSE, *BARN)
    assert pulled(authorization).state == Pull.State.DONE
    lying.requests.clear()
    return Authorization.objects.get(pk=authorization.pk)


def answer(lying: LyingUtility, *entries: Any) -> None:
    lying.forget(FEED)
    lying.answer(FEED, body=document(*entries).getvalue())


def pulled(authorization: Authorization) -> Pull:
    done = pull(Authorization.objects.get(pk=authorization.pk))
    assert done is not None
    authorization.refresh_from_db()
    return done


def told(authorization: Authorization) -> list[str]:
    found = authorization.events.filter(type__startswith=EVENT).order_by("id")
    return [one.type.removeprefix(EVENT) for one in found]


def waits(authorization: Authorization) -> HistoricalCollection:
    return authorization.histories.get()


def asked_since(lying: LyingUtility) -> list[datetime]:
    return [
        datetime.fromisoformat(request.query["published-min"][0]) for request in lying.asked(FEED)
    ]


def test_it_asks_for_all_that_was_granted_and_leaves_the_cursor_where_it_is(
    lying: LyingUtility, authorization: Authorization
) -> None:
    cursor = authorization.pulled_to
    history.ask(authorization, why="A gap in March")
    assert Authorization.objects.due().get() == authorization
    older = block(*hours([7], start=YESTERDAY), number=2)
    answer(lying, *HOUSE, *BARN, older)
    done = pulled(authorization)
    assert (done.state, done.windows_done, done.windows_planned) == (Pull.State.DONE, 3, 3)
    assert (done.first, done.new, authorization.pulled_to) == (False, 1, cursor)
    assert done.history == waits(authorization)
    assert waits(authorization).state == HistoricalCollection.State.DONE
    starts = asked_since(lying)
    assert starts == sorted(starts, reverse=True)
    assert authorization.created - starts[-1] > timedelta(days=700)
    # Both meters are told of each step.
    assert told(authorization) == [
        *["started"] * 2,
        *["progress"] * 6,
        *["finished_successful"] * 2,
    ]


def test_what_is_new_is_asked_for_soon_after_it(
    lying: LyingUtility, authorization: Authorization
) -> None:
    history.ask(authorization)
    pulled(authorization)
    assert authorization.next_pull_at is not None
    assert authorization.next_pull_at < timezone.now() + timedelta(minutes=2)
    later = pulled(authorization)
    assert (later.history, later.windows_planned) == (None, 1)


def test_from_a_day_on_it_asks_for_that_much_only(
    lying: LyingUtility, authorization: Authorization
) -> None:
    since = (timezone.now() - timedelta(days=60)).date()
    history.ask(authorization, since=since)
    done = pulled(authorization)
    assert done.windows_planned == 2
    # Midnight in Toronto.
    begin = asked_since(lying)[-1].astimezone(authorization.zone)
    assert (begin.date(), begin.hour) == (since, 0)


def test_it_never_asks_for_more_than_was_granted(
    lying: LyingUtility, authorization: Authorization
) -> None:
    Authorization.objects.filter(pk=authorization.pk).update(scope="FB=4;HistoryLength=864000")
    history.ask(Authorization.objects.get(pk=authorization.pk), since=date(2001, 1, 1))
    pulled(authorization)
    oldest = asked_since(lying)[-1]
    assert timedelta(days=9) < authorization.created - oldest < timedelta(days=11)


def test_of_one_meter_it_stores_that_one_alone(
    lying: LyingUtility, authorization: Authorization
) -> None:
    barn = UsagePoint.objects.get(title="Barn")
    history.ask(authorization, usage_point=barn)
    answer(
        lying,
        *HOUSE,
        block(*hours([8], start=YESTERDAY), number=2),
        *BARN,
        block(*hours([9], start=YESTERDAY), of="2", number=2),
        meter("3", title="Shed"),
    )
    assert pulled(authorization).new == 1
    values = ReadingDay.objects.filter(meter_reading__usage_point=barn).order_by("day")
    assert [day.values for day in values] == [[9], [5]]
    assert not UsagePoint.objects.filter(title="Shed").exists()
    tells = authorization.events.filter(type__startswith=EVENT)
    assert {one.detail["usage_point"] for one in tells} == {barn.uid}


def test_it_brings_the_history_of_a_meter_that_is_not_monitored(
    lying: LyingUtility, authorization: Authorization
) -> None:
    barn = UsagePoint.objects.get(title="Barn")
    barn.stop_monitoring(None, "")
    history.ask(authorization, usage_point=barn)
    answer(lying, *HOUSE, *BARN, block(*hours([9], start=YESTERDAY), of="2", number=2))
    assert pulled(authorization).new == 1


def test_it_goes_on_where_it_was_told_to_wait(
    lying: LyingUtility, authorization: Authorization
) -> None:
    history.ask(authorization)
    lying.forget(FEED)
    body = document(*HOUSE, *BARN).getvalue()
    lying.answer(FEED, body=body)
    lying.answer(FEED, 429, headers={"Retry-After": "60"})
    lying.answer(FEED, body=body)
    assert pulled(authorization).state == Pull.State.WAITING
    row = waits(authorization)
    assert (row.state, row.windows_done) == (HistoricalCollection.State.WAITING, 1)
    assert pulled(authorization).state == Pull.State.DONE
    asked = [request.query for request in lying.asked(FEED)]
    assert len(asked) == 4
    assert asked[1] == asked[2]
    assert told(authorization).count("started") == 2
    assert told(authorization).count("delayed") == 2


def test_one_that_fails_again_and_again_is_given_up_and_what_is_new_comes_again(
    lying: LyingUtility, authorization: Authorization
) -> None:
    history.ask(authorization)
    lying.forget(FEED)
    lying.answer(FEED, 500)
    for _ in range(history.TRIES):
        assert pulled(authorization).state == Pull.State.FAILED
    row = waits(authorization)
    assert row.state == HistoricalCollection.State.FAILED
    assert "500" in row.error
    assert told(authorization)[-1] == "finished_errored"
    answer(lying, *HOUSE, *BARN)
    done = pulled(authorization)
    assert (done.state, done.history) == (Pull.State.DONE, None)


def test_it_ends_with_the_consent(lying: LyingUtility, authorization: Authorization) -> None:
    history.ask(authorization)
    lying.forget(FEED)
    lying.answer(FEED, 403)
    pulled(authorization)
    assert authorization.status == "needs_consent"
    assert waits(authorization).state == HistoricalCollection.State.FAILED


def test_a_first_history_goes_before_it(lying: LyingUtility, authorization: Authorization) -> None:
    authorization.pulls.all().delete()
    Authorization.objects.filter(pk=authorization.pk).update(pulled_to=None)
    history.ask(Authorization.objects.get(pk=authorization.pk))
    assert (pulled(authorization).first, waits(authorization).state) == (True, "waiting")
    assert pulled(authorization).history is not None


def test_several_come_one_after_the_other(
    lying: LyingUtility, authorization: Authorization
) -> None:
    house, barn = UsagePoint.objects.order_by("id")
    history.ask(authorization, usage_point=house)
    history.ask(authorization, usage_point=barn)
    for meter_of in (house, barn):
        found = pulled(authorization).history
        assert found is not None
        assert found.usage_point == meter_of
    assert pulled(authorization).history is None


def test_the_same_is_not_asked_for_twice(authorization: Authorization) -> None:
    history.ask(authorization)
    with pytest.raises(ValidationError, match="already"):
        history.ask(authorization)
    assert authorization.histories.count() == 1


def test_what_no_worker_would_take_is_refused(authorization: Authorization) -> None:
    with pytest.raises(ValidationError, match="has not begun"):
        history.ask(authorization, since=date(2999, 1, 1))
    authorization.hold()
    with pytest.raises(ValidationError, match="on hold"):
        history.ask(authorization)
    authorization.release()
    house = UsagePoint.objects.get(title="House")
    stopping.stop_sharing(house, by="customer")
    house.refresh_from_db()
    with pytest.raises(ValidationError, match="no longer shared"):
        history.ask(authorization, usage_point=house)
    assert not HistoricalCollection.objects.exists()


def test_it_ends_with_its_meter_and_forgets_why(authorization: Authorization) -> None:
    house = UsagePoint.objects.get(title="House")
    history.ask(authorization, usage_point=house, why="Mr Babbage rang")
    stopping.stop_sharing(house, by="customer")
    row = waits(authorization)
    assert (row.state, row.why) == (HistoricalCollection.State.FAILED, "")


def test_a_purge_forgets_why(authorization: Authorization) -> None:
    history.ask(authorization, why="Mr Babbage rang")
    authorization.mark_revoked("customer")
    purge(authorization)
    assert (waits(authorization).state, waits(authorization).why) == ("failed", "")


def test_monitoring_a_meter_again_brings_what_came_meanwhile(
    lying: LyingUtility, authorization: Authorization
) -> None:
    house = UsagePoint.objects.get(title="House")
    house.stop_monitoring(None, "")
    since = datetime(2026, 3, 1, 12, tzinfo=UTC)
    UsagePoint.objects.filter(pk=house.pk).update(monitoring_stopped_at=since)
    house.refresh_from_db()
    assert history.start_monitoring(house)
    row = waits(authorization)
    assert row.since is not None
    assert since - timedelta(days=5) < row.since < since - timedelta(days=2)
    answer(lying, *HOUSE, block(*hours([1, 2], start=MIDNIGHT), number=2), *BARN)
    assert pulled(authorization).new == 1


def test_nothing_is_written_of_one_that_was_stopped_and_purged_since_it_was_shown(
    authorization: Authorization,
) -> None:
    """Why staff ask may name the customer, and no other purge would come for it."""
    shown = Authorization.objects.get(pk=authorization.pk)
    authorization.mark_revoked("utility")
    assert purge(authorization)
    with pytest.raises(ValidationError, match="Only an active authorization"):
        history.ask(shown, why="Mr Babbage rang")
    assert not HistoricalCollection.objects.exists()
    assert Authorization.objects.get(pk=authorization.pk).next_pull_at is None
