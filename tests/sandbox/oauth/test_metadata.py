"""What a utility's authorization server says of itself (RFC 8414)."""

from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client

from tests.sandbox.walk import HOST
from utilities.sandbox.programmes import all_programmes

WELL_KNOWN = "/.well-known/oauth-authorization-server"


@pytest.mark.spec("RFC 8414", "3.3")
@pytest.mark.parametrize("slug", sorted(all_programmes()))
def test_it_stands_before_and_behind_the_issuers_path_and_names_that_issuer(slug: str) -> None:
    client = Client(headers={"host": HOST})
    path = f"/DataCustodian/{slug}"
    before, behind = client.get(f"{WELL_KNOWN}{path}"), client.get(f"{path}{WELL_KNOWN}")
    assert before.status_code == behind.status_code == 200
    assert before.json() == behind.json()
    assert before.json()["issuer"] == f"{settings.SANDBOX_URL}{path}"
    assert before["Content-Type"] == "application/json"
    assert all_programmes()[slug].metadata_url.endswith(f"{WELL_KNOWN}{path}")


@pytest.mark.spec("RFC 8414", "2")
def test_every_endpoint_that_it_names_is_there() -> None:
    client = Client(headers={"host": HOST})
    told = client.get(f"{WELL_KNOWN}/DataCustodian/ssmpuc").json()
    expected = {
        "authorization_endpoint": 401,  # no client id
        "token_endpoint": 405,
        "revocation_endpoint": 405,
        "registration_endpoint": 405,
        "service_documentation": 200,
    }
    for name, status in expected.items():
        assert client.get(urlsplit(told[name]).path).status_code == status, name


def test_it_says_what_is_true_of_the_programme() -> None:
    client = Client(headers={"host": HOST})
    for programme in all_programmes().values():
        told = client.get(f"{WELL_KNOWN}/DataCustodian/{programme.slug}").json()
        methods = told["token_endpoint_auth_methods_supported"]
        assert methods == [*programme.token_auth_methods]
        assert told["code_challenge_methods_supported"] == ["S256"]
        assert told["authorization_response_iss_parameter_supported"] is True


@pytest.mark.parametrize("path", [f"{WELL_KNOWN}/DataCustodian/nowhere", WELL_KNOWN])
def test_there_is_none_of_an_unknown_utility(path: str) -> None:
    response = Client(headers={"host": HOST}).get(path)
    assert response.status_code == 404
    assert response.json()["error"] == "not_found"


@pytest.mark.parametrize("method", ["post", "put", "delete", "options"])
def test_it_is_only_read(method: str) -> None:
    client = Client(headers={"host": HOST}, enforce_csrf_checks=True)
    response = getattr(client, method)(f"{WELL_KNOWN}/DataCustodian/ssmpuc")
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"
