"""The whole way with a utility that is another process: consent there, tokens here, and the end."""

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
from authorizations.tokens import fresh_access_token
from portal.rehearsal.browser import Page, read_page
from tests.cast import Person
from tests.conftest import SandboxSite
from utilities.client import GreenButtonClient, UtilityError
from utilities.models import Utility


@pytest.fixture
def svce(db: None, sandbox_site: SandboxSite, monkeypatch: pytest.MonkeyPatch) -> Utility:
    """SVCE, as the running sandbox registers us."""
    monkeypatch.setattr("sys.stdin", io.StringIO(sandbox_site.seeded))
    call_command("load_utilities", "--from-sandbox", "-", stdout=io.StringIO())
    return Utility.objects.get(utility_id="SVCE")


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
    sent = person.browser.post(
        f"/connect/{utility.slug}/start/", {"type": "phone", "value": "111-111-1111"}
    )
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


def test_ada_says_yes_and_her_feed_can_be_fetched(
    svce: Utility, at_utility: httpx.Client, ada: Person
) -> None:
    authorization = connect(at_utility, svce, ada)
    assert authorization.is_test
    assert "AdditionalScope" not in authorization.scope
    assert authorization.granted_less_than_asked() == []
    feed = io.BytesIO()
    assert authorization.client is not None
    size = GreenButtonClient(authorization.client).fetch_feed(
        authorization.resource_uri,
        fresh_access_token(authorization),
        into=feed,
        max_bytes=100_000_000,
        deadline_seconds=120,
    )
    assert size == len(feed.getvalue())
    assert b"IntervalBlock" in feed.getvalue()


def test_a_refresh_rotates_and_the_old_access_token_is_over(
    svce: Utility, at_utility: httpx.Client, ada: Person
) -> None:
    authorization = connect(at_utility, svce, ada)
    old = authorization.access_token
    new = fresh_access_token(authorization, refused=old)
    assert new != old
    assert authorization.client is not None
    door = GreenButtonClient(authorization.client)
    with pytest.raises(UtilityError) as caught:
        door.fetch_feed(
            authorization.resource_uri,
            old,
            into=io.BytesIO(),
            max_bytes=100_000_000,
            deadline_seconds=120,
        )
    assert caught.value.code == "http_401"


def test_ada_says_no_and_nothing_is_kept(
    svce: Utility, at_utility: httpx.Client, ada: Person
) -> None:
    answer = ada.comes_back(svce, **decide(at_utility, svce, ada, "deny"))
    assert answer.url == f"/connect/{svce.slug}/"
    assert not Authorization.objects.exists()


def test_stopping_ends_the_grant_at_the_utility(
    svce: Utility, at_utility: httpx.Client, ada: Person
) -> None:
    authorization = connect(at_utility, svce, ada)
    refresh_token = authorization.refresh_token
    ada.browser.post(f"/connections/{authorization.uid}/disconnect/")
    page = ada.browser.get(f"/connections/{authorization.uid}/stopped/").content.decode()
    assert "We could not reach" not in page
    assert authorization.client is not None
    with pytest.raises(UtilityError) as caught:
        GreenButtonClient(authorization.client).refresh(refresh_token)
    assert (caught.value.code, caught.value.permanent) == ("invalid_grant", True)


def test_a_wrong_secret_pauses_our_client_and_nothing_else(
    svce: Utility, at_utility: httpx.Client, ada: Person
) -> None:
    authorization = connect(at_utility, svce, ada)
    client = authorization.client
    assert client is not None
    client.client_secret = "wrong"
    client.save()
    with pytest.raises(UtilityError) as caught:
        fresh_access_token(authorization, refused=authorization.access_token)
    assert caught.value.code == "invalid_client"
    client.refresh_from_db()
    authorization.refresh_from_db()
    assert client.paused_at is not None
    assert authorization.status == Authorization.Status.ACTIVE
