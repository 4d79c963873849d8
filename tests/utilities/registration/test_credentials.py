"""A new secret, or a new registration token, is tried before it is kept."""

from __future__ import annotations

import base64

import pytest
from django.contrib.auth.models import User

from tests.lying_utility import LyingUtility
from tests.utilities.registration import documents
from tests.utilities.registration.conftest import COLLECTION, Says
from utilities import registration
from utilities.client import GreenButtonClient
from utilities.models import Client
from utilities.registration import RegistrationError

GOOD = {"access_token": "a-client-token", "token_type": "Bearer", "expires_in": 3600}


def test_a_secret_that_works_is_kept(client: Client, boss: User, lying: LyingUtility) -> None:
    lying.answer("/token", json=GOOD)
    registration.keep_secret(client, "another", boss, "Rotated")
    client.refresh_from_db()
    assert client.client_secret == "another"
    (request,) = lying.asked("/token")
    assert request.form == {"grant_type": "client_credentials"}
    pair = base64.b64decode(request.headers["authorization"].removeprefix("Basic "))
    assert pair == b"DEMO_client:another"


def test_a_client_token_that_is_kept_proves_nothing(
    client: Client, boss: User, lying: LyingUtility
) -> None:
    """Were the new secret one that worked an hour ago, its token might be at hand still."""
    lying.answer("/token", json=GOOD)
    client.client_secret = "another"
    GreenButtonClient(client).client_token()
    client.refresh_from_db()
    lying.forget("/token")
    lying.answer("/token", 401, json={"error": "invalid_client"})
    with pytest.raises(RegistrationError):
        registration.keep_secret(client, "another", boss, "Rotated back")


@pytest.mark.parametrize(
    ("status", "body"),
    [(401, {"error": "invalid_client"}), (500, {}), (200, {"access_token": "a"}), (302, {})],
)
def test_the_old_secret_stays_where_the_new_one_gives_no_token(
    client: Client, boss: User, lying: LyingUtility, status: int, body: dict[str, str]
) -> None:
    lying.answer("/token", status, json=body)
    with pytest.raises(RegistrationError, match="The old secret is kept") as caught:
        registration.keep_secret(client, "another-secret", boss, "Rotated")
    client.refresh_from_db()
    assert client.client_secret == "the-client-secret"
    assert client.is_usable()
    assert not client.changes.exists()
    assert "another-secret" not in str(caught.value)


def test_the_same_secret_is_no_new_one(client: Client, boss: User, lying: LyingUtility) -> None:
    with pytest.raises(RegistrationError, match="have already"):
        registration.keep_secret(client, "the-client-secret", boss, "Rotated")
    with pytest.raises(RegistrationError, match="have already"):
        registration.keep_registration_token(client, "the-registration-token", boss, "Rotated")
    assert lying.requests == []


@pytest.mark.parametrize("token", ["a b", "a\r\nX-Evil: 1", "é", "x" * 5000, ""])
def test_what_is_no_token_goes_into_no_header(
    client: Client, boss: User, lying: LyingUtility, token: str
) -> None:
    with pytest.raises(RegistrationError, match="This is no token"):
        registration.keep_registration_token(client, token, boss, "Rotated")
    assert lying.requests == []


def test_a_token_that_opens_our_registration_is_kept_and_makes_it_due(
    client: Client, boss: User, says: Says, lying: LyingUtility
) -> None:
    says()
    Client.objects.update(look_at=None)
    registration.keep_registration_token(client, "another-token", boss, "Rotated")
    client.refresh_from_db()
    assert client.registration_token == "another-token"
    assert registration.claim_due() == [client.pk]
    assert lying.requests[-1].headers["authorization"] == "Bearer another-token"


def test_a_token_that_opens_another_ones_registration_is_not_kept(
    client: Client, boss: User, lying: LyingUtility
) -> None:
    lying.answer(COLLECTION, body=documents.document(client, client_id="DEMO_other"))
    with pytest.raises(RegistrationError, match="The new token is not kept"):
        registration.keep_registration_token(client, "another-token", boss, "Rotated")
    client.refresh_from_db()
    assert client.registration_token == "the-registration-token"
