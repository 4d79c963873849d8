"""What was shown and agreed to: kept, taken along, and left bare by a purge."""

from __future__ import annotations

import html
import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core import signing
from django.utils import timezone

from authorizations.connecting import consent_text
from authorizations.models import Authorization, ConnectAttempt, ConsentRecord, ShareLink
from greenbutton.ingest.purge import purge
from tests import cast
from tests.cast import Person
from tests.lying_utility import LyingUtility
from utilities.models import Client, Utility


@pytest.fixture
def link(utility: Utility) -> ShareLink:
    return ShareLink.objects.create(
        utility=utility,
        scope="FB=4_16;HistoryLength=2592000",
        authentication_type="phone",
        authentication_value="416-555-0101",
    )


@pytest.fixture
def consented(
    link: ShareLink, utility: Utility, ada: Person, lying: LyingUtility, granted: dict[str, Any]
) -> Authorization:
    lying.answer("/token", json={**granted, "scope": "FB=4;AdditionalScope=auth-phone-4165550101"})
    location = ada.sets_out(f"/share/{link.code}/").headers["Location"]
    state = parse_qs(urlsplit(location).query)["state"][0]
    ada.comes_back(utility, state=state, code="a-code")
    return Authorization.objects.get()


def test_the_record_holds_the_words_of_the_page_to_the_letter(
    link: ShareLink, consented: Authorization, ada: Person
) -> None:
    record = ConsentRecord.objects.get()
    page = html.unescape(ada.browser.get(f"/share/{link.code}/").content.decode())
    assert len(record.sentences) >= 6
    for sentence in record.sentences:
        assert sentence in page
    assert "Up to 30 days of history" in record.sentences
    assert "already filled in as •••0101." in record.sentences[-1]
    assert record.authorization == consented
    assert (record.company_name, record.utility_name) == ("Test Company", consented.source_name)
    assert (record.text_version, record.language) == (consent_text.VERSION, "en")
    assert (record.scope_asked, record.scope_granted) == (link.scope, "FB=4")
    assert record.link_uid == link.uid
    assert record.shown_at <= record.agreed_at + timedelta(seconds=1)
    assert record.agreed_at <= record.granted_at


def test_no_personal_data_and_no_secret_is_in_it(link: ShareLink, consented: Authorization) -> None:
    record = ConsentRecord.objects.get()
    kept = json.dumps([record.as_json(), record.sentences])
    for secret in ("416-555-0101", "4165550101", "AdditionalScope", "the-access-token", link.code):
        assert secret not in kept


def test_ada_finds_it_beside_the_connection_and_on_the_receipt(
    consented: Authorization, ada: Person
) -> None:
    link = f'href="/connections/{consented.uid}/consent/"'
    assert link in ada.browser.get("/connections/").content.decode()
    consented.mark_revoked("customer")
    assert link in ada.browser.get(f"/connections/{consented.uid}/stopped/").content.decode()


@pytest.mark.parametrize("path", ["consent/", "consent.json"])
def test_ada_takes_it_along_and_cy_does_not(
    consented: Authorization, ada: Person, cy: Person, path: str
) -> None:
    answer = ada.browser.get(f"/connections/{consented.uid}/{path}")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "Up to 30 days of history" in answer.content.decode()
    assert "FB=4_16" in answer.content.decode()
    assert cy.browser.get(f"/connections/{consented.uid}/{path}").status_code == 404
    assert cy.browser.post(f"/connections/{consented.uid}/{path}").status_code == 405


def test_staff_who_may_see_authorizations_take_it_along(consented: Authorization) -> None:
    for right, status in (("view_authorization", 200), ("view_sharelink", 404)):
        clerk = cast.browser()
        clerk.force_login(
            cast.make_staff(right, right), "django.contrib.auth.backends.ModelBackend"
        )
        assert clerk.get(f"/connections/{consented.uid}/consent/").status_code == status


def test_what_made_no_page_has_no_record(utility: Utility, ada: Person) -> None:
    authorization = cast.authorize(ada, utility)
    assert not ConsentRecord.objects.exists()
    assert ada.browser.get(f"/connections/{authorization.uid}/consent/").status_code == 404


def test_a_purge_leaves_the_version_the_scopes_the_times_and_the_link(
    link: ShareLink, consented: Authorization, ada: Person
) -> None:
    record = ConsentRecord.objects.get()
    before = record.as_json()
    consented.mark_revoked("customer")
    assert purge(consented)
    record.refresh_from_db()
    assert record.as_json() == {**before, "sentences": []}
    answer = ada.browser.get(f"/connections/{consented.uid}/consent/").content.decode()
    assert "were deleted with the data" in answer
    assert consent_text.VERSION in answer
    link.refresh_from_db()
    assert link.authentication_value == ""


# -- nobody agrees to what they did not see --------------------------------------------------------


def test_a_page_whose_words_changed_is_shown_again(
    link: ShareLink, utility: Utility, ada: Person
) -> None:
    shown = ada.browser.get(f"/share/{link.code}/").context["consent"].signed
    Client.objects.update(company_name="Another Company")
    answer = ada.browser.post(f"/share/{link.code}/start/", {"shown": shown})
    assert answer.status_code == 409
    page = html.unescape(answer.content.decode())
    assert "This page has changed since you opened it" in page
    assert "Another Company asks for your data" in page
    assert not ConnectAttempt.objects.exists()
    again = answer.context["consent"].signed
    assert ada.browser.post(f"/share/{link.code}/start/", {"shown": again}).status_code == 302


@pytest.mark.parametrize("note", ["", "x", "forged", "other salt", "other page", "old"])
def test_a_note_that_is_not_ours_or_is_old_sends_nobody(
    link: ShareLink, utility: Utility, ada: Person, note: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = ada.browser.get(f"/share/{link.code}/").context["consent"].signed
    if note == "old":
        monkeypatch.setattr(consent_text, "SHOWN_LASTS", timedelta(seconds=-1))
    made = {
        "forged": good[:-1] + ("A" if good[-1] != "A" else "B"),
        "other salt": signing.dumps(["", int(timezone.now().timestamp())], salt="another"),
        "other page": ada.browser.get(f"/connect/{utility.slug}/").context["consent"].signed,
        "old": good,
    }
    answer = ada.browser.post(f"/share/{link.code}/start/", {"shown": made.get(note, note)})
    assert answer.status_code == 409
    assert not ConnectAttempt.objects.exists()


def test_the_connect_page_asks_for_the_same_care(utility: Utility, ada: Person) -> None:
    answer = ada.browser.post(f"/connect/{utility.slug}/start/", {})
    assert answer.status_code == 409
    assert not ConnectAttempt.objects.exists()
