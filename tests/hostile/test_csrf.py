"""Cross-site request forgery: another site's form, sent from a customer's or staff's browser."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client as Browser

from authorizations.models import Notification
from portal.demo_site.models import Notice
from tests.cast import Person
from tests.hostile.household import Household
from tests.hostile.walking import address_of, everything_stored, our_own, routes

# Addresses that take a POST without a token, each with the reason why nothing is lost by it.
TAKES_ANY = {
    "notify": "a utility posts here: no cookie opens it, and what it says is only a hint to look",
    "demo-notify": "a utility posts here: a code in the address, no cookie, opens it",
    "demo-notify-public": "a utility posts here, too; what is shown of it was known before",
}
VERBS = ["post", "put", "patch", "delete"]


def strict(browser: Browser) -> Browser:
    """The browser as in life: Django's test client passes the check over unless it is told to."""
    browser.handler.enforce_csrf_checks = True
    return browser


@pytest.mark.parametrize("verb", VERBS)
def test_no_address_takes_a_customers_post_from_another_site(
    household: Household,
    verb: str,
) -> None:
    browser = strict(household.owner.browser)
    before = everything_stored()
    taken = {}
    for route in our_own():
        url = address_of(route, household.known)
        if "upload" in url:
            url = url.replace(household.authorization.uid, household.file.uid)
        status = getattr(browser, verb)(url, headers={"origin": "https://evil.example"}).status_code
        if status not in {403, 405}:
            taken[route.name] = status
    if verb == "post":
        assert taken == {"notify": 200, "demo-notify": 200, "demo-notify-public": 200}
        assert taken.keys() == TAKES_ANY.keys()
        Notification.objects.all().delete()
        Notice.objects.all().delete()
    else:
        assert taken == {}
    assert everything_stored() == before


def test_what_takes_any_post_looks_at_no_cookie(household: Household) -> None:
    browser = strict(household.owner.browser)
    for route in our_own():
        if route.name in TAKES_ANY:
            answer = browser.post(address_of(route, household.known), b"x", "application/xml")
            assert not answer.cookies
            assert answer.content == b""


@pytest.mark.parametrize("verb", VERBS)
def test_no_staff_page_takes_a_post_from_another_site(
    household: Household,
    office: Browser,
    verb: str,
) -> None:
    browser = strict(office)
    before = everything_stored()
    known = household.known | {"object_id": "1", "pk": "1", "id": "1", "url": "x"}
    known |= {"app_label": "auth", "content_type_id": "1"}
    walked = 0
    for route in routes():
        if not (route.is_staffs or route.is_allauths):
            continue
        walked += 1
        url = route.filled(**{name: known.get(name, "x") for name in route.arguments})
        answer = getattr(browser, verb)(url, headers={"origin": "https://evil.example"})
        # Only pages that nobody has say 404, or lead to where the page is.
        assert answer.status_code in {403, 404, 405}, route
    assert walked > 100
    assert everything_stored() == before


def test_a_token_of_another_browser_is_none(household: Household, cy: Person) -> None:
    page = cy.browser.get(f"/share/{household.known['code']}/")
    token = page.context["csrf_token"]
    answer = strict(household.owner.browser).post(
        f"/connections/{household.authorization.uid}/disconnect/",
        {"csrfmiddlewaretoken": str(token)},
        headers={"origin": settings.PORTAL_URL},
    )
    assert answer.status_code == 403
    household.authorization.refresh_from_db()
    assert household.authorization.can_be_stopped()
