"""Who works for the company, and what there is to see."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from authorizations.models import Authorization, ShareLink
from greenbutton.models import Pull
from tests import cast
from utilities.models import Client, Utility

# What no staff page may ever show.
SECRETS = {
    "client secret": "the-client-secret",
    "registration token": "the-registration-token",
    "access token": "the-access-token",
    "refresh token": "the-refresh-token",
    "prefill": "416-555-0199",
}


@pytest.fixture
def boss(db: None) -> User:
    """May do everything; has no password, since hashing one takes longer than most tests."""
    email = cast.new_address("boss")
    return User.objects.create(username=email, email=email, is_staff=True, is_superuser=True)


@pytest.fixture
def office(boss: User) -> Browser:
    """The boss's browser, signed in."""
    return signed_in(boss)


def signed_in(user: User) -> Browser:
    browser = cast.browser()
    browser.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return browser


@pytest.fixture
def utility(db: None) -> Utility:
    """At an address where nobody answers, so that nothing leaves the machine."""
    return cast.make_utility("http://127.0.0.1:1")


@pytest.fixture
def client_row(utility: Utility) -> Client:
    row = utility.clients.get()
    row.registration_token = SECRETS["registration token"]
    row.save()
    return row


@pytest.fixture
def link(utility: Utility, boss: User) -> ShareLink:
    return ShareLink.objects.create(
        utility=utility,
        note="Roof audit of Elm Street",
        authentication_type="phone",
        authentication_value=SECRETS["prefill"],
        created_by=boss,
    )


@pytest.fixture
def authorization(utility: Utility, link: ShareLink) -> Authorization:
    """Of a real customer; nothing is due."""
    given = cast.authorize(cast.ada(), utility)
    given.is_test = False
    given.share_link = link
    given.next_pull_at = None
    given.save()
    return given


@pytest.fixture
def pull(authorization: Authorization) -> Pull:
    return Pull.objects.create(
        authorization=authorization,
        state=Pull.State.FAILED,
        finished=timezone.now(),
        error="Demo Power and Light answered 503.",
        findings=[
            {
                "code": "usage_point.no_service_kind",
                "count": 1204,
                "where": "https://utility.example/UsagePoint/1",
                "detail": "The usage point does not say which service it is.",
            }
        ],
    )


def page_of(row: Any) -> str:
    """The address of a row's staff page."""
    meta = row._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])


def press(browser: Browser, row: Any, button: str, why: str = "They asked for it.") -> Any:
    """Press a button of a row's page, say why, and land on the page that follows."""
    answer = {"_form_submitted": "True", "why": why}
    response: Any = browser.post(f"{page_of(row).removesuffix('change/')}{button}/", answer)
    return browser.get(response["Location"]) if response.status_code == 302 else response


def says(response: Any) -> str:
    text: str = response.content.decode()
    return text
