"""A utility's list of consents beside ours: it ends nothing by itself, and hides nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from authorizations.at_utility import reconciliation
from authorizations.models import (
    Authorization,
    Event,
    ForeignAuthorization,
    Reconciliation,
)
from greenbutton.espi.authorization import Authorization as Said
from greenbutton.espi.enums import GrantType
from greenbutton.ingest.purge import purge
from tests import cast
from tests.authorizations.consents import CLIENT_TOKEN, feed, said_of, until
from tests.cast import Person
from tests.lying_utility import LyingUtility
from utilities.models import Client, Utility

LIST = "/resource/Authorization"
Status = Authorization.Status


@pytest.fixture
def hers(utility: Utility, ada: Person, lying: LyingUtility) -> Authorization:
    lying.answer("/token", json=CLIENT_TOKEN)
    made = cast.authorize(ada, utility)
    Authorization.objects.update(created=timezone.now() - timedelta(days=30))
    made.refresh_from_db()
    return made


def stranger(utility: Utility, number: int = 7, **values: Any) -> Said:
    """What the list says of a consent that nobody here knows."""
    base = utility.resource_url
    told = {
        "status": 1,
        "scope": "FB=4_16_35;HistoryLength=86400",
        "resource_uri": f"{base}/Batch/Subscription/{number}",
        "authorization_uri": f"{base}/Authorization/{number}",
        "customer_resource_uri": f"{base}/Batch/RetailCustomer/{number}",
    }
    return Said(**{**told, **values})


def compare(utility: Utility) -> Reconciliation:
    """Ask for it and do it, as a worker does."""
    row = Reconciliation.ask(Client.objects.get(utility=utility))
    assert Reconciliation.claim(10) == [row.pk]
    reconciliation.reconcile(Reconciliation.objects.get(pk=row.pk))
    row.refresh_from_db()
    return row


def is_asked(authorization: Authorization) -> bool:
    authorization.refresh_from_db()
    return authorization.standing_at is not None


def test_a_list_that_is_as_ours_changes_nothing(
    utility: Utility, hers: Authorization, lying: LyingUtility
) -> None:
    events = Event.objects.count()
    lying.answer(LIST, body=feed(said_of(hers)))
    row = compare(utility)
    assert (row.state, row.listed, row.known, row.found) == ("done", 1, 1, 0)
    assert (row.missing, row.lingering, row.narrowed) == (0, 0, 0)
    assert not is_asked(hers)
    assert Event.objects.count() == events
    [asked] = lying.asked(LIST)
    assert asked.headers["authorization"] == "Bearer the-client-token"


def test_one_that_nobody_here_knows_is_found_and_kept_until_it_is_gone_there(
    utility: Utility, hers: Authorization, lying: LyingUtility
) -> None:
    scope = "FB=4_16_35;AdditionalScope=auth-phone-1111111111"
    lying.answer(LIST, body=feed(said_of(hers), stranger(utility, scope=scope)))
    assert compare(utility).found == 1
    found = ForeignAuthorization.objects.get()
    assert found.authorization_uri == f"{utility.resource_url}/Authorization/7"
    assert (found.client.utility, found.scope) == (utility, "FB=4_16_35")
    first = found.first_seen
    compare(utility)
    found.refresh_from_db()
    assert (found.first_seen, found.last_seen > first) == (first, True)
    lying.forget(LIST)
    lying.answer(LIST, body=feed(said_of(hers)))
    assert compare(utility).found == 0
    assert not ForeignAuthorization.objects.exists()


def test_one_that_is_active_here_and_not_there_is_asked_for_and_not_ended(
    utility: Utility, hers: Authorization, lying: LyingUtility
) -> None:
    lying.answer(LIST, body=feed(stranger(utility)))
    row = compare(utility)
    assert (row.missing, row.missing_uids) == (1, [hers.uid])
    assert is_asked(hers)
    assert hers.status == Status.ACTIVE


def test_one_whose_tokens_were_refused_and_that_is_not_there_is_asked_for_each_night(
    utility: Utility, hers: Authorization, lying: LyingUtility
) -> None:
    """Perhaps she revoked it there, and the utility could not be asked when it refused us."""
    hers.mark_needs_consent()
    Authorization.objects.update(standing_at=None)
    lying.answer(LIST, body=feed(stranger(utility)))
    row = compare(utility)
    assert (row.missing, row.missing_uids) == (0, [])
    assert is_asked(hers)


def test_one_whose_tokens_were_refused_and_that_is_there_is_not_asked_for(
    utility: Utility, hers: Authorization, lying: LyingUtility
) -> None:
    hers.mark_needs_consent()
    Authorization.objects.update(standing_at=None)
    lying.answer(LIST, body=feed(said_of(hers)))
    compare(utility)
    assert not is_asked(hers)


@pytest.mark.parametrize("status", [0, 2, None, 9])
def test_one_that_is_not_active_there_is_asked_for_by_itself(
    utility: Utility, hers: Authorization, lying: LyingUtility, status: int | None
) -> None:
    lying.answer(LIST, body=feed(said_of(hers, status=status)))
    row = compare(utility)
    assert (row.listed, row.missing) == (0, 1)
    assert is_asked(hers)
    assert (hers.status, hers.purge_at) == (Status.ACTIVE, None)


def test_one_that_ended_here_and_lingers_there_is_shown(
    utility: Utility, hers: Authorization, lying: LyingUtility
) -> None:
    said = said_of(hers)
    hers.mark_revoked("customer")
    lying.answer(LIST, body=feed(said))
    row = compare(utility)
    assert (row.lingering, row.lingering_uids, row.found) == (1, [hers.uid], 0)
    assert not is_asked(hers)


def test_one_that_the_utility_could_not_be_told_of_is_never_offered_for_adoption(
    utility: Utility, hers: Authorization, lying: LyingUtility
) -> None:
    """Its customer has stopped it. By then only a keyed hash of its address is left."""
    lying.answer(LIST, body=feed(said_of(hers), stranger(utility)))
    hers.mark_revoked("customer")
    hers.mark_untold()
    assert hers.authorization_uri == ""
    purge(hers)
    assert compare(utility).found == 1
    assert ForeignAuthorization.objects.get().authorization_uri.endswith("/Authorization/7")
    hers.refresh_from_db()
    hers.mark_told()
    assert hers.grant_digest == ""


def test_what_is_less_there_is_taken_over(
    utility: Utility, hers: Authorization, lying: LyingUtility
) -> None:
    end = until(timezone.now() + timedelta(days=3))
    lying.answer(LIST, body=feed(said_of(hers, scope="FB=4", authorized_period=end)))
    assert compare(utility).narrowed == 1
    hers.refresh_from_db()
    assert hers.scope == "FB=4"
    assert hers.expires_at is not None
    assert compare(utility).narrowed == 0


def test_what_is_more_there_is_not_taken_over(
    utility: Utility, hers: Authorization, lying: LyingUtility
) -> None:
    lying.answer(LIST, body=feed(said_of(hers, scope="FB=4_16_39_51")))
    assert compare(utility).narrowed == 0
    hers.refresh_from_db()
    assert hers.scope == "FB=4_16_51"


def test_what_is_no_customers_consent_or_not_at_the_utility_is_passed_over(
    utility: Utility, hers: Authorization, lying: LyingUtility
) -> None:
    lying.answer(
        LIST,
        body=feed(
            said_of(hers),
            stranger(utility, grant_type=GrantType.CLIENT_CREDENTIALS),
            stranger(utility, 8, resource_uri="https://evil.example/Batch/Subscription/8"),
            stranger(utility, 9, authorization_uri="https://evil.example/Authorization/9"),
            stranger(utility, 10, resource_uri=None),
            stranger(utility, 11, resource_uri=f"{utility.resource_url}/{'x' * 600}"),
        ),
    )
    assert compare(utility).found == 0


def test_one_that_is_listed_twice_is_found_once(
    utility: Utility, hers: Authorization, lying: LyingUtility
) -> None:
    lying.answer(LIST, body=feed(said_of(hers), stranger(utility), stranger(utility)))
    assert compare(utility).found == 1


def test_two_registrations_have_lists_of_their_own(
    utility: Utility, hers: Authorization, lying: LyingUtility
) -> None:
    other = cast.make_client(utility, client_id="another")
    lying.answer(LIST, body=feed(said_of(hers), stranger(utility)))
    row = Reconciliation.ask(other)
    reconciliation.reconcile(row)
    # Hers was not given to this one.
    assert row.found == 2
    assert {one.client for one in ForeignAuthorization.objects.all()} == {other}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Sign in</html>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'><entry>",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]><feed xmlns='http://www.w3.org/2005/Atom'>&a;</feed>",
    ],
)
def test_a_list_that_cannot_be_read_says_nothing_and_each_is_asked_for(
    utility: Utility, hers: Authorization, lying: LyingUtility, body: bytes
) -> None:
    ForeignAuthorization.seen(Client.objects.get(), [ForeignAuthorization(authorization_uri="a")])
    lying.answer(LIST, body=body)
    row = compare(utility)
    assert row.state == "failed"
    assert "cannot be read" in row.error
    assert is_asked(hers)
    assert ForeignAuthorization.objects.count() == 1


@pytest.mark.parametrize("status", [403, 404])
def test_a_utility_without_a_list_is_asked_for_each(
    utility: Utility, hers: Authorization, lying: LyingUtility, status: int
) -> None:
    lying.answer(LIST, status)
    assert compare(utility).state == "failed"
    assert is_asked(hers)


def test_a_utility_that_does_not_answer_is_asked_again_but_not_for_ever(
    utility: Utility, hers: Authorization, lying: LyingUtility
) -> None:
    lying.answer(LIST, 503)
    for tries in range(1, len(reconciliation.AGAIN_AFTER) + 1):
        row = compare(utility)
        assert (row.state, row.tries, row.due_at > timezone.now()) == ("waiting", tries, True)
    row = compare(utility)
    assert row.state == "failed"
    assert not is_asked(hers)


def test_a_registration_that_is_refused_is_paused(
    utility: Utility, hers: Authorization, lying: LyingUtility
) -> None:
    lying.forget("/token")
    lying.answer("/token", 401, json={"error": "invalid_client"})
    compare(utility)
    assert not Client.objects.get().is_usable()
    Reconciliation.objects.update(due_at=timezone.now())
    assert Reconciliation.claim(10) == []


def elsewhere(act: Callable[[], object]) -> Callable[[], None]:
    def acting() -> None:
        try:
            act()
        finally:
            connection.close()

    return acting


@pytest.mark.django_db(transaction=True)
def test_a_customer_who_connects_meanwhile_is_not_taken_for_unknown_or_missing(
    utility: Utility, hers: Authorization, ben: Person, lying: LyingUtility
) -> None:
    """And one who consents to more meanwhile keeps it, whatever the older list says."""

    def meanwhile() -> None:
        cast.authorize(ben, utility)
        base = utility.resource_url
        Authorization.objects.exclude(pk=hers.pk).update(
            resource_uri=f"{base}/Batch/Subscription/7", authorization_uri=f"{base}/Authorization/7"
        )
        Authorization.objects.filter(pk=hers.pk).update(scope="FB=4_16_39_51")

    body = feed(said_of(hers, scope="FB=4"), stranger(utility))
    lying.answer(LIST, body=body, before=elsewhere(meanwhile))
    row = compare(utility)
    assert (row.found, row.missing, row.narrowed) == (0, 0, 0)
    hers.refresh_from_db()
    assert hers.scope == "FB=4_16_39_51"


# -- when it is done ------------------------------------------------------------------------------


def test_each_registration_in_use_is_compared_once_a_night(
    utility: Utility, hers: Authorization
) -> None:
    cast.make_client(utility, client_id="paused", paused_at=timezone.now())
    cast.make_client(utility, client_id="retired", retired_at=timezone.now())
    assert reconciliation.ask_nightly() == 1
    assert reconciliation.ask_nightly() == 0
    row = Reconciliation.objects.get()
    assert row.due_at < timezone.now() + timedelta(hours=1)
    Reconciliation.objects.update(state="done", asked=timezone.now() - timedelta(hours=24))
    assert reconciliation.ask_nightly() == 1


def test_staff_who_ask_hasten_the_one_that_waits(utility: Utility, db: None) -> None:
    client = Client.objects.get()
    nightly = Reconciliation.ask(client, after=timedelta(minutes=40))
    someone = User.objects.create_user("sam")
    asked = Reconciliation.ask(client, by=someone)
    assert (asked.pk, asked.asked_by) == (nightly.pk, someone)
    assert Reconciliation.claim(10) == [asked.pk]
    assert Reconciliation.claim(10) == []


def test_old_ones_are_forgotten(utility: Utility) -> None:
    row = Reconciliation.ask(Client.objects.get())
    row.failed("It could not be had.")
    assert Reconciliation.forget_old() == 0
    Reconciliation.objects.update(finished=timezone.now() - timedelta(days=91))
    assert Reconciliation.forget_old() == 1
