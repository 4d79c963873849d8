"""A stranger who knows an address: Cy has the uids of all that Ada has, from a screenshot, say."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests import cast
from tests.cast import Person, new_address
from tests.hostile.household import Household
from tests.hostile.walking import Route, address_of, everything_stored, our_own

NOBODYS = "aaaaaaaaaaaaaaaaaaaaaa"


def hers(household: Household) -> list[tuple[Route, str]]:
    """Every address with a uid of Ada's in it."""
    found = []
    for route in our_own():
        if "uid" not in route.arguments:
            continue
        found.append((route, address_of(route, household.known)))
        if route.path.startswith(("/upload/", "/usage/", "/connections/")):
            found.append((route, address_of(route, household.known | {"uid": household.file.uid})))
    assert len(found) > 30
    return found


def words(answer: Any) -> str:
    """The page without what differs with each request."""
    text = answer.content.decode()
    text = re.sub(r'csrfmiddlewaretoken" value="\w+"|nonce="[^"]+"', "", text)
    return str(text)


@pytest.mark.parametrize("who", ["guest", "customer", "staff without rights"])
@pytest.mark.parametrize("verb", ["get", "post"])
def test_a_stranger_gets_the_answer_of_what_does_not_exist(
    household: Household,
    cy: Person,
    who: str,
    verb: str,
) -> None:
    if who == "customer":
        cy.browser.force_login(
            User.objects.create_user("cy", new_address("cy")),
            "django.contrib.auth.backends.ModelBackend",
        )
    if who == "staff without rights":
        cy.browser.force_login(cast.make_staff("cy"), "django.contrib.auth.backends.ModelBackend")
    before = everything_stored()
    opened = 0
    for route, url in hers(household):
        answer = getattr(cy.browser, verb)(url)
        if answer.status_code == 405:
            continue
        opened += 1
        assert answer.status_code == 404, (route, answer.status_code)
        uid = next(one for one in url.split("/") if len(one) == len(household.visit.uid))
        nobodys = getattr(cy.browser, verb)(url.replace(uid, NOBODYS))
        assert nobodys.status_code == 404
        assert words(answer) == words(nobodys).replace(NOBODYS, uid), route
        assert "Set-Cookie" not in answer.headers, route
    assert opened > 10
    # Browsers begin no row by asking, and nothing of hers has moved.
    assert everything_stored() == before


def test_ada_gets_them_all(household: Household) -> None:
    """Else the walk above would prove nothing."""
    opened = set()
    for route, url in hers(household):
        if household.owner.browser.get(url).status_code in {200, 302}:
            opened.add(route.name)
    assert opened >= {
        *("usage", "usage-progress", "stop-meter-ask", "stopped", "consent", "consent-json"),
        *("connection-return", "come-back", "upload-more", "demo-visit"),
    }


def test_bens_meter_is_not_found_below_adas_address(
    household: Household,
    ben: Person,
) -> None:
    """The meter is looked up below an authorization that the asker has, not by itself."""
    assert household.authorization.utility is not None
    his = cast.authorize(ben, household.authorization.utility)
    meter = household.known["meter"]
    assert ben.browser.get(f"/usage/{his.uid}/meters/{meter}/").status_code == 404
    assert ben.browser.post(f"/usage/{his.uid}/meters/{meter}/stop/").status_code == 404
    assert household.authorization.usage_points.shared().exists()
