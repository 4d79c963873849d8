"""A utility that shares less than was granted is believed; one that shares more is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from authorizations.models import Authorization
from tests.cast import Person, authorize, make_utility

pytestmark = pytest.mark.django_db

GRANTED = "FB=1_4_16_51;HistoryLength=63072000;PreferredAuthEndDate=0;AccountCollection=2"


@pytest.fixture
def granted(ada: Person) -> Authorization:
    given = authorize(ada, make_utility())
    given.scope = given.asked_scope = GRANTED
    given.save()
    return given


def told(authorization: Authorization) -> list[dict[str, list[str]]]:
    events = authorization.events.filter(type="authorization_narrowed")
    return [event.detail for event in events]


def test_less_is_taken_over_and_told_in_words(granted: Authorization) -> None:
    assert granted.narrowed("FB=1_4_16")
    granted.refresh_from_db()
    assert granted.scope == GRANTED.replace("_51", "")
    [event] = told(granted)
    assert "account details" in event["left_out"][0]
    assert granted.granted_less_than_asked() == event["left_out"]


def test_told_twice_it_is_one_event(granted: Authorization) -> None:
    assert granted.narrowed("FB=1_4_16")
    assert not Authorization.objects.get().narrowed("FB=1_4_16")
    assert len(told(granted)) == 1


def test_a_sooner_end_is_the_end(granted: Authorization) -> None:
    end = datetime(2031, 5, 1, tzinfo=UTC)
    assert granted.narrowed(f"FB=1_4_16_51;PreferredAuthEndDate={int(end.timestamp())}")
    granted.refresh_from_db()
    assert granted.expires_at == end


def test_a_later_end_or_a_longer_history_is_not_taken_over(granted: Authorization) -> None:
    end = timezone.now() + timedelta(days=9)
    scope = f"FB=4;HistoryLength=86400;PreferredAuthEndDate={int(end.timestamp())}"
    Authorization.objects.update(scope=scope, expires_at=end)
    assert not granted.narrowed("FB=4;HistoryLength=63072000;PreferredAuthEndDate=0")
    granted.refresh_from_db()
    assert (granted.scope, granted.expires_at) == (scope, end)


@pytest.mark.parametrize(
    "said",
    [
        GRANTED,
        "FB=1_4_10_15_16_51",  # more
        "FB=4_16_51",  # less of what only machines see
        "FB=34_35",  # another token's
        "not a scope",
        "",
        "FB=4;HistoryLength=many",
    ],
)
def test_what_is_not_less_changes_nothing(granted: Authorization, said: str) -> None:
    assert not granted.narrowed(said)
    granted.refresh_from_db()
    assert granted.scope == GRANTED
    assert told(granted) == []


def test_less_of_one_thing_does_not_bring_another(granted: Authorization) -> None:
    assert granted.narrowed("FB=4_10_15_39_51;AdditionalScope=auth-phone-1111111111")
    granted.refresh_from_db()
    assert granted.scope == GRANTED.replace("1_4_16_51", "4_51")


def test_what_was_revoked_stays_as_it_was(granted: Authorization) -> None:
    granted.mark_revoked("customer")
    assert not granted.narrowed("FB=4")
    assert told(granted) == []
