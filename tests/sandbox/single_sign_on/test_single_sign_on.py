"""Signing in at Demo ID, on the way to a consent: the customer's browser between two sites."""

import time
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from tests.sandbox.walk import Company, Walk, browser, error
from utilities.sandbox.models import CONSENT_LIFETIME, ConsentRequest, SignOn
from utilities.sandbox.programmes import get_programme
from utilities.sandbox.views.single_sign_on import session

HOME, SHOP = "UAPI_TEST_residential", "UAPI_TEST_commercial"
PROVIDER = "/demo/id/authorize"
CALLBACK = "/demo/sso/callback/"
ANY = "x"
SSO = "FB=4_16;AdditionalScope=auth-sso"


def at_provider(demo: Company, scope: str = SSO, **parameters: str) -> Walk:
    return Walk(demo, scope=scope, parameters=parameters)


def sign_in(walk: Walk, username: str = HOME, password: str = ANY) -> Walk:
    walk.submit("login", {"username": username, "password": password})
    return walk


def come_again(walk: Walk, **parameters: str) -> Walk:
    """The same browser with the company's link once more."""
    walk.parameters = parameters
    walk.open()
    return walk


def callback_of(walk: Walk, username: str = HOME) -> str:
    """The address of the utility to which the provider sends the browser, which is not followed."""
    walk.submit("login", {"username": username, "password": "x"}, follow=False)
    address: str = walk.page["Location"]
    return address


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


class TestTheWay:
    def test_the_companys_link_leads_to_the_provider(self, demo: Company) -> None:
        walk = at_provider(demo)
        assert walk.shows("login")
        assert walk.page.request["PATH_INFO"].startswith("/demo/id/login/")

    def test_the_customer_may_choose_it_on_the_form(self, demo: Company) -> None:
        walk = Walk(demo)
        walk.look_up("sso", "")
        assert walk.shows("login")

    @pytest.mark.parametrize("scope", [f"{SSO}-{HOME}", f"{SSO}-UAPI%5FTEST%5Fresidential"])
    def test_the_value_is_filled_in_at_the_provider(self, demo: Company, scope: str) -> None:
        assert f'value="{HOME}"' in at_provider(demo, scope).html

    def test_what_was_typed_on_the_form_is_filled_in_too(self, demo: Company) -> None:
        walk = Walk(demo)
        walk.look_up("sso", SHOP)
        assert f'value="{SHOP}"' in walk.html

    def test_it_ends_at_the_consent_and_in_tokens(self, demo: Company) -> None:
        walk = sign_in(at_provider(demo))
        assert walk.shows("consent")
        assert "Robin Demoperson" in walk.html
        walk.allow()
        answer = demo.trade(walk.returned()["code"])
        assert answer.status_code == 200
        assert walk.grant().account.name == "Robin Demoperson"

    def test_an_ordinary_customer_signs_in_with_their_own_password(self) -> None:
        walk = sign_in(
            at_provider(Company.live("demo")), "walter.lindqvist", "blue heron on the levee"
        )
        assert "Walter Lindqvist" in walk.html

    def test_who_is_not_live_is_said_here_too(self, demo: Company) -> None:
        walk = sign_in(at_provider(demo), "walter.lindqvist", "blue heron on the levee")
        assert walk.page.status_code == 403
        assert error(walk) == "not_live"

    @pytest.mark.parametrize(
        ("username", "password", "code"),
        [
            ("", "x", "incomplete"),
            (HOME, "", "incomplete"),
            ("UAPI_TEST_badlogin", "x", "not_found"),
            ("walter.lindqvist", "x", "not_found"),
            ("nobody\0", "x", "not_found"),
        ],
    )
    def test_a_wrong_login_stays_at_the_provider(
        self, demo: Company, username: str, password: str, code: str
    ) -> None:
        walk = sign_in(at_provider(demo), username, password)
        assert walk.page.status_code == 422
        assert error(walk) == code
        assert walk.shows("login")

    def test_five_wrong_passwords_lock_the_name_at_the_provider_and_at_the_utility(
        self, demo: Company
    ) -> None:
        walk = at_provider(demo)
        for _ in range(5):
            sign_in(walk, "walter.lindqvist")
        assert error(sign_in(walk, "walter.lindqvist")) == "locked"
        ordinary = Walk(demo)
        ordinary.give_password("walter.lindqvist", "blue heron on the levee")
        assert error(ordinary) == "locked"

    def test_who_cancels_may_sign_in_another_way(self, demo: Company) -> None:
        walk = at_provider(demo)
        walk.submit("cancel", {})
        assert error(walk) == "not_signed_in"
        request = ConsentRequest.objects.get()
        walk.page = walk.client.get(f"/demo/share/{request.uid}/authenticate/")
        walk.give_password(HOME, "x")
        assert walk.shows("consent")

    def test_a_utility_without_it_has_none_of_its_addresses(self) -> None:
        for utility in ("ssmpuc", "svce"):
            for address in ("id/authorize", "id/jwks", "sso/callback/"):
                assert browser().get(f"/{utility}/{address}").status_code == 404


class TestTheSecondVisit:
    def test_it_does_not_ask_again(self, demo: Company) -> None:
        walk = come_again(sign_in(at_provider(demo)))
        assert walk.shows("consent")
        assert "Robin Demoperson" in walk.html

    def test_prompt_on_asks_again_and_may_change_the_customer(self, demo: Company) -> None:
        walk = come_again(sign_in(at_provider(demo)), prompt="on")
        assert walk.shows("login")
        assert "Demoperson Diner" in sign_in(walk, SHOP).html

    @pytest.mark.parametrize("prompt", ["off", "login", "ON"])
    def test_no_other_word_asks_again(self, demo: Company, prompt: str) -> None:
        walk = come_again(sign_in(at_provider(demo)), prompt=prompt)
        assert walk.shows("consent")

    def test_prompt_may_stand_there_once(self, demo: Company) -> None:
        walk = at_provider(demo)
        address = (
            "/DataCustodian/demo/oauth/authorize?response_type=code&client_id=DEMO_ccccccccc"
            f"&redirect_uri={demo.redirect_uri}&prompt=on&prompt=on"
        )
        walk.page = walk.client.get(address)
        assert walk.returned()["error"] == "invalid_request"

    def test_another_browser_is_asked(self, demo: Company) -> None:
        sign_in(at_provider(demo))
        assert at_provider(demo).shows("login")

    def test_the_next_day_it_asks_again(
        self, demo: Company, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        walk = sign_in(at_provider(demo))
        monkeypatch.setattr(session, "LIFETIME_SECONDS", -1)
        assert come_again(walk).shows("login")

    def test_the_session_id_changes_with_the_login(self, demo: Company) -> None:
        walk = at_provider(demo)
        before = walk.client.cookies["sandbox_session"].value
        sign_in(walk)
        assert walk.client.cookies["sandbox_session"].value != before


class TestTheCallback:
    def test_it_carries_the_issuer_and_no_token(self, demo: Company) -> None:
        query = query_of(callback_of(at_provider(demo)))
        assert set(query) == {"code", "state", "iss"}
        assert query["iss"].endswith("/demo/id")

    def test_it_works_once(self, demo: Company) -> None:
        walk = at_provider(demo)
        address = callback_of(walk)
        assert walk.client.get(address).status_code == 302
        again = walk.client.get(address)
        assert again.status_code == 404
        assert b"no longer open" in again.content

    def test_another_browser_cannot_use_it(self, demo: Company) -> None:
        address = callback_of(at_provider(demo))
        assert browser().get(address).status_code == 404

    @pytest.mark.parametrize(
        "change",
        [{"state": "x"}, {"state": ""}, {"state": "\0"}],
    )
    def test_a_state_that_is_not_ours_is_a_page_that_is_not_open(
        self, demo: Company, change: dict[str, str]
    ) -> None:
        walk = at_provider(demo)
        query = query_of(callback_of(walk)) | change
        assert walk.client.get(CALLBACK, query).status_code == 404

    @pytest.mark.parametrize(
        "change",
        [
            {"code": "x"},
            {"code": ""},
            {"code": "\0"},
            {"iss": "https://elsewhere.example/id"},
            {"iss": ""},
            {"error": "server_error"},
        ],
    )
    def test_an_answer_that_cannot_be_believed_lets_nobody_in(
        self, demo: Company, change: dict[str, str]
    ) -> None:
        walk = at_provider(demo)
        query = query_of(callback_of(walk)) | change
        walk.page = walk.client.get(CALLBACK, query)
        assert error(walk) == "not_signed_in"
        assert ConsentRequest.objects.get().authenticated_at is None

    def test_a_code_of_another_customers_visit_is_refused(self, demo: Company) -> None:
        """Mixed up or slipped in: its verifier and nonce are other ones."""
        theirs = query_of(callback_of(at_provider(demo), SHOP))
        walk = at_provider(demo)
        query = query_of(callback_of(walk)) | {"code": theirs["code"]}
        walk.page = walk.client.get(CALLBACK, query)
        assert error(walk) == "not_signed_in"

    def test_a_code_that_is_too_old_is_refused(self, demo: Company) -> None:
        walk = at_provider(demo)
        address = callback_of(walk)
        SignOn.objects.update(code_made_at=timezone.now() - timedelta(minutes=2))
        walk.page = walk.client.get(address)
        assert error(walk) == "not_signed_in"

    def test_a_request_that_ended_meanwhile_is_said(self, demo: Company) -> None:
        walk = at_provider(demo)
        address = callback_of(walk)
        ConsentRequest.objects.update(created_at=timezone.now() - CONSENT_LIFETIME)
        assert walk.client.get(address).status_code == 404

    def test_a_session_does_not_do_where_the_login_had_to_be_fresh(self, demo: Company) -> None:
        """A provider that ignores prompt=login is found out by auth_time."""
        walk = at_provider(demo, prompt="on")
        address = callback_of(walk)
        SignOn.objects.update(signed_in_at=timezone.now() - timedelta(hours=1))
        walk.page = walk.client.get(address)
        assert error(walk) == "not_signed_in"

    def test_every_page_refuses_framing_and_is_kept_nowhere(self, demo: Company) -> None:
        walk = at_provider(demo)
        assert walk.page["X-Frame-Options"] == "DENY"
        assert "no-store" in walk.page["Cache-Control"]
        answered = walk.client.get(callback_of(walk))
        assert "no-store" in answered["Cache-Control"]

    def test_many_tabs_do_not_fill_the_session(self, demo: Company) -> None:
        walk = at_provider(demo)
        for _ in range(12):
            walk.open()
        assert len(walk.client.session["sign_on_attempts"]) == 10
        assert sign_in(walk).shows("consent")


class TestTheLoginPage:
    def visit(self, walk: Walk) -> str:
        return SignOn.objects.get().uid

    def test_it_is_this_browsers(self, demo: Company) -> None:
        uid = self.visit(at_provider(demo))
        assert browser().get(f"/demo/id/login/{uid}/").status_code == 404

    def test_it_is_gone_once_somebody_signed_in(self, demo: Company) -> None:
        walk = at_provider(demo)
        uid = self.visit(walk)
        sign_in(walk)
        assert walk.client.get(f"/demo/id/login/{uid}/").status_code == 404

    @pytest.mark.parametrize("address", ["check", "cancel"])
    def test_a_reload_shows_the_form_again(self, demo: Company, address: str) -> None:
        walk = at_provider(demo)
        response = walk.client.get(f"/demo/id/login/{self.visit(walk)}/{address}/")
        assert response.status_code == 302
        assert response["Location"] == f"/demo/id/login/{self.visit(walk)}/"

    def test_it_wants_a_csrf_token(self, demo: Company) -> None:
        walk = at_provider(demo)
        data: dict[str, Any] = {"username": HOME, "password": "x"}
        response = walk.client.post(f"/demo/id/login/{self.visit(walk)}/check/", data)
        assert response.status_code == 403

    def test_old_visits_are_forgotten(self, demo: Company) -> None:
        at_provider(demo)
        SignOn.objects.update(created_at=timezone.now() - timedelta(hours=1))
        at_provider(demo)
        assert SignOn.objects.count() == 1


def test_the_session_names_no_one_in_clear(demo: Company) -> None:
    """Nothing but a number and a time."""
    walk = sign_in(at_provider(demo))
    mine = walk.client.session["openid"][get_programme("demo").slug]
    assert set(mine) == {"account", "at"}
    assert abs(mine["at"] - time.time()) < 60
