"""A Data Custodian under test, seen from outside: one client of it, and what that client can do.

Everything goes over HTTP, as it would against a real utility. Only three things need its insides:
registering a client, and what else only time would bring, an old code and an expired token.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import psycopg

from portal.rehearsal.browser import read_page
from tests.conftest import SandboxSite

UTILITY = "SSMPUC"
PROFILES = ("certified", "export")
REDIRECT_URI = "https://third-party.invalid/callback?from=utility"
# Two months: enough for bills, and quick to read.
SCOPE = "FB=4_16;HistoryLength=5184000"
TEST_ACCOUNT = "AdditionalScope=auth-test-test_residential"


@dataclass(frozen=True)
class Target:
    """A utility's endpoints, and a client whose documents are written in one profile."""

    sandbox: SandboxSite
    profile: str
    client: dict[str, Any]
    http: httpx.Client

    @classmethod
    def register(
        cls, sandbox: SandboxSite, profile: str, http: httpx.Client, utility: str = UTILITY
    ) -> Target:
        """A new client of its own, so that no run finds the consents of another."""
        printed = sandbox.manage(
            "sandbox_client",
            *("--new", utility, "--redirect-uri", REDIRECT_URI, "--profile", profile, "--json"),
        )
        return cls(sandbox, profile, json.loads(printed), http)

    @property
    def is_certified(self) -> bool:
        """Whether it promises what the suite wants, where the platform differs."""
        return self.profile == "certified"

    @property
    def credentials(self) -> tuple[str, str]:
        """For HTTP Basic."""
        return self.client["client_id"], self.client["client_secret"]

    @property
    def registration_token(self) -> str:
        """R in the field guide's table."""
        token: str = self.client["registration_access_token"]
        return token

    @cached_property
    def client_token(self) -> str:
        """C in the field guide's table."""
        token: str = self.token(grant_type="client_credentials").json()["access_token"]
        return token

    def resource(self, path: str) -> str:
        """The address of an ESPI resource."""
        return f"{self.client['resource_url']}/{path}"

    # The browser's side

    def authorize(self, **changes: str | None) -> httpx.Response:
        """Where an authorization request leads first; None leaves a parameter out."""
        return self._authorize(self.http, changes)

    def decide(self, decision: str) -> str:
        """The address to which a customer is sent who walks through the pages."""
        with httpx.Client(timeout=60, trust_env=False) as browser:
            response = self._authorize(browser, {"scope": f"{SCOPE};{TEST_ACCOUNT}"})
            while response.is_redirect:
                response = browser.get(urljoin(str(response.url), response.headers["Location"]))
            page = read_page(str(response.url), response.status_code, response.text)
            form = page.form("consent")
            sent = browser.post(
                urljoin(page.url, form.action),
                data=form.filled({"decision": decision}),
                headers={"Referer": page.url},
            )
        assert sent.is_redirect, sent.text
        return sent.headers["Location"]

    def _authorize(self, browser: httpx.Client, changes: dict[str, Any]) -> httpx.Response:
        ordinary = {
            "response_type": "code",
            "client_id": self.client["client_id"],
            "redirect_uri": REDIRECT_URI,
            "scope": SCOPE,
            "state": "s-1",
        }
        query = {name: value for name, value in (ordinary | changes).items() if value is not None}
        return browser.get(self.client["authorize_url"], params=query)

    # The company's side

    def token(self, **params: str) -> httpx.Response:
        """What the token endpoint answers to this client; an empty parameter is left out."""
        return self.token_as(self.credentials, **params)

    def token_as(self, auth: tuple[str, str] | None, **params: str) -> httpx.Response:
        """What it answers to whoever these credentials are."""
        sent = {name: value for name, value in params.items() if value}
        return self.http.post(
            self.client["token_url"], data=sent, auth=auth or httpx.USE_CLIENT_DEFAULT
        )

    def code(self, scope: str = SCOPE, scenario: str = "residential") -> str:
        """A code for everything that is asked for, without a page."""
        issuer = self.client["token_url"].removesuffix("/oauth/token")
        asked = {"scenario": scenario, "scope": scope, "redirect_uri": REDIRECT_URI}
        answer = self.http.post(f"{issuer}/test-submit", json=asked, auth=self.credentials)
        assert answer.status_code == 200, answer.text
        code: str = answer.json()["code"]
        return code

    def trade(self, code: str, **changes: str) -> httpx.Response:
        """What the token endpoint answers to this code."""
        ordinary = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT_URI,
        }
        return self.token(**ordinary | changes)

    def refresh(self, token: str, **changes: str) -> httpx.Response:
        """What the token endpoint answers to this refresh token."""
        return self.token(**{"grant_type": "refresh_token", "refresh_token": token} | changes)

    def consent(self, scope: str = SCOPE, scenario: str = "residential") -> dict[str, Any]:
        """The token answer of a new consent; its access token is A in the field guide's table."""
        answer: dict[str, Any] = self.trade(self.code(scope, scenario)).json()
        return answer

    def get(self, url: str, token: str = "", **query: str) -> httpx.Response:
        """A resource, with a token or none."""
        return self._send("GET", url, token, params=query or None)

    def put(self, url: str, token: str, document: bytes) -> httpx.Response:
        """Send a document to a resource."""
        headers = {"Content-Type": "application/atom+xml"}
        return self._send("PUT", url, token, headers=headers, content=document)

    def delete(self, url: str, token: str) -> httpx.Response:
        """End a resource."""
        return self._send("DELETE", url, token)

    def _send(self, method: str, url: str, token: str, **more: Any) -> httpx.Response:
        headers = more.pop("headers", {})
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return self.http.request(method, url, headers=headers, **more)

    # What only time would bring

    def make_old(self, code: str, minutes: int) -> None:
        """As if the code had been waiting for so long."""
        self._change(
            "UPDATE sandbox_authorizationcode SET created_at = created_at - %s * interval "
            "'1 minute' WHERE digest = %s",
            minutes,
            code,
        )

    def expire(self, token: str) -> None:
        """As if the token's time were over by a second."""
        self._change(
            "UPDATE sandbox_token SET expires_at = now() - %s * interval '1 second' "
            "WHERE digest = %s",
            1,
            token,
        )

    def _change(self, statement: Any, by: int, secret: str) -> None:
        digest = hashlib.sha256(secret.encode()).hexdigest()
        with psycopg.connect(self.sandbox.database) as connection:
            assert connection.execute(statement, [by, digest]).rowcount == 1


def told(address: str) -> dict[str, str]:
    """The parameters with which a browser comes back, each of them once."""
    assert address.startswith(f"{REDIRECT_URI}&"), address
    query = parse_qs(urlsplit(address).query, keep_blank_values=True)
    assert all(len(values) == 1 for values in query.values()), query
    return {name: values[0] for name, values in query.items()}
