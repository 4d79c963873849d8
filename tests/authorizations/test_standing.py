"""What a utility says of a consent: followed where it is less, never where it is more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Value
from django.utils import timezone

from authorizations.at_utility import standing
from authorizations.models import Authorization, Event
from authorizations.tasks import look_at_standing
from authorizations.tokens import fresh_access_token
from greenbutton.espi import write_entry
from greenbutton.espi.period import Period
from tests import cast
from tests.authorizations.consents import (
    CLIENT_TOKEN,
    document,
    entry_of,
    feed,
    said_of,
    until,
    whole,
)
from tests.cast import Person
from tests.lying_utility import LyingUtility
from utilities.client import UtilityError
from utilities.encrypted import WrongKeyError
from utilities.models import Utility

ENTRY = "/resource/Authorization/1"
Status = Authorization.Status


@pytest.fixture
def authorization(utility: Utility, ada: Person, lying: LyingUtility) -> Authorization:
    """Ada's, of which the utility is to be asked how it stands."""
    lying.answer("/token", json=CLIENT_TOKEN)
    authorization = cast.authorize(ada, utility)
    Authorization.objects.update(created=timezone.now() - timedelta(days=30))
    Authorization.objects.ask_standing()
    authorization.refresh_from_db()
    return authorization


def elsewhere(act: Callable[[], object]) -> Callable[[], None]:
    """The same in a process' connection of its own, as it runs in the utility's thread."""

    def acting() -> None:
        try:
            act()
        finally:
            connection.close()

    return acting


def look(authorization: Authorization) -> str:
    said = standing.look(authorization)
    authorization.refresh_from_db()
    return said


def test_one_that_is_as_we_know_it_stays_as_it_is(
    authorization: Authorization, lying: LyingUtility
) -> None:
    events = Event.objects.count()
    lying.answer(ENTRY, body=document(authorization))
    assert look(authorization) == "It is active there, too."
    assert (authorization.status, authorization.standing_at) == (Status.ACTIVE, None)
    assert authorization.standing_said == "It is active there, too."
    assert Event.objects.count() == events
    [asked] = lying.asked(ENTRY)
    assert asked.headers["authorization"] == "Bearer the-client-token"


def test_one_that_was_revoked_there_ends_here_and_its_data_goes(
    authorization: Authorization, lying: LyingUtility
) -> None:
    lying.answer(ENTRY, body=document(authorization, status=0))
    look(authorization)
    assert (authorization.status, authorization.revoked_by) == (Status.REVOKED, "utility")
    assert authorization.access_token == authorization.refresh_token == ""
    assert authorization.purge_at is not None
    assert authorization.purge_at <= timezone.now()
    assert authorization.standing_at is None
    assert Event.objects.filter(type="authorization_revoked").count() == 1


def test_its_customer_gets_a_receipt(authorization: Authorization, lying: LyingUtility) -> None:
    Authorization.objects.update(customer_email="ada@example.org")
    lying.answer(ENTRY, body=document(authorization, status=0))
    look(authorization)
    receipt = authorization.outgoing_emails.get()
    assert (receipt.kind, receipt.to) == ("receipt", "ada@example.org")


def test_one_that_merely_came_to_its_end_keeps_its_data(
    authorization: Authorization, lying: LyingUtility
) -> None:
    """Some custodians have one status for what was revoked and what is over."""
    end = timezone.now() - timedelta(hours=1)
    changed = end - timedelta(days=9)
    body = document(authorization, status=0, authorized_period=until(end), changed=changed)
    lying.answer(ENTRY, body=body)
    look(authorization)
    assert (authorization.status, authorization.purge_at) == (Status.EXPIRED, None)


@pytest.mark.parametrize("ended", [timedelta(hours=-1), timedelta(days=3)])
def test_one_that_was_revoked_before_or_at_its_end_is_revoked(
    authorization: Authorization, lying: LyingUtility, ended: timedelta
) -> None:
    """Others write the moment of a revocation where its end was."""
    end = timezone.now() + ended
    body = document(authorization, status=0, authorized_period=until(end), changed=timezone.now())
    lying.answer(ENTRY, body=body)
    look(authorization)
    assert authorization.status == Status.REVOKED


def test_one_whose_time_is_over_is_expired(
    authorization: Authorization, lying: LyingUtility
) -> None:
    period = until(timezone.now() - timedelta(seconds=5))
    lying.answer(ENTRY, body=document(authorization, authorized_period=period))
    look(authorization)
    assert (authorization.status, authorization.purge_at) == (Status.EXPIRED, None)


def test_a_narrower_scope_is_taken_over(authorization: Authorization, lying: LyingUtility) -> None:
    lying.answer(ENTRY, body=document(authorization, scope="FB=4"))
    assert look(authorization) == "The customer shares less than before."
    assert (authorization.scope, authorization.status) == ("FB=4", Status.ACTIVE)
    told = Event.objects.get(type="authorization_narrowed")
    assert any("bills" in sentence for sentence in told.detail["left_out"])


def test_an_earlier_end_is_taken_over_once_and_told_once(
    authorization: Authorization, lying: LyingUtility
) -> None:
    end = whole(timezone.now() + timedelta(days=5))
    lying.answer(ENTRY, body=document(authorization, authorized_period=until(end)))
    look(authorization)
    assert authorization.expires_at == end
    Authorization.objects.update(standing_at=timezone.now())
    assert look(authorization) == "It is active there, too."
    told = Event.objects.get(type="authorization_narrowed")
    assert "Sharing ends sooner" in told.detail["left_out"][0]


def test_what_is_wider_or_longer_is_not_taken_over(
    authorization: Authorization, lying: LyingUtility
) -> None:
    end = timezone.now() + timedelta(days=5)
    Authorization.objects.update(expires_at=end)
    longer = until(end + timedelta(days=500))
    wider = document(authorization, scope="FB=4_16_39_51", authorized_period=longer)
    lying.answer(ENTRY, body=wider)
    look(authorization)
    assert (authorization.scope, authorization.expires_at) == ("FB=4_16_51", end)
    assert not Event.objects.filter(type="authorization_narrowed").exists()


@pytest.mark.parametrize(
    "said",
    [
        {"status": 7},
        {"status": None},
        {"scope": "nonsense"},
        {"scope": "FB=5"},
        {"scope": "FB=4_16_51;" + "x" * 5000},
        {"authorized_period": until(timezone.now() - timedelta(days=4000))},
        {"authorized_period": Period(0, 10**15)},
        {"authorized_period": Period(2**62, 2**62)},
        {"authorized_period": Period(5, -5)},
        {"authorized_period": Period(None, None)},
        {"resource_uri": "https://utility.example/Batch/Subscription/2"},
    ],
)
def test_nonsense_changes_nothing(
    authorization: Authorization, lying: LyingUtility, said: dict[str, Any]
) -> None:
    lying.answer(ENTRY, body=document(authorization, **said))
    look(authorization)
    assert (authorization.status, authorization.scope) == (Status.ACTIVE, "FB=4_16_51")
    assert (authorization.expires_at, authorization.standing_at) == (None, None)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><p>Sign in</p></html>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'/>",
        b"<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><feed>&b;</feed>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'><entry>",
    ],
)
def test_what_cannot_be_read_changes_nothing(
    authorization: Authorization, lying: LyingUtility, body: bytes
) -> None:
    lying.answer(ENTRY, body=body)
    assert "says nothing" in look(authorization)
    assert (authorization.status, authorization.standing_at) == (Status.ACTIVE, None)


def test_an_entry_of_somebody_elses_is_not_believed(
    authorization: Authorization, lying: LyingUtility, ben: Person, utility: Utility
) -> None:
    """The utility mixes them up: Ben revoked, and Ada's address answers with his entry."""
    other = said_of(authorization, status=0, resource_uri=f"{utility.resource_url}/Batch/2")
    lying.answer(ENTRY, body=write_entry(entry_of(other)))
    assert "another authorization" in look(authorization)
    assert authorization.status == Status.ACTIVE


def test_an_entry_that_is_there_twice_is_not_believed(
    authorization: Authorization, lying: LyingUtility
) -> None:
    lying.answer(ENTRY, body=feed(said_of(authorization), said_of(authorization, status=0)))
    assert "more than once" in look(authorization)
    assert authorization.status == Status.ACTIVE


def test_one_that_is_over_may_leave_out_where_its_data_was(
    authorization: Authorization, lying: LyingUtility
) -> None:
    said = said_of(authorization, status=0, resource_uri=None)
    lying.answer(ENTRY, body=write_entry(entry_of(said)))
    look(authorization)
    assert authorization.status == Status.REVOKED


def test_one_that_was_denied_needs_consent_and_keeps_its_data(
    authorization: Authorization, lying: LyingUtility
) -> None:
    lying.answer(ENTRY, body=document(authorization, status=2))
    look(authorization)
    assert (authorization.status, authorization.purge_at) == (Status.NEEDS_CONSENT, None)


def test_a_utility_that_does_not_answer_is_asked_again_but_not_for_ever(
    authorization: Authorization, lying: LyingUtility
) -> None:
    lying.answer(ENTRY, 503)
    waits = []
    for _ in standing.AGAIN_AFTER:
        assert "could not be asked" in look(authorization)
        assert authorization.standing_at is not None
        waits.append(authorization.standing_at - timezone.now())
        Authorization.objects.update(standing_at=timezone.now())
    assert waits == sorted(waits)
    assert waits[-1] > timedelta(hours=5)
    look(authorization)
    assert (authorization.status, authorization.standing_at) == (Status.ACTIVE, None)
    assert "/resource" not in authorization.standing_said


def test_one_that_the_utility_does_not_know_is_left_to_what_its_tokens_open(
    authorization: Authorization, lying: LyingUtility
) -> None:
    assert "does not know" in look(authorization)
    assert (authorization.status, authorization.standing_at) == (Status.ACTIVE, None)


def test_a_registration_that_is_refused_pauses_it_and_ends_nobodys_consent(
    authorization: Authorization, lying: LyingUtility
) -> None:
    lying.forget("/token")
    lying.answer("/token", 401, json={"error": "invalid_client"})
    look(authorization)
    assert authorization.status == Status.ACTIVE
    assert authorization.client is not None
    assert authorization.client.paused_at is not None
    assert standing.claim() == []


def test_no_token_goes_to_an_address_that_is_not_the_utilitys(
    authorization: Authorization, lying: LyingUtility
) -> None:
    Authorization.objects.update(authorization_uri="https://evil.example/Authorization/1")
    assert "not_ours" in look(authorization)
    assert lying.asked(ENTRY) == []


# -- when it is asked ---------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_refused_refresh_has_the_utility_asked_and_then_it_is_revoked(
    authorization: Authorization, lying: LyingUtility
) -> None:
    """At once it only needs consent; the entry tells that the customer revoked it there."""
    Authorization.objects.update(access_expires_at=timezone.now(), standing_at=None)
    lying.forget("/token")
    lying.answer("/token", 400, json={"error": "invalid_grant"})
    lying.answer("/token", json=CLIENT_TOKEN)
    lying.answer(ENTRY, body=document(authorization, status=0))
    with pytest.raises(UtilityError):
        fresh_access_token(authorization)
    authorization.refresh_from_db()
    assert authorization.status == Status.NEEDS_CONSENT
    assert standing.claim() == [authorization.pk]
    look(authorization)
    assert (authorization.status, authorization.revoked_by) == (Status.REVOKED, "utility")
    assert authorization.purge_at is not None


def test_one_that_needs_consent_and_is_active_there_still_needs_consent(
    authorization: Authorization, lying: LyingUtility
) -> None:
    authorization.mark_needs_consent()
    lying.answer(ENTRY, body=document(authorization, scope="FB=4"))
    assert "does not accept our tokens" in look(authorization)
    assert authorization.status == Status.NEEDS_CONSENT
    assert authorization.scope == "FB=4_16_51"


@pytest.mark.django_db(transaction=True)
def test_a_customer_who_reconnects_meanwhile_is_not_revoked_by_old_news(
    authorization: Authorization, lying: LyingUtility, utility: Utility
) -> None:
    authorization.mark_needs_consent()

    def reconnect() -> None:
        Authorization.objects.update(
            status=Status.ACTIVE, authorization_uri=f"{utility.resource_url}/Authorization/2"
        )

    body = document(authorization, status=0)
    lying.answer(ENTRY, body=body, before=elsewhere(reconnect))
    look(authorization)
    assert authorization.status == Status.ACTIVE
    assert authorization.purge_at is None
    # And the new one is asked for.
    assert authorization.standing_at is not None


@pytest.mark.django_db(transaction=True)
def test_news_that_come_while_the_utility_is_asked_are_not_lost(
    authorization: Authorization, lying: LyingUtility
) -> None:
    later = timezone.now() + timedelta(seconds=1)
    lying.answer(
        ENTRY,
        body=document(authorization),
        before=elsewhere(lambda: Authorization.objects.update(standing_at=later)),
    )
    look(authorization)
    assert authorization.standing_at == later


def test_it_is_asked_at_most_once_in_fifteen_minutes(authorization: Authorization) -> None:
    asked = timezone.now() - timedelta(minutes=5)
    Authorization.objects.update(standing_at=None, standing_asked_at=asked)
    for _ in range(3):
        assert Authorization.objects.all().ask_standing() == 1
    authorization.refresh_from_db()
    assert authorization.standing_at == asked + timedelta(minutes=15)
    assert standing.claim() == []
    assert standing.look(authorization) == ""


@pytest.mark.parametrize("status", [Status.REVOKED, Status.EXPIRED])
def test_what_is_over_is_not_asked_for(authorization: Authorization, status: str) -> None:
    Authorization.objects.update(status=status, standing_at=None)
    assert Authorization.objects.all().ask_standing() == 0
    Authorization.objects.update(standing_at=timezone.now())
    assert standing.claim() == []


def test_each_is_claimed_once(
    authorization: Authorization,
) -> None:
    assert standing.claim() == [authorization.pk]
    assert standing.claim() == []
    Authorization.objects.update(standing_claimed_until=timezone.now())
    assert standing.claim() == [authorization.pk]


def test_no_more_are_queued_than_workers_can_take(
    authorization: Authorization, ben: Person, utility: Utility, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "QUEUED", 2)
    for _ in range(3):
        cast.authorize(ben, utility)
    Authorization.objects.update(standing_at=timezone.now())
    assert len(standing.claim()) == 2
    assert standing.claim() == []


def test_one_that_nobody_can_read_makes_room_for_the_others(
    authorization: Authorization,
    ben: Person,
    utility: Utility,
    lying: LyingUtility,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(standing, "QUEUED", 1)
    bens = cast.authorize(ben, utility)
    Authorization.objects.filter(pk=bens.pk).update(
        standing_at=timezone.now() - timedelta(hours=1), access_token=Value("no key opens this")
    )
    lying.answer(ENTRY, body=document(authorization))
    assert standing.claim() == [bens.pk]
    with pytest.raises(WrongKeyError):
        look_at_standing(bens.pk)
    assert standing.claim() == [authorization.pk]
    look_at_standing(authorization.pk)
    left = Authorization.objects.filter(pk=bens.pk).values_list("standing_said", "standing_tries")
    assert left.get() == ("An error in the portal itself: WrongKeyError.", 1)
    for _ in standing.AGAIN_AFTER:
        Authorization.objects.filter(pk=bens.pk).update(standing_at=timezone.now())
        with pytest.raises(WrongKeyError):
            look_at_standing(bens.pk)
    assert not Authorization.objects.filter(pk=bens.pk).exclude(standing_at=None).exists()
