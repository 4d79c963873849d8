"""The settings refuse what is unsafe, each with a sentence that says what to change."""

import os
import runpy
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from portal.stack import CHECKOUT

RANDOM = "Vq3bX0yR7mZk2TfWc9LhN5sJd8PgAe4U"
ZERO_KEY = "A" * 43 + "="
HOME = "https://portal.example.org"

GOOD = {
    "ENV_FILE": "",
    "SECRET_KEY": RANDOM,
    "FIELD_KEYS": Fernet.generate_key().decode(),
    "DATABASE_URL": "postgres://portal:word@db.invalid:5432/portal",
    "REDIS_URL": "redis://redis.invalid:6379/4",
}


def settings_with(**variables: str) -> dict[str, Any]:
    """What the settings are in a process with these variables and no other."""
    with patch.dict(os.environ, GOOD | variables, clear=True):
        return runpy.run_path(str(CHECKOUT / "portal" / "settings.py"))


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": "too-short"}, "SECRET_KEY must be random"),
        ({"SECRET_KEY": "ab" * 30}, "SECRET_KEY must be random"),
        ({"SECRET_KEY_FILE": "/nowhere/key"}, "SECRET_KEY_FILE names /nowhere/key"),
        ({"FIELD_KEYS": ""}, "FIELD_KEYS is not set"),
        ({"FIELD_KEYS": " , "}, "FIELD_KEYS must hold at least one key"),
        ({"FIELD_KEYS": RANDOM}, "Each of FIELD_KEYS"),
        ({"FIELD_KEYS": ZERO_KEY}, "a key that is not random"),
        ({"FIELD_KEYS": f"{GOOD['FIELD_KEYS']},{ZERO_KEY}"}, "a key that is not random"),
        ({"DEBUG": "true"}, "needs DEMO=true"),
        ({"DEBUG": "yes"}, "DEBUG must be true or false"),
        ({"DEMO": "1"}, "DEMO must be true or false"),
        ({"DEMO": "true", "PORTAL_URL": HOME}, "DEMO=true is for this machine only"),
        ({"SITE": "both"}, "SITE must be portal or sandbox"),
        ({"PORTAL_URL": "http://portal.example.org"}, "PORTAL_URL must be https"),
        ({"SANDBOX_URL": "http://sandbox.example.org"}, "SANDBOX_URL must be https"),
        ({"PORTAL_URL": "portal.example.org"}, "must look like https"),
        ({"PORTAL_URL": "ftp://portal.example.org"}, "must look like https"),
        ({"PORTAL_URL": "https://portal.example.org:port"}, "must look like https"),
        ({"PORTAL_URL": "https://bücher.example"}, "must look like https"),
        ({"PORTAL_URL": f"{HOME}/portal"}, "scheme, host and port only"),
        ({"PORTAL_URL": "https://you@portal.example.org"}, "scheme, host and port only"),
        ({"DATABASE_URL": ""}, "DATABASE_URL is not set"),
        ({"DATABASE_URL": "sqlite:///here"}, "must be a postgres:// address"),
        ({"DATABASE_URL": "oracle3://here"}, "must be a postgres:// address"),
        ({"REDIS_URL": ""}, "REDIS_URL is not set"),
        ({"SITE": "sandbox", "REDIS_URL": "redis://host/first"}, "SANDBOX_REDIS_URL is not set"),
        ({"FEED_MAX_BYTES": "0"}, "FEED_MAX_BYTES must be a whole number of at least 1"),
        ({"FEED_MAX_BYTES": "-1"}, "FEED_MAX_BYTES must be a whole number"),
        ({"DISPATCH_SECONDS": "soon"}, "DISPATCH_SECONDS must be a whole number"),
        ({"EMAIL_HOST_USER": "portal"}, "EMAIL_HOST_PASSWORD is not set"),
        ({"DEMO_SITE_URL": "https://demo.example.org"}, "DEMO_SITE_URL must look like"),
        ({"DEMO_SITE_URL": "https://demo.example.org/x"}, "DEMO_SITE_URL must look like"),
        ({"DEMO_SITE_URL": "https://demo.example.org/?a=/"}, "DEMO_SITE_URL must look like"),
        ({"DEMO_SITE_URL": "http://demo.example.org/"}, "DEMO_SITE_URL must be https"),
        ({"DEMO_SITE_URL": "javascript:alert(1)/"}, "DEMO_SITE_URL must look like"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL must be"),
        ({"DEMO_SITE": "yes"}, "DEMO_SITE must be true or false"),
        ({"OUTBOX_DIR": "var/outbox"}, "for the sandbox of a demo only"),
        ({"OUTBOX_DIR": "var/outbox", "SITE": "sandbox"}, "for the sandbox of a demo only"),
        ({"OUTBOX_DIR": "var/outbox", "DEMO": "true"}, "for the sandbox of a demo only"),
    ],
)
def test_what_is_unsafe_or_makes_no_sense_is_refused(variables: dict[str, str], says: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=says):
        settings_with(**variables)


def test_no_refusal_repeats_a_secret() -> None:
    for variables in ({"SECRET_KEY": "short-word"}, {"FIELD_KEYS": "short-word"}):
        with pytest.raises(ImproperlyConfigured) as refused:
            settings_with(**variables)
        assert "short-word" not in str(refused.value)


def test_what_is_safe_is_taken() -> None:
    found = settings_with()
    assert (found["SITE"], found["DEMO"], found["DEBUG"]) == ("portal", False, False)
    assert found["FIELD_KEYS"] == [GOOD["FIELD_KEYS"]]


@pytest.mark.parametrize(
    ("variables", "is_on"),
    [
        ({}, False),
        ({"DEMO": "true"}, True),
        ({"DEMO_SITE": "1"}, True),
        ({"DEMO_SITE": "true"}, True),
        ({"DEMO_SITE": "0", "DEMO": "true"}, False),
        ({"DEMO_SITE": "false", "DEMO": "true"}, False),
    ],
)
def test_the_demo_site_is_on_in_a_demo_and_where_it_is_wanted(
    variables: dict[str, str], is_on: bool
) -> None:
    assert settings_with(**variables)["DEMO_SITE"] is is_on


def test_secrets_may_lie_in_files(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"{RANDOM[::-1]}\n")
    assert settings_with(SECRET_KEY_FILE=str(path))["SECRET_KEY"] == RANDOM[::-1]


def test_the_sandbox_gets_no_key_and_no_server_of_the_portals() -> None:
    found = settings_with(SITE="sandbox", FIELD_KEYS="")
    assert found["FIELD_KEYS"] == []
    assert found["DATABASES"]["default"]["NAME"] == "portal_sandbox"
    assert found["REDIS_URL"].endswith("/5")
    assert not {"authorizations", "allauth"} & set(found["INSTALLED_APPS"])


@pytest.mark.parametrize(
    ("variables", "address"),
    [
        ({}, f"{HOME}/demo/"),
        ({"DEMO_SITE_URL": "https://demo.example.org/"}, "https://demo.example.org/"),
        ({"DEMO_SITE_URL": "http://localhost:9000/a/b/"}, "http://localhost:9000/a/b/"),
    ],
)
def test_the_demo_site_is_the_portals_unless_another_is_named(
    variables: dict[str, str], address: str
) -> None:
    assert settings_with(PORTAL_URL=HOME, **variables)["DEMO_SITE_URL"] == address


@pytest.mark.parametrize(
    ("written", "read", "host"),
    [
        ("https://Portal.Example.org/", HOME, "portal.example.org"),
        (f"{HOME}:443", HOME, "portal.example.org"),
        (f"{HOME}:8443", f"{HOME}:8443", "portal.example.org"),
        ("http://LOCALHOST:80", "http://localhost", "localhost"),
        ("http://[::1]:8000", "http://[::1]:8000", "[::1]"),
    ],
)
def test_an_address_is_spelt_as_browsers_spell_it(written: str, read: str, host: str) -> None:
    found = settings_with(PORTAL_URL=written)
    assert found["PORTAL_URL"] == read
    assert found["ALLOWED_HOSTS"] == [host]


def test_on_https_every_cookie_keeps_to_it() -> None:
    found = settings_with(PORTAL_URL=HOME)
    for name in ("SESSION", "CSRF"):
        assert found[f"{name}_COOKIE_SECURE"]
        assert found[f"{name}_COOKIE_HTTPONLY"]
        assert found[f"{name}_COOKIE_SAMESITE"] == "Lax"
        assert found[f"{name}_COOKIE_NAME"].startswith("__Host-")
    assert found["SECURE_SSL_REDIRECT"]
    assert found["SECURE_HSTS_SECONDS"] > 0


def test_forwarded_headers_are_believed_only_behind_a_proxy_of_ours() -> None:
    assert "SECURE_PROXY_SSL_HEADER" not in settings_with(PORTAL_URL=HOME)
    assert "ALLAUTH_TRUSTED_PROXY_COUNT" not in settings_with(PORTAL_URL=HOME)
    found = settings_with(PORTAL_URL=HOME, BEHIND_PROXY="true")
    assert found["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")
    assert found["ALLAUTH_TRUSTED_PROXY_COUNT"] == 1


def test_no_page_but_charts_and_staff_may_do_more_than_load_our_own_files() -> None:
    found = settings_with()
    for name, values in found["POLICY"].items():
        assert not any("unsafe" in str(value) for value in values), name
    assert found["CHART_CONTENT_SECURITY_POLICY"] == {"style-src": ["'unsafe-inline'"]}
    assert "'unsafe-inline'" not in found["STAFF_CONTENT_SECURITY_POLICY"]["script-src"]


def test_a_sandbox_with_a_mail_server_sends_and_one_without_prints() -> None:
    sandbox = {"SITE": "sandbox"}
    assert "console" in settings_with(**sandbox)["EMAIL_BACKEND"]
    assert "smtp" in settings_with(**sandbox, EMAIL_HOST="mail.example.org")["EMAIL_BACKEND"]
    demo = sandbox | {"DEMO": "true", "EMAIL_HOST": "mail.example.org"}
    assert "console" in settings_with(**demo)["EMAIL_BACKEND"]
    assert "outbox" in settings_with(**demo, OUTBOX_DIR="var/outbox")["EMAIL_BACKEND"]
