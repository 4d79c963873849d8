"""Links and pictures that act: whatever changes something takes a POST, and looking never does."""

from __future__ import annotations

from tests.cast import Person
from tests.hostile.household import Household
from tests.hostile.walking import address_of, everything_stored, our_own

# Answers GET to utilities that ask for an echo, and takes their posts.
BOTH = {"notify"}
# A button by itself, where a page beside it asks; only those that can be sure to end in 405.
POSTS = {
    *("connect-preview", "connect-start", "scope-selection-start", "share-start", "disconnect"),
    *("give-email", "confirm-email", "claim", "sign-in-send", "code-again", "code-prove"),
    *("renew", "sign-out", "account-address-send", "account-end-stop", "account-end-keep"),
    *("upload-send", "upload-more-send", "upload-time-zone", "stop-meter"),
    *("demo-start", "demo-notify", "demo-ask", "demo-trade", "demo-refresh", "demo-revoke"),
    *(
        "demo-client-token",
        "demo-forget",
        "demo-read",
        "demo-start-ready-made",
        "demo-notify-public",
    ),
}


def test_an_address_takes_get_or_post_and_never_both(
    household: Household,
    cy: Person,
) -> None:
    posts = set()
    for route in our_own():
        url = address_of(route, household.known)
        got, posted = cy.browser.get(url).status_code, cy.browser.post(url).status_code
        assert got < 500, route
        assert posted < 500, route
        if route.name in BOTH:
            continue
        assert (got == 405) != (posted == 405), route
        if got == 405:
            posts.add(route.name)
    assert posts == POSTS


def test_looking_at_everything_she_has_changes_nothing(household: Household) -> None:
    browser = household.owner.browser
    before = everything_stored()
    for route in our_own():
        url = address_of(route, household.known)
        for verb in ("get", "head", "options", "trace"):
            answer = getattr(browser, verb)(url)
            assert answer.status_code < 500, (verb, route)
            if verb == "trace":
                assert answer.status_code == 405, route
    assert everything_stored() == before


def test_a_head_tells_no_more_than_its_get(household: Household, cy: Person) -> None:
    for route in our_own():
        url = address_of(route, household.known)
        head = cy.browser.head(url)
        assert head.status_code == cy.browser.get(url).status_code, route
        assert head.content == b"", route
