"""Open redirects: a link at our address that leads to somebody else's page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
from django.conf import settings
from django.test import Client as Browser

from authorizations.models import ConnectAttempt, ReturnAddress, ShareLink
from tests.cast import Person, browser, new_address
from tests.hostile.household import Household
from tests.hostile.walking import address_of, our_own, routes
from utilities.models import Utility

# Spellings of another site that some browser, or some library, reads as one.
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "/\t/evil.example/",
    "/\n/evil.example/",
    "https:evil.example/",
    "http:///evil.example/",
    "https://localhost:8000@evil.example/",
    "https://localhost:8000\\@evil.example/",
    "https://localhost:8000.evil.example/",
    "https://evil\u3002example/",
    "//evil\uff0eexample/",
    "javascript:alert(1)",
    "data:text/html,x",
    " https://evil.example/",
    "%2f%2fevil.example/",
    "/%09/evil.example/",
]
# What an address could carry such a thing in.
NAMES = ("next", "redirect_uri", "return", "return_to", "url", "noredirect", "q", "utility", "to")


def leads_away(answer: Any) -> bool:
    """Whether it redirects a browser to another site; as a browser reads it, not as we do."""
    target = str(answer.headers.get("Location", "") or answer.headers.get("HX-Redirect", ""))
    if not target:
        return False
    as_read = target.strip().replace("\\", "/").replace("\t", "").replace("\n", "")
    if as_read.startswith("/"):
        return as_read.startswith("//")
    # As RFC 3986 §5.2 has it, from a page of ours.
    here = f"{settings.PORTAL_URL}/accounts/login/"
    return not urljoin(here, as_read).startswith(f"{settings.PORTAL_URL}/")


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_no_page_leads_elsewhere_because_its_address_says_so(
    household: Household, elsewhere: str
) -> None:
    query = urlencode(dict.fromkeys(NAMES, elsewhere))
    for route in our_own():
        url = f"{address_of(route, household.known)}?{query}"
        for person in (household.owner.browser, browser()):
            assert not leads_away(person.get(url)), (route, elsewhere)


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_signing_in_and_out_leads_nowhere_else(ada: Person, db: None, elsewhere: str) -> None:
    assert not leads_away(ada.signs_in(new_address("ada"), next=elsewhere))
    assert not leads_away(ada.browser.get("/account/sign-in/", {"next": elsewhere}))
    assert not leads_away(ada.browser.post("/account/sign-out/", {"next": elsewhere}))


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_the_staffs_door_leads_nowhere_else(office: Browser, elsewhere: str) -> None:
    for route in routes():
        if (route.is_allauths or route.is_staffs) and not route.arguments:
            answer = office.get(route.path, {"next": elsewhere})
            assert not leads_away(answer), (route, elsewhere)
    answer = office.post("/accounts/logout/", {"next": elsewhere})
    assert not leads_away(answer)


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example/connect",
        "/\\evil.example/connect",
        "//evil.example/%2e%2e/connect",
        "/connect//evil.example",
        "//evil.example",
    ],
)
@pytest.mark.parametrize("host", ["", "evil.example"])
def test_neither_a_missing_slash_nor_another_host_makes_an_address_of_a_path(
    db: None, path: str, host: str
) -> None:
    headers = {"host": host} if host else {}
    answer = browser().get(path, headers=headers)
    assert not leads_away(answer), answer.headers


@pytest.mark.parametrize(
    "registered",
    ["https://solar.example/thanks", "https://solar.example/thanks?a=b"],
)
def test_the_companys_state_cannot_change_where_it_leads(
    utility: Utility, ada: Person, registered: str
) -> None:
    """It is a value in the query, whatever is in it."""
    ReturnAddress.objects.create(url=registered, name="Solar")
    link = ShareLink.objects.create(utility=utility)
    state = "@evil.example/#&redirect_uri=https://evil.example/"
    said = urlencode({"redirect_uri": registered, "state": state})
    sent = ada.sets_out(f"/share/{link.code}/?{said}")
    ours = dict(part.split("=", 1) for part in urlsplit(sent.headers["Location"]).query.split("&"))
    answer = ada.comes_back(utility, state=ours["state"], error="access_denied")
    page = answer.content.decode()
    assert 'href="https://solar.example/thanks?' in page
    assert "https://evil.example" not in page
    assert ConnectAttempt.objects.get().return_url == registered


def test_what_a_utility_says_cannot_send_the_customer_on(utility: Utility, ada: Person) -> None:
    for name in ("redirect_uri", "error_uri", "next", "return_url"):
        state = ada.begins(utility)
        said = {name: "https://evil.example/", "state": state, "error": "access_denied"}
        answer = ada.comes_back(utility, **said)
        assert answer.url == f"/connect/{utility.slug}/"
