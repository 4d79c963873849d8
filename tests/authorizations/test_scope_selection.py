"""Started at the utility: what it offers is shown in words, and nothing begins by itself."""

from __future__ import annotations

import html
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.conf import settings
from django.test import Client as Browser

from authorizations.access import COOKIE
from authorizations.models import ConnectAttempt, digest
from tests import cast
from tests.cast import Person
from utilities.models import Client, Utility

OFFER = "FB=1_3_4_5_16_51;IntervalDuration=900;BlockDuration=daily;HistoryLength=2592000"


def page_of(utility: Utility, *scopes: str, **more: str) -> str:
    query = urlencode([*(("scope", scope) for scope in scopes), *more.items()])
    return f"/connect/{utility.slug}/scope/?{query}"


def words(person: Person, page: str) -> str:
    return html.unescape(person.browser.get(page).content.decode())


def scope_sent(person: Person, page: str) -> str:
    location: str = person.sets_out(page).headers["Location"]
    return parse_qs(urlsplit(location).query)["scope"][0]


def test_the_addresses_to_register_are_ours(utility: Utility) -> None:
    assert utility.portal_url == f"{settings.PORTAL_URL}/connect/demo/"
    assert utility.scope_selection_url == f"{settings.PORTAL_URL}/connect/demo/scope/"


def test_what_is_offered_is_said_in_words_and_goes_on_to_authorize(
    utility: Utility, ada: Person
) -> None:
    page = page_of(utility, OFFER, DataCustodianID="DEMO", ThirdPartyID="x")
    said = words(ada, page)
    assert "Your energy use, by interval" in said
    assert "Up to 30 days of history" in said
    assert utility.origins[0] in ada.browser.get(page).headers["Content-Security-Policy"]
    assert scope_sent(ada, page) == "FB=4_16_51;HistoryLength=2592000"
    attempt = ConnectAttempt.objects.get()
    assert attempt.browser_hash == digest(ada.cookie)
    assert "Up to 30 days of history" in attempt.sentences


def test_several_offers_are_choices(utility: Utility, ada: Person) -> None:
    said = words(ada, page_of(utility, "FB=4", "FB=4_16", "FB=4_9999"))
    assert "Choice 2" in said
    assert "Choice 3" not in said


def test_without_an_offer_it_is_what_the_registration_says(utility: Utility, ada: Person) -> None:
    assert scope_sent(ada, f"/connect/{utility.slug}/scope/") == "FB=4_16_51"


def test_no_more_is_asked_for_than_the_registration_does(utility: Utility, ada: Person) -> None:
    Client.objects.update(default_scope="FB=4;HistoryLength=86400;PreferredAuthEndDate=2000000000")
    greedy = "FB=4_16_51;HistoryLength=63072000;PreferredAuthEndDate=0;AdditionalScope=auth-phone-1"
    assert (
        scope_sent(ada, page_of(utility, greedy))
        == "FB=4;HistoryLength=86400;PreferredAuthEndDate=2000000000"
    )


@pytest.mark.parametrize("end", ["0", "4102444800", "253402300799"])
def test_an_end_that_is_later_than_ours_is_left_out(
    utility: Utility, ada: Person, end: str
) -> None:
    assert scope_sent(ada, page_of(utility, f"FB=4;PreferredAuthEndDate={end}")) == "FB=4"


@pytest.mark.parametrize(
    ("scopes", "sentence"),
    [
        (("FB=99",), "Nothing of what the utility offers is what we ask for."),
        (("nonsense",), "garbled"),
        (("FB=4;HistoryLength=<script>",), "garbled"),
        (("FB=4;" + "x" * 2000 + "=1",), "garbled"),
        (("FB=4\x00",), "garbled"),
        (("",), "garbled"),
        (("FB=4",) * 11, "more than can be shown"),
    ],
)
def test_what_cannot_be_read_or_asked_for_is_refused(
    utility: Utility, ada: Person, scopes: tuple[str, ...], sentence: str
) -> None:
    answer = ada.browser.get(page_of(utility, *scopes))
    assert answer.status_code == 400
    page = html.unescape(answer.content.decode())
    assert sentence in page
    assert "<script>" not in page


@pytest.mark.parametrize("name", ["DataCustodianID", "ThirdPartyID"])
@pytest.mark.parametrize("value", ["a\nb", "x" * 201])
def test_names_that_are_none_are_refused(
    utility: Utility, ada: Person, name: str, value: str
) -> None:
    assert ada.browser.get(page_of(utility, "FB=4", **{name: value})).status_code == 400


def test_looking_begins_nothing_and_sets_no_cookie(utility: Utility) -> None:
    visitor = cast.browser()
    visitor.get(page_of(utility, OFFER) + "&state=attackers&code=stolen")
    assert COOKIE not in visitor.cookies
    assert not ConnectAttempt.objects.exists()


def test_the_state_is_always_of_the_browser_that_pressed_the_button(
    utility: Utility, ada: Person
) -> None:
    """Login CSRF, state fixation: a state that comes along is not taken."""
    page = page_of(utility, OFFER) + "&state=attackers"
    location = ada.sets_out(page).headers["Location"]
    assert "attackers" not in location
    assert not ConnectAttempt.objects.filter(state_hash=digest("attackers")).exists()


@pytest.mark.parametrize(
    "scope", ["FB=4_16_51_39", "FB=4;HistoryLength=99999999999", "", "FB=16_4"]
)
def test_the_form_cannot_ask_for_more_or_for_what_was_not_offered(
    utility: Utility, ada: Person, scope: str
) -> None:
    shown = ada.browser.get(page_of(utility, "FB=4")).context["choices"][0][1].signed
    path = f"/connect/{utility.slug}/scope/start/"
    answer = ada.browser.post(path, {"scope": scope, "shown": shown})
    assert answer.status_code == 400
    assert not ConnectAttempt.objects.exists()


def test_what_was_not_shown_is_shown_first(utility: Utility, ada: Person) -> None:
    answer = ada.browser.post(f"/connect/{utility.slug}/scope/start/", {"scope": "FB=4"})
    assert answer.status_code == 409
    assert not ConnectAttempt.objects.exists()


def test_another_site_cannot_press_the_button(utility: Utility) -> None:
    strict = Browser(enforce_csrf_checks=True, headers={"host": "localhost:8000"})
    path = f"/connect/{utility.slug}/scope/start/"
    assert strict.post(path, {"scope": "FB=4"}).status_code == 403
    assert strict.get(path).status_code == 405
    assert not ConnectAttempt.objects.exists()


def test_a_utility_without_a_registration_in_use_says_so(utility: Utility, ada: Person) -> None:
    Client.objects.get().pause("broken")
    assert ada.browser.get(page_of(utility, OFFER)).status_code == 503
    assert ada.browser.get("/connect/nowhere/scope/").status_code == 404
