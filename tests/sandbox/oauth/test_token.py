"""The token endpoint, clause by clause."""

import base64
import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from greenbutton.espi import scope as scopes
from tests.sandbox.walk import FORM, HOST, Company, Feed, Walk, get, path_of
from utilities.sandbox.models import AuthorizationCode, Fault, Grant, Token
from utilities.sandbox.programmes import all_programmes

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


class TestCredentialsInTheBody:
    def ask(self, company: Company, authorization: str = "", **changes: str) -> Any:
        body = {
            "grant_type": "client_credentials",
            "client_id": company.registration.client_id,
            "client_secret": company.registration.client_secret,
        }
        return company.ask_token({"authorization": authorization}, **body | changes)

    @pytest.mark.spec("RFC 6749", "2.3.1")
    def test_they_are_none_where_the_utility_does_not_say_so(self, puc: Company) -> None:
        assert_refused(self.ask(puc), 401, "invalid_client")

    @pytest.mark.spec("RFC 6749", "2.3.1")
    def test_they_are_taken_where_it_does(self, puc: Company, posted: None) -> None:
        assert self.ask(puc).status_code == 200
        assert puc.ask_token(grant_type="client_credentials").status_code == 200

    @pytest.mark.spec("RFC 6749", "2.3")
    def test_two_ways_at_once_are_refused(self, puc: Company, posted: None) -> None:
        assert_refused(self.ask(puc, puc.basic()), 400, "invalid_request")
        assert_refused(self.ask(puc, "Bearer x"), 401, "invalid_client")

    @pytest.mark.parametrize(
        ("changes", "status", "error"),
        [
            ({"client_secret": "wrong"}, 401, "invalid_client"),
            ({"client_secret": ""}, 401, "invalid_client"),
            ({"client_id": "nobody"}, 401, "invalid_client"),
            ({"client_id": ""}, 400, "invalid_request"),
            ({"client_id": "a\0b"}, 400, "invalid_request"),
        ],
    )
    def test_wrong_ones_are_refused(
        self, puc: Company, posted: None, changes: dict[str, str], status: int, error: str
    ) -> None:
        assert_refused(self.ask(puc, **changes), status, error)

    @pytest.fixture
    def posted(self, puc: Company, monkeypatch: pytest.MonkeyPatch) -> None:
        """PUC Distribution takes client_secret_post too."""
        methods = ("client_secret_basic", "client_secret_post")
        programmes = all_programmes()
        changed = replace(programmes[puc.utility], token_auth_methods=methods)
        monkeypatch.setitem(programmes, puc.utility, changed)


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


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options", "trace"])
@pytest.mark.parametrize("endpoint", ["oauth/token", "oauth/revoke", "test-submit"])
def test_other_methods_than_post_are_not_taken(puc: Company, method: str, endpoint: str) -> None:
    client = Client(headers={"host": HOST, "authorization": puc.basic()})
    response = getattr(client, method)(f"/DataCustodian/{puc.utility}/{endpoint}")
    assert response.status_code == 405
    assert response["Allow"] == "POST"
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("grant_type=client_credentials&x=%00", FORM),
        ("%00=x&grant_type=client_credentials", FORM),
        ("grant_type=client_credentials", f"{FORM}; charset=iso-8859-1"),
        ("&".join(f"p{number}=x" for number in range(1100)), FORM),
        ("x=" + "y" * 3_000_000, FORM),
        ("", "multipart/form-data"),
        ("grant_type=client_credentials", ""),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(puc: Company, body: str, content_type: str) -> None:
    assert_refused(raw(puc, body, content_type=content_type), 400, "invalid_request")


def test_an_unknown_utility_has_no_token_endpoint(puc: Company) -> None:
    response = Client().post("/DataCustodian/nowhere/oauth/token", headers={"host": HOST})
    assert response.status_code == 404
    assert response.json()["error"] == "not_found"
    assert response["Cache-Control"] == "no-store"


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
        assert again.json()["scope"] == answer["scope"]

    @pytest.mark.spec("RFC 6749", "6")
    def test_a_narrower_scope_holds_for_the_access_token_only(self, puc: Company) -> None:
        answer = puc.authorized("FB=4_16")
        less = self.refresh(puc, answer["refresh_token"], scope="FB=16;HistoryLength=8035200")
        got = scopes.parse(less.json()["scope"])
        assert {4, 5, 12} & set(got.function_blocks) == set()
        assert got.history_length == 8_035_200
        assert got.option("IntervalDuration") is None
        feed = Feed.of(get(path_of(answer["resourceURI"]), less.json()["access_token"]))
        assert not feed.readings()
        assert 2 <= len(feed.bills()) <= 8, "three months of two services"
        whole = self.refresh(puc, less.json()["refresh_token"]).json()
        assert whole["scope"] == answer["scope"] == Grant.objects.get().scope
        feed = Feed.of(get(path_of(answer["resourceURI"]), whole["access_token"]))
        assert feed.readings()

    def test_a_scope_that_names_the_sign_in_is_not_wider_for_it(self, puc: Company) -> None:
        answer = puc.authorized("FB=4")
        scope = "FB=4;AdditionalScope=auth-test-test_residential"
        same = self.refresh(puc, answer["refresh_token"], scope=scope).json()
        assert same["scope"] == answer["scope"]

    @pytest.mark.parametrize(
        "scope",
        [
            "FB=????",
            "FB=4_51",
            "FB=1_3",
            "FB=4;HistoryLength=99999999",
            "FB=4;PreferredAuthEndDate=0",
            "FB=4;SubscriptionFrequency=daily",
            "FB=4;Mine=1",
        ],
    )
    def test_a_refused_scope_leaves_the_tokens_as_they_were(self, puc: Company, scope: str) -> None:
        answer = puc.authorized("FB=4_16")
        refused = self.refresh(puc, answer["refresh_token"], scope=scope)
        assert_refused(refused, 400, "invalid_scope")
        assert get(path_of(answer["resourceURI"]), answer["access_token"]).status_code == 200
        assert self.refresh(puc, answer["refresh_token"]).status_code == 200

    def test_a_narrower_token_never_opens_more_than_the_consent(self, puc: Company) -> None:
        answer = puc.authorized("FB=4_16")
        less = self.refresh(puc, answer["refresh_token"], scope="FB=16").json()
        grant = Grant.objects.get()
        Grant.objects.update(scope=scopes.build(grant.granted.narrow(function_blocks=[1, 4, 5])))
        feed = Feed.of(get(path_of(answer["resourceURI"]), less["access_token"]))
        assert not feed.readings()
        assert not feed.bills()

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

        assert answer["scope"] == f"FB=35_41;BR={puc.registration.bulk_uid}"
        assert answer["resourceURI"] == puc.registration.bulk_uri
        assert answer["resourceURI"].endswith(f"/Batch/Bulk/{puc.registration.bulk_uid}")
        assert get(path_of(answer["authorizationURI"]), answer["access_token"]).status_code == 200

    @pytest.mark.parametrize("scope", ["FB=34_35", "FB=36_40", "FB=4_5_15;IntervalDuration=3600"])
    def test_they_say_the_scope_and_the_bulk_id(self, puc: Company, scope: str) -> None:
        answer = puc.ask_token(grant_type="client_credentials", scope=scope).json()
        assert answer["scope"] == f"{scope};BR={puc.registration.bulk_uid}"
        again = puc.ask_token(grant_type="client_credentials", scope=answer["scope"]).json()
        assert again["scope"] == answer["scope"]

    @pytest.mark.parametrize("scope", ["????", "FB=????", "FB=35_71", "FB=35;BR=another"])
    def test_a_scope_that_is_none_is_refused(self, puc: Company, scope: str) -> None:
        response = puc.ask_token(grant_type="client_credentials", scope=scope)
        assert_refused(response, 400, "invalid_scope")

    def test_two_workers_may_each_hold_one(self, puc: Company) -> None:
        first, second = puc.client_token(), puc.client_token()
        path = "/DataCustodian/espi/1_1/resource/Authorization"
        assert get(path, first).status_code == 200
        assert get(path, second).status_code == 200


class TestFaults:
    def company(self, puc: Company, fault: Fault) -> Company:
        puc.registration.faults = [fault.value]
        puc.registration.save()
        return puc

    def test_a_one_time_refresh_token_that_comes_again_ends_the_consent(self, puc: Company) -> None:
        company = self.company(puc, Fault.ONE_TIME_REFRESH)
        first = company.authorized()
        ask = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
        second = company.ask_token(**ask).json()
        path = path_of(first["resourceURI"])
        assert get(path, second["access_token"]).status_code == 200
        assert_refused(company.ask_token(**ask), 400, "invalid_grant")
        assert get(path, second["access_token"]).status_code == 401
        assert not Grant.objects.get().is_active

    def test_a_made_up_token_or_a_strangers_ends_nothing(self, puc: Company) -> None:
        company = self.company(puc, Fault.ONE_TIME_REFRESH)
        first = company.authorized()
        used = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
        company.ask_token(**used)
        other = self.company(Company.live("ssmpuc"), Fault.ONE_TIME_REFRESH)
        assert_refused(other.ask_token(**used), 400, "invalid_grant")
        made_up = company.ask_token(grant_type="refresh_token", refresh_token="made-up")
        assert_refused(made_up, 400, "invalid_grant")
        assert Grant.objects.get().is_active

    @pytest.mark.parametrize(
        ("asked", "blocks", "history"),
        [
            ("FB=4_16", {4}, 63_072_000),
            ("FB=16_39;HistoryLength=8035200", {16, 39}, 4_017_600),
            ("FB=4;HistoryLength=8035200", {4}, 4_017_600),
        ],
    )
    def test_less_is_granted_and_everything_says_so(
        self, puc: Company, asked: str, blocks: set[int], history: int
    ) -> None:
        answer = self.company(puc, Fault.NARROWER_SCOPE).authorized(asked)
        got = scopes.parse(answer["scope"])
        assert set(scopes.REQUESTABLE) & set(got.function_blocks) == blocks
        assert got.history_length == history
        assert Grant.objects.get().scope == answer["scope"]
        feed = Feed.of(get(path_of(answer["resourceURI"]), answer["access_token"]))
        assert bool(feed.bills()) == (16 in blocks)
        assert bool(feed.readings()) == (4 in blocks)

    def test_the_answer_can_keep_the_scope_to_itself(self, puc: Company) -> None:
        company = self.company(puc, Fault.NO_SCOPE_IN_ANSWER)
        answer = company.authorized()
        assert "scope" not in answer
        ask = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"]}
        assert "scope" not in company.ask_token(**ask).json()
