"""FB_41: authorizations are managed by their company."""

from __future__ import annotations

from typing import Any

import pytest

from greenbutton.espi.authorization import Authorization
from tests.conformance.reading import only
from tests.conformance.target import Target

CHAPTER = "FB_41"
# A missing token is 401 by RFC 6750, where the suite wants 403.
REFUSED = {401, 403}


def conformance(id: str) -> pytest.MarkDecorator:  # noqa: A002 (the suite's word)
    return pytest.mark.conformance(CHAPTER, id)


def status(target: Target, answer: dict[str, Any]) -> int | None:
    response = target.get(answer["authorizationURI"], target.client_token)
    return only(response, Authorization).status


@conformance("MGA001")
def test_mga001(target: Target) -> None:
    """An authorization that is read can be sent back as it is."""
    address = target.consent()["authorizationURI"]
    document = target.get(address, target.client_token).content
    assert target.put(address, target.client_token, document).status_code == 200


@conformance("MGA002")
def test_mga002(target: Target) -> None:
    """An authorization that its company ends can be brought back by it."""
    answer = target.consent()
    address = answer["authorizationURI"]
    document = target.get(address, target.client_token).content
    assert target.delete(address, target.client_token).status_code == 200
    assert status(target, answer) == 0
    assert target.get(answer["resourceURI"], answer["access_token"]).status_code in REFUSED
    assert target.put(address, target.client_token, document).status_code == 200
    assert status(target, answer) == 1


@conformance("MGA003")
@pytest.mark.parametrize("method", ["put", "delete"])
def test_mga003(target: Target, method: str) -> None:
    """No other token changes an authorization, and it stays as it is."""
    answer = target.consent()
    address = answer["authorizationURI"]
    document = target.get(address, target.client_token).content
    for token in (target.registration_token, answer["access_token"], ""):
        response = (
            target.put(address, token, document)
            if method == "put"
            else target.delete(address, token)
        )
        assert response.status_code in REFUSED
    assert target.get(address, target.client_token).content == document
