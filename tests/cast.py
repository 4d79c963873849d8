"""Who plays in the tests: Ada owns, Ben has his own, Cy must see nothing."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.core import mail
from django.test import Client as Browser
from django.utils import timezone

from authorizations import access, flows
from authorizations.models import Authorization, ConnectAttempt
from portal.rehearsal.browser import read_page
from utilities.client import Token
from utilities.models import Client, Utility

WAYS = [
    {
        "type": "phone",
        "label": "Phone number",
        "takes_value": True,
        "description": "Finds the customer by phone.",
        "example": "111-111-1111",
        "default": True,
    },
    {
        "type": "letter",
        "label": "A letter by post",
        "takes_value": False,
        "description": "A code comes by post.",
        "example": "",
        "default": False,
    },
]


def browser() -> Browser:
    """A browser at the portal's own address, from a network address that nobody else has."""
    return Browser(
        headers={"host": urlsplit(settings.PORTAL_URL).netloc},
        REMOTE_ADDR=f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}.{secrets.randbelow(256)}",
    )


def press_start(
    browser: Browser, page: str, fields: dict[str, str] | None = None, **request: Any
) -> Any:
    """Open a page about sharing and press its button; the answer. A page without one is it."""
    opened = browser.get(page)
    forms = read_page(page, opened.status_code, opened.content.decode()).forms
    for form in forms:
        if form.action.endswith("/start/"):
            return browser.post(form.action, form.filled(fields or {}), **request)
    return opened


@dataclass
class Person:
    """A customer at a browser of their own."""

    name: str
    cookie: str = field(default_factory=access.new_browser)
    browser: Browser = field(default_factory=browser)

    def __post_init__(self) -> None:
        self.browser.cookies[access.COOKIE] = self.cookie

    def begins(self, utility: Utility) -> str:
        """Set out for the utility; the state that goes along."""
        query = urlsplit(flows.begin(self.cookie, utility)).query
        return parse_qs(query)["state"][0]

    def sets_out(self, page: str, **fields: str) -> Any:
        """Open the page and press the button that leads to the utility; the answer."""
        return press_start(self.browser, page, fields)

    def sees(self, authorization: Authorization) -> bool:
        """Whether the receipt or the usage page of it opens."""
        answer = self.browser.get(f"/connections/{authorization.uid}/stopped/")
        asked_to_sign_in = answer.headers.get("Location", "").startswith("/account/sign-in/")
        return answer.status_code != 404 and not asked_to_sign_in

    def asks_for_code(self, address: str, **fields: str) -> Any:
        """Ask for a code at the customers' door."""
        return self.browser.post("/account/sign-in/send/", {"email": address, **fields})

    def types_code(self, code: str) -> Any:
        """Type a code on the page that takes it."""
        return self.browser.post("/account/code/prove/", {"code": code})

    def signs_in(self, address: str, **fields: str) -> Any:
        """Prove the address: ask for a code, read it there, type it."""
        assert self.asks_for_code(address, **fields).status_code == 302
        return self.types_code(code_sent_to(address))

    def comes_back(self, utility: Utility, **params: Any) -> Any:
        """Open the callback with these parameters, as the utility's redirect does."""
        return self.browser.get(f"/connect/callback/{utility.slug}/", params)


def new_address(name: str) -> str:
    """An address of nobody's yet: limits count by address, and outlive a test."""
    return f"{name}-{secrets.token_hex(6)}@example.org"


def code_sent_to(address: str) -> str:
    """The code in the latest e-mail to this address."""
    message = next(one for one in reversed(mail.outbox) if one.to == [address])
    found = re.search(r"\b\d{4}-\d{4}\b", str(message.body))
    assert found, message.body
    return found[0]


def ada() -> Person:
    return Person("Ada")


def ben() -> Person:
    return Person("Ben")


def cy() -> Person:
    return Person("Cy")


def make_utility(url: str = "https://utility.example", slug: str = "demo") -> Utility:
    """A utility at this address, with one registration."""
    utility = Utility.objects.create(
        slug=slug,
        utility_id=slug.upper(),
        name=f"{slug.capitalize()} Power and Light",
        short_name=slug.capitalize(),
        time_zone="America/Toronto",
        authorize_url=f"{url}/authorize",
        token_url=f"{url}/token",
        resource_url=f"{url}/resource",
        origins=[url],
        authentication_ways=WAYS,
    )
    make_client(utility)
    return utility


def make_client(utility: Utility, **values: object) -> Client:
    """A registration of the company with the utility."""
    return Client.objects.create(
        **{
            "utility": utility,
            "client_id": f"{utility.utility_id}_client",
            "company_name": "Test Company",
            "client_secret": "the-client-secret",
            "redirect_uris": [utility.callback_url],
            **values,
        }
    )


def authorize(person: Person, utility: Utility, *, seconds: int = 3600) -> Authorization:
    """An authorization that the person gave, without asking the utility."""
    client = utility.client_for_customers()
    assert client is not None
    attempt, _ = ConnectAttempt.begin(
        person.cookie, client, client.default_scope, utility.callback_url, None
    )
    return Authorization.activate(
        attempt,
        Token(
            access_token="the-access-token",
            refresh_token="the-refresh-token",
            expires_at=timezone.now() + timedelta(seconds=seconds),
            scope=client.default_scope,
            resource_uri=f"{utility.resource_url}/Batch/Subscription/1",
            authorization_uri=f"{utility.resource_url}/Authorization/1",
        ),
    )


def make_staff(name: str, *permissions: str) -> User:
    """Somebody who works for the company and may do just this."""
    user = User.objects.create_user(name, f"{name}@example.org", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user
