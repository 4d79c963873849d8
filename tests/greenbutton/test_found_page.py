"""The staff pages of notices, comparisons and what was found at utilities."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from authorizations.models import (
    Authorization,
    ForeignAuthorization,
    Notification,
    Reconciliation,
    ShareLink,
)
from greenbutton import notices
from greenbutton.espi import write_bare
from greenbutton.espi.batch_list import BatchList
from tests import cast
from tests.authorizations.consents import CLIENT_TOKEN
from tests.lying_utility import LyingUtility
from utilities.models import Client, Utility


@pytest.fixture
def utility(db: None, lying: LyingUtility) -> Utility:
    told = CLIENT_TOKEN | {"resourceURI": f"{lying.url}/resource/Batch/Bulk/B_1"}
    lying.answer("/token", json=told)
    return cast.make_utility(lying.url)


@pytest.fixture
def desk(utility: Utility) -> Browser:
    """Somebody who may do everything, signed in."""
    browser = cast.browser()
    browser.force_login(User.objects.create_superuser("sam", "sam@example.org"))
    return browser


@pytest.fixture
def found(utility: Utility) -> ForeignAuthorization:
    return ForeignAuthorization.objects.create(
        client=Client.objects.get(),
        authorization_uri=f"{utility.resource_url}/Authorization/7",
        resource_uri=f"{utility.resource_url}/Batch/Subscription/7",
        scope="FB=4_16;BR=B_1",
    )


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def press(browser: Browser, row: Any, verb: str, why: str = "As agreed") -> Any:
    meta = row._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_{verb}", args=[row.pk])
    return browser.post(url, {"why": why, "_form_submitted": "1"}, follow=True)


def page_of(browser: Browser, row: Any) -> str:
    meta = row._meta
    name = f"admin:{meta.app_label}_{meta.model_name}_change"
    return text_of(browser.get(reverse(name, args=[row.pk])))


def list_of(browser: Browser, model: str) -> str:
    return text_of(browser.get(reverse(f"admin:authorizations_{model}_changelist")))


def test_a_notification_is_shown_with_its_counts_and_without_what_it_named(
    utility: Utility, desk: Browser
) -> None:
    hers = cast.authorize(cast.ada(), utility)
    unknown = f"{utility.resource_url}/Batch/Subscription/ada-lovelace"
    Notification.remember(utility, write_bare(BatchList((hers.resource_uri, unknown))))
    notices.read_waiting()
    assert "1 authorization is collected" in list_of(desk, "notification")
    page = page_of(desk, Notification.objects.get())
    assert f"1 at {utility.origins[0]}/…/Batch/Subscription/…" in page
    assert "ada-lovelace" not in page


def test_a_garbled_one_says_so(utility: Utility, desk: Browser) -> None:
    Notification.remember(utility, b"<script>alert(1)</script>")
    notices.read_waiting()
    listed = desk.get(reverse("admin:authorizations_notification_changelist")).content.decode()
    assert "Could not be read" in listed
    assert "<script>alert(1)" not in listed


def test_staff_have_a_registration_compared(utility: Utility, desk: Browser) -> None:
    client = Client.objects.get()
    Reconciliation.ask(client)
    url = reverse("admin:authorizations_reconciliation_add")
    answer = desk.post(url, {"client": client.pk}, follow=True)
    assert answer.status_code == 200
    row = Reconciliation.objects.get()
    assert (row.asked_by, row.due_at <= timezone.now()) == (User.objects.get(), True)


def test_a_comparison_links_what_is_missing_and_can_be_had_again(
    utility: Utility, desk: Browser
) -> None:
    hers = cast.authorize(cast.ada(), utility)
    row = Reconciliation.ask(Client.objects.get())
    row.done(listed=3, known=3, missing=1, missing_uids=[hers.uid])
    assert "1 missing there" in list_of(desk, "reconciliation")
    assert str(hers) in page_of(desk, row)
    press(desk, row, "compare_again")
    assert Reconciliation.objects.filter(state="waiting").count() == 1


def test_staff_adopt_what_was_found(
    utility: Utility, desk: Browser, found: ForeignAuthorization
) -> None:
    assert "In the Bulk feed" in list_of(desk, "foreignauthorization")
    assert "/Authorization/7" not in page_of(desk, found)
    answer = press(desk, found, "adopt")
    assert "It is adopted" in text_of(answer)
    adopted = Authorization.objects.get()
    assert adopted.origin == "adopted"
    assert not ForeignAuthorization.objects.exists()
    assert "Adopted" in page_of(desk, adopted)


def test_a_utility_that_does_not_answer_is_said_and_nothing_adopted(
    utility: Utility, desk: Browser, found: ForeignAuthorization, lying: LyingUtility
) -> None:
    lying.forget("/token")
    lying.answer("/token", 503)
    assert "Nothing was adopted" in text_of(press(desk, found, "adopt"))
    assert ForeignAuthorization.objects.exists()


def test_what_cannot_be_collected_gets_a_link_instead(
    utility: Utility, desk: Browser, found: ForeignAuthorization
) -> None:
    ForeignAuthorization.objects.update(scope="FB=4_16")
    assert "Only with a new link" in list_of(desk, "foreignauthorization")
    press(desk, found, "adopt")
    assert not Authorization.objects.exists()
    assert "The link is ready" in text_of(press(desk, found, "make_link", "Lost in the move"))
    link = ShareLink.objects.get()
    assert link.utility == utility
    assert "Lost in the move" in link.note
    assert link.is_open()


def test_who_may_only_look_may_not_adopt_or_compare(
    utility: Utility, found: ForeignAuthorization
) -> None:
    rights = [f"view_{one}" for one in ("foreignauthorization", "reconciliation", "notification")]
    browser = cast.browser()
    browser.force_login(cast.make_staff("vic", *rights))
    assert "Vic" not in page_of(browser, found)
    press(browser, found, "adopt")
    press(browser, found, "make_link")
    browser.post(reverse("admin:authorizations_reconciliation_add"), {"client": 1})
    assert not Authorization.objects.exists()
    assert not ShareLink.objects.exists()
    assert not Reconciliation.objects.exists()


def test_a_customer_sees_none_of_it(utility: Utility, found: ForeignAuthorization) -> None:
    for model in ("notification", "reconciliation", "foreignauthorization"):
        answer = cast.browser().get(reverse(f"admin:authorizations_{model}_changelist"))
        assert answer.status_code == 302


def test_staff_have_the_utility_asked_and_read_what_it_said(
    utility: Utility, desk: Browser
) -> None:
    hers = cast.authorize(cast.ada(), utility)
    press(desk, hers, "ask_utility")
    hers.refresh_from_db()
    assert hers.standing_at is not None
    Authorization.objects.update(standing_said="It is active there, too.")
    assert "It is active there, too." in page_of(desk, hers)
