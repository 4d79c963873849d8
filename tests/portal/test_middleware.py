"""The site at its own address behind a proxy that speaks https, and what its logs leave out."""

import logging
from collections.abc import Iterator

import pytest
from django.test import Client as Browser
from django.test import override_settings

from authorizations.models import ShareLink
from portal.logs import DiscreetFormatter
from tests import cast
from tests.portal.test_settings import HOME, settings_with

pytestmark = pytest.mark.django_db

OF_HTTPS = (
    *("SITE_URL", "PORTAL_URL", "ALLOWED_HOSTS", "HTTPS", "CSRF_COOKIE_NAME"),
    *("CSRF_COOKIE_SECURE", "SESSION_COOKIE_NAME", "SESSION_COOKIE_SECURE"),
    *("SECURE_HSTS_SECONDS", "SECURE_SSL_HOST", "SECURE_SSL_REDIRECT"),
    *("BEHIND_PROXY", "SECURE_PROXY_SSL_HEADER"),
)
HERE = {"host": "localhost:8000"}
OURS = {"host": "portal.example.org", "x-forwarded-proto": "https"}


@pytest.fixture
def behind_proxy() -> Iterator[None]:
    """The portal as an installation behind a proxy runs it."""
    found = settings_with(PORTAL_URL=HOME, BEHIND_PROXY="true")
    with override_settings(**{name: found[name] for name in OF_HTTPS}):
        yield


@pytest.mark.usefixtures("behind_proxy")
def test_https_through_the_proxy_is_served_and_stays_https() -> None:
    answer = Browser(headers=OURS).get("/accounts/login/")
    assert answer.status_code == 200
    assert answer["Strict-Transport-Security"].startswith("max-age=31536000")
    cookie = answer.cookies["__Host-portal_csrf"]
    assert cookie["secure"]
    assert cookie["path"] == "/"
    assert not cookie["domain"]


@pytest.mark.usefixtures("behind_proxy")
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", ["evil.example", "evil.example:443", "portal.example.org.evil"])
def test_another_name_leads_to_ours_however_it_came(scheme: str, host: str) -> None:
    answer = Browser(headers={"host": host, "x-forwarded-proto": scheme}).get("/connect/?a=b")
    assert answer.status_code in {301, 302}
    assert answer["Location"] == f"{HOME}/connect/?a=b"


@pytest.mark.usefixtures("behind_proxy")
def test_plain_http_is_sent_to_https() -> None:
    answer = Browser(headers={"host": "portal.example.org"}).get("/connect/")
    assert (answer.status_code, answer["Location"]) == (301, f"{HOME}/connect/")


@pytest.mark.usefixtures("behind_proxy")
@pytest.mark.parametrize("host", ["127.0.0.1:8000", "10.0.0.7", "not a name"])
def test_health_is_answered_over_plain_http_by_any_name(host: str) -> None:
    assert Browser(headers={"host": host}).get("/health/").status_code == 200


def test_a_visitors_own_header_does_not_make_http_https() -> None:
    found = settings_with(PORTAL_URL=HOME)
    with override_settings(**{name: found[name] for name in OF_HTTPS if name in found}):
        assert Browser(headers=OURS).get("/connect/").status_code == 301


def test_no_answer_comes_without_a_policy(client: Browser) -> None:
    strict = Browser(enforce_csrf_checks=True, headers={"host": "localhost:8000"})
    answers = {
        200: client.get("/connect/"),
        404: client.get("/nowhere/"),
        405: client.get("/connect/any/start/"),
        403: strict.post("/connect/any/start/"),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "form-action 'self'" in policy
        assert "unsafe" not in policy
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["X-Frame-Options"] == "DENY"


def test_a_refused_request_is_logged_without_the_code_of_its_share_link(
    caplog: pytest.LogCaptureFixture,
) -> None:
    link = ShareLink.objects.create(utility=cast.make_utility())
    strict = Browser(enforce_csrf_checks=True, headers={"host": "localhost:8000"})
    assert strict.post(f"/share/{link.code}/start/").status_code == 403
    assert link.code in caplog.text  # as pytest writes it down
    printed = [DiscreetFormatter().format(record) for record in caplog.records]
    assert any("/share/…/start/" in line for line in printed)
    assert not any(link.code in line for line in printed)


def test_the_consoles_formatter_is_the_discreet_one() -> None:
    handlers = logging.getLogger().handlers
    assert any(isinstance(one.formatter, DiscreetFormatter) for one in handlers)


@pytest.mark.parametrize("name", ["portal_session", "portal_csrf", "messages"])
def test_a_cookie_that_spells_a_nul_is_none(name: str) -> None:
    cookie = {"cookie": rf'{name}="abcdefgh\000"'}
    for page in ("/", "/connect/", "/accounts/login/"):
        assert Browser(headers=HERE | cookie).get(page).status_code == 200
