"""The OpenID provider as other software meets it, and what the utility believes of it."""

import base64
import hashlib
import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey

from tests.sandbox.walk import HOST, browser
from utilities.sandbox.models import SignOn
from utilities.sandbox.programmes import get_programme
from utilities.sandbox.single_sign_on import keys
from utilities.sandbox.single_sign_on.provider import Provider
from utilities.sandbox.single_sign_on.relying_party import Attempt, NotSignedInError

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode()[:43]
CORE = "OpenID Connect Core 1.0"


@pytest.fixture
def provider() -> Provider:
    return Provider(get_programme("demo"))


def request_of(provider: Provider, **changes: str) -> dict[str, str]:
    query = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": provider.redirect_uri,
        "scope": "openid",
        "state": "s",
        "nonce": "n",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return {name: value for name, value in (query | changes).items() if value}


def answer_of(response: Any) -> dict[str, str]:
    assert response.status_code == 302, response.content
    return {k: v[0] for k, v in parse_qs(urlsplit(response["Location"]).query).items()}


def code_of(provider: Provider, **changes: str) -> str:
    """A code, as the browser brings it after the login."""
    customer = browser()
    page = customer.get("/demo/id/authorize", request_of(provider, **changes), follow=True)
    csrf = customer.cookies["sandbox_csrf"].value
    login = {"username": "UAPI_TEST_residential", "password": "x", "csrfmiddlewaretoken": csrf}
    return answer_of(customer.post(f"{page.request['PATH_INFO']}check/", login))["code"]


def trade(provider: Provider, code: str, /, secret: str | None = None, **changes: str) -> Any:
    pair = f"{provider.client_id}:{secret or provider.client_secret}"
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": provider.redirect_uri,
        "code_verifier": VERIFIER,
    }
    basic = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return browser().post(
        "/demo/id/token", form | changes, headers={"host": HOST, "authorization": basic}
    )


class TestMetadata:
    @pytest.mark.spec("OpenID Connect Discovery 1.0", "3")
    def test_it_lies_under_the_issuer_and_names_addresses_that_are_there(
        self, provider: Provider
    ) -> None:
        found = browser().get("/demo/id/.well-known/openid-configuration").json()
        assert found["issuer"] == f"{settings.SANDBOX_URL}/demo/id"
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            assert found[name].startswith(f"{found['issuer']}/")
            assert browser().get(urlsplit(found[name]).path).status_code != 404

    @pytest.mark.spec("RFC 7517", "5")
    def test_the_keys_are_public_and_told_apart_by_installation(self, settings: Any) -> None:
        (key,) = browser().get("/demo/id/jwks").json()["keys"]
        assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("EC", "P-256", "ES256", "sig")
        assert "d" not in key
        settings.SECRET_KEY = "another installation's key, just as long and random"
        (other,) = browser().get("/demo/id/jwks").json()["keys"]
        assert other["kid"] != key["kid"]


class TestAuthorize:
    @pytest.mark.parametrize(
        "changes",
        [
            {"client_id": "demo"},
            {"client_id": ""},
            {"redirect_uri": "https://elsewhere.example/"},
            {"redirect_uri": ""},
            {"client_id": "\0"},
        ],
    )
    def test_a_stranger_gets_a_page_and_no_redirect(
        self, provider: Provider, changes: dict[str, str]
    ) -> None:
        response = browser().get("/demo/id/authorize", request_of(provider, **changes))
        assert response.status_code == 400
        assert not SignOn.objects.exists()

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"response_type": "token"}, "unsupported_response_type"),
            ({"response_type": ""}, "unsupported_response_type"),
            ({"scope": "profile"}, "invalid_scope"),
            ({"scope": ""}, "invalid_scope"),
            ({"code_challenge": ""}, "invalid_request"),
            ({"code_challenge_method": "plain"}, "invalid_request"),
            ({"code_challenge": "x" * 44}, "invalid_request"),
            ({"prompt": "none"}, "login_required"),
            ({"prompt": "consent"}, "invalid_request"),
            ({"max_age": "-1"}, "invalid_request"),
            ({"max_age": "9" * 400}, "invalid_request"),
            ({"nonce": "n" * 301}, "invalid_request"),
            ({"nonce": "\0"}, "invalid_request"),
            ({"login_hint": "\0"}, "invalid_request"),
            ({"request": "x.y.z"}, "request_not_supported"),
            ({"request_uri": "https://x.example"}, "request_uri_not_supported"),
        ],
    )
    @pytest.mark.spec(CORE, "3.1.2.6")
    def test_a_mistake_is_told_to_the_utility(
        self, provider: Provider, changes: dict[str, str], error: str
    ) -> None:
        answer = answer_of(browser().get("/demo/id/authorize", request_of(provider, **changes)))
        assert answer["error"] == error
        assert answer["state"] == "s"
        assert answer["iss"] == provider.issuer
        assert not SignOn.objects.exists()

    def test_a_parameter_may_stand_there_once(self, provider: Provider) -> None:
        query = {**request_of(provider), "nonce": ["n", "m"]}
        assert answer_of(browser().get("/demo/id/authorize", query))["error"] == "invalid_request"

    @pytest.mark.spec(CORE, "3.1.2.1")
    def test_max_age_asks_again_once_the_login_is_older(self, provider: Provider) -> None:
        customer = browser()
        page = customer.get("/demo/id/authorize", request_of(provider), follow=True)
        csrf = customer.cookies["sandbox_csrf"].value
        login = {"username": "UAPI_TEST_residential", "password": "x", "csrfmiddlewaretoken": csrf}
        customer.post(f"{page.request['PATH_INFO']}check/", login)
        young = customer.get("/demo/id/authorize", request_of(provider, max_age="3600"))
        assert "code" in answer_of(young)
        session = customer.session
        session["openid"] = {"demo": session["openid"]["demo"] | {"at": time.time() - 4000}}
        session.save()
        old = customer.get("/demo/id/authorize", request_of(provider, max_age="3600"))
        assert "/login/" in old["Location"]


class TestToken:
    @pytest.mark.spec(CORE, "2")
    def test_the_id_token_says_who_for_whom_and_for_how_long(self, provider: Provider) -> None:
        response = trade(provider, code_of(provider))
        assert response.status_code == 200
        assert response["Cache-Control"] == "no-store"
        answer = response.json()
        assert answer["token_type"] == "Bearer"
        public = KeySet.import_key_set(browser().get("/demo/id/jwks").json())
        token = jwt.decode(answer["id_token"], public, algorithms=["ES256"])
        claims = token.claims
        assert claims["iss"] == provider.issuer
        assert claims["aud"] == provider.client_id
        assert claims["nonce"] == "n"
        assert claims["sub"].isdecimal()
        assert 0 < claims["exp"] - claims["iat"] <= 300
        assert abs(claims["auth_time"] - time.time()) < 60

    def test_a_code_works_once(self, provider: Provider) -> None:
        code = code_of(provider)
        assert trade(provider, code).status_code == 200
        assert trade(provider, code).json()["error"] == "invalid_grant"

    @pytest.mark.parametrize(
        "changes",
        [
            {"code": "x"},
            {"code": ""},
            {"code": "\0"},
            {"redirect_uri": "https://elsewhere.example/"},
            {"code_verifier": "w" * 43},
            {"code_verifier": ""},
            {"code_verifier": "\0" * 43},
            {"code_verifier": "é" * 43},
        ],
    )
    def test_what_does_not_belong_to_the_code_is_refused(
        self, provider: Provider, changes: dict[str, str]
    ) -> None:
        response = trade(provider, code_of(provider), **changes)
        assert response.status_code == 400
        assert response.json()["error"] == "invalid_grant"

    def test_no_other_grant_is_offered(self, provider: Provider) -> None:
        response = trade(provider, code_of(provider), grant_type="client_credentials")
        assert response.json()["error"] == "unsupported_grant_type"

    @pytest.mark.parametrize(
        "authorization", ["", "Basic", "Basic x", "Basic /w==", "Bearer eA==", "Basic eDp5"]
    )
    def test_who_is_not_the_utility_gets_nothing(
        self, provider: Provider, authorization: str
    ) -> None:
        headers = {"host": HOST, "authorization": authorization}
        response = browser().post("/demo/id/token", {"code": "x"}, headers=headers)
        assert response.status_code == 401
        assert response["WWW-Authenticate"].startswith("Basic ")

    def test_a_wrong_secret_does_not_spend_the_code(self, provider: Provider) -> None:
        code = code_of(provider)
        assert trade(provider, code, secret="wrong").status_code == 401
        assert trade(provider, code).status_code == 200

    def test_tokens_are_asked_for_by_post(self) -> None:
        assert browser().get("/demo/id/token").status_code == 405


class TestTheUtilityBelievesOnlyWhatIsSignedForIt:
    """OpenID Connect Core 1.0 §3.1.3.7, one claim after the other."""

    attempt = Attempt(
        asking="", nonce="n", verifier=VERIFIER, started=int(time.time()), wants_login=True
    )

    def claims(self, provider: Provider, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        good = {
            "iss": provider.issuer,
            "sub": "7",
            "aud": provider.client_id,
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "nonce": "n",
        }
        return {name: value for name, value in (good | changes).items() if value is not None}

    def signed(self, claims: dict[str, Any], key: Any = None, algorithm: str = "ES256") -> str:
        key = key or keys.signing_key()
        return jwt.encode({"alg": algorithm}, claims, key, algorithms=[algorithm])

    def test_a_good_one_is_taken(self, provider: Provider) -> None:
        claims = self.claims(provider)
        assert self.attempt.claims(provider, self.signed(claims)) == claims

    @pytest.mark.parametrize(
        "changes",
        [
            {"iss": "https://elsewhere.example"},
            {"iss": None},
            {"aud": "somebody-else"},
            {"aud": ["demo-utility", "somebody-else"]},
            {"aud": None},
            {"exp": 1_000_000_000},
            {"exp": None},
            {"iat": None},
            {"iat": 4_000_000_000},
            {"nonce": "m"},
            {"nonce": None},
            {"sub": ""},
            {"sub": None},
            {"sub": "-1"},
            {"sub": "٧"},
            {"sub": "9" * 30},
            {"auth_time": None},
            {"auth_time": 1_000_000_000},
            {"auth_time": "now"},
        ],
    )
    def test_a_claim_that_is_not_right_is_refused(
        self, provider: Provider, changes: dict[str, Any]
    ) -> None:
        with pytest.raises(NotSignedInError):
            self.attempt.claims(provider, self.signed(self.claims(provider, **changes)))

    def test_another_key_is_refused(self, provider: Provider) -> None:
        stranger = ECKey.generate_key("P-256")
        with pytest.raises(NotSignedInError):
            self.attempt.claims(provider, self.signed(self.claims(provider), stranger))

    @pytest.mark.spec("RFC 8725", "3.1")
    def test_the_public_key_does_not_do_as_a_shared_secret(self, provider: Provider) -> None:
        public = json.dumps(keys.signing_key().as_dict(private=False))
        shared = OctKey.import_key(public)
        forged = self.signed(self.claims(provider), shared, "HS256")
        with pytest.raises(NotSignedInError):
            self.attempt.claims(provider, forged)

    @pytest.mark.parametrize("token", ["", "x", "a.b.c", "..", "eyJhbGciOiJub25lIn0.e30."])
    def test_what_is_no_token_is_refused(self, provider: Provider, token: str) -> None:
        with pytest.raises(NotSignedInError):
            self.attempt.claims(provider, token)
