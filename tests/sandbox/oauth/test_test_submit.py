"""A code without any page, for test scenarios only."""

import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client

from greenbutton.espi import scope as scopes
from tests.sandbox.oauth.test_token import PKCE, VERIFIER, assert_refused
from tests.sandbox.walk import FORM, HOST, Company, get, path_of
from utilities.sandbox.models import AuthorizationCode, Fault, Grant

JSON = "application/json"


def send(company: Company, body: str, content_type: str, **headers: str) -> Any:
    return Client().post(
        f"/DataCustodian/{company.utility}/test-submit",
        body,
        content_type=content_type,
        headers={"host": HOST, "authorization": company.basic()} | headers,
    )


def submit(company: Company, media_type: str = JSON, /, **changes: str | None) -> Any:
    """Submit with the ordinary parameters; None leaves one out."""
    ordinary = {
        "scenario": "residential",
        "scope": "FB=4_16",
        "redirect_uri": company.redirect_uri,
        "state": "s-1",
    }
    given = {name: value for name, value in (ordinary | changes).items() if value is not None}
    body = json.dumps(given) if media_type == JSON else urlencode(given)
    return send(company, body, media_type)


@pytest.mark.parametrize("media_type", [JSON, FORM])
@pytest.mark.parametrize("scenario", ["residential", "commercial"])
@pytest.mark.parametrize("utility", ["ssmpuc", "svce"])
def test_a_scenario_gives_a_code_that_works(utility: str, scenario: str, media_type: str) -> None:
    company = Company.public(utility)
    response = submit(company, media_type, scenario=scenario)
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    told = response.json()
    assert told["state"] == "s-1"
    assert told["iss"] == company.registration.programme.issuer
    whole = {k: v[0] for k, v in parse_qs(urlsplit(told["redirect_uri"]).query).items()}
    assert told["redirect_uri"].startswith(f"{company.redirect_uri}?")
    assert whole == {"code": told["code"], "state": "s-1", "iss": told["iss"]}
    answer = company.trade(told["code"]).json()
    assert get(path_of(answer["resourceURI"]), answer["access_token"]).status_code == 200
    grant = Grant.objects.get()
    assert grant.account.is_test
    assert grant.account.scenario == scenario
    assert grant.services.count() == grant.account.services.count()


def test_what_is_asked_for_is_granted(puc: Company) -> None:
    code = submit(puc, scope="FB=16;HistoryLength=8035200").json()["code"]
    granted = scopes.parse(puc.trade(code).json()["scope"])
    assert set(scopes.REQUESTABLE) & set(granted.function_blocks) == {16}
    assert granted.history_length == 8_035_200


def test_a_fault_of_the_client_shows_here_too(puc: Company) -> None:
    puc.registration.faults = [Fault.NARROWER_SCOPE.value]
    puc.registration.save()
    granted = scopes.parse(puc.trade(submit(puc).json()["code"]).json()["scope"])
    assert 16 not in granted.function_blocks


@pytest.mark.parametrize("media_type", [JSON, FORM])
@pytest.mark.parametrize("state", ["", " x&y=z ", "ä🌞"])
def test_the_state_comes_back_letter_by_letter(puc: Company, media_type: str, state: str) -> None:
    told = submit(puc, media_type, state=state).json()
    query = urlsplit(told["redirect_uri"]).query
    assert told["state"] == state
    assert parse_qs(query, keep_blank_values=True)["state"] == [state]


def test_without_a_state_none_comes_back(puc: Company) -> None:
    told = submit(puc, state=None).json()
    assert "state" not in told
    assert "state=" not in told["redirect_uri"]


@pytest.mark.spec("RFC 7636", "4.6")
def test_a_code_with_a_challenge_needs_its_verifier(puc: Company) -> None:
    code = submit(puc, **PKCE).json()["code"]
    assert_refused(puc.trade(code), 400, "invalid_grant")
    assert puc.trade(code, code_verifier=VERIFIER).status_code == 200


def test_a_customer_who_is_not_found_ends_as_in_the_browser(puc: Company) -> None:
    response = submit(puc, scenario="badlogin")
    assert_refused(response, 400, "access_denied")
    told = response.json()
    query = parse_qs(urlsplit(told["redirect_uri"]).query)
    assert query["error"] == ["access_denied"]
    assert query["state"] == [told["state"]] == ["s-1"]
    assert query["iss"] == [told["iss"]]
    assert not AuthorizationCode.objects.exists()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scenario": None}, "invalid_request"),
        ({"scenario": "nothing"}, "invalid_request"),
        ({"scenario": "APUC0000-00"}, "invalid_request"),
        ({"scenario": "41002773-03"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"scope": "FB=????"}, "invalid_scope"),
        ({"scope": "FB=1"}, "invalid_scope"),
        ({"state": "x" * 2001}, "invalid_request"),
        ({"code_challenge": "x", "code_challenge_method": "S256"}, "invalid_request"),
    ],
)
def test_a_request_that_is_not_right_gets_nothing(
    puc: Company, changes: dict[str, str | None], error: str
) -> None:
    response = submit(puc, **changes)
    assert_refused(response, 400, error)
    assert "evil" not in response.content.decode()
    assert not Grant.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        '[["scenario", "residential"]]',
        '"residential"',
        "7",
        "null",
        '{"scenario": 7}',
        '{"scenario": {"a": "b"}}',
        '{"scenario": ["residential"]}',
        '{"scenario": null}',
        '{"scenario": "\\ud800"}',
        '{"scenario": "residential\\u0000"}',
        '{"scenario": "residential", "scenario": "commercial"}',
        "[" * 100_000,
        '{"x": ' + "1" * 5000 + "}",
        '{"x": "' + "y" * 3_000_000 + '"}',
    ],
)
def test_json_that_is_not_an_object_of_strings_is_refused(puc: Company, body: str) -> None:
    assert_refused(send(puc, body, JSON), 400, "invalid_request")


def test_bytes_that_are_no_text_are_refused(puc: Company) -> None:
    assert_refused(send(puc, b"\xff\xfe\xfd", JSON), 400, "invalid_request")  # type: ignore[arg-type]  # on purpose


@pytest.mark.parametrize("authorization", ["", "Bearer x", "Basic !!!"])
def test_a_company_that_cannot_prove_who_it_is_gets_401(puc: Company, authorization: str) -> None:
    response = send(puc, "{}", JSON, authorization=authorization)
    assert_refused(response, 401, "invalid_client")
