"""Utilities own addresses; clients change status only by verbs that leave a row."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import FieldError, ValidationError
from django.db import IntegrityError, transaction
from django.test import override_settings

from tests.cast import make_client, make_utility
from utilities.encrypted import WrongKeyError, decrypt, encrypt
from utilities.models import Client, Utility, origin_of


@pytest.fixture
def client_row(db: None) -> Client:
    return make_utility().clients.get()


@pytest.mark.parametrize(
    ("url", "owned"),
    [
        ("https://utility.example/x?y#z", True),
        ("https://utility.example:443/x", True),
        ("https://UTILITY.example/x", True),
        ("HTTPS://utility.example/x", True),
        ("http://utility.example/x", False),
        ("https://utility.example:8443/x", False),
        ("https://utility.example.evil.example/", False),
        ("https://evil.example/utility.example", False),
        ("https://me@utility.example/", False),
        ("https://utility.example@evil.example/", False),
        ("https://evil.example\\@utility.example/", False),
        ("https:///x", False),
        ("//utility.example/x", False),
        ("javascript:alert(1)", False),
        ("https://[utility.example/", False),
        ("https://utility.example:no/", False),
        ("", False),
    ],
)
def test_a_utility_owns_only_its_origins(url: str, owned: bool) -> None:
    assert Utility(origins=["https://utility.example"]).owns(url) is owned


def test_a_broken_origin_owns_nothing() -> None:
    assert origin_of("nonsense") is None
    assert not Utility(origins=["nonsense"]).owns("nonsense")


def test_the_callback_is_at_the_portal_whatever_the_request_says() -> None:
    assert Utility(slug="svce").callback_url == f"{settings.PORTAL_URL}/connect/callback/svce/"


def test_live_needs_an_approval(client_row: Client) -> None:
    with pytest.raises(ValidationError, match="has not approved"):
        client_row.go_live(None, "hurry")
    client_row.approve(None, "they wrote to us")
    client_row.go_live(None, "ready")
    assert not Client.objects.get().is_sandbox


@pytest.mark.django_db
def test_a_public_client_is_never_approved_nor_live() -> None:
    client = make_client(make_utility(), client_id="public", public=True)
    with pytest.raises(ValidationError, match="sandbox only"):
        client.approve(None, "try")
    with pytest.raises(ValidationError, match="for ever"):
        client.go_live(None, "try")
    assert not client.changes.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("fields", [{"public": True, "status": "live"}, {"status": "live"}])
def test_the_database_refuses_what_the_verbs_refuse(fields: dict[str, object]) -> None:
    client = make_utility().clients.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Client.objects.filter(pk=client.pk).update(**fields)


def test_each_change_says_who_when_and_why(client_row: Client) -> None:
    grace = User.objects.create_user("grace")
    client_row.approve(grace, "approved by letter")
    client_row.go_live(grace, "ready")
    client_row.pause("invalid_client")
    client_row.resume(grace, "new secret")
    client_row.back_to_sandbox(grace, "a test")
    client_row.retire(grace, "over")
    told = [(change.what, change.by, change.why) for change in client_row.changes.all()]
    assert told == [
        ("retired", grace, "over"),
        ("sandbox", grace, "a test"),
        ("resumed", grace, "new secret"),
        ("paused", None, "invalid_client"),
        ("live", grace, "ready"),
        ("approved", grace, "approved by letter"),
    ]
    assert not Client.objects.get().is_usable()


@pytest.mark.django_db
def test_customers_get_a_live_client_before_a_sandbox_one_and_never_a_paused_one() -> None:
    utility = make_utility()
    sandbox = utility.clients.get()
    live = make_client(utility, client_id="live")
    live.approve(None, "")
    live.go_live(None, "")
    assert utility.client_for_customers() == live
    live.pause("broken")
    assert utility.client_for_customers() == sandbox
    sandbox.retire(None, "old")
    assert utility.client_for_customers() is None


def test_an_old_key_still_reads_and_the_newest_writes() -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    with override_settings(FIELD_KEYS=[old]):
        written = encrypt(b"a token")
    with override_settings(FIELD_KEYS=[new, old]):
        assert decrypt(written) == b"a token"
        rewritten = encrypt(b"a token")
    with override_settings(FIELD_KEYS=[new]):
        assert decrypt(rewritten) == b"a token"
        with pytest.raises(WrongKeyError, match="Put the earlier key back"):
            decrypt(written)


@pytest.mark.django_db
def test_an_encrypted_column_cannot_be_searched() -> None:
    with pytest.raises(FieldError):
        Client.objects.filter(client_secret="the-client-secret").exists()


def test_a_secret_comes_back_as_it_was(client_row: Client) -> None:
    client_row.client_secret = "Grüße ☀ " * 100
    client_row.save()
    assert Client.objects.get().client_secret == "Grüße ☀ " * 100
    assert Client.objects.get().registration_token == ""
