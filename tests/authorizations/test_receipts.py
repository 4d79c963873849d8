"""The receipt goes to the address that the customer gave, which is deleted within a minute."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from authorizations import emails, flows
from authorizations.models import Authorization, OutgoingEmail
from authorizations.tasks import send_due_emails
from tests import cast
from utilities.models import Utility

ADDRESS = "ada@example.org"


@pytest.fixture
def utility(db: None) -> Utility:
    return cast.make_utility("http://127.0.0.1:1")


@pytest.fixture
def authorization(utility: Utility) -> Authorization:
    made = cast.authorize(cast.ada(), utility)
    Authorization.objects.update(customer_email=ADDRESS)
    made.refresh_from_db()
    return made


def test_it_says_what_ended_when_by_whom_and_what_becomes_of_the_data(
    authorization: Authorization, mailoutbox: list[Any]
) -> None:
    flows.end(authorization, "customer")
    assert send_due_emails() == 1
    [mail] = mailoutbox
    assert mail.to == [ADDRESS]
    assert mail.subject == "You no longer share your data from Demo Power and Light"
    for words in (
        f"{settings.COMPANY_NAME} no longer receives your data from Demo Power and Light.",
        "by you",
        authorization.uid,
        "are deleted within a minute",
        "We are telling Demo Power and Light that the permission has ended.",
        f"{settings.PORTAL_URL}/connections/{authorization.uid}/stopped/",
        settings.SUPPORT_EMAIL,
    ):
        assert words in mail.body
    assert "\n\n\n" not in mail.body


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("utility", "by Demo Power and Light"),
        ("staff", "This was done by somebody at Test Company."),
    ],
)
def test_it_names_who_ended_it(
    authorization: Authorization, mailoutbox: list[Any], by: str, words: str
) -> None:
    flows.end(authorization, by)
    send_due_emails()
    assert words in mailoutbox[0].body


def test_times_are_those_of_the_utilitys_customers(
    authorization: Authorization, mailoutbox: list[Any]
) -> None:
    Authorization.objects.update(created=datetime(2026, 1, 5, 3, 30, tzinfo=UTC))
    flows.end(authorization, "customer")
    send_due_emails()
    assert "4 January 2026, 10:30 p.m. EST" in mailoutbox[0].body


def test_names_in_it_are_plain_text(utility: Utility, mailoutbox: list[Any]) -> None:
    Utility.objects.update(name="Smith & Sons <Power>\r\nBcc: ben@example.org")
    made = cast.authorize(cast.ada(), utility)
    Authorization.objects.update(customer_email=ADDRESS)
    flows.end(made, "customer")
    send_due_emails()
    assert "Smith & Sons <Power> Bcc: ben@example.org" in mailoutbox[0].subject
    assert mailoutbox[0].recipients() == [ADDRESS]


def test_what_came_from_files_has_words_of_its_own(utility: Utility, mailoutbox: list[Any]) -> None:
    brought = Authorization.for_file("x" * 22, utility, "")
    Authorization.objects.update(customer_email=ADDRESS)
    flows.end(brought, "customer")
    send_due_emails()
    [mail] = mailoutbox
    assert mail.subject == "Your Green Button files are deleted"
    assert "You can share again" not in mail.body
    assert "We are telling" not in mail.body


def test_without_an_address_there_is_none(authorization: Authorization) -> None:
    Authorization.objects.update(customer_email="")
    flows.end(authorization, "customer")
    assert not OutgoingEmail.objects.exists()


def test_stopping_twice_sends_one(authorization: Authorization) -> None:
    assert flows.end(authorization, "customer") is not None
    assert flows.end(authorization, "customer") is None
    assert OutgoingEmail.objects.count() == 1


def test_an_address_that_cannot_be_used_stops_nothing_from_stopping(
    authorization: Authorization, caplog: pytest.LogCaptureFixture
) -> None:
    Authorization.objects.update(customer_email="ada@example.org\nBcc: ben@example.org")
    assert flows.end(authorization, "customer") is not None
    authorization.refresh_from_db()
    assert authorization.status == Authorization.Status.REVOKED
    assert not OutgoingEmail.objects.exists()
    assert "cannot be used" in caplog.text
    assert "ada@" not in caplog.text


def test_a_reminder_that_waits_goes_with_what_it_reminds_of(
    authorization: Authorization, mailoutbox: list[Any]
) -> None:
    authorization.expires_at = timezone.now()
    emails.send(
        "expiring_soon",
        ADDRESS,
        {"authorization": authorization, "link": authorization},
        authorization=authorization,
    )
    flows.end(authorization, "customer")
    send_due_emails()
    assert [mail.subject[:19] for mail in mailoutbox] == ["You no longer share"]
