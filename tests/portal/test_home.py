import re

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper
from django.test import Client as Browser
from django.test import override_settings

from tests import cast

pytestmark = pytest.mark.django_db

NOWHERE = "127.0.0.1:1"  # port 1 answers nobody


def test_a_newcomer_is_offered_to_connect(client: Browser) -> None:
    html = client.get("/").content.decode()
    assert 'href="/connect/"' in html
    assert "Your connections" not in html


def test_a_customer_sees_the_connections_of_this_browser_only() -> None:
    ada, ben = cast.ada(), cast.ben()
    mine = cast.authorize(ada, cast.make_utility(slug="mine"))
    others = cast.authorize(ben, cast.make_utility(slug="others"))
    html = ada.browser.get("/").content.decode()
    assert mine.uid in html
    assert others.uid not in html


def test_cy_sees_nothing() -> None:
    authorization = cast.authorize(cast.ada(), cast.make_utility())
    assert authorization.uid not in cast.cy().browser.get("/").content.decode()


def test_the_sandbox_is_named_in_the_demo_only(client: Browser) -> None:
    assert settings.SANDBOX_URL not in client.get("/").content.decode()
    with override_settings(DEMO=True):
        assert settings.SANDBOX_URL in client.get("/").content.decode()


def test_it_is_well_when_both_servers_answer(client: Browser) -> None:
    answer = client.get("/health/")
    assert answer.status_code == 200
    assert answer.json() == {"database": True, "redis": True}


def test_it_is_not_well_without_redis(client: Browser) -> None:
    with override_settings(REDIS_URL=f"redis://:a-secret@{NOWHERE}/0"):
        answer = client.get("/health/")
    assert answer.status_code == 503
    assert answer.json() == {"database": True, "redis": False}


def test_it_is_not_well_without_the_database(
    client: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = DatabaseWrapper(
        {**connection.settings_dict, "HOST": "127.0.0.1", "PORT": "1", "CONN_MAX_AGE": 0}
    )
    monkeypatch.setattr("portal.views.home.connection", broken)
    answer = client.get("/health/")
    assert answer.status_code == 503
    assert answer.json() == {"database": False, "redis": True}


def test_health_answers_by_any_name_and_says_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    with override_settings(REDIS_URL=f"redis://:a-secret@{NOWHERE}/0"):
        answer = Browser(headers={"host": "10.0.0.7"}).get("/health/")
    assert answer.status_code == 503
    assert "a-secret" not in caplog.text


def test_a_page_that_is_not_there_says_what_to_do(client: Browser) -> None:
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert "This page does not exist" in answer.content.decode()
    assert "script-src" in answer["Content-Security-Policy"]


def test_a_form_without_its_token_is_refused_in_words() -> None:
    ada = cast.ada()
    strict = Browser(enforce_csrf_checks=True, headers={"host": settings.PORTAL_URL[7:]})
    strict.cookies = ada.browser.cookies
    authorization = cast.authorize(ada, cast.make_utility())
    answer = strict.post(f"/connections/{authorization.uid}/disconnect/")
    assert answer.status_code == 403
    assert "The form was too old to be sent" in answer.content.decode()
    authorization.refresh_from_db()
    assert authorization.can_be_stopped()


def test_a_crash_shows_a_page_that_needs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(request: object) -> None:
        raise RuntimeError("personal data")

    monkeypatch.setattr("authorizations.access.authorizations_of", crash)
    browser = Browser(raise_request_exception=False, headers={"host": settings.PORTAL_URL[7:]})
    answer = browser.get("/")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.content.decode()
    assert "personal data" not in answer.content.decode()


def test_staff_sign_in_on_a_page_of_the_same_look(client: Browser) -> None:
    User.objects.create_superuser("dana", "dana@example.org", "a-long-enough-password")
    html = client.get("/accounts/login/?next=/staff/").content.decode()
    assert "Staff sign-in" in html
    assert "portal/base.css" in html
    answer = client.post(
        "/accounts/login/",
        {"login": "dana@example.org", "password": "a-long-enough-password", "next": "/staff/"},
    )
    assert (answer.status_code, answer["Location"]) == (302, "/staff/")


def test_a_wrong_password_is_told_beside_the_form(client: Browser) -> None:
    User.objects.create_superuser("dana", "dana@example.org", "a-long-enough-password")
    answer = client.post("/accounts/login/", {"login": "dana@example.org", "password": "wrong"})
    assert answer.status_code == 200
    assert 'class="errorlist' in answer.content.decode()


@pytest.mark.parametrize("address", ["/", "/connect/", "/accounts/login/", "/nowhere/"])
def test_no_page_loads_anything_from_elsewhere(client: Browser, address: str) -> None:
    html = client.get(address).content.decode()
    loaded = re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="([^"]+)"', html)
    assert loaded
    assert all(one.startswith("/static/") for one in loaded)
