"""FB_34 and FB_35: everything at once."""

from __future__ import annotations

import pytest

from greenbutton.espi.usage_point import UsagePoint
from tests.conformance.reading import entries
from tests.conformance.target import Target

CHAPTER = "FB_34/35"
REFUSED = {401, 403}


def conformance(id: str) -> pytest.MarkDecorator:  # noqa: A002 (the suite's word)
    return pytest.mark.conformance(CHAPTER, id)


def bulk(target: Target) -> str:
    """The address that comes with a client token."""
    address: str = target.token(grant_type="client_credentials").json()["resourceURI"]
    return address


@conformance("SFTP001")
def test_sftp001() -> None:
    """A notice of an sftp address, and the file that is fetched from there."""
    pytest.skip("the platform has no SFTP; FB 34 is never in a scope of ours")


@conformance("RBK001")
@pytest.mark.parametrize("where", ["Batch/Bulk", "Bulk"])
def test_rbk001(newcomer: Target, where: str) -> None:
    """Bulk holds one set for each active authorization of the client."""
    target = newcomer
    active, ended = target.consent(), target.consent()
    assert target.delete(ended["authorizationURI"], target.client_token).status_code == 200
    address = target.resource(f"{where}/{bulk(target).rpartition('/')[2]}")
    feed = entries(target.get(address, target.client_token))
    points = [entry for entry in feed if isinstance(entry.resource, UsagePoint)]

    def of(answer: dict[str, str]) -> int:
        uid = answer["resourceURI"].rpartition("/")[2]
        return sum(uid in str(entry.self_href) for entry in points)

    assert (of(active), of(ended)) == (2, 0)


@conformance("RBK002")
def test_rbk002(target: Target) -> None:
    """An access token does not open Bulk."""
    assert target.get(bulk(target), target.consent()["access_token"]).status_code in REFUSED


@conformance("RBK003")
def test_rbk003(target: Target) -> None:
    """A registration token does not open Bulk."""
    assert target.get(bulk(target), target.registration_token).status_code in REFUSED


@conformance("RBK004")
def test_rbk004(target: Target) -> None:
    """Without a token Bulk stays closed."""
    assert target.get(bulk(target)).status_code in REFUSED
