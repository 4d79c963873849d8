"""Making a link, sending it, and closing it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client as Browser
from django.utils import timezone

from authorizations.emails import send_due
from authorizations.links.qr import qr_code
from authorizations.models import (
    Authorization,
    ConnectAttempt,
    LinkSending,
    OutgoingEmail,
    ShareLink,
)
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
        "language": "en",
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
        ({"utility": ""}, "Choose the utility first"),
        ({"language": "tlh"}, "Select a valid choice."),
        ({"history": "0"}, "Choose above, or type a scope here; not both."),
        ({"scope": "", "history": "0"}, "Tick at least one kind of data"),
        ({"scope": "", "kinds": "99"}, "Select a valid choice."),
        ({"scope": "", "kinds": "4", "ends": "day"}, "Choose the day on which sharing ends."),
        (
            {"scope": "", "kinds": "4", "ends": "day", "ends_on": "2020-01-01"},
            "That day has passed",
        ),
        ({"customer_email": "joe@example.com, ben@example.com"}, "Enter a valid email address."),
        ({"customer_email": "joe@example.com\nBcc: ben@example.com"}, "valid email address."),
        ({"reference": "x" * 121}, "at most 120 characters"),
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
    for nothing in ("0; DROP", ""):
        said = says(office.get(WORDS, {"utility": nothing}))
        assert said == "What the registration with the utility says."


def test_choices_are_told_as_the_scope_that_they_make(office: Browser) -> None:
    said = says(
        office.get(WORDS, {"kinds": ["16", "4"], "history": "0", "ends": "never", "often": "7"})
    )
    scope = "FB=4_16;HistoryLength=0;PreferredAuthEndDate=0;SubscriptionFrequency=7"
    assert f">{scope}</code>" in said
    assert "Until you stop sharing" in said
    assert "Tick at least one kind" in says(office.get(WORDS, {"history": "0"}))
    assert "none of those that are offered" in says(office.get(WORDS, {"kinds": "<script>"}))


def test_only_the_choices_go_into_the_address_that_asks_for_words(
    office: Browser, utility: Utility
) -> None:
    page = says(office.get(f"{LIST}add/"))
    [asked] = re.findall(r'hx-include="([^"]*)"', page)
    assert "email" not in asked
    assert "prefill" not in asked
    assert "closest form" not in asked


def test_a_link_keeps_all_that_was_said_of_its_customer(office: Browser, utility: Utility) -> None:
    said = {
        "customer_email": "joe@example.com",
        "reference": "Contract 17",
        "expected_account": "4711-0815",
        "expected_address": "17 Elm Street",
        "language": "fr",
        "single_use": "on",
        "scope": "",
        "history": "31536000",
        "kinds": "4",
    }
    page = says(office.post(f"{LIST}add/", wish(utility, **said), follow=True))
    link = ShareLink.objects.get()
    assert link.scope == "FB=4;HistoryLength=31536000"
    assert (link.customer_email, link.expected_account) == ("joe@example.com", "4711-0815")
    assert (link.reference, link.language, link.single_use) == ("Contract 17", "fr", True)
    assert "j•••@example.com" in page
    for hidden in ("joe@example.com", "4711-0815", "17 Elm Street"):
        assert hidden not in page
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(one)::text FROM authorizations_sharelink one")
        stored = cursor.fetchone()[0]
    for hidden in ("joe@example.com", "4711-0815", "17 Elm Street"):
        assert hidden not in stored


def test_a_link_without_a_utility_lets_the_customer_choose(
    office: Browser, utility: Utility
) -> None:
    page = says(
        office.post(f"{LIST}add/", wish(utility, utility="", way="", prefill=""), follow=True)
    )
    link = ShareLink.objects.get()
    assert link.utility is None
    assert "The customer chooses" in page
    preview = says(office.get(page_of(link).replace("change/", "preview/")))
    assert "Choose your utility" in preview
    assert f"/share/{link.code}" not in preview
    assert says(office.get(LIST)).count("The customer chooses") == 1


@pytest.mark.parametrize("sought", ["joe@example.com", " JOE@Example.com", "Contract 17", "17"])
def test_a_link_is_found_by_its_reference_and_by_the_whole_address(
    office: Browser, link: ShareLink, sought: str
) -> None:
    link.customer_email, link.reference = "joe@example.com", "Contract 17"
    link.save()
    assert link.note in says(office.get(LIST, {"q": sought}))
    assert link.note not in says(office.get(LIST, {"q": "jo@example.com"}))
    assert link.note not in says(office.get(LIST, {"q": "joe@"}))


# -- preview, QR code ------------------------------------------------------------------------------


def test_the_preview_is_the_customers_page_with_dead_buttons(
    office: Browser, link: ShareLink
) -> None:
    page = says(office.get(page_of(link).replace("change/", "preview/")))
    assert "Test Company asks for your data from Demo Power and Light" in page
    assert 'type="submit" disabled' in page
    assert 'name="shown"' not in page
    assert "start/" not in page
    assert SECRETS["prefill"] not in page
    assert not ConnectAttempt.objects.exists()


def test_the_qr_code_is_the_links_address(office: Browser, link: ShareLink) -> None:
    svg = office.get(page_of(link).replace("change/", "qr.svg"))
    assert svg["Content-Type"] == "image/svg+xml"
    assert b"<script" not in svg.content
    png = office.get(page_of(link).replace("change/", "qr.png"))
    assert png.content.startswith(b"\x89PNG")
    assert "no-store" in png["Cache-Control"]  # it opens what the link opens
    assert qr_code(link.url, "svg") == svg.content
    assert qr_code(link.url + "x", "svg") != svg.content


@pytest.mark.parametrize("page", ["preview/", "qr.svg", "qr.png"])
def test_only_who_may_see_links_sees_what_hangs_on_them(link: ShareLink, page: str) -> None:
    path = page_of(link).replace("change/", page)
    assert cast.browser().get(path).status_code == 302
    assert signed_in(cast.make_staff("new", "view_authorization")).get(path).status_code == 403
    looker = signed_in(cast.make_staff("looker", "view_sharelink"))
    assert looker.get(path).status_code == 200
    assert looker.post(path).status_code == 405
    assert looker.get(path.replace(f"/{link.pk}/", "/0/")).status_code == 404


# -- by e-mail -------------------------------------------------------------------------------------


def send(browser: Browser, link: ShareLink, to: str = "") -> str:
    answer = {"_form_submitted": "True", "why": "", "to": to}
    path = f"{page_of(link).removesuffix('change/')}send/"
    return says(browser.post(path, answer, follow=True))


def test_a_link_is_sent_to_its_customer(office: Browser, link: ShareLink, boss: User) -> None:
    assert "on its way" in send(office, link, " joe@example.com ")
    email = OutgoingEmail.objects.get()
    assert (email.to, email.share_link, email.kind) == ("joe@example.com", link, "share_link")
    assert email.subject == "Test Company asks for your data from Demo Power and Light"
    for body in (email.text, email.html):
        assert link.url in body
        assert "Your energy use, by interval" in body
        assert SECRETS["prefill"] not in body
        assert link.note not in body
    link.refresh_from_db()
    assert link.customer_email == "joe@example.com"
    assert link.sendings.get().by == boss
    assert f"by {boss.email}" in says(office.get(page_of(link)))
    assert "on its way" in send(office, link)
    assert OutgoingEmail.objects.count() == 2
    assert send_due() == 2
    assert "The customer was sent the link." in says(office.get(page_of(link)))


@pytest.mark.parametrize(
    "to",
    [
        "",
        "joe",
        "joe@example.com\nBcc: ben@example.com",
        "joe@example.com\r\n\r\nHello",
        "joe@example.com, ben@example.com",
        "Joe <joe@example.com>",
    ],
)
def test_an_address_that_is_none_or_two_gets_nothing(
    office: Browser, link: ShareLink, to: str
) -> None:
    assert "on its way" not in send(office, link, to)
    assert not OutgoingEmail.objects.exists()
    assert not LinkSending.objects.exists()


def test_a_name_with_a_line_break_does_not_begin_a_header(
    office: Browser, link: ShareLink, settings: Any
) -> None:
    settings.COMPANY_NAME = "Solar\r\nBcc: ben@example.com"
    link.utility = None
    link.authentication_type = link.authentication_value = ""
    link.save()
    assert "on its way" in send(office, link, "joe@example.com")
    subject = OutgoingEmail.objects.get().subject
    assert subject == "Solar Bcc: ben@example.com asks for your energy data"


def test_a_link_is_sent_three_times_a_day_at_most(office: Browser, link: ShareLink) -> None:
    for _ in range(3):
        assert "on its way" in send(office, link, "joe@example.com")
    assert "sent often enough today" in send(office, link, "joe@example.com")
    assert OutgoingEmail.objects.count() == 3
    LinkSending.objects.update(at=timezone.now() - timedelta(hours=25))
    assert "on its way" in send(office, link)


def test_one_person_sends_so_many_a_day(
    office: Browser, link: ShareLink, utility: Utility, settings: Any
) -> None:
    settings.LINK_EMAILS_A_DAY_PER_STAFF = 1
    send(office, link, "joe@example.com")
    other = ShareLink.objects.create(utility=utility)
    assert "as many e-mails today" in send(office, other, "joe@example.com")
    clerk = signed_in(cast.make_staff("clerk", "change_sharelink", "view_sharelink"))
    assert "on its way" in send(clerk, other, "joe@example.com")


def test_a_closed_link_is_not_sent(office: Browser, link: ShareLink) -> None:
    link.disable()
    assert "Nothing was done" in send(office, link, "joe@example.com")
    assert not OutgoingEmail.objects.exists()


def test_who_may_not_change_links_cannot_send_one(link: ShareLink) -> None:
    clerk = signed_in(cast.make_staff("clerk", "view_sharelink", "add_sharelink"))
    send(clerk, link, "joe@example.com")
    assert not OutgoingEmail.objects.exists()
