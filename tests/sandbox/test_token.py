"""The token endpoint, clause by clause."""

import base64
import hashlib
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from greenbutton.espi import scope as scopes
from tests.sandbox.walk import FORM, HOST, Company, Walk, get, path_of
from utilities.sandbox.models import AuthorizationCode, Grant, Token

VERIFIER = "v" * 43
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
)
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


def raw(company: Company, body: str, *, query: str = "", **headers: str) -> Any:
    return Client().post(
        f"/DataCustodian/{company.utility}/oauth/token{query}",
        body,
        content_type=headers.pop("content_type", FORM),
        headers={"host": HOST, "authorization": company.basic()} | headers,
    )


def pkce_code(company: Company) -> str:
    walk = Walk(company, parameters=PKCE)
    walk.sign_in()
    walk.allow()
    return walk.returned()["code"]


def assert_refused(response: Any, status: int, error: str) -> None:
    assert response.status_code == status, response.content
    assert response.json()["error"] == error
    assert response.json()["error_description"].endswith(".")
    assert response["Cache-Control"] == "no-store"


@pytest.mark.spec("RFC 6749", "5.1")
def test_a_code_is_traded_for_everything_that_a_company_needs(puc: Company) -> None:
    response = puc.trade(puc.code())
    answer = response.json()
    grant = Grant.objects.get()
    assert response["Cache-Control"] == "no-store"
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 3600
    assert answer["scope"] == grant.scope
    assert scopes.parse(answer["scope"]).authentication is None
    assert answer["resourceURI"].endswith(f"/Batch/Subscription/{grant.uid}")
    assert answer["authorizationURI"].endswith(f"/Authorization/{grant.uid}")
    assert answer["customerResourceURI"].endswith(f"/Batch/RetailCustomer/{grant.uid}")
    assert len({answer["access_token"], answer["refresh_token"]}) == 2


def test_no_token_and_no_code_is_stored_as_it_is(puc: Company) -> None:
    code = puc.code()
    answer = puc.trade(code).json()
    stored = {*Token.objects.values_list("digest", flat=True)}
    stored |= {*AuthorizationCode.objects.values_list("digest", flat=True)}
    assert hashlib.sha256(answer["access_token"].encode()).hexdigest() in stored
    assert not {code, answer["access_token"], answer["refresh_token"]} & stored


@pytest.mark.spec("RFC 6749", "4.1.2")
def test_a_code_works_once_and_a_replay_revokes_what_it_brought(puc: Company) -> None:
    code = puc.code()
    answer = puc.trade(code).json()
    assert_refused(puc.trade(code), 400, "invalid_grant")
    assert get(path_of(answer["resourceURI"]), answer["access_token"]).status_code == 401
    refresh = puc.ask_token(grant_type="refresh_token", refresh_token=answer["refresh_token"])
    assert_refused(refresh, 400, "invalid_grant")
    assert not Grant.objects.get().is_active


@pytest.mark.spec("RFC 6749", "4.1.2")
def test_a_code_is_soon_too_old(puc: Company) -> None:
    code = puc.code()
    AuthorizationCode.objects.update(created_at=timezone.now() - timedelta(minutes=5, seconds=1))
    assert_refused(puc.trade(code), 400, "invalid_grant")


@pytest.mark.spec("RFC 6749", "4.1.3")
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code": ""}, "invalid_request"),
        ({"code": "made-up"}, "invalid_grant"),
        ({"redirect_uri": ""}, "invalid_request"),
        ({"redirect_uri": "http://localhost:8000/elsewhere/"}, "invalid_grant"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_id": "SVCE_ccccccccc"}, "invalid_request"),
        ({"client_secret": "x"}, "invalid_request"),
        ({"code_verifier": VERIFIER}, "invalid_grant"),
    ],
)
def test_a_trade_that_is_not_right_gets_nothing(
    puc: Company, change: dict[str, str], error: str
) -> None:
    code = puc.code()
    assert_refused(puc.trade(**{"code": code} | change), 400, error)
    assert not Token.objects.exists()
    assert puc.trade(code).status_code == 200, "a mistake must not burn the code"


@pytest.mark.spec("RFC 6749", "4.1.3")
def test_a_code_of_another_company_is_unknown_and_stays_good(puc: Company) -> None:
    code = puc.code()
    other = Company.live("ssmpuc")
    assert_refused(other.trade(code, redirect_uri=puc.redirect_uri), 400, "invalid_grant")
    assert puc.trade(code).status_code == 200


@pytest.mark.spec("RFC 7636", "4.6")
@pytest.mark.parametrize("verifier", ["", "w" * 43, "v" * 42, VERIFIER + "=", CHALLENGE])
def test_a_code_with_a_challenge_needs_its_verifier(puc: Company, verifier: str) -> None:
    code = pkce_code(puc)
    assert_refused(puc.trade(code, code_verifier=verifier), 400, "invalid_grant")
    assert puc.trade(code, code_verifier=VERIFIER).status_code == 200


@pytest.mark.spec("RFC 6749", "2.3.1")
@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic !!!",
        "Basic //8=",
        "Bearer x",
        "Basic " + base64.b64encode(b"nobody:x").decode(),
        "Basic " + base64.b64encode(b"SSMPUC_ccccccccc:wrong").decode(),
        "Basic " + base64.b64encode(b"SSMPUC_ccccccccc").decode(),
        "Basic " + base64.b64encode(b"a\0b:x").decode(),
    ],
)
def test_a_company_that_cannot_prove_who_it_is_gets_401(puc: Company, authorization: str) -> None:
    response = puc.ask_token({"authorization": authorization}, grant_type="client_credentials")
    assert_refused(response, 401, "invalid_client")
    assert response["WWW-Authenticate"].startswith("Basic ")


def test_a_company_of_another_utility_is_unknown(puc: Company, svce: Company) -> None:
    response = puc.ask_token({"authorization": svce.basic()}, grant_type="client_credentials")
    assert_refused(response, 401, "invalid_client")


def test_a_rotated_secret_ends_the_old_one(puc: Company) -> None:
    old = puc.registration.client_secret
    puc.registration.secret_version += 1
    puc.registration.save()
    assert puc.registration.client_secret != old
    headers = {"authorization": puc.basic(old)}
    assert_refused(puc.ask_token(headers, grant_type="client_credentials"), 401, "invalid_client")
    assert puc.ask_token(grant_type="client_credentials").status_code == 200


@pytest.mark.spec("RFC 6749", "2.3.1")
def test_credentials_in_the_body_are_no_credentials(puc: Company) -> None:
    response = puc.ask_token(
        {"authorization": ""},
        grant_type="client_credentials",
        client_id=puc.registration.client_id,
        client_secret=puc.registration.client_secret,
    )
    assert_refused(response, 401, "invalid_client")


@pytest.mark.spec("RFC 6749", "2.3")
def test_parameters_in_the_address_are_refused(puc: Company) -> None:
    response = raw(puc, "", query="?grant_type=client_credentials")
    assert_refused(response, 400, "invalid_request")
    response = raw(puc, "grant_type=client_credentials", query="?x=1")
    assert_refused(response, 400, "invalid_request")


@pytest.mark.spec("RFC 6749", "3.2")
def test_a_parameter_that_comes_twice_is_refused(puc: Company) -> None:
    body = "grant_type=client_credentials&grant_type=client_credentials"
    assert_refused(raw(puc, body), 400, "invalid_request")


@pytest.mark.spec("RFC 6749", "3.2")
def test_tokens_are_asked_for_by_post_of_a_form(puc: Company) -> None:
    address = f"/DataCustodian/{puc.utility}/oauth/token"
    response = Client().get(address, headers={"host": HOST, "authorization": puc.basic()})
    assert_refused(response, 405, "invalid_request")
    response = raw(puc, '{"grant_type": "client_credentials"}', content_type="application/json")
    assert_refused(response, 400, "invalid_request")


class TestRefresh:
    def refresh(self, company: Company, token: str, **params: str) -> Any:
        return company.ask_token(None, grant_type="refresh_token", refresh_token=token, **params)

    @pytest.mark.spec("RFC 6749", "6")
    def test_it_brings_a_new_pair_and_ends_the_old_one(self, puc: Company) -> None:
        old = puc.authorized()
        new = self.refresh(puc, old["refresh_token"]).json()
        same = {"scope", "resourceURI", "authorizationURI", "customerResourceURI"}
        assert all(new[name] == old[name] for name in same)
        path = path_of(old["resourceURI"])
        assert get(path, old["access_token"]).status_code == 401
        assert get(path, new["access_token"]).status_code == 200
        assert_refused(self.refresh(puc, old["refresh_token"]), 400, "invalid_grant")
        assert self.refresh(puc, new["refresh_token"]).status_code == 200

    def test_an_access_token_refreshes_nothing(self, puc: Company) -> None:
        answer = puc.authorized()
        assert_refused(self.refresh(puc, answer["access_token"]), 400, "invalid_grant")

    @pytest.mark.parametrize(("token", "error"), [("", "invalid_request"), ("x", "invalid_grant")])
    def test_a_made_up_token_is_refused(self, puc: Company, token: str, error: str) -> None:
        assert_refused(self.refresh(puc, token), 400, error)

    def test_another_company_cannot_use_it(self, puc: Company) -> None:
        answer = puc.authorized()
        other = Company.live("ssmpuc")
        assert_refused(self.refresh(other, answer["refresh_token"]), 400, "invalid_grant")
        assert self.refresh(puc, answer["refresh_token"]).status_code == 200

    @pytest.mark.spec("RFC 6749", "6")
    def test_it_cannot_widen_the_scope_and_may_repeat_it(self, puc: Company) -> None:
        answer = puc.authorized("FB=4")
        wider = self.refresh(puc, answer["refresh_token"], scope="FB=4_16_51")
        assert_refused(wider, 400, "invalid_scope")
        again = self.refresh(puc, answer["refresh_token"], scope=answer["scope"])
        assert again.status_code == 200

    def test_a_consent_that_is_over_refreshes_nothing(self, puc: Company) -> None:
        answer = puc.authorized()
        Grant.objects.update(until=timezone.now() - timedelta(seconds=1))
        assert_refused(self.refresh(puc, answer["refresh_token"]), 400, "invalid_grant")


class TestClientCredentials:
    @pytest.mark.spec("RFC 6749", "4.4.3")
    def test_they_bring_a_client_token_without_a_refresh_token(self, puc: Company) -> None:
        answer = puc.ask_token(grant_type="client_credentials").json()
        assert answer["token_type"] == "Bearer"
        assert answer["expires_in"] == 3600
        assert "refresh_token" not in answer

    def test_a_scope_that_is_none_is_refused(self, puc: Company) -> None:
        response = puc.ask_token(grant_type="client_credentials", scope="FB=????")
        assert_refused(response, 400, "invalid_scope")

    def test_two_workers_may_each_hold_one(self, puc: Company) -> None:
        first, second = puc.client_token(), puc.client_token()
        path = "/DataCustodian/espi/1_1/resource/Authorization"
        assert get(path, first).status_code == 200
        assert get(path, second).status_code == 200
