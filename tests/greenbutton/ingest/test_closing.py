"""A meter that the utility no longer sends is closed, not deleted; and one may not be monitored."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from authorizations.models import Authorization
from greenbutton.ingest import stopping
from greenbutton.ingest.pull import pull
from greenbutton.models import Pull, ReadingDay, UsagePoint, UsageSummary
from tests import cast
from tests.greenbutton.ingest.documents import MIDNIGHT, bill, block, document, hours, meter
from tests.lying_utility import LyingUtility

pytestmark = pytest.mark.django_db

FEED = "/resource/Batch/Subscription/1"
numbers = itertools.count(1)
HOUSE = [*meter("1", title="House"), block(*hours([1]))]
BARN = [*meter("2", title="Barn"), block(*hours([5]), of="2")]


@pytest.fixture
def authorization(lying: LyingUtility) -> Authorization:
    """With two meters, after its first history."""
    utility = cast.make_utility(lying.url, slug=f"closing{next(numbers)}")
    authorization = cast.authorize(cast.ada(), utility)
    pulled(lying, authorization, *HOUSE, *BARN)
    return authorization


def pulled(lying: LyingUtility, authorization: Authorization, *entries: Any) -> Pull:
    """A pull in which each window brings this."""
    lying.forget(FEED)
    lying.answer(FEED, body=document(*entries).getvalue())
    done = pull(Authorization.objects.get(pk=authorization.pk))
    assert done is not None
    assert (done.state, done.error) == (Pull.State.DONE, "")
    return done


def point(title: str) -> UsagePoint:
    return UsagePoint.objects.get(title=title)


def told(authorization: Authorization, event: str) -> list[str]:
    return [one.detail["usage_point"] for one in authorization.events.filter(type=event)]


def test_one_that_is_missing_in_two_pulls_running_is_closed_and_keeps_its_readings(
    lying: LyingUtility, authorization: Authorization
) -> None:
    pulled(lying, authorization, *BARN)
    assert point("House").closed_at is None
    pulled(lying, authorization, *BARN)
    house = point("House")
    assert house.closed_at is not None
    assert point("Barn").closed_at is None
    assert told(authorization, "meter_closed") == [house.uid]
    assert ReadingDay.objects.count() == 2
    pulled(lying, authorization, *BARN)
    assert told(authorization, "meter_closed") == [house.uid]


def test_it_opens_when_it_comes_back(lying: LyingUtility, authorization: Authorization) -> None:
    for _ in range(2):
        pulled(lying, authorization, *BARN)
    pulled(lying, authorization, *HOUSE, *BARN)
    house = point("House")
    assert (house.closed_at, house.missed_pulls) == (None, 0)
    assert told(authorization, "meter_reopened") == [house.uid]


def test_missing_now_and_then_is_not_enough(
    lying: LyingUtility, authorization: Authorization
) -> None:
    for entries in (BARN, [*HOUSE, *BARN], BARN, [*HOUSE, *BARN]):
        pulled(lying, authorization, *entries)
    assert point("House").closed_at is None


@pytest.mark.parametrize(
    "entries",
    [
        [],
        # New readings alone: the document lists no usage points at all.
        [block(*hours([7]), of="2")],
        # All that it has is the meter itself, in a block that names it.
        [*BARN, block(*hours([7]), of="1")],
    ],
)
def test_feeds_that_do_not_list_meters_close_none(
    lying: LyingUtility, authorization: Authorization, entries: list[Any]
) -> None:
    for _ in range(3):
        pulled(lying, authorization, *entries)
    assert not UsagePoint.objects.exclude(closed_at=None).exists()


def test_a_pull_that_fails_half_way_closes_none(
    lying: LyingUtility, authorization: Authorization
) -> None:
    for _ in range(3):
        lying.forget(FEED)
        lying.answer(FEED, body=document(*BARN).getvalue()[:-9])
        failed = pull(Authorization.objects.get(pk=authorization.pk))
        assert failed is not None
        assert failed.state == Pull.State.FAILED
    assert point("House").missed_pulls == 0


def test_one_that_is_no_longer_shared_is_neither_closed_nor_counted_as_listed(
    lying: LyingUtility, authorization: Authorization
) -> None:
    house = point("House")
    stopping.stop_sharing(house, by="customer")
    for _ in range(3):
        pulled(lying, authorization, *HOUSE)
    house.refresh_from_db()
    assert house.closed_at is None
    assert point("Barn").closed_at is None


# -- not monitored --------------------------------------------------------------------------------


def test_nothing_new_is_stored_of_one_that_is_not_monitored_and_the_rest_stays(
    lying: LyingUtility, authorization: Authorization
) -> None:
    point("House").stop_monitoring(None, "The study is over.")
    more = [*HOUSE, block(*hours([1, 2, 3]), number=2), bill(MIDNIGHT)]
    done = pulled(lying, authorization, *more, *BARN, block(*hours([5, 6]), of="2", number=2))
    assert done.new == 1
    assert UsageSummary.objects.count() == 0
    days = ReadingDay.objects.filter(meter_reading__usage_point__title="House")
    assert [day.values for day in days] == [[1]]
    assert told(authorization, "meter_monitoring_stopped") == [point("House").uid]


def test_one_that_is_not_monitored_is_not_missed(
    lying: LyingUtility, authorization: Authorization
) -> None:
    point("House").stop_monitoring(None, "")
    for _ in range(3):
        pulled(lying, authorization, *HOUSE, *BARN)
    assert point("House").closed_at is None
    UsagePoint.objects.filter(title="House").update(closed_at=timezone.now())
    pulled(lying, authorization, *HOUSE, *BARN)
    assert point("House").closed_at is None


def test_what_is_not_monitored_cannot_be_stopped_twice(authorization: Authorization) -> None:
    house = point("House")
    with pytest.raises(ValidationError):
        house.start_monitoring()
    house.stop_monitoring(None, "")
    with pytest.raises(ValidationError):
        house.stop_monitoring(None, "")
    stopping.stop_sharing(house, by="customer")
    house.refresh_from_db()
    with pytest.raises(ValidationError):
        house.start_monitoring()
