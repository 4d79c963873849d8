"""E-mails wait in the database, encrypted, until a mail server has taken them."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from authorizations import emails
from authorizations.models import Authorization, Event, OutgoingEmail
from authorizations.tasks import send_due_emails
from tests import cast
from tests.mail_server import MailServer
from utilities.models import Utility

ADDRESS = "ada@example.org"

Write = Callable[..., OutgoingEmail]


@pytest.fixture
def mail(settings: Settings) -> Iterator[MailServer]:
    """A mail server, and a portal that uses it."""
    with MailServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


@pytest.fixture
def templates(settings: Settings, tmp_path: Path) -> Path:
    """A folder for templates of this test's own."""
    folder = tmp_path / "authorizations" / "mail"
    folder.mkdir(parents=True)
    (folder / "greeting_subject.txt").write_text("For {{ name }}\n")
    (folder / "greeting.txt").write_text("\nDear {{ name }},\n.\n{{ company_name }}\n\n")
    [django] = settings.TEMPLATES
    settings.TEMPLATES = [{**django, "DIRS": [tmp_path, *django["DIRS"]]}]
    return folder


@pytest.fixture
def write(db: None, templates: Path) -> Write:
    """Queue a greeting."""

    def greeting(to: str = ADDRESS, name: str = "Ada & Co", **about: Any) -> OutgoingEmail:
        return emails.send("greeting", to, {"name": name}, **about)

    return greeting


@pytest.fixture
def authorization(db: None) -> Authorization:
    return cast.authorize(cast.ada(), cast.make_utility())


def due_in(email: OutgoingEmail) -> timedelta:
    email.refresh_from_db()
    return email.due_at - timezone.now()


def make_due() -> None:
    OutgoingEmail.objects.update(due_at=timezone.now())


def test_one_is_sent_and_nothing_of_it_remains(mail: MailServer, write: Write) -> None:
    write()
    assert send_due_emails() == 1
    [message] = mail.messages
    assert message["To"] == ADDRESS
    assert message["Subject"] == "For Ada & Co"
    # What is plain text is not HTML; a line of one dot does not end it.
    assert message.get_content().splitlines() == ["Dear Ada & Co,", ".", "Test Company"]
    assert not OutgoingEmail.objects.exists()
    assert send_due_emails() == 0


def test_nobodys_holiday_notice_is_to_answer(mail: MailServer, write: Write) -> None:
    write()
    send_due_emails()
    assert mail.messages[0]["Auto-Submitted"] == "auto-generated"


def test_html_goes_beside_the_text_and_escapes(
    mail: MailServer, write: Write, templates: Path
) -> None:
    (templates / "greeting.html").write_text("<p>{{ name }}</p>")
    write()
    send_due_emails()
    html = mail.messages[0].get_body(("html",))
    assert html is not None
    assert html.get_content().strip() == "<p>Ada &amp; Co</p>"


def test_the_database_holds_neither_address_nor_words(write: Write) -> None:
    write()
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(e)::text FROM authorizations_outgoingemail e")
        row = cursor.fetchone()[0]
    assert ADDRESS not in row
    assert "Ada" not in row


def test_what_is_rolled_back_sends_nothing(mail: MailServer, write: Write) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012
        write()
        raise RuntimeError
    assert send_due_emails() == 0


def test_the_timeline_says_that_it_was_sent(
    mail: MailServer, write: Write, authorization: Authorization
) -> None:
    write(authorization=authorization)
    send_due_emails()
    event = authorization.events.first()
    assert event is not None
    assert (event.type, event.detail) == ("email_sent", {"kind": "greeting"})


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "ada@example.org, ben@example.org",
        "ada@example.org\nBcc: ben@example.org",
        "ada@example.org\r\nBcc: ben@example.org",
        "ada@example.org%0aBcc:ben@example.org\u2028x",
        "Ada <ada@example.org>",
        f"{'a' * 250}@example.org",
    ],
)
def test_what_is_not_one_plain_address_is_refused(write: Write, address: str) -> None:
    with pytest.raises(ValidationError):
        write(to=address)
    assert not OutgoingEmail.objects.exists()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\x85", "\u2028", "\x00\n"])
def test_a_name_cannot_write_a_header(mail: MailServer, write: Write, end: str) -> None:
    write(name=f"Ada{end}Bcc: ben@example.org")
    assert send_due_emails() == 1
    [message] = mail.messages
    assert message["Bcc"] is None
    assert message["Subject"].startswith("For Ada")
    assert "\n" not in message["Subject"]


def test_a_companys_name_cannot_write_a_header(
    mail: MailServer, write: Write, templates: Path, settings: Settings
) -> None:
    settings.COMPANY_NAME = "Test\r\nBcc: ben@example.org"
    (templates / "greeting_subject.txt").write_text("From {{ company_name }}")
    write()
    send_due_emails()
    assert mail.messages[0]["Bcc"] is None


class TestAServerThatIsDown:
    def test_it_waits_and_goes_out_later(
        self, write: Write, settings: Settings, mailoutbox: list[Any]
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        email = write()
        assert send_due_emails() == 0
        assert timedelta() < due_in(email) <= emails.BACKOFF_FIRST
        with MailServer(port) as mail:
            assert send_due_emails() == 0  # not due yet
            make_due()
            assert send_due_emails() == 1
            assert len(mail.messages) == 1

    def test_it_is_asked_for_one_of_many_only(self, mail: MailServer, write: Write) -> None:
        mail.refuses["EHLO"] = mail.refuses["HELO"] = "421 closing"
        waiting = [write() for _ in range(3)]
        send_due_emails()
        assert sum(due_in(one) > timedelta() for one in waiting) == 1
        assert mail.connections == 1

    def test_longer_and_longer_but_never_long(self, mail: MailServer, write: Write) -> None:
        mail.refuses["MAIL"] = "451 come back later"
        email = write()
        waits = []
        for _ in range(10):
            make_due()
            send_due_emails()
            waits.append(round(due_in(email).total_seconds()))
        assert waits == sorted(waits)
        assert max(waits) <= emails.BACKOFF_LONGEST.total_seconds()

    def test_after_72_hours_the_address_is_gone(
        self, mail: MailServer, write: Write, authorization: Authorization
    ) -> None:
        mail.refuses["MAIL"] = "451 come back later"
        write(authorization=authorization)
        OutgoingEmail.objects.update(created=timezone.now() - timedelta(hours=73))
        send_due_emails()
        assert not OutgoingEmail.objects.exists()
        event = authorization.events.first()
        assert event is not None
        assert (event.type, event.detail) == ("email_undelivered", {"kind": "greeting"})


class TestAServerThatRefuses:
    def test_an_address_that_does_not_exist_is_not_tried_again(
        self, mail: MailServer, write: Write, authorization: Authorization
    ) -> None:
        mail.refuses["RCPT"] = "550 5.1.1 nobody of that name"
        write(authorization=authorization)
        assert send_due_emails() == 0
        assert not OutgoingEmail.objects.exists()
        assert authorization.events.filter(type="email_undelivered").exists()

    @pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA."])
    def test_one_that_is_put_off_is_kept(
        self, mail: MailServer, write: Write, command: str
    ) -> None:
        mail.refuses[command] = "450 4.2.1 come back later"
        email = write()
        send_due_emails()
        assert due_in(email) > timedelta()

    def test_a_server_that_does_not_let_us_send_loses_nothing(
        self, mail: MailServer, write: Write
    ) -> None:
        mail.refuses["MAIL"] = "530 5.7.0 authentication required"
        write()
        send_due_emails()
        assert OutgoingEmail.objects.count() == 1

    def test_one_refusal_does_not_keep_the_others(self, mail: MailServer, write: Write) -> None:
        mail.refuses["DATA."] = "550 no"
        write(), write()
        send_due_emails()
        assert not OutgoingEmail.objects.exists()

    def test_the_log_has_neither_the_address_nor_the_servers_words(
        self, mail: MailServer, write: Write, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        mail.refuses["RCPT"] = f"550 5.1.1 {ADDRESS} is unknown"
        write()
        send_due_emails()
        assert "SMTPRecipientsRefused 550" in caplog.text
        assert ADDRESS not in caplog.text


def test_of_two_workers_one_sends_it(mail: MailServer, write: Write) -> None:
    email = write()
    assert emails._claim() == email.pk
    assert send_due_emails() == 0
    assert mail.messages == []


def test_a_worker_that_dies_costs_a_delay_and_a_copy_is_known_as_one(
    mail: MailServer, write: Write
) -> None:
    email = write()
    first = f"<{email.uid}@example.org>"
    assert emails._claim()
    make_due()
    assert send_due_emails() == 1
    assert mail.messages[0]["Message-ID"] == first


def test_one_about_a_link_is_told_of_on_the_link(mail: MailServer, write: Write, db: None) -> None:
    utility: Utility = cast.make_utility()
    link = utility.share_links.create()
    write(link=link)
    send_due_emails()
    assert list(link.events.values_list("type", flat=True)) == ["email_sent"]
    assert Event.objects.get().authorization is None
