"""State fixation: an attacker has a victim's browser finish what the attacker began.

The victim would then look at the attacker's data, or have their own consent in the attacker's
hands. The state is of the browser that began, and of nobody else.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from authorizations.access import COOKIE
from authorizations.models import Authorization, ConnectAttempt
from tests.at_the_sandbox import decide
from tests.cast import Person, browser, new_address
from tests.lying_utility import LyingUtility
from utilities.models import Utility


def test_a_callback_that_ben_began_does_nothing_in_adas_browser(
    svce: Utility, at_utility: httpx.Client, ada: Person, ben: Person
) -> None:
    """For real: Ben consents at the utility, keeps his callback, and sends it to Ada."""
    his = decide(at_utility, svce, ben, "allow")
    answer = ada.comes_back(svce, **his)
    assert answer.status_code == 400
    assert not Authorization.objects.exists()
    assert "open your link again in this browser" in answer.content.decode()
    # It is still Ben's own to finish, and Ada sees nothing of it.
    assert ben.comes_back(svce, **his).status_code == 302
    assert not ada.sees(Authorization.objects.get())


def test_ada_who_signed_in_is_not_given_bens_consent_either(
    utility: Utility, lying: LyingUtility, ada: Person, ben: Person, granted: dict[str, Any]
) -> None:
    lying.answer("/token", json=granted)
    ada.signs_in(new_address("ada"))
    assert ada.comes_back(utility, state=ben.begins(utility), code="bens-code").status_code == 400
    assert lying.requests == []
    assert not Authorization.objects.exists()


def test_a_state_of_the_attackers_choosing_is_never_taken(
    utility: Utility, lying: LyingUtility, ada: Person
) -> None:
    """Nobody but us says what a state is: not an address, not a form."""
    page = f"/connect/{utility.slug}/?state=chosen-by-mallory"
    sent = ada.sets_out(page, state="chosen-by-mallory")
    (state,) = parse_qs(urlsplit(sent.headers["Location"]).query)["state"]
    assert state != "chosen-by-mallory"
    assert len(state) == 43
    assert ada.comes_back(utility, state="chosen-by-mallory", code="a-code").status_code == 400
    assert lying.requests == []


def test_two_ways_at_once_have_a_state_each(
    utility: Utility, lying: LyingUtility, ada: Person, granted: dict[str, Any]
) -> None:
    """A second tab neither takes over nor ends what the first one began."""
    lying.answer("/token", json=granted)
    first, second = ada.begins(utility), ada.begins(utility)
    assert first != second
    for state in (second, first):
        assert ada.comes_back(utility, state=state, code="a-code").status_code == 302
    assert Authorization.objects.count() == 2


def test_the_database_holds_no_state_that_could_be_used(utility: Utility, ada: Person) -> None:
    state = ada.begins(utility)
    attempt = ConnectAttempt.objects.values().get()
    assert state not in str(attempt)
    assert ada.cookie not in str(attempt)


@pytest.mark.parametrize("planted", ["a" * 22, "A-_" + "0" * 19])
def test_a_browsers_name_is_never_told_to_another_site_and_no_script_reads_it(
    utility: Utility, planted: str
) -> None:
    """Whoever could plant or read it would be that browser."""
    victim = browser()
    victim.cookies[COOKIE] = planted
    page = victim.get(f"/connect/{utility.slug}/").content.decode()
    assert planted not in page
    fresh = browser()
    fresh.get("/connect/")
    assert COOKIE not in fresh.cookies, "looking gives no name; only setting out does"
    answer = Person("New", browser=fresh).sets_out(f"/connect/{utility.slug}/")
    cookie = answer.cookies[COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not cookie["domain"]
