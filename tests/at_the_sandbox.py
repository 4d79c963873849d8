"""A customer's way through the pages of a sandbox that is another process, and back to us."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pytest
from django.conf import settings
from django.core.management import call_command

from authorizations.models import Authorization
from portal.rehearsal.browser import Page, read_page
from tests.cast import Person
from tests.conftest import SandboxSite
from utilities.models import Utility


@pytest.fixture
def registered(db: None, sandbox_site: SandboxSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every utility, as the running sandbox registers us."""
    monkeypatch.setattr("sys.stdin", io.StringIO(sandbox_site.seeded))
    call_command("load_utilities", "--from-sandbox", "-", stdout=io.StringIO())


@pytest.fixture
def svce(registered: None) -> Utility:
    return Utility.objects.get(utility_id="SVCE")


@pytest.fixture
def demo_utility(registered: None) -> Utility:
    return Utility.objects.get(utility_id="DEMO")


@pytest.fixture
def at_utility() -> Iterator[httpx.Client]:
    """The part of a customer's browser that is at the utility; it stops where the portal begins."""
    with httpx.Client(timeout=60, trust_env=False) as browser:
        yield browser


def follow(browser: httpx.Client, response: httpx.Response) -> httpx.Response:
    """Follow redirects as long as they stay at the utility."""
    while response.is_redirect:
        target = urljoin(str(response.url), response.headers["Location"])
        if target.startswith(settings.PORTAL_URL):
            return response
        response = browser.get(target)
    return response


def submit(
    browser: httpx.Client, response: httpx.Response, form: str, **values: str
) -> httpx.Response:
    page = seen(response)
    found = page.form(form)
    sent = browser.post(
        urljoin(page.url, found.action), data=found.filled(values), headers={"Referer": page.url}
    )
    return follow(browser, sent)


def seen(response: httpx.Response) -> Page:
    return read_page(str(response.url), response.status_code, response.text)


def to_consent(browser: httpx.Client, utility: Utility, person: Person) -> httpx.Response:
    """From our page, with the phone filled in, to the utility's consent page."""
    sent = person.sets_out(f"/connect/{utility.slug}/", type="phone", value="111-111-1111")
    response = follow(browser, browser.get(sent.headers["Location"]))
    passcode = seen(response).texts["test-passcode"]
    return submit(browser, response, "passcode", passcode=passcode)


def decide(
    browser: httpx.Client, utility: Utility, person: Person, decision: str
) -> dict[str, Any]:
    """Decide, and return the parameters of the callback."""
    response = submit(browser, to_consent(browser, utility, person), "consent", decision=decision)
    target = urlsplit(response.headers["Location"])
    assert target.geturl().startswith(utility.callback_url)
    return parse_qs(target.query)


def connect(browser: httpx.Client, utility: Utility, person: Person) -> Authorization:
    answer = person.comes_back(utility, **decide(browser, utility, person, "allow"))
    authorization = Authorization.objects.get()
    assert answer.url == f"/usage/{authorization.uid}/"
    return authorization
