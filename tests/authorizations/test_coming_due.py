"""When an authorization is due again because somebody asked, or because the utility told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from authorizations.models import BRING_FORWARD_EVERY, Authorization, PullTrigger
from tests.cast import Person, authorize, make_utility

pytestmark = pytest.mark.django_db


@pytest.fixture
def tomorrows(ada: Person) -> Authorization:
    """One that was collected today."""
    given = authorize(ada, make_utility())
    given.next_pull_at = timezone.now() + timedelta(days=1)
    given.pull_trigger, given.somebody_waits = PullTrigger.NIGHTLY, False
    given.save()
    return given


def test_a_customer_who_has_just_connected_waits(ada: Person) -> None:
    given = authorize(ada, make_utility())
    assert (given.pull_trigger, given.somebody_waits) == (PullTrigger.FIRST, True)


def test_a_notice_makes_it_due_at_once(tomorrows: Authorization) -> None:
    due = tomorrows.bring_forward("notification")
    tomorrows.refresh_from_db()
    assert due == tomorrows.next_pull_at
    assert tomorrows.is_due()
    assert (tomorrows.pull_trigger, tomorrows.somebody_waits) == ("notification", True)


def test_a_storm_of_notices_makes_two_pulls_in_fifteen_minutes(tomorrows: Authorization) -> None:
    first = tomorrows.bring_forward()
    assert first is not None
    # The pull of it is over.
    Authorization.objects.update(next_pull_at=timezone.now() + timedelta(days=1))
    times = {Authorization.objects.get().bring_forward() for _ in range(20)}
    assert times == {first + BRING_FORWARD_EVERY}
    tomorrows.refresh_from_db()
    assert tomorrows.next_pull_at == first + BRING_FORWARD_EVERY


def test_a_notice_never_puts_it_off(tomorrows: Authorization) -> None:
    tomorrows.bring_forward()
    soon = timezone.now() + timedelta(minutes=2)
    Authorization.objects.update(next_pull_at=soon)
    assert Authorization.objects.get().bring_forward() == soon


def test_after_fifteen_minutes_it_is_due_at_once_again(tomorrows: Authorization) -> None:
    tomorrows.bring_forward()
    long_ago = timezone.now() - BRING_FORWARD_EVERY
    Authorization.objects.update(
        brought_forward_to=long_ago, next_pull_at=timezone.now() + timedelta(days=1)
    )
    due = Authorization.objects.get().bring_forward()
    assert due is not None
    assert due <= timezone.now()


@pytest.mark.parametrize(
    "values", [{"status": "revoked"}, {"status": "needs_consent"}, {"origin": "file"}]
)
def test_what_no_worker_would_take_is_not_brought_forward(
    tomorrows: Authorization, values: dict[str, str]
) -> None:
    Authorization.objects.update(**values)
    before = Authorization.objects.get().next_pull_at
    assert tomorrows.bring_forward() is None
    assert Authorization.objects.get().next_pull_at == before


def test_what_is_on_hold_is_due_when_it_is_released(tomorrows: Authorization) -> None:
    tomorrows.hold()
    tomorrows.bring_forward()
    assert not Authorization.objects.due().exists()
    tomorrows.release()
    assert Authorization.objects.due().get() == tomorrows


def test_staff_need_not_wait_for_their_turn(tomorrows: Authorization) -> None:
    tomorrows.bring_forward()
    Authorization.objects.update(next_pull_at=timezone.now() + timedelta(days=1))
    tomorrows.refresh_from_db()
    tomorrows.collect_now("staff")
    assert Authorization.objects.due().get().pull_trigger == PullTrigger.STAFF


def test_an_unknown_reason_is_refused(tomorrows: Authorization) -> None:
    with pytest.raises(ValueError, match="whim"):
        tomorrows.collect_now("whim")


def test_a_revoked_one_cannot_be_collected(tomorrows: Authorization) -> None:
    tomorrows.mark_revoked("customer")
    with pytest.raises(ValidationError):
        tomorrows.collect_now("customer")
