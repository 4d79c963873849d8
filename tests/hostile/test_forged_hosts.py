"""A forged Host header: a link in an e-mail, or a redirect URI, that leads to an attacker."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client as Browser

from authorizations.models import ConnectAttempt, OutgoingEmail, ShareLink
from tests import cast
from tests.cast import Person, new_address
from utilities.models import Utility

EVIL = "evil.example"
FORGED = [
    {"x-forwarded-host": EVIL},
    {"x-host": EVIL, "x-original-host": EVIL, "forwarded": f"host={EVIL}"},
    {"x-forwarded-host": EVIL, "x-forwarded-proto": "https", "x-forwarded-port": "1"},
    {"x-forwarded-prefix": "//evil.example", "x-original-url": "//evil.example"},
    {"x-forwarded-server": EVIL, "x-rewrite-url": f"https://{EVIL}/", "script-name": f"//{EVIL}"},
]


@pytest.mark.parametrize("headers", FORGED, ids=lambda headers: next(iter(headers)))
def test_no_e_mail_has_a_link_to_a_forged_host(
    db: None, ada: Person, boss: User, headers: dict[str, str]
) -> None:
    EmailAddress.objects.create(user=boss, email=boss.email, verified=True, primary=True)
    boss.set_password("correct horse battery")
    boss.save()
    code = {"email": new_address("ada")}
    ada.browser.post("/account/sign-in/send/", code, headers=headers)
    ada.browser.post("/account/sign-in/send/", {"email": boss.email}, headers=headers)
    ada.browser.post("/accounts/password/reset/", {"email": boss.email}, headers=headers)
    assert len(mail.outbox) == 3
    for message in mail.outbox:
        assert EVIL not in message.message().as_string()
    assert f"{settings.PORTAL_URL}/accounts/password/reset/key/" in str(mail.outbox[2].body)


@pytest.mark.parametrize("headers", FORGED, ids=lambda headers: next(iter(headers)))
def test_neither_has_a_link_that_is_sent_nor_a_way_to_the_utility(
    utility: Utility, ada: Person, office: Browser, headers: dict[str, str]
) -> None:
    link = ShareLink.objects.create(utility=utility)
    office.post(
        f"/staff/authorizations/sharelink/{link.pk}/send/",
        {"_form_submitted": "True", "to": "ada@example.org", "email": "ada@example.org"},
        headers=headers,
    )
    for email in OutgoingEmail.objects.all():
        assert EVIL not in email.text + email.html + email.subject
        assert f"{settings.PORTAL_URL}/share/" in email.text
    sent = cast.press_start(ada.browser, f"/share/{link.code}/", headers=headers)
    assert EVIL not in sent.headers["Location"]
    assert ConnectAttempt.objects.get().redirect_uri == utility.callback_url


@pytest.mark.parametrize(
    "host", [EVIL, f"{EVIL}:8000", "localhost:8000.evil.example", "localhost", "localhost:80", ""]
)
def test_another_host_gets_no_page_and_no_e_mail_is_sent_for_it(db: None, host: str) -> None:
    stranger = Browser(headers={"host": host})
    answer = stranger.get("/account/sign-in/")
    assert answer.status_code in {301, 302, 400}
    assert answer.headers.get("Location", settings.PORTAL_URL).startswith(settings.PORTAL_URL)
    posted = stranger.post("/account/sign-in/send/", {"email": new_address("ada")})
    assert posted.status_code in {400, 421}
    assert mail.outbox == []


def test_a_proxy_is_believed_only_where_there_is_one(db: None, ada: Person) -> None:
    answer = ada.browser.get("/connect/", headers={"x-forwarded-proto": "https"})
    assert answer.status_code == 200
    assert "Strict-Transport-Security" not in answer.headers
