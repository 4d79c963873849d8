"""Choosing a utility, and setting out for it."""

from __future__ import annotations

import html
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.test import override_settings

from authorizations.access import COOKIE
from authorizations.models import ConnectAttempt, digest
from tests import cast
from tests.cast import Person, make_client
from utilities.models import Client, Utility

PHONE = "111-111-1111"


def start(person: Person, utility: Utility, **fields: str) -> str:
    """Press the button; where the browser is sent."""
    answer = person.sets_out(f"/connect/{utility.slug}/", **fields)
    assert answer.status_code == 302
    return str(answer.headers["Location"])


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


@pytest.mark.django_db
def test_without_utilities_the_page_says_so(ada: Person) -> None:
    assert "No utility can be connected yet" in ada.browser.get("/connect/").content.decode()


def test_the_enabled_utilities_are_offered(utility: Utility, ada: Person) -> None:
    hidden = cast.make_utility(slug="hidden")
    hidden.enabled = False
    hidden.save()
    page = ada.browser.get("/connect/").content.decode()
    assert f"/connect/{utility.slug}/" in page
    assert "Hidden" not in page


def test_the_page_says_in_words_what_is_shared_and_how_to_stop(
    utility: Utility, ada: Person
) -> None:
    page = html.unescape(ada.browser.get(f"/connect/{utility.slug}/").content.decode())
    for words in (
        "Test Company asks for",
        "Your energy use, by interval",
        "Your bills and what they cost",
        "Up to 2 years of history",
        "How to stop",
        "only the utility’s test accounts",
    ):
        assert words in page


def test_looking_makes_no_attempt_and_sets_no_cookie(utility: Utility) -> None:
    visitor = cast.browser()
    visitor.get(f"/connect/{utility.slug}/")
    assert COOKIE not in visitor.cookies
    assert not ConnectAttempt.objects.exists()


def test_the_form_may_lead_to_the_utility_and_nowhere_else(utility: Utility, ada: Person) -> None:
    origin = utility.origins[0]
    policy = ada.browser.get(f"/connect/{utility.slug}/").headers["Content-Security-Policy"]
    assert f"form-action 'self' {origin};" in policy + ";"
    other = ada.browser.get("/connect/").headers["Content-Security-Policy"]
    assert origin not in other


def test_developers_see_the_exact_address_with_a_word_for_the_state(
    utility: Utility, ada: Person
) -> None:
    page = html.unescape(ada.browser.get(f"/connect/{utility.slug}/").content.decode())
    assert (
        f"{utility.authorize_url}?response_type=code&client_id=DEMO_client&redirect_uri="
        "http%3A%2F%2Flocalhost%3A8000%2Fconnect%2Fcallback%2Fdemo%2F"
        "&scope=FB%3D4_16_51&state=STATE<" in page
    )


def test_the_preview_shows_what_the_prefill_makes_of_it(utility: Utility, ada: Person) -> None:
    answer = ada.browser.post(
        f"/connect/{utility.slug}/preview/", {"type": "phone", "value": PHONE}
    )
    page = html.unescape(answer.content.decode())
    assert f"AdditionalScope%3Dauth-phone-{PHONE}&state=STATE" in page
    assert not ConnectAttempt.objects.exists()


def test_start_leads_to_the_utility_with_a_state_that_is_kept_as_a_hash(
    utility: Utility, ada: Person
) -> None:
    url = start(ada, utility)
    assert url.startswith(f"{utility.authorize_url}?")
    query = query_of(url)
    attempt = ConnectAttempt.objects.get()
    assert attempt.state_hash == digest(query.pop("state"))
    assert attempt.browser_hash == digest(ada.cookie)
    assert query == {
        "response_type": "code",
        "client_id": "DEMO_client",
        "redirect_uri": f"{settings.PORTAL_URL}/connect/callback/demo/",
        "scope": "FB=4_16_51",
    }


def test_the_prefill_is_in_the_address_and_in_no_row(utility: Utility, ada: Person) -> None:
    url = start(ada, utility, type="phone", value=PHONE)
    assert "scope=FB%3D4_16_51%3BAdditionalScope%3Dauth-phone-111-111-1111&" in url
    assert ConnectAttempt.objects.get().scope == "FB=4_16_51"


def test_a_new_browser_gets_a_name_of_its_own(utility: Utility) -> None:
    visitor = cast.browser()
    cast.press_start(visitor, f"/connect/{utility.slug}/")
    cookie = visitor.cookies[COOKIE]
    assert len(cookie.value) == 22
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert int(cookie["max-age"]) == 365 * 86_400
    assert ConnectAttempt.objects.get().browser_hash == digest(cookie.value)


@override_settings(HTTPS=True)
def test_on_https_the_cookie_is_for_https_only(utility: Utility) -> None:
    visitor = cast.browser()
    cast.press_start(visitor, f"/connect/{utility.slug}/")
    assert visitor.cookies[COOKIE]["secure"]


def test_a_known_browser_keeps_its_name(utility: Utility, ada: Person) -> None:
    start(ada, utility)
    assert ada.browser.cookies[COOKIE].value == ada.cookie


def test_many_tabs_are_many_attempts(utility: Utility, ada: Person) -> None:
    assert start(ada, utility) != start(ada, utility)
    assert ConnectAttempt.objects.count() == 2


def test_the_host_header_reaches_no_redirect_uri(utility: Utility, ada: Person) -> None:
    answer = ada.browser.post(f"/connect/{utility.slug}/start/", headers={"host": "evil.example"})
    assert answer.status_code == 421
    assert not ConnectAttempt.objects.exists()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"type": "pigeon", "value": "x"}, "does not offer this way"),
        ({"type": "letter", "value": "x"}, "takes nothing to fill in"),
        ({"value": "x"}, "choose what it is"),
        ({"type": "phone", "value": "1;HistoryLength=9"}, "semicolon"),
        ({"type": "phone", "value": "1_auth-test-x"}, "_auth-"),
        ({"type": "phone", "value": "1" * 201}, "at most 200"),
        ({"type": "phone", "value": "1\x00"}, "control characters"),
    ],
)
@pytest.mark.parametrize("verb", ["start", "preview"])
def test_a_prefill_that_cannot_be_sent_is_refused_in_words(
    utility: Utility, ada: Person, fields: dict[str, str], says: str, verb: str
) -> None:
    answer = ada.browser.post(f"/connect/{utility.slug}/{verb}/", fields)
    assert answer.status_code == 422
    assert says in html.unescape(answer.content.decode())
    assert not ConnectAttempt.objects.exists()


@pytest.mark.parametrize("path", ["", "start/", "preview/"])
def test_an_unknown_or_disabled_utility_is_not_found(
    utility: Utility, ada: Person, path: str
) -> None:
    ask = ada.browser.post if path else ada.browser.get
    assert ask(f"/connect/nobody/{path}").status_code == 404
    Utility.objects.update(enabled=False)
    assert ask(f"/connect/{utility.slug}/{path}").status_code == 404


@pytest.mark.parametrize("path", ["start/", "preview/"])
def test_setting_out_needs_a_post_with_a_token(utility: Utility, path: str) -> None:
    visitor = cast.browser()
    assert visitor.get(f"/connect/{utility.slug}/{path}").status_code == 405
    visitor.handler.enforce_csrf_checks = True
    assert visitor.post(f"/connect/{utility.slug}/{path}").status_code == 403
    assert not ConnectAttempt.objects.exists()


def test_a_paused_client_sends_nobody(utility: Utility, ada: Person) -> None:
    Client.objects.get().pause("broken")
    for answer in (
        ada.browser.get(f"/connect/{utility.slug}/"),
        ada.browser.post(f"/connect/{utility.slug}/start/"),
    ):
        assert answer.status_code == 503
        assert "cannot be connected at the moment" in answer.content.decode()
    assert not ConnectAttempt.objects.exists()


def test_a_client_whose_redirect_uri_is_another_sends_nobody(utility: Utility, ada: Person) -> None:
    Client.objects.update(redirect_uris=["https://elsewhere.example/callback/"])
    assert ada.browser.post(f"/connect/{utility.slug}/start/").status_code == 503


def test_a_utility_whose_address_is_not_its_own_sends_nobody(utility: Utility, ada: Person) -> None:
    Utility.objects.update(authorize_url="https://elsewhere.example/authorize")
    answer = ada.browser.post(f"/connect/{utility.slug}/start/")
    assert answer.status_code == 503
    assert "elsewhere" not in answer.content.decode()


def test_a_live_client_is_used_before_a_sandbox_one(utility: Utility, ada: Person) -> None:
    live = make_client(utility, client_id="LIVE", default_scope="FB=4")
    live.approve(None, "")
    live.go_live(None, "")
    query = query_of(start(ada, utility))
    assert (query["client_id"], query["scope"]) == ("LIVE", "FB=4")


@override_settings(CONNECTS_AN_HOUR_PER_BROWSER=2)
def test_a_browser_that_tries_too_often_is_asked_to_wait(
    utility: Utility, ada: Person, ben: Person
) -> None:
    for _ in range(2):
        start(ada, utility)
    answer = ada.sets_out(f"/connect/{utility.slug}/")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "3600"
    assert ConnectAttempt.objects.count() == 2
    start(ben, utility)


@override_settings(CONNECTS_AN_HOUR_PER_ADDRESS=2)
def test_an_address_that_tries_too_often_is_asked_to_wait(utility: Utility) -> None:
    visitor = cast.browser()
    for _ in range(2):
        cast.press_start(visitor, f"/connect/{utility.slug}/")
        del visitor.cookies[COOKIE]
    assert cast.press_start(visitor, f"/connect/{utility.slug}/").status_code == 429


@override_settings(CONNECTS_AN_HOUR_PER_ADDRESS=1)
def test_a_header_does_not_make_another_address_unless_a_proxy_of_ours_wrote_it(
    utility: Utility,
) -> None:
    visitor = cast.browser()
    path = f"/connect/{utility.slug}/"
    assert cast.press_start(visitor, path).status_code == 302
    forged = {"X-Forwarded-For": f"{visitor.defaults['REMOTE_ADDR']}9"}
    assert cast.press_start(visitor, path, headers=forged).status_code == 429
    with override_settings(BEHIND_PROXY=True):
        assert cast.press_start(visitor, path, headers=forged).status_code == 302
        # What the visitor wrote stands before what our proxy appended.
        forged = {"X-Forwarded-For": f"1.2.3.4, {forged['X-Forwarded-For']}"}
        assert cast.press_start(visitor, path, headers=forged).status_code == 429
