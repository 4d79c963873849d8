"""The revocation endpoint (RFC 7009)."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from tests.sandbox.walk import FORM, HOST, RESOURCE, Company, get, path_of
from utilities.sandbox.models import Grant


def revoke(company: Company, token: str, **changes: str) -> Any:
    return Client().post(
        f"/DataCustodian/{company.utility}/oauth/revoke",
        urlencode({"token": token} | changes),
        content_type=FORM,
        headers={"host": HOST, "authorization": company.basic()},
    )


def opens(answer: dict[str, Any]) -> bool:
    status: int = get(path_of(answer["resourceURI"]), answer["access_token"]).status_code
    return status == 200


@pytest.mark.spec("RFC 7009", "2.1")
@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "something", ""])
def test_an_access_token_ends_alone(puc: Company, hint: str) -> None:
    answer = puc.authorized()
    response = revoke(puc, answer["access_token"], token_type_hint=hint)
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert not opens(answer)
    refresh = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"]}
    assert opens(puc.ask_token(**refresh).json())


@pytest.mark.spec("RFC 7009", "2.1")
def test_with_a_refresh_token_the_whole_consent_ends(puc: Company) -> None:
    answer = puc.authorized()
    assert revoke(puc, answer["refresh_token"]).status_code == 200
    assert not opens(answer)
    refresh = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"]}
    assert puc.ask_token(**refresh).json()["error"] == "invalid_grant"
    assert not Grant.objects.get().is_active


def test_a_client_token_ends_and_another_one_does_not(puc: Company) -> None:
    first, second = puc.client_token(), puc.client_token()
    assert revoke(puc, first).status_code == 200
    assert get(f"{RESOURCE}/Authorization", first).status_code == 401
    assert get(f"{RESOURCE}/Authorization", second).status_code == 200


@pytest.mark.spec("RFC 7009", "2.2")
def test_a_token_that_is_unknown_or_gone_already_is_no_mistake(puc: Company) -> None:
    token = puc.authorized()["access_token"]
    assert [revoke(puc, each).status_code for each in (token, token, "made-up")] == [200] * 3


@pytest.mark.spec("RFC 7009", "2.1")
@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_another_companys_token_is_left_alone(puc: Company, kind: str) -> None:
    answer = puc.authorized()
    response = revoke(Company.live("ssmpuc"), answer[kind])
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_grant"
    assert opens(answer)


@pytest.mark.spec("RFC 7009", "2.2.1")
def test_the_registration_token_is_rotated_and_not_revoked(puc: Company) -> None:
    response = revoke(puc, puc.registration.registration_access_token)
    assert response.status_code == 400
    assert response.json()["error"] == "unsupported_token_type"


def test_no_token_is_a_mistake(puc: Company) -> None:
    assert revoke(puc, "").json()["error"] == "invalid_request"


def test_a_company_that_cannot_prove_who_it_is_revokes_nothing(puc: Company) -> None:
    answer = puc.authorized()
    puc.registration.client_id = "nobody"
    assert revoke(puc, answer["access_token"]).status_code == 401
    assert opens(answer)
