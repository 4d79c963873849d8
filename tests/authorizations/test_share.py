"""Data-share links: what a customer sees, and which links are closed."""

from __future__ import annotations

import html
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from authorizations.models import ConnectAttempt, ShareLink
from tests.cast import Person
from utilities.models import Client, Utility

PHONE = "111-111-1111"


def make_link(utility: Utility, **values: Any) -> ShareLink:
    return ShareLink.objects.create(utility=utility, **values)


def test_the_page_says_who_asks_for_what_and_how_to_stop(utility: Utility, ada: Person) -> None:
    end = int((timezone.now() + timedelta(days=365)).timestamp())
    link = make_link(utility, scope=f"FB=4;HistoryLength=2592000;PreferredAuthEndDate={end}")
    answer = ada.browser.get(f"/share/{link.code}/")
    page = html.unescape(answer.content.decode())
    for words in (
        "Test Company asks for your data from Demo Power and Light",
        "Your energy use, by interval",
        "Up to 30 days of history",
        "or until you stop sharing",
        "How to stop",
    ):
        assert words in page
    assert "bills" not in page.split("What Test Company")[1].split("</ul>")[0]
    assert utility.origins[0] in answer.headers["Content-Security-Policy"]


def test_the_prefill_is_shown_masked_and_sent_whole(utility: Utility, ada: Person) -> None:
    link = make_link(utility, authentication_type="phone", authentication_value=PHONE)
    page = ada.browser.get(f"/share/{link.code}/").content.decode()
    assert PHONE not in page
    assert "•••1111" in page
    answer = ada.sets_out(f"/share/{link.code}/")
    assert f"AdditionalScope%3Dauth-phone-{PHONE}&" in answer.headers["Location"]
    attempt = ConnectAttempt.objects.get()
    assert (attempt.share_link, attempt.scope) == (link, "FB=4_16_51")


def test_a_way_without_a_value_is_sent_too(utility: Utility, ada: Person) -> None:
    link = make_link(utility, authentication_type="letter")
    assert (
        "AdditionalScope%3Dauth-letter&" in ada.sets_out(f"/share/{link.code}/").headers["Location"]
    )


def test_the_prefill_is_encrypted_at_rest(utility: Utility) -> None:
    make_link(utility, authentication_type="phone", authentication_value=PHONE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT authentication_value FROM authorizations_sharelink")
        assert PHONE not in cursor.fetchone()[0]


def test_a_link_knows_its_whole_address(utility: Utility) -> None:
    link = make_link(utility)
    assert link.url == f"{settings.PORTAL_URL}/share/{link.code}/"


@pytest.mark.parametrize("verb", ["get", "post"])
def test_an_unknown_link_is_not_found(utility: Utility, ada: Person, verb: str) -> None:
    link = make_link(utility)
    path = "" if verb == "get" else "start/"
    for code in ("nothing", link.uid, link.code[:-1], link.code.swapcase()):
        assert getattr(ada.browser, verb)(f"/share/{code}/{path}").status_code == 404


@pytest.mark.parametrize("verb", ["get", "post"])
@pytest.mark.parametrize("code", ["%00", "a%00b", "a%0Ab", "%D9%A4", "a b"])
def test_what_can_be_no_link_is_not_found(ada: Person, verb: str, code: str) -> None:
    path = "" if verb == "get" else "start/"
    assert getattr(ada.browser, verb)(f"/share/{code}/{path}").status_code == 404


@pytest.mark.parametrize("verb", ["get", "post"])
@pytest.mark.parametrize("why", ["expired", "disabled", "utility"])
def test_a_closed_link_is_gone_and_says_so(
    utility: Utility, ada: Person, verb: str, why: str
) -> None:
    link = make_link(utility, authentication_type="phone", authentication_value=PHONE)
    if why == "expired":
        ShareLink.objects.update(expires_at=timezone.now())
    elif why == "disabled":
        link.disable()
    else:
        Utility.objects.update(enabled=False)
    path = "" if verb == "get" else "start/"
    answer = getattr(ada.browser, verb)(f"/share/{link.code}/{path}")
    assert answer.status_code == 410
    page = answer.content.decode()
    assert "no longer works" in page
    assert "1111" not in page
    assert not ConnectAttempt.objects.exists()


def test_a_link_to_a_utility_without_a_usable_client_says_so(utility: Utility, ada: Person) -> None:
    link = make_link(utility)
    Client.objects.get().pause("broken")
    assert ada.browser.get(f"/share/{link.code}/").status_code == 503
    assert ada.browser.post(f"/share/{link.code}/start/").status_code == 503


def test_a_prefill_that_cannot_be_sent_is_no_crash(utility: Utility, ada: Person) -> None:
    link = make_link(utility, authentication_type="phone", authentication_value="1;FB=4")
    answer = ada.sets_out(f"/share/{link.code}/")
    assert answer.status_code == 503
    assert "ask for a new link" in answer.content.decode()
    assert not ConnectAttempt.objects.exists()


def test_setting_out_is_a_post(utility: Utility, ada: Person) -> None:
    link = make_link(utility)
    assert ada.browser.get(f"/share/{link.code}/start/").status_code == 405
    assert ada.browser.post(f"/share/{link.code}/").status_code == 405
