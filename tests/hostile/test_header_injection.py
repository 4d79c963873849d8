"""Header injection: a form, a link or a name that would write an e-mail's headers, or a page's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client as Browser
from pytest_django import Settings

from authorizations.models import OutgoingEmail, ShareLink
from authorizations.tasks import send_due_emails
from tests.cast import Person, authorize, new_address
from tests.mail_server import MailServer
from utilities.models import Utility

# Each kind of end of a line that something, on the way to a mailbox, might see as one.
ENDS = ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\x00", "%0d%0a"]
INJECTED = "Bcc: mallory@evil.example"


@pytest.fixture
def mail(settings: Settings) -> Iterator[MailServer]:
    """A mail server, and a portal that uses it."""
    with MailServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


def is_plain(mail: MailServer, address: str) -> bool:
    """Whether each e-mail went to this address alone, with the headers that it should have."""
    return all(
        message["To"] == address and message["Bcc"] is None and message["Cc"] is None
        for message in mail.messages
    )


@pytest.mark.parametrize("end", ENDS, ids=repr)
def test_an_address_that_a_stranger_types_writes_no_header(
    mail: MailServer, ada: Person, db: None, end: str
) -> None:
    address = new_address("ada")
    for typed in (
        f"{address}{end}{INJECTED}",
        f"{end}{INJECTED}{end}{address}",
        f"{address},{end} mallory@evil.example",
        f'"x{end}{INJECTED}"@example.org',
    ):
        assert ada.asks_for_code(typed).status_code == 422
    assert mail.messages == []


@pytest.mark.parametrize("end", ENDS, ids=repr)
def test_an_address_that_a_guest_gives_writes_no_header(
    mail: MailServer, utility: Utility, ada: Person, end: str
) -> None:
    authorization = authorize(ada, utility)
    page = f"/connections/{authorization.uid}/come-back/"
    typed = f"{new_address('ada')}{end}{INJECTED}"
    assert ada.browser.post(f"{page}give/", {"email": typed}).status_code == 422
    assert mail.messages == []
    authorization.refresh_from_db()
    assert authorization.customer_email == ""


@pytest.mark.parametrize("end", ENDS, ids=repr)
def test_a_links_address_parameter_writes_no_header(
    mail: MailServer, utility: Utility, ada: Person, end: str
) -> None:
    link = ShareLink.objects.create(utility=utility)
    said = {"email": f"ada@example.org{end}{INJECTED}"}
    assert ada.browser.get(f"/share/{link.code}/", said).status_code == 400


@pytest.mark.parametrize("end", ENDS, ids=repr)
def test_neither_a_utilitys_name_nor_a_note_writes_a_header(
    mail: MailServer, utility: Utility, office: Browser, end: str
) -> None:
    """Names come from a registry file, notes and references from staff; both may be pasted."""
    Utility.objects.update(name=f"Demo{end.replace(chr(0), '')}{INJECTED}")
    link = ShareLink.objects.create(
        utility=utility,
        note=f"For Ada{end.replace(chr(0), '')}{INJECTED}",
        reference="7",
        customer_email="ada@example.org",
    )
    office.post(
        f"/staff/authorizations/sharelink/{link.pk}/send/",
        {"_form_submitted": "True", "to": "ada@example.org"},
    )
    assert OutgoingEmail.objects.count() == 1
    send_due_emails()
    assert len(mail.messages) == 1
    assert is_plain(mail, "ada@example.org")
    assert "\n" not in mail.messages[0]["Subject"]


@pytest.mark.parametrize("end", ENDS, ids=repr)
def test_staff_cannot_be_made_to_write_to_two_by_what_they_paste(
    mail: MailServer, utility: Utility, office: Browser, end: str
) -> None:
    link = ShareLink.objects.create(utility=utility)
    office.post(
        f"/staff/authorizations/sharelink/{link.pk}/send/",
        {"_form_submitted": "True", "to": f"ada@example.org{end}{INJECTED}"},
    )
    assert not OutgoingEmail.objects.exists()
    send_due_emails()
    assert mail.messages == []


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "%0d%0a", "\u2028"], ids=repr)
def test_a_pages_headers_are_not_written_by_its_address(
    utility: Utility, ada: Person, end: str
) -> None:
    """Response splitting: what comes back in Location, or in the name of a file."""
    injected = f"x{end}Set-Cookie: portal_session=mallory"
    answers: list[Any] = [
        ada.browser.get("/connect/", {"utility": utility.utility_id, "email": injected}),
        ada.browser.get("/connect/", {"utility": utility.utility_id, "state": injected}),
        ada.browser.get("/account/sign-in/", {"next": f"/{injected}"}),
        ada.browser.get(f"/connect/callback/{utility.slug}/", {"state": injected}),
        ada.browser.get("/upload/", headers={"hx-current-url": injected}),
    ]
    for answer in answers:
        assert "portal_session" not in answer.cookies
        for value in answer.headers.values():
            assert "\n" not in value
            assert "\r" not in value
