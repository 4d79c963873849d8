"""FB_44: the registration is managed by its company."""

from __future__ import annotations

import pytest

from greenbutton.espi.application_information import ApplicationInformation
from tests.conformance.reading import entries, only
from tests.conformance.target import Target

CHAPTER = "FB_44"
REFUSED = {401, 403}


def conformance(id: str) -> pytest.MarkDecorator:  # noqa: A002 (the suite's word)
    return pytest.mark.conformance(CHAPTER, id)


def address_of(target: Target) -> str:
    feed = target.get(target.resource("ApplicationInformation"), target.registration_token)
    [entry] = entries(feed)
    assert entry.self_href
    return entry.self_href


def status(target: Target) -> int | None:
    found = only(target.get(address_of(target), target.registration_token), ApplicationInformation)
    return found.third_party_application_status


@conformance("MGT001")
def test_mgt001(target: Target) -> None:
    """A registration that is read can be sent back as it is."""
    address = address_of(target)
    document = target.get(address, target.registration_token).content
    assert target.put(address, target.registration_token, document).status_code == 200


@conformance("MGT002")
def test_mgt002(other: Target) -> None:
    """A registration that its company removes can be brought back by it."""
    address, before = address_of(other), status(other)
    document = other.get(address, other.registration_token).content
    assert other.delete(address, other.registration_token).status_code == 200
    assert status(other) == 4
    assert other.put(address, other.registration_token, document).status_code == 200
    assert status(other) == before


@conformance("MGT003")
@pytest.mark.parametrize("method", ["put", "delete"])
def test_mgt003(target: Target, method: str) -> None:
    """No other token changes a registration, and it stays as it is."""
    address = address_of(target)
    document = target.get(address, target.registration_token).content
    for token in (target.client_token, target.consent()["access_token"], ""):
        response = (
            target.put(address, token, document)
            if method == "put"
            else target.delete(address, token)
        )
        assert response.status_code in REFUSED
    assert target.get(address, target.registration_token).content == document
