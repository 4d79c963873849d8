"""Mix-up (RFC 9207 §1): a code of one utility is sent to another one's token endpoint.

A utility of ours that is malicious, or was broken into, would collect the codes of the others.
"""

from __future__ import annotations

import secrets
from typing import Any

import httpx
import pytest

from authorizations.models import Authorization
from tests.at_the_sandbox import decide
from tests.cast import Person, make_utility
from tests.lying_utility import LyingUtility
from utilities.models import Utility


@pytest.fixture
def mallory(lying: LyingUtility) -> Utility:
    """Another utility of ours, which collects what it is sent."""
    other = make_utility(lying.url, slug=f"mallory{secrets.token_hex(3)}")
    lying.answer("/token", 400, json={"error": "invalid_grant"})
    return other


def test_an_honest_code_never_reaches_another_utility(
    svce: Utility,
    mallory: Utility,
    lying: LyingUtility,
    at_utility: httpx.Client,
    ada: Person,
) -> None:
    """Ada consents at SVCE; her browser is led to Mallory's callback with what SVCE answered."""
    params = decide(at_utility, svce, ada, "allow")
    assert ada.comes_back(mallory, **params).status_code == 400
    assert lying.requests == []
    # Nothing was spent: the right callback still works.
    assert ada.comes_back(svce, **params).status_code == 302


def test_a_way_that_began_at_mallorys_does_not_take_an_honest_code_there(
    svce: Utility,
    mallory: Utility,
    lying: LyingUtility,
    at_utility: httpx.Client,
    ada: Person,
) -> None:
    """The attack itself: Mallory passes Ada on to SVCE with the state of the way to Mallory."""
    state = ada.begins(mallory)
    params = decide(at_utility, svce, ada, "allow")
    assert ada.comes_back(svce, **(params | {"state": [state]})).status_code == 400
    # And where Mallory is named, SVCE's word for itself gives the mix-up away.
    assert params["iss"]
    assert ada.comes_back(mallory, **(params | {"state": [state]})).status_code == 400
    assert lying.requests == []


@pytest.mark.spec("RFC 9207", "2.4")
@pytest.mark.parametrize("utility_id", ["SVCE", "SSMPUC", "DEMO"])
def test_every_utility_of_the_sandbox_is_known_by_its_issuer(
    registered: None, utility_id: str
) -> None:
    utility = Utility.objects.get(utility_id=utility_id)
    assert utility.issuer
    assert utility.may_have_answered(utility.issuer)
    others = Utility.objects.exclude(pk=utility.pk).exclude(issuer="")
    assert others.exists()
    assert not any(utility.may_have_answered(other.issuer) for other in others)
    assert not utility.may_have_answered(None), "what names itself must do so each time"


@pytest.mark.parametrize(
    "spelt",
    [
        "{own}\t",
        "\n{own}",
        "ht\ntps://127.0.0.1/",
        "{own}@evil.example",
        "https://evil.example/?{own}",
        "https://evil.example#{own}",
        "{own}.evil.example/",
        "{own}\\@evil.example/",
    ],
)
def test_an_issuer_that_only_looks_like_the_utility_is_refused(
    utility: Utility, lying: LyingUtility, ada: Person, spelt: str
) -> None:
    iss = spelt.format(own=lying.url)
    answer = ada.comes_back(utility, state=ada.begins(utility), code="a-code", iss=iss)
    assert answer.status_code == 400
    assert lying.requests == []


def test_one_client_id_at_two_utilities_is_two_registrations(
    db: None, lying: LyingUtility, ada: Person, granted: dict[str, Any]
) -> None:
    lying.answer("/token", json=granted)
    one, two = make_utility(lying.url, "one"), make_utility(lying.url, "two")
    two.clients.update(client_id=one.clients.get().client_id)
    assert ada.comes_back(two, state=ada.begins(one), code="a-code").status_code == 400
    assert not Authorization.objects.exists()
