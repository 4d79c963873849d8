"""Authorizations and pulls: what they show, and the buttons that ask why."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.humanize.templatetags.humanize import intcomma
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from authorizations.models import Authorization, ShareLink
from greenbutton.models import Pull
from tests import cast
from tests.staff.conftest import page_of, press, says, signed_in
from utilities.models import Utility

LIST = "/staff/authorizations/authorization/"
PULLS = "/staff/greenbutton/pull/"
BUTTONS = ["collect-now", "hold", "release", "stop-sharing", "archive", "unarchive"]


def offered(browser: Browser, authorization: Authorization) -> list[str]:
    page = says(browser.get(page_of(authorization)))
    return [button for button in BUTTONS if f"/{button}/" in page]


@pytest.mark.usefixtures("pull")
def test_the_page_tells_the_facts(office: Browser, authorization: Authorization) -> None:
    authorization.asked_scope, authorization.scope = "FB=4_16_51", "FB=4_16"
    authorization.save()
    page = says(office.get(page_of(authorization)))
    assert "Your bills and what they cost" in page
    assert "Not shared: your account details" in page
    assert "Demo Power and Light answered 503." in page
    assert "The customer authorized us at Demo Power and Light." in page
    assert reverse("usage", args=[authorization.uid]) in page
    assert ">Customer<" in "".join(page.split())


def test_the_page_says_who_can_see_it_and_masks_the_address(
    office: Browser, authorization: Authorization
) -> None:
    page = page_of(authorization)
    assert "A guest, in one browser<" in says(office.get(page))
    authorization.give_email("ada@example.org")
    assert "gave a•••@example.org, which nobody has proved yet" in says(office.get(page))
    account = User.objects.create_user("ada", "lovelace@example.org")
    authorization.claim(account)
    shown = says(office.get(page))
    assert "The account l•••@example.org" in shown
    assert "ada@example.org" not in shown
    assert "lovelace@example.org" not in shown
    account.delete()
    assert "the account that had it is gone" in says(office.get(page))


@pytest.mark.parametrize("field", ["uid", "note", "link uid", "code"])
def test_it_is_found_by_what_people_have_in_hand(
    office: Browser, authorization: Authorization, link: ShareLink, utility: Utility, field: str
) -> None:
    other = cast.authorize(cast.ben(), utility)
    words = {
        "uid": authorization.uid,
        "note": "elm street",
        "link uid": link.uid,
        "code": link.code,
    }
    page = says(office.get(LIST, {"q": words[field]}))
    assert authorization.uid in page
    assert other.uid not in page


def test_collect_now_makes_it_due(office: Browser, authorization: Authorization) -> None:
    assert not Authorization.objects.due().exists()
    press(office, authorization, "collect-now")
    assert Authorization.objects.due().get() == authorization


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"status": "needs_consent"}, "Nothing was done"),
        ({"status": "revoked"}, "Nothing was done"),
        ({"held_at": timezone.now()}, "This authorization is on hold. Release it first."),
        ({"origin": "file"}, "This came from a file: there is no utility to ask."),
    ],
)
def test_collect_now_refuses_what_no_worker_would_take(
    office: Browser, authorization: Authorization, values: dict[str, object], sentence: str
) -> None:
    Authorization.objects.update(**values)
    assert sentence in says(press(office, authorization, "collect-now"))
    authorization.refresh_from_db()
    assert authorization.next_pull_at is None


def test_what_is_held_is_not_due_until_released(
    office: Browser, authorization: Authorization
) -> None:
    authorization.collect_now()
    press(office, authorization, "hold", "The customer moves house")
    assert not Authorization.objects.due().exists()
    assert offered(office, authorization) == ["collect-now", "release", "stop-sharing", "archive"]
    press(office, authorization, "release")
    assert Authorization.objects.due().get() == authorization


def test_stop_sharing_destroys_the_tokens_and_tells_why(
    office: Browser, authorization: Authorization
) -> None:
    page = says(press(office, authorization, "stop-sharing", "She called us"))
    authorization.refresh_from_db()
    assert (authorization.status, authorization.revoked_by) == ("revoked", "staff")
    assert authorization.access_token == authorization.refresh_token == ""
    assert authorization.is_deleted()
    # Nobody answers at this utility.
    assert "The utility could not be told yet" in page.replace("\n", " ")
    assert authorization.is_being_told()
    assert "She called us" in says(
        office.get(page_of(authorization).replace("/change/", "/history/"))
    )
    assert offered(office, authorization) == ["archive"]


def test_an_active_one_is_not_archived(office: Browser, authorization: Authorization) -> None:
    assert "Stop sharing before archiving it." in says(press(office, authorization, "archive"))
    authorization.refresh_from_db()
    assert authorization.archived_at is None


def test_what_is_archived_leaves_the_list_and_comes_back(
    office: Browser, authorization: Authorization
) -> None:
    authorization.mark_needs_consent()
    press(office, authorization, "archive")
    assert authorization.uid not in says(office.get(LIST))
    assert authorization.uid in says(office.get(LIST, {"archived": "yes"}))
    assert authorization.uid in says(office.get(LIST, {"archived": "all"}))
    press(office, authorization, "unarchive")
    assert authorization.uid in says(office.get(LIST))


@pytest.mark.parametrize("button", BUTTONS)
def test_who_may_only_look_cannot_act(authorization: Authorization, button: str) -> None:
    before = Authorization.objects.values().get()
    looker = signed_in(cast.make_staff("looker", "view_authorization"))
    assert offered(looker, authorization) == []
    assert press(looker, authorization, button).status_code == 403
    assert Authorization.objects.values().get() == before


@pytest.mark.parametrize("button", BUTTONS)
def test_opening_a_button_does_nothing(
    office: Browser, authorization: Authorization, button: str
) -> None:
    before = Authorization.objects.values().get()
    office.get(f"{page_of(authorization).removesuffix('change/')}{button}/")
    assert Authorization.objects.values().get() == before


def test_tests_and_customers_are_told_apart(office: Browser, authorization: Authorization) -> None:
    assert authorization.uid in says(office.get(LIST, {"is_test__exact": "0"}))
    Authorization.objects.update(is_test=True)
    assert authorization.uid not in says(office.get(LIST, {"is_test__exact": "0"}))


@pytest.mark.parametrize(
    ("values", "needs_attention"),
    [
        ({}, False),
        ({"failures": 1}, True),
        ({"status": "needs_consent"}, True),
        ({"status": "revoked", "failures": 3}, False),
        ({"status": "needs_consent", "archived_at": timezone.now()}, False),
        ({"held_at": timezone.now()}, False),
    ],
)
def test_what_needs_attention(
    authorization: Authorization, values: dict[str, object], needs_attention: bool
) -> None:
    Authorization.objects.filter(pk=authorization.pk).update(**values)
    assert Authorization.objects.needing_attention().exists() is needs_attention


def test_a_paused_client_needs_attention(authorization: Authorization) -> None:
    assert authorization.client is not None
    authorization.client.pause("invalid_client")
    assert Authorization.objects.needing_attention().get() == authorization


def test_a_pull_tells_in_words_what_was_odd(office: Browser, pull: Pull) -> None:
    page = says(office.get(page_of(pull)))
    assert "The usage point does not say which service it is." in page
    assert "usage_point.no_service_kind" in page
    assert intcomma(1204) in page
    assert "https://utility.example/UsagePoint/1" in page
    assert "Demo Power and Light answered 503." in page


def test_what_a_utility_wrote_is_never_taken_for_a_page(office: Browser, pull: Pull) -> None:
    pull.error = "<script>alert(1)</script>"
    pull.findings[0] |= {"where": "<img src=x>", "detail": "<b>odd</b>"}
    pull.save()
    for address in (page_of(pull), PULLS, page_of(pull.authorization), "/staff/"):
        page = says(office.get(address))
        for text in ("<script>alert", "<img src=x>", "<b>odd"):
            assert text not in page


def test_pulls_are_narrowed_by_state(office: Browser, pull: Pull) -> None:
    link = f'href="{page_of(pull)}'
    assert link in says(office.get(PULLS, {"state__exact": "failed"}))
    assert link not in says(office.get(PULLS, {"state__exact": "done"}))


def test_collecting_now_is_what_a_worker_has_its_lease_on(authorization: Authorization) -> None:
    assert not Authorization.objects.being_collected().exists()
    Authorization.objects.update(leased_until=timezone.now() + timedelta(minutes=5))
    assert Authorization.objects.being_collected().get() == authorization
    Authorization.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert not Authorization.objects.being_collected().exists()
