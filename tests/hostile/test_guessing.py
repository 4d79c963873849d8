"""Guessing: the codes of links, the uids of rows, the codes of e-mails, the names of browsers."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import Any

import pytest
from django.test import RequestFactory, override_settings

from authorizations import guards
from authorizations.access import COOKIE, new_browser
from authorizations.models import Authorization, ShareLink
from authorizations.models.share_links import new_code
from tests import cast
from tests.cast import Person, authorize
from utilities.models import Utility, new_uid

BITS_AT_LEAST = 90


def test_what_names_and_opens_things_is_long_and_random() -> None:
    """A thousand guesses a second for a thousand years find nothing among a million of them."""
    guesses = 1000 * 365 * 86_400 * 1000 * 10**6
    for make, letters in ((new_code, 62), (new_uid, 62), (new_browser, 64)):
        made = {make() for _ in range(1000)}
        assert len(made) == 1000
        assert len(min(made, key=len)) * math.log2(letters) > math.log2(guesses)


def test_two_links_made_one_after_the_other_have_nothing_in_common(utility: Utility) -> None:
    codes = [ShareLink.objects.create(utility=utility).code for _ in range(50)]
    for one, other in pairwise(codes):
        assert sum(a == b for a, b in zip(one, other, strict=True)) < 8


def words(answer: Any) -> str:
    text = answer.content.decode()
    return re.sub(r'csrfmiddlewaretoken" value="\w+"|nonce="[^"]+"', "", text)


@pytest.mark.parametrize("verb", ["get", "post"])
@pytest.mark.parametrize("page", ["", "choose/", "start/"])
def test_a_wrong_code_says_nothing_about_how_wrong_it_is(
    utility: Utility, cy: Person, page: str, verb: str
) -> None:
    link = ShareLink.objects.create(utility=utility)
    near = [
        link.code[:-1],
        link.code + "a",
        link.code.swapcase(),
        link.uid,
        str(link.pk),
        "a" * 22,
    ]
    said = set()
    for code in near:
        answer = getattr(cy.browser, verb)(f"/share/{code}/{page}")
        if answer.status_code != 405:
            assert answer.status_code == 404
            said.add(words(answer))
    assert len(said) <= 1


def test_neither_a_primary_key_nor_anothers_uid_opens_a_row(
    utility: Utility, ada: Person, cy: Person
) -> None:
    authorization = authorize(ada, utility)
    for guess in (str(authorization.pk), authorization.uid.lower(), authorization.uid[:-1], "1"):
        assert cy.browser.get(f"/usage/{guess}/").status_code == 404
        assert ada.browser.get(f"/usage/{guess}/").status_code == 404


def test_a_closed_link_tells_its_state_and_nothing_that_it_was_made_of(
    utility: Utility, cy: Person
) -> None:
    link = ShareLink.objects.create(
        utility=utility,
        note="Mrs Lovelace",
        reference="Job 77",
        customer_email="ada@example.org",
        authentication_type="phone",
        authentication_value="416-555-0199",
    )
    link.disable()
    answer = cy.browser.get(f"/share/{link.code}/")
    assert answer.status_code == 410
    for told in ("Lovelace", "Job 77", "ada@", "0199"):
        assert told not in answer.content.decode()


def test_a_browsers_name_that_is_none_of_ours_opens_nothing(utility: Utility, ada: Person) -> None:
    """What has no browser, as one that was adopted, belongs to no cookie, the empty one neither."""
    authorization = authorize(ada, utility)
    Authorization.objects.update(browser_hash="")
    stranger = cast.browser()
    for cookie in ("", " ", '""', "null", "undefined", "0" * 22):
        stranger.cookies[COOKIE] = cookie
        assert stranger.get(f"/usage/{authorization.uid}/").status_code == 404


# -- limits that cannot be walked around ---------------------------------------------------------


def asked_from(address: str, forwarded: str = "") -> str:
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    request = RequestFactory(headers=headers).get("/", REMOTE_ADDR=address)
    return guards.address_of(request)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:DB8:1:2::2", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::1", "::2", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "192.0.2.2", False),
    ],
)
def test_a_line_is_one_visitor_however_many_addresses_it_has(
    one: str, other: str, alike: bool
) -> None:
    """RFC 6177: the smallest site has 2^64 of them, a new one for each guess."""
    assert (asked_from(one) == asked_from(other)) is alike


def test_a_header_that_a_visitor_writes_makes_no_new_visitor() -> None:
    assert asked_from("192.0.2.1", "203.0.113.7") == "192.0.2.1"
    with override_settings(BEHIND_PROXY=True):
        # The last one is the proxy's own; whatever stands before it the visitor wrote.
        assert asked_from("10.0.0.1", "1.1.1.1, 203.0.113.7") == "203.0.113.7"
        assert asked_from("10.0.0.1", "2.2.2.2, 203.0.113.7") == "203.0.113.7"
        # Some proxies name the port as well, which is another one for each connection.
        assert asked_from("10.0.0.1", "203.0.113.7:51234") == "203.0.113.7"
        assert asked_from("10.0.0.1", "[2001:db8::1]:443") == asked_from("10.0.0.1", "2001:db8::2")
        assert asked_from("10.0.0.1", "[2001:db8::1]") == asked_from("10.0.0.1", "2001:db8::2")


def test_new_cookies_do_not_make_new_guesses(db: None) -> None:
    """One line asks for codes of many addresses with a new browser each time."""
    statuses = []
    for number in range(35):
        person = Person("Cy")
        person.browser.defaults["REMOTE_ADDR"] = f"2001:db8:77:{f'{8:x}'}::{number:x}"
        statuses.append(person.asks_for_code(cast.new_address("ada")).status_code)
    assert statuses[:30] == [302] * 30
    assert set(statuses[30:]) == {429}
