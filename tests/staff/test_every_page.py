"""What holds for all staff pages, whichever are added."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from authorizations.models import (
    Authorization,
    ConnectAttempt,
    ForeignAuthorization,
    Notification,
    Reconciliation,
    ReturnAddress,
)
from greenbutton.models import BulkCollection, ClientCheck, Pull
from tests import cast
from tests.greenbutton.metering import add_point
from tests.staff.conftest import SECRETS, page_of, press, says, signed_in
from utilities.models import Client

# Reading, and the pages that make or change one; the office may do all of it.
READ_ONLY = {
    *("authorization", "pull", "clientcheck", "event", "connectattempt"),
    *("usagepoint", "bulkcollection"),
    *("foreignauthorization", "notification"),
}


@pytest.fixture
def everything(client_row: Client, pull: Pull, office: Browser) -> None:
    """At least one row of each model that has a page."""
    Group.objects.create(name="Clerks")
    ReturnAddress.objects.create(url="https://solar.example/", name="Solar")
    ClientCheck.objects.create(client=client_row)
    add_point(pull.authorization, title="House")
    now = timezone.now()
    ForeignAuthorization.objects.create(
        client=client_row, authorization_uri="https://utility.example/Authorization/9"
    )
    Notification.objects.create(
        utility=client_row.utility, received=now, last_received=now, body=b"<x/>"
    )
    Reconciliation.objects.create(client=client_row)
    BulkCollection.objects.create(client=client_row, uri="https://utility.example/Batch/Bulk/1")
    press(office, client_row, "pause")


def models() -> Iterator[tuple[Any, Any]]:
    yield from admin.site._registry.items()


def addresses() -> Iterator[str]:
    """Every list, every row's page and history, and every page that makes a row."""
    yield reverse("admin:index")
    yield reverse("admin:index") + "?tests=yes"
    for model, page in models():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"admin:{name}_changelist")
        if model._meta.model_name not in READ_ONLY | {"utility"}:
            yield reverse(f"admin:{name}_add")
        rows = list(model._default_manager.all())
        assert rows, f"{name} has a page, but the test has no row to show on it"
        for row in rows:
            yield page_of(row)
            yield reverse(f"admin:{name}_history", args=[row.pk])
            for button in page._extract_action_names(page.actions_detail):
                yield reverse(f"admin:{name}_{button}", args=[row.pk])


@pytest.mark.usefixtures("everything")
def test_every_page_answers_and_none_shows_a_secret(
    office: Browser, authorization: Authorization
) -> None:
    secrets = {
        **SECRETS,
        "browser": authorization.browser_hash,
        "feed key": authorization.feed_key,
        "state": ConnectAttempt.objects.get().state_hash,
    }
    opened = list(addresses())
    for address in opened:
        response = office.get(address)
        assert response.status_code == 200, address
        assert [name for name, secret in secrets.items() if secret in says(response)] == [], address
    assert len(opened) > 30


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/staff/utilities/client/", "client_secret"),
        ("/staff/authorizations/sharelink/", "authentication_value"),
        ("/staff/authorizations/authorization/", "access_token"),
    ],
)
def test_a_secret_cannot_be_guessed_by_filtering(office: Browser, path: str, field: str) -> None:
    response = office.get(path, {f"{field}__startswith": "the"})
    assert response.status_code == 302
    assert response["Location"].endswith("?e=1")


@pytest.mark.usefixtures("everything")
def test_staff_without_rights_see_nothing() -> None:
    browser = signed_in(cast.make_staff("newcomer"))
    for address in addresses():
        if address.startswith("/staff/?") or address == "/staff/":
            page = says(browser.get(address))
            assert "Demo Power and Light" not in page
            assert "Make a share link" not in page
        else:
            assert browser.get(address).status_code == 403, address


@pytest.mark.usefixtures("everything")
def test_nothing_of_the_business_can_be_deleted(office: Browser) -> None:
    for model, _ in models():
        if model in (User, Group):
            continue
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        row = model._default_manager.first()
        assert office.post(reverse(f"admin:{name}_delete", args=[row.pk])).status_code == 403
        answer = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
        office.post(reverse(f"admin:{name}_changelist"), answer)
        assert model._default_manager.filter(pk=row.pk).exists()


@pytest.mark.usefixtures("everything")
def test_what_machines_write_staff_cannot_change(office: Browser) -> None:
    for model, _ in models():
        if model._meta.model_name not in READ_ONLY:
            continue
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        row = model._default_manager.first()
        assert office.get(reverse(f"admin:{name}_add")).status_code == 403
        assert office.post(page_of(row), {"status": "revoked", "state": "done"}).status_code == 403


def test_staff_pages_have_a_policy_of_their_own(office: Browser) -> None:
    for path in ("/staff/", "/staff/utilities/client/", "/staff/there-is-no-such-page/"):
        policy = office.get(path)["Content-Security-Policy"]
        assert "script-src 'self' 'unsafe-eval'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "form-action 'self'" in policy


def test_no_staff_page_allows_inline_scripts(office: Browser) -> None:
    directives = office.get("/staff/")["Content-Security-Policy"].split(";")
    (scripts,) = [one for one in directives if one.strip().startswith("script-src")]
    assert "'unsafe-inline'" not in scripts


@pytest.mark.parametrize("path", ["/", "/connect/", "/accounts/login/", "/health/", "/staffroom/"])
def test_no_other_page_may_evaluate_text(path: str, db: None) -> None:
    policy = cast.browser().get(path)["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe-eval" not in policy


@pytest.mark.django_db
def test_every_empty_list_says_why_it_is_empty(boss: User) -> None:
    desk = signed_in(boss)
    for model, page in models():
        if model is not User:  # there is always somebody
            name = f"{model._meta.app_label}_{model._meta.model_name}"
            text = says(desk.get(reverse(f"admin:{name}_changelist")))
            assert "Nothing here yet" in text, name
            assert html.escape(page.nothing_yet) in text, name


def test_a_search_without_a_result_leads_back_to_the_whole_list(
    office: Browser, authorization: Authorization
) -> None:
    text = says(office.get("/staff/authorizations/authorization/", {"q": "nobody"}))
    assert "Nothing fits" in text
    assert "No customer has consented yet" not in text
