"""FB_03: connect my data."""

from __future__ import annotations

import pytest

from greenbutton.espi.application_information import ApplicationInformation
from greenbutton.espi.authorization import Authorization
from greenbutton.espi.interval_block import IntervalBlock
from greenbutton.espi.service_status import ServiceStatus
from greenbutton.espi.usage_point import UsagePoint
from tests.conformance.reading import entries, only
from tests.conformance.target import Target

CHAPTER = "FB_03"


def conformance(id: str) -> pytest.MarkDecorator:  # noqa: A002 (the suite's word)
    return pytest.mark.conformance(CHAPTER, id)


@conformance("FND002")
def test_fnd002(target: Target) -> None:
    """ApplicationInformation is complete, and says how to authenticate."""
    address = target.resource("ApplicationInformation")
    found = only(target.get(address, target.registration_token), ApplicationInformation)
    assert found.data_custodian_application_status in {1, 2, 3, 4}
    assert found.token_endpoint_auth_method == "client_secret_basic"
    assert set(found.grant_types) <= {"authorization_code", "client_credentials", "refresh_token"}
    assert len(found.grant_types) >= 2
    assert found.response_types == "code"
    assert (found.client_id, found.client_secret) == target.credentials
    assert found.authorization_server_token_endpoint == target.client["token_url"]
    assert found.redirect_uris == tuple(target.client["redirect_uris"])
    assert found.registration_access_token == target.registration_token
    assert found.scopes


@conformance("FND003")
def test_fnd003(target: Target) -> None:
    """The list of authorizations holds those of this client."""
    address = target.consent()["authorizationURI"]
    feed = entries(target.get(target.resource("Authorization"), target.client_token))
    assert address in {entry.self_href for entry in feed}
    assert all(isinstance(entry.resource, Authorization) for entry in feed)


@conformance("FND004")
def test_fnd004(target: Target) -> None:
    """An authorization says its scope, its end, its status and its addresses."""
    answer = target.consent()
    found = only(target.get(answer["authorizationURI"], target.client_token), Authorization)
    assert found.expires_at
    assert found.scope == answer["scope"]
    assert found.token_type == "Bearer"
    assert found.resource_uri == answer["resourceURI"]
    assert found.authorization_uri == answer["authorizationURI"]
    assert found.status in {0, 1, 2}


@conformance("FND005")
def test_fnd005(target: Target) -> None:
    """The usage of an authorization is read with its access token."""
    answer = target.consent()
    feed = entries(target.get(answer["resourceURI"], answer["access_token"]))
    kinds = [type(entry.resource) for entry in feed]
    assert kinds.count(UsagePoint) == 2
    # An export has a block a month, of each of the two.
    assert kinds.count(IntervalBlock) > (20 if target.is_certified else 2)


@conformance("FND006")
def test_fnd006(target: Target) -> None:
    """The service says that it is up."""
    address = target.resource("ReadServiceStatus")
    assert only(target.get(address, target.client_token), ServiceStatus) == ServiceStatus(1)
