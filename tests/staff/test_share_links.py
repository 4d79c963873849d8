"""Making a link, sending it, and closing it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.utils import timezone

from authorizations.models import Authorization, ShareLink
from tests import cast
from tests.staff.conftest import SECRETS, page_of, press, says, signed_in
from utilities.models import Utility

LIST = "/staff/authorizations/sharelink/"
WORDS = f"{LIST}scope-words/"


def wish(utility: Utility, /, **values: str) -> dict[str, str]:
    """The form for a new link, as staff fill it in."""
    end = timezone.now() + timedelta(days=7)
    return {
        "utility": str(utility.pk),
        "note": "Mrs Smith",
        "scope": "FB=4_16",
        "way": f"{utility.slug}:phone",
        "prefill": SECRETS["prefill"],
        "expires_at_0": f"{end:%Y-%m-%d}",
        "expires_at_1": f"{end:%H:%M:%S}",
        **values,
    }


def test_a_link_is_made_and_its_address_is_there_to_copy(
    office: Browser, utility: Utility, boss: User
) -> None:
    page = says(office.post(f"{LIST}add/", wish(utility), follow=True))
    link = ShareLink.objects.get()
    assert (link.authentication_type, link.authentication_value) == ("phone", SECRETS["prefill"])
    assert (link.scope, link.created_by, link.note) == ("FB=4_16", boss, "Mrs Smith")
    assert f'data-copy="{settings.PORTAL_URL}/share/{link.code}/"' in page
    assert SECRETS["prefill"] not in page
    assert "•••" in page


def test_a_link_may_say_next_to_nothing(office: Browser, utility: Utility) -> None:
    bare = dict.fromkeys(["note", "scope", "way", "prefill", "expires_at_0", "expires_at_1"], "")
    page = says(office.post(f"{LIST}add/", wish(utility, **bare), follow=True))
    link = ShareLink.objects.get()
    assert link.expires_at is None
    assert link.is_open()
    # The registration's own scope applies, and is told in words.
    assert "Your account details" in page


def test_thirty_days_are_proposed(office: Browser, utility: Utility) -> None:
    page = says(office.get(f"{LIST}add/"))
    days = {f"{timezone.now() + timedelta(days=30, seconds=shift):%Y-%m-%d}" for shift in (-60, 0)}
    assert any(f'value="{day}"' in page for day in days)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"utility": ""}, "This field is required."),
        (
            {"scope": "HistoryLength=1"},
            "A scope begins with its function blocks",
        ),
        ({"scope": "FB=4;HistoryLength=long"}, "HistoryLength is a whole number of seconds."),
        ({"scope": "FB=4;AdditionalScope=auth-phone-1"}, "Leave AdditionalScope out"),
        ({"prefill": "1;FB=51"}, "A semicolon cannot be sent in a scope"),
        ({"prefill": "1_auth-email-x"}, "cannot be sent in a scope; please leave it out."),
        ({"way": ""}, "Please choose what it is that you filled in."),
        ({"way": "demo:letter"}, "This way to sign in takes nothing to fill in."),
        ({"way": "other:phone"}, "Choose one of its own ways."),
        ({"way": "demo:palm-reading"}, "Select a valid choice."),
        ({"prefill": "9" * 201}, "at most 200 characters"),
        ({"expires_at_0": "2020-01-01"}, "That moment has passed"),
    ],
)
def test_a_link_that_cannot_work_is_refused(
    office: Browser, utility: Utility, values: dict[str, str], sentence: str
) -> None:
    cast.make_utility("http://127.0.0.1:1", "other")
    assert sentence in says(office.post(f"{LIST}add/", wish(utility, **values)))
    assert not ShareLink.objects.exists()


def test_a_disabled_utility_cannot_be_chosen(office: Browser, utility: Utility) -> None:
    utility.enabled = False
    utility.save()
    assert "Select a valid choice." in says(office.post(f"{LIST}add/", wish(utility, way="")))
    assert not ShareLink.objects.exists()


def test_without_a_registration_in_use_there_is_no_link(office: Browser, utility: Utility) -> None:
    utility.clients.get().pause("Broken")
    page = says(office.post(f"{LIST}add/", wish(utility)))
    assert "There is no registration in use with Demo Power and Light." in page
    assert not ShareLink.objects.exists()


def test_what_a_sent_link_asks_for_stays(office: Browser, link: ShareLink) -> None:
    other = cast.make_utility("http://127.0.0.1:1", "other")
    office.post(page_of(link), {**wish(other, note="New note"), "code": "mine", "uid": "mine"})
    changed = ShareLink.objects.get()
    assert changed.note == "New note"
    assert changed.expires_at is not None
    for name in ("utility", "scope", "code", "uid", "authentication_type", "authentication_value"):
        assert getattr(changed, name) == getattr(link, name)


def test_a_disabled_link_is_closed_for_good(office: Browser, link: ShareLink) -> None:
    page = says(press(office, link, "disable", "Sent to the wrong Smith"))
    link.refresh_from_db()
    closed_at = link.disabled_at
    assert not link.is_open()
    assert "Disabled" in page
    assert "Nothing was done" in says(press(office, link, "disable"))
    link.refresh_from_db()
    assert link.disabled_at == closed_at
    assert "Sent to the wrong Smith" in says(
        office.get(page_of(link).replace("/change/", "/history/"))
    )


@pytest.mark.usefixtures("authorization")
def test_the_list_tells_the_state_of_each_link(
    office: Browser, utility: Utility, link: ShareLink
) -> None:
    ShareLink.objects.create(utility=utility, note="Old", expires_at=timezone.now())
    ShareLink.objects.create(utility=utility, note="Closed").disable()
    page = says(office.get(LIST))
    for word in ("Open", "Expired", "Disabled", "used once", "not used yet"):
        assert word in page
    cast.authorize(cast.ben(), utility)
    Authorization.objects.update(share_link=link)
    assert "used 2 times" in says(office.get(LIST))


@pytest.mark.parametrize("right", ["view_sharelink", "add_sharelink"])
def test_who_may_not_change_links_cannot_disable_one(link: ShareLink, right: str) -> None:
    clerk = signed_in(cast.make_staff("clerk", right))
    assert press(clerk, link, "disable").status_code == 403
    link.refresh_from_db()
    assert link.is_open()


def test_a_scope_is_told_in_words_while_it_is_typed(office: Browser, utility: Utility) -> None:
    assert "Your bills and what they cost" in says(office.get(WORDS, {"scope": "FB=16"}))
    assert "A scope begins with" in says(office.get(WORDS, {"scope": "HistoryLength=1"}))
    assert "Your account details" in says(office.get(WORDS, {"utility": utility.pk}))
    assert "Choose the utility" in says(office.get(WORDS, {"utility": "0; DROP"}))


def test_what_is_typed_as_a_scope_is_never_taken_for_a_page(office: Browser) -> None:
    page = says(office.get(WORDS, {"scope": "FB=4;SubscriptionFrequency=<script>"}))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_words_are_for_those_who_make_links(db: None) -> None:
    looker = signed_in(cast.make_staff("looker", "view_sharelink"))
    assert looker.get(WORDS, {"scope": "FB=4"}).status_code == 403
