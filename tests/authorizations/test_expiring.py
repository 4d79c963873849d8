"""What is going to end is told of before it does, once for each of the days that are set."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Value
from django.utils import timezone
from pytest_django import Settings

from authorizations import flows
from authorizations.links.renewal import renewal_link
from authorizations.models import Authorization, EventType, OutgoingEmail, ShareLink
from authorizations.tasks import send_due_emails, warn_of_ends
from greenbutton.espi import scope as espi_scope
from tests import cast
from tests.cast import Person
from utilities.models import Utility

ADDRESS = "ada@example.org"


@pytest.fixture
def ada() -> Person:
    return cast.ada()


@pytest.fixture
def utility(db: None) -> Utility:
    return cast.make_utility()


@pytest.fixture
def authorization(utility: Utility, ada: Person) -> Authorization:
    made = cast.authorize(ada, utility)
    Authorization.objects.update(
        customer_email=ADDRESS, created=timezone.now() - timedelta(days=300)
    )
    return made


def ends_in(authorization: Authorization, **ahead: float) -> None:
    end = timezone.now() + timedelta(**ahead)
    Authorization.objects.filter(pk=authorization.pk).update(expires_at=end)
    authorization.refresh_from_db()


def told(authorization: Authorization) -> list[int]:
    events = authorization.events.filter(type=EventType.EXPIRING_SOON).order_by("id")
    return [event.detail["days"] for event in events]


def test_a_day_before_its_end_it_is_told_once(authorization: Authorization) -> None:
    ends_in(authorization, hours=25)
    assert warn_of_ends() == 0
    ends_in(authorization, hours=23)
    assert warn_of_ends() == 1
    assert warn_of_ends() == 0
    assert told(authorization) == [1]


def test_once_for_each_of_the_days_that_are_set(
    authorization: Authorization, settings: Settings
) -> None:
    settings.EXPIRING_SOON_DAYS = [7, 30, 1]
    for days, so_far in ((31, []), (29, [30]), (6, [30, 7]), (5, [30, 7]), (0.5, [30, 7, 1])):
        ends_in(authorization, days=days)
        warn_of_ends()
        assert told(authorization) == so_far


def test_one_that_was_overlooked_for_days_is_told_once(
    authorization: Authorization, settings: Settings
) -> None:
    settings.EXPIRING_SOON_DAYS = [30, 7, 1]
    ends_in(authorization, hours=5)
    assert warn_of_ends() == 1
    assert told(authorization) == [1]
    assert OutgoingEmail.objects.count() == 1


@pytest.mark.parametrize(
    "values",
    [
        {"expires_at": None},
        {"status": "expired"},
        {"status": "needs_consent"},
        {"status": "revoked"},
        {"created": timezone.now()},  # it lasts no longer than a day as a whole
    ],
)
def test_what_does_not_end_or_has_ended_or_has_just_begun_is_not_told_of(
    authorization: Authorization, values: dict[str, Any]
) -> None:
    ends_in(authorization, hours=20)
    Authorization.objects.update(**values)
    assert warn_of_ends() == 0
    assert not OutgoingEmail.objects.exists()


def test_what_is_over_is_not_ending_soon(authorization: Authorization) -> None:
    ends_in(authorization, seconds=-1)
    assert warn_of_ends() == 0


def test_its_customer_gets_a_link_to_go_on(
    authorization: Authorization, ada: Person, mailoutbox: list[Any]
) -> None:
    ends_in(authorization, hours=20)
    warn_of_ends()
    assert send_due_emails() == 1
    [mail] = mailoutbox
    link = ShareLink.objects.get()
    assert mail.to == [ADDRESS]
    assert link.url in mail.body
    assert "If you do nothing, sharing ends by itself." in mail.body
    page = ada.browser.get(f"/share/{link.code}/").content.decode()
    assert "Continue to Demo Power and Light" in page
    assert link.expires_at is not None
    assert authorization.expires_at is not None
    assert link.expires_at > authorization.expires_at


def test_without_an_address_the_event_is_there_and_no_link(authorization: Authorization) -> None:
    Authorization.objects.update(customer_email="")
    ends_in(authorization, hours=20)
    assert warn_of_ends() == 1
    assert told(authorization) == [1]
    assert not ShareLink.objects.exists()
    assert not OutgoingEmail.objects.exists()


def test_the_link_asks_for_as_long_again(authorization: Authorization) -> None:
    ends_in(authorization, days=65)
    assert authorization.expires_at is not None
    end = int(authorization.expires_at.timestamp())
    authorization.asked_scope = f"FB=4_16;PreferredAuthEndDate={end};HistoryLength=0"
    asked = espi_scope.parse(renewal_link(authorization).scope)
    assert asked.function_blocks == (4, 16)
    assert asked.history_length == 0
    assert asked.end_date is not None
    assert abs(asked.end_date - end - 365 * 86_400) <= 1


@pytest.mark.parametrize("scope", ["", "FB=4_16", "FB=4_16;PreferredAuthEndDate=0"])
def test_what_was_asked_for_without_an_end_is_asked_for_so_again(
    authorization: Authorization, scope: str
) -> None:
    authorization.asked_scope = scope
    assert renewal_link(authorization).scope == scope


def test_the_link_is_on_the_books_and_names_nobody(authorization: Authorization) -> None:
    link = renewal_link(authorization)
    assert list(link.events.values_list("type", flat=True)) == ["form_created"]
    assert (link.authentication_value, link.note) == ("", f"To renew {authorization.uid}")


def test_one_that_no_key_opens_keeps_nobody_from_being_told(authorization: Authorization) -> None:
    assert authorization.utility is not None
    newer = cast.authorize(cast.ben(), authorization.utility)
    Authorization.objects.filter(pk=newer.pk).update(created=timezone.now() - timedelta(days=200))
    ends_in(authorization, hours=23)
    ends_in(newer, hours=23)
    Authorization.objects.filter(pk=newer.pk).update(customer_email=Value("no key opens this"))
    assert warn_of_ends() == 1
    assert told(authorization) == [1]


def test_who_has_stopped_is_not_reminded(authorization: Authorization, mailoutbox: Any) -> None:
    ends_in(authorization, hours=20)
    warn_of_ends()
    flows.end(authorization, "customer")
    send_due_emails()
    assert [mail.subject[:19] for mail in mailoutbox] == ["You no longer share"]


def test_the_expired_offers_to_share_again(authorization: Authorization, ada: Person) -> None:
    authorization.mark_expired()
    for path in ("/connections/", f"/usage/{authorization.uid}/"):
        renews = f'action="/connections/{authorization.uid}/renew/"'
        assert renews in ada.browser.get(path).content.decode()
    authorization.refresh_from_db()
    # Credentials go; what opens the data stays.
    assert (authorization.access_token, authorization.refresh_token) == ("", "")
    assert authorization.feed_key
    assert authorization.purge_at is None
