"""A customer in front of the sandbox's pages, and a company in front of its token endpoint."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from django.conf import settings
from django.core import mail
from django.http import HttpResponseBase
from django.test import Client

from greenbutton.espi import Entry, read_feed
from greenbutton.espi.interval_block import IntervalBlock, IntervalReading
from greenbutton.espi.usage_summary import UsageSummary
from utilities.sandbox.models import Grant, OneTimeCode, Registration, WrongTries

HOST = urlsplit(settings.SANDBOX_URL).netloc
RESOURCE = "/DataCustodian/espi/1_1/resource"
FORM = "application/x-www-form-urlencoded"
PUC_HOME = {
    "type": "lastbill",
    "value": "APUC0000-00",
    "bill_amount": "180.92",
    "bill_date": "2023-02-22",
}


class Browser(Client):
    """Django's, which forgets the port when it follows a redirect to a whole address."""

    def request(self, **request: Any) -> Any:
        if request.get("HTTP_HOST") == HOST.partition(":")[0]:
            request["HTTP_HOST"] = HOST
        return super().request(**request)


def browser() -> Client:
    """One that insists on CSRF tokens, as a real one meets them."""
    return Browser(headers={"host": HOST}, enforce_csrf_checks=True)


def body(response: HttpResponseBase) -> bytes:
    """The whole answer, streamed or not."""
    return b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Company:
    """A third party with its credentials."""

    registration: Registration

    @classmethod
    def public(cls, utility: str) -> Company:
        return cls(Registration.objects.get(utility=utility, is_public=True))

    @classmethod
    def live(cls, utility: str) -> Company:
        """A company that the utility approved, with an address of its own."""
        return cls(
            Registration.objects.create(
                utility=utility,
                client_id=f"{utility}_live",
                company_name="Ada's Audits",
                status=Registration.Status.LIVE,
                review=Registration.Review.APPROVED,
                redirect_uris=["https://ada.example/back?from=utility"],
                default_scope="FB=4_16",
            )
        )

    @property
    def utility(self) -> str:
        return self.registration.utility

    @property
    def redirect_uri(self) -> str:
        uri: str = self.registration.redirect_uris[0]
        return uri

    def basic(self, secret: str = "") -> str:
        pair = f"{self.registration.client_id}:{secret or self.registration.client_secret}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"

    def ask_token(self, headers: dict[str, str] | None = None, **params: str) -> Any:
        """What the token endpoint answers."""
        return Client().post(
            f"/DataCustodian/{self.utility}/oauth/token",
            "&".join(f"{name}={quote(value, safe='')}" for name, value in params.items()),
            content_type=FORM,
            headers={"host": HOST, "authorization": self.basic()} | (headers or {}),
        )

    def trade(self, code: str, **params: str) -> Any:
        trade = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
        }
        return self.ask_token(None, **trade | params)

    def client_token(self) -> str:
        token: str = self.ask_token(grant_type="client_credentials").json()["access_token"]
        return token

    def authorized(self, scope: str = "FB=4_16", **choices: Any) -> dict[str, Any]:
        """The token answer after the whole walk of a test customer."""
        answer: dict[str, Any] = self.trade(self.code(scope, **choices)).json()
        return answer

    def code(self, scope: str = "FB=4_16", **choices: Any) -> str:
        """A code, as the customer's browser brings it."""
        walk = Walk(self, scope=scope)
        walk.sign_in()
        walk.allow(**choices)
        return walk.returned()["code"]


def get(path: str, token: str, **query: str) -> Any:
    """A GET with a bearer token."""
    return Client().get(path, query, headers={"host": HOST, "authorization": f"Bearer {token}"})


def delete(path: str, token: str) -> Any:
    return Client().delete(path, headers={"host": HOST, "authorization": f"Bearer {token}"})


def path_of(uri: str) -> str:
    return urlsplit(uri).path


@dataclass
class Feed:
    """A document, read by the library that the portal reads with."""

    entries: list[Entry]
    findings: list[Any]

    @classmethod
    def of(cls, response: HttpResponseBase) -> Feed:
        assert response.status_code == 200, body(response)
        feed = read_feed(io.BytesIO(body(response)), max_bytes=100_000_000)
        return cls(list(feed), list(feed.findings))

    def of_type(self, name: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.type == name]

    def blocks(self) -> list[IntervalBlock]:
        return [e.resource for e in self.entries if isinstance(e.resource, IntervalBlock)]

    def readings(self) -> list[IntervalReading]:
        return [reading for block in self.blocks() for reading in block.readings]

    def bills(self) -> list[UsageSummary]:
        return [e.resource for e in self.entries if isinstance(e.resource, UsageSummary)]


@dataclass
class Walk:
    """One customer's way through the pages, from the company's link on."""

    company: Company
    scope: str = "FB=4_16"
    state: str = "s-123"
    parameters: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.client = browser()
        self.page: Any = None
        self.open()

    def open(self) -> None:
        """Follow the company's link."""
        query = {
            "response_type": "code",
            "client_id": self.company.registration.client_id,
            "redirect_uri": self.company.redirect_uri,
            "scope": self.scope,
            "state": self.state,
            **self.parameters,
        }
        address = f"/DataCustodian/{self.company.utility}/oauth/authorize"
        sent = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items() if value)
        self.page = self.client.get(f"{address}?{sent}", follow=True)

    @property
    def html(self) -> str:
        text: str = self.page.content.decode()
        return text

    def shows(self, form: str) -> bool:
        """Whether the form stands on the page."""
        return f'<form id="{form}"' in self.html

    def alert(self) -> tuple[str, str] | None:
        """The error's code and its sentence."""
        found = re.search(r'role="alert" data-error="(\w+)">(.*?)</div>', self.html, re.DOTALL)
        return (found[1], unescape(found[2])) if found else None

    def submit(self, form: str, data: dict[str, Any], *, follow: bool = True) -> Any:
        """Send a form of the page, with the token that stands in it."""
        found = re.search(rf'<form id="{form}".*?</form>', self.html, re.DOTALL)
        assert found, f"no form #{form} on the page"
        action = re.search(r'action="([^"]+)"', found[0])
        csrf = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', found[0])
        assert action
        assert csrf
        self.page = self.client.post(
            action[1], data | {"csrfmiddlewaretoken": csrf[1]}, follow=follow
        )
        return self.page

    def authenticate(self, **typed: str) -> None:
        self.submit("authenticate", typed)

    def look_up(self, type: str, value: str) -> None:  # noqa: A002 (the seeds' word)
        self.authenticate(type=type, value=value)

    def pick(self, contact: str) -> None:
        """Have the passcode sent there: `phone` or `email`."""
        self.submit("contact", {"contact": contact})

    def give_password(self, username: str, password: str) -> None:
        self.authenticate(type="username", value=username, password=password)

    def shown_passcode(self) -> str:
        found = re.search(r'id="test-passcode">(\d+)<', self.html)
        assert found, "the page shows no passcode"
        return found[1]

    def enter(self, passcode: str) -> None:
        self.submit("passcode", {"passcode": passcode})

    def sign_in(self) -> None:
        """As the utility's residential test customer."""
        if self.company.utility == "ssmpuc":
            self.authenticate(**PUC_HOME)
        elif self.company.utility == "demo":
            self.give_password("UAPI_TEST_residential", "anything")
        else:
            self.look_up("phone", "111-111-1111")
            self.enter(self.shown_passcode())

    def inputs(self, name: str) -> list[str]:
        """The values of the page's checkboxes of this name."""
        return re.findall(rf'<input type="checkbox" name="{name}" value="([^"]+)"', self.html)

    def offered(self) -> dict[str, Any]:
        """The consent form as it opens."""
        history = re.search(r'<option value="(\d+)" selected>', self.html)
        until = re.search(r'name="until" type="date" value="([^"]*)"', self.html)
        assert history
        assert until
        return {
            "service": self.inputs("service"),
            "data": self.inputs("data"),
            "history": history[1],
            "until": until[1],
        }

    def allow(self, **choices: Any) -> Any:
        """Agree, to everything that is offered but for the choices."""
        data = self.offered() | choices | {"decision": "allow"}
        return self.submit("consent", data, follow=False)

    def deny(self) -> Any:
        return self.submit("consent", self.offered() | {"decision": "deny"}, follow=False)

    def returned(self) -> dict[str, str]:
        """What the company is told in the address to which the browser is sent."""
        assert self.page.status_code == 302, self.html
        return {k: v[0] for k, v in parse_qs(urlsplit(self.page["Location"]).query).items()}

    def grant(self) -> Grant:
        return Grant.objects.get(registration=self.company.registration)


def error(walk: Walk) -> str:
    """The code of the page's alert; empty where it shows none."""
    alert = walk.alert()
    return alert[0] if alert else ""


def services(walk: Walk) -> list[str]:
    """The kinds of service on the consent page."""
    assert walk.shows("consent"), walk.html
    found = re.findall(r'name="service".*?<strong>(\w+)</strong>', walk.html, re.DOTALL)
    return [str(kind) for kind in found]


def sent_code() -> str:
    """The passcode in the latest e-mail."""
    found = re.search(r"^\d{6}", str(mail.outbox[-1].body))
    assert found
    return found[0]


def later(**ago: Any) -> None:
    """Move everything that has to do with waiting into the past."""
    for row in OneTimeCode.objects.all():
        row.created_at -= timedelta(**ago)
        row.save()
    for tries in WrongTries.objects.all():
        tries.last_at -= timedelta(**ago)
        tries.save()
