"""The way back: what is believed, what is refused, and what a customer is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from authorizations import flows
from authorizations.access import COOKIE, new_browser
from authorizations.models import Authorization, ConnectAttempt, Event, ShareLink, digest
from tests.cast import Person, make_utility
from tests.lying_utility import LyingUtility
from utilities.models import Client, Utility

EXPIRED = "open your link again in this browser"


def nothing_came_of_it(lying: LyingUtility) -> bool:
    return not lying.requests and not Authorization.objects.exists()


def test_ada_comes_back_with_a_code_and_is_connected(
    lying: LyingUtility, utility: Utility, ada: Person, granted: dict[str, Any]
) -> None:
    lying.answer("/token", json=granted)
    state = ada.begins(utility)
    answer = ada.comes_back(utility, state=state, code="a-code")
    authorization = Authorization.objects.get()
    assert (answer.status_code, answer.url) == (302, f"/usage/{authorization.uid}/")
    assert authorization.scope == "FB=4_16"
    assert authorization.asked_scope == "FB=4_16_51"
    assert len(authorization.granted_less_than_asked()) == 1
    assert authorization.is_test
    assert authorization.next_pull_at is not None
    assert authorization.access_token == "the-access-token"
    assert authorization.browser_hash == digest(ada.cookie)
    assert [event.type for event in authorization.events.all()] == ["authorization_created"]
    (request,) = lying.requests
    assert request.form["redirect_uri"] == utility.callback_url


def test_a_token_without_a_scope_means_what_was_asked_for(
    lying: LyingUtility, utility: Utility, ada: Person, granted: dict[str, Any]
) -> None:
    del granted["scope"]
    lying.answer("/token", json=granted)
    ada.comes_back(utility, state=ada.begins(utility), code="a-code")
    assert Authorization.objects.get().scope == "FB=4_16_51"


def test_the_verifier_goes_along_where_the_utility_takes_pkce(
    lying: LyingUtility, utility: Utility, ada: Person, granted: dict[str, Any]
) -> None:
    utility.quirks = {"takes_pkce": True}
    utility.save()
    lying.answer("/token", json=granted)
    assert "code_challenge=" in flows.begin(ada.cookie, utility)
    ada.comes_back(utility, state=ada.begins(utility), code="a-code")
    verifiers = [attempt.pkce_verifier for attempt in ConnectAttempt.objects.all()]
    assert lying.requests[0].form["code_verifier"] in verifiers


def test_the_same_callback_again_goes_to_what_it_made(
    lying: LyingUtility, utility: Utility, ada: Person, granted: dict[str, Any]
) -> None:
    lying.answer("/token", json=granted)
    state = ada.begins(utility)
    first = ada.comes_back(utility, state=state, code="a-code")
    again = ada.comes_back(utility, state=state, code="a-code")
    assert again.url == first.url
    assert len(lying.requests) == 1
    assert Authorization.objects.count() == 1


def test_a_utility_that_is_offered_no_longer_still_answers_what_it_was_asked(
    lying: LyingUtility, utility: Utility, ada: Person, granted: dict[str, Any]
) -> None:
    lying.answer("/token", json=granted)
    state = ada.begins(utility)
    Utility.objects.update(enabled=False)
    answer = ada.comes_back(utility, state=state, code="a-code")
    assert answer.url == f"/usage/{Authorization.objects.get().uid}/"


# -- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["", "unknown", "x" * 5000, "é\x00"])
def test_an_unknown_state_is_refused(
    lying: LyingUtility, utility: Utility, ada: Person, state: str
) -> None:
    answer = ada.comes_back(utility, state=state, code="a-code")
    assert answer.status_code == 400
    assert EXPIRED in answer.content.decode()
    assert nothing_came_of_it(lying)


def test_a_callback_with_nothing_at_all_is_refused(
    lying: LyingUtility, utility: Utility, ada: Person
) -> None:
    assert ada.comes_back(utility).status_code == 400
    assert nothing_came_of_it(lying)


def test_a_used_state_is_refused(lying: LyingUtility, utility: Utility, ada: Person) -> None:
    lying.answer("/token", 500)
    state = ada.begins(utility)
    assert ada.comes_back(utility, state=state, code="a-code").status_code == 502
    again = ada.comes_back(utility, state=state, code="a-code")
    assert again.status_code == 400
    assert EXPIRED in again.content.decode()
    assert len(lying.requests) == 1


def test_a_stale_state_is_refused(lying: LyingUtility, utility: Utility, ada: Person) -> None:
    state = ada.begins(utility)
    ConnectAttempt.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    answer = ada.comes_back(utility, state=state, code="a-code")
    assert answer.status_code == 400
    assert EXPIRED in answer.content.decode()
    assert nothing_came_of_it(lying)


def test_a_state_lasts_an_hour(utility: Utility, ada: Person) -> None:
    ada.begins(utility)
    left = ConnectAttempt.objects.get().expires_at - timezone.now()
    assert timedelta(minutes=59) < left <= timedelta(minutes=60)


def test_bens_browser_cannot_use_adas_state_and_ada_still_can(
    lying: LyingUtility, utility: Utility, ada: Person, ben: Person, granted: dict[str, Any]
) -> None:
    lying.answer("/token", json=granted)
    state = ada.begins(utility)
    answer = ben.comes_back(utility, state=state, code="a-code")
    assert answer.status_code == 400
    assert EXPIRED in answer.content.decode()
    assert nothing_came_of_it(lying)
    assert ada.comes_back(utility, state=state, code="a-code").status_code == 302


def test_bens_browser_is_not_led_to_what_adas_state_made(
    lying: LyingUtility, utility: Utility, ada: Person, ben: Person, granted: dict[str, Any]
) -> None:
    lying.answer("/token", json=granted)
    state = ada.begins(utility)
    ada.comes_back(utility, state=state, code="a-code")
    answer = ben.comes_back(utility, state=state, code="a-code")
    assert answer.status_code == 400
    assert Authorization.objects.get().uid not in answer.content.decode()


@pytest.mark.parametrize("cookie", ["", "short", "x" * 23, "../../../../../../etc/"])
def test_a_browser_without_a_name_of_ours_is_refused(
    lying: LyingUtility, utility: Utility, ada: Person, cookie: str
) -> None:
    state = ada.begins(utility)
    ada.browser.cookies[COOKIE] = cookie
    assert ada.comes_back(utility, state=state, code="a-code").status_code == 400
    assert nothing_came_of_it(lying)


def test_another_utility_cannot_answer(lying: LyingUtility, utility: Utility, ada: Person) -> None:
    other = make_utility(lying.url, slug="other")
    state = ada.begins(utility)
    answer = ada.comes_back(other, state=state, code="a-code")
    assert answer.status_code == 400
    assert EXPIRED in answer.content.decode()
    assert nothing_came_of_it(lying)


def test_a_utility_that_is_unknown_has_no_callback(
    lying: LyingUtility, utility: Utility, ada: Person
) -> None:
    ada.begins(utility)
    assert ada.browser.get("/connect/callback/nobody/").status_code == 404
    assert nothing_came_of_it(lying)


@pytest.mark.spec("RFC 6749", "3.1")
@pytest.mark.parametrize("name", ["state", "code", "error"])
def test_a_parameter_that_is_given_twice_is_refused_and_spends_nothing(
    lying: LyingUtility, utility: Utility, ada: Person, granted: dict[str, Any], name: str
) -> None:
    lying.answer("/token", json=granted)
    good = {"state": ada.begins(utility), "code": "a-code"}
    twice: dict[str, Any] = {**good, name: [good.get(name, "x"), "another"]}
    assert ada.comes_back(utility, **twice).status_code == 400
    assert nothing_came_of_it(lying)
    assert ada.comes_back(utility, **good).status_code == 302


@pytest.mark.parametrize("code", [None, "", "c" * 4097, "line\nbreak", "é"])
def test_a_code_that_cannot_be_one_is_refused(
    lying: LyingUtility, utility: Utility, ada: Person, code: str | None
) -> None:
    params = {"state": ada.begins(utility)} | ({} if code is None else {"code": code})
    answer = ada.comes_back(utility, **params)
    assert answer.status_code == 400
    assert nothing_came_of_it(lying)
    assert ConnectAttempt.objects.get().reason != ""


def test_only_get_comes_back(utility: Utility, ada: Person) -> None:
    assert ada.browser.post(f"/connect/callback/{utility.slug}/").status_code == 405


# -- the customer, or the utility, says no -------------------------------------------------------


@pytest.mark.spec("RFC 6749", "4.1.2.1")
def test_a_no_is_calm_and_leads_back_to_the_start(
    lying: LyingUtility, utility: Utility, ada: Person
) -> None:
    state = ada.begins(utility)
    answer = ada.comes_back(
        utility, state=state, error="access_denied", error_description="Not today\n<b>"
    )
    assert (answer.status_code, answer.url) == (302, f"/connect/{utility.slug}/")
    assert "Nothing was shared." in ada.browser.get(answer.url).content.decode()
    assert ConnectAttempt.objects.get().reason == "access_denied: Not today<b>"
    event = Event.objects.get()
    assert (event.type, event.utility, event.authorization) == (
        "authorization_declined",
        utility,
        None,
    )
    assert nothing_came_of_it(lying)


def test_a_no_leads_back_to_the_link_that_was_opened(utility: Utility, ada: Person) -> None:
    link = ShareLink.objects.create(utility=utility)
    ada.sets_out(f"/share/{link.code}/")
    attempt = ConnectAttempt.objects.get()
    attempt.state_hash = digest("known")
    attempt.save()
    answer = ada.comes_back(utility, state="known", error="access_denied")
    assert answer.url == f"/share/{link.code}/"


def test_a_no_needs_the_right_state_too(utility: Utility, ada: Person) -> None:
    ada.begins(utility)
    answer = ada.comes_back(utility, state="wrong", error="access_denied")
    assert answer.status_code == 400
    assert not Event.objects.exists()
    assert ConnectAttempt.objects.get().used_at is None


@pytest.mark.parametrize("error", ["server_error", "temporarily_unavailable", "a_new_error"])
def test_an_error_of_the_utility_is_no_refusal_by_the_customer(
    lying: LyingUtility, utility: Utility, ada: Person, error: str
) -> None:
    answer = ada.comes_back(utility, state=ada.begins(utility), error=error, code="a-code")
    assert answer.status_code == 502
    assert error not in answer.content.decode()
    assert ConnectAttempt.objects.get().reason == error
    assert not Event.objects.exists()
    assert nothing_came_of_it(lying)


# -- the token answer ----------------------------------------------------------------------------


def test_a_grant_without_resource_uri_is_given_back(
    lying: LyingUtility, utility: Utility, ada: Person, granted: dict[str, Any]
) -> None:
    del granted["resourceURI"]
    lying.answer("/token", json=granted)
    lying.answer("/token", json={"token_type": "Bearer", "access_token": "client-token"})
    lying.answer("/resource/Authorization/1", 200)
    answer = ada.comes_back(utility, state=ada.begins(utility), code="a-code")
    assert answer.status_code == 502
    assert "cannot use" in answer.content.decode()
    (delete,) = lying.asked("/resource/Authorization/1")
    assert (delete.method, delete.headers["authorization"]) == ("DELETE", "Bearer client-token")
    assert not Authorization.objects.exists()
    assert "resourceURI" in ConnectAttempt.objects.get().reason


def test_a_grant_that_cannot_be_given_back_is_dropped_all_the_same(
    lying: LyingUtility, utility: Utility, ada: Person, granted: dict[str, Any]
) -> None:
    lying.answer("/token", json={**granted, "resourceURI": "https://elsewhere.example/1"})
    lying.answer("/token", 500)
    answer = ada.comes_back(utility, state=ada.begins(utility), code="a-code")
    assert answer.status_code == 502
    assert not Authorization.objects.exists()


def test_a_refused_registration_is_paused_and_nobody_else_is_sent(
    lying: LyingUtility, utility: Utility, ada: Person, ben: Person
) -> None:
    lying.answer("/token", 401, json={"error": "invalid_client"})
    answer = ada.comes_back(utility, state=ada.begins(utility), code="a-code")
    assert answer.status_code == 502
    client = Client.objects.get()
    assert client.paused_at is not None
    assert client.changes.get().what == "paused"
    assert "invalid_client" in client.paused_reason
    assert ben.browser.get(f"/connect/{utility.slug}/").status_code == 503


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
def test_what_the_utility_says_is_for_the_log_only(
    lying: LyingUtility, utility: Utility, ada: Person, status: int
) -> None:
    said = {"error": "odd_error", "error_description": "stack trace"}
    lying.answer("/token", status, json=said)
    answer = ada.comes_back(utility, state=ada.begins(utility), code="a-code")
    assert answer.status_code == 502
    assert "odd_error" not in answer.content.decode()
    assert "stack trace" not in answer.content.decode()
    assert not Authorization.objects.exists()


@pytest.mark.parametrize("status", [202, 302, 429, 500, 503])
def test_a_utility_that_cannot_answer_now_leaves_something_to_do(
    lying: LyingUtility, utility: Utility, ada: Person, status: int
) -> None:
    lying.answer("/token", status, headers={"Retry-After": "60"})
    answer = ada.comes_back(utility, state=ada.begins(utility), code="a-code")
    page = answer.content.decode()
    assert answer.status_code == 502
    assert "open your link again in a few minutes" in page
    # That is what pulls do; nobody makes a connection for a customer.
    assert "by ourselves" not in page


def test_a_utility_that_is_not_there_leaves_something_to_do(utility: Utility, ada: Person) -> None:
    state = ada.begins(utility)
    utility.origins, utility.token_url = ["http://127.0.0.1:1"], "http://127.0.0.1:1/token"
    utility.save()
    answer = ada.comes_back(utility, state=state, code="a-code")
    assert answer.status_code == 502
    assert "open your link again in a few minutes" in answer.content.decode()


def test_new_browsers_have_names_of_128_random_bits() -> None:
    names = {new_browser() for _ in range(100)}
    assert len(names) == 100
    assert all(len(name) == 22 for name in names)


# -- who answers ---------------------------------------------------------------------------------

ISSUER = "https://utility.example/DataCustodian/demo"


@pytest.fixture
def named(utility: Utility) -> Utility:
    """A utility that names itself in its answers, as the registry says."""
    utility.issuer = ISSUER
    utility.save()
    return utility


@pytest.mark.spec("RFC 9207", "2.4")
def test_the_issuer_that_the_registry_names_is_let_in(
    lying: LyingUtility, named: Utility, ada: Person, granted: dict[str, Any]
) -> None:
    lying.answer("/token", json=granted)
    answer = ada.comes_back(named, state=ada.begins(named), code="a-code", iss=ISSUER)
    assert answer.status_code == 302
    assert Authorization.objects.exists()


@pytest.mark.spec("RFC 9207", "2.4")
@pytest.mark.parametrize(
    "iss",
    [
        None,
        "",
        f"{ISSUER}/",
        ISSUER.upper(),
        "https://utility.example/DataCustodian/other",
        "https://evil.example/DataCustodian/demo",
        f"{ISSUER}\0",
    ],
)
@pytest.mark.parametrize("said", [{"code": "a-code"}, {"error": "access_denied"}], ids=str)
def test_another_issuers_answer_is_refused_like_an_unknown_state(
    lying: LyingUtility,
    named: Utility,
    ada: Person,
    granted: dict[str, Any],
    iss: str | None,
    said: dict[str, str],
) -> None:
    state = ada.begins(named)
    answer = ada.comes_back(named, state=state, **said, **({} if iss is None else {"iss": iss}))
    assert answer.status_code == 400
    assert EXPIRED in answer.content.decode()
    assert nothing_came_of_it(lying)
    # The true answer still counts.
    lying.answer("/token", json=granted)
    assert ada.comes_back(named, state=state, code="a-code", iss=ISSUER).status_code == 302


@pytest.mark.spec("RFC 9207", "2.4")
def test_where_the_issuer_is_not_known_it_may_be_left_out_or_lie_with_the_utility(
    lying: LyingUtility, utility: Utility, ada: Person, granted: dict[str, Any]
) -> None:
    lying.answer("/token", json=granted)
    own = f"{lying.url}/anything"
    assert ada.comes_back(utility, state=ada.begins(utility), code="a-code").status_code == 302
    state = ada.begins(utility)
    assert ada.comes_back(utility, state=state, code="a-code", iss=own).status_code == 302


@pytest.mark.spec("RFC 9207", "2.4")
@pytest.mark.parametrize("iss", ["https://evil.example/", "", "https://[", "utility"])
def test_where_the_issuer_is_not_known_a_strangers_is_refused(
    lying: LyingUtility, utility: Utility, ada: Person, iss: str
) -> None:
    answer = ada.comes_back(utility, state=ada.begins(utility), code="a-code", iss=iss)
    assert answer.status_code == 400
    assert nothing_came_of_it(lying)
