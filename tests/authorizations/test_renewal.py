"""The way to a new consent for an earlier authorization, and who may take it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.utils import timezone

from authorizations import emails, flows
from authorizations.at_utility import standing
from authorizations.links import renewal
from authorizations.links.renewal import CannotRenewError, renewal_link
from authorizations.models import Authorization, Event, EventType, OutgoingEmail, ShareLink
from authorizations.timeline import customers_timeline, staff_timeline
from greenbutton.tasks import purge_due
from tests import cast
from tests.authorizations.consents import CLIENT_TOKEN, document
from tests.cast import Person
from tests.lying_utility import LyingUtility
from tests.staff.conftest import page_of, press, says, signed_in
from utilities.models import Utility

Status = Authorization.Status
Renewal = Authorization.Renewal


@pytest.fixture
def hers(utility: Utility, ada: Person) -> Authorization:
    return cast.authorize(ada, utility)


@pytest.fixture
def office(db: None) -> Browser:
    """The browser of somebody of the staff who may do everything."""
    name = "boss@example.org"
    return signed_in(User.objects.create(username=name, is_staff=True, is_superuser=True))


def renewed_by(
    person: Person, authorization: Authorization, lying: LyingUtility, granted: dict[str, Any]
) -> Authorization:
    """A candidate: what came of a link to renew, in this person's browser."""
    return through(person, renewal_link(authorization), lying, granted)


def through(
    person: Person, link: ShareLink, lying: LyingUtility, granted: dict[str, Any]
) -> Authorization:
    assert link.utility is not None
    uris = {
        name: granted[name].removesuffix("1") + "2" for name in ("resourceURI", "authorizationURI")
    }
    tokens = {"access_token": "new-access", "refresh_token": "new-refresh"}
    lying.answer("/token", json={**granted, **uris, **tokens})
    sent = person.sets_out(f"/share/{link.code}/")
    state = parse_qs(urlsplit(sent.headers["Location"]).query)["state"][0]
    person.comes_back(link.utility, state=state, code="the-code")
    return Authorization.objects.latest("id")


# -- the way there --------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["mark_expired", "mark_needs_consent"])
def test_her_page_leads_to_a_link_that_renews_this_very_one(
    hers: Authorization, ada: Person, end: str
) -> None:
    getattr(hers, end)()
    page = f'action="/connections/{hers.uid}/renew/"'
    for path in ("/connections/", f"/usage/{hers.uid}/"):
        assert page in ada.browser.get(path).content.decode()
    answer = ada.browser.post(f"/connections/{hers.uid}/renew/")
    link = ShareLink.objects.get()
    assert (answer.headers["Location"], link.renews) == (f"/share/{link.code}/", hers)
    assert "You have shared this before" in ada.browser.get(f"/share/{link.code}/").content.decode()


def test_pressed_again_it_is_the_same_link(hers: Authorization, ada: Person) -> None:
    for _ in range(3):
        ada.browser.post(f"/connections/{hers.uid}/renew/")
    link = ShareLink.objects.get()
    assert link.expires_at is not None
    assert link.expires_at <= timezone.now() + timedelta(hours=1)


def test_nobody_else_gets_a_link(hers: Authorization, ben: Person, cy: Person) -> None:
    for person in (ben, cy):
        assert person.browser.post(f"/connections/{hers.uid}/renew/").status_code == 404
    assert not ShareLink.objects.exists()


def test_a_link_is_not_made_by_looking(hers: Authorization, ada: Person) -> None:
    assert ada.browser.get(f"/connections/{hers.uid}/renew/").status_code == 405


def test_what_was_stopped_cannot_be_renewed(hers: Authorization, ada: Person) -> None:
    hers.mark_revoked("customer")
    assert ada.browser.post(f"/connections/{hers.uid}/renew/").status_code == 404
    with pytest.raises(CannotRenewError):
        renewal_link(hers)


def test_what_came_from_a_file_cannot_be_renewed(utility: Utility, ada: Person) -> None:
    brought = Authorization.for_file(ada.cookie, utility, "")
    assert ada.browser.post(f"/connections/{brought.uid}/renew/").status_code == 404


def test_the_link_carries_what_the_first_one_said(hers: Authorization) -> None:
    hers.share_link = ShareLink.objects.create(
        utility=hers.utility, expected_account="77-1", language="fr"
    )
    hers.reference = "job-12"
    hers.save()
    link = renewal_link(hers)
    assert (link.expected_account, link.language, link.reference) == ("77-1", "fr", "job-12")


def test_a_second_renewal_lasts_as_long_as_the_first_consent(hers: Authorization) -> None:
    now = timezone.now()
    Authorization.objects.filter(pk=hers.pk).update(created=now - timedelta(days=700))
    hers.refresh_from_db()
    hers.renewed_at = now - timedelta(days=335)
    end = int((now + timedelta(days=30)).timestamp())
    hers.asked_scope = f"FB=4_16;PreferredAuthEndDate={end}"
    again = int(renewal.renewed_scope(hers).rpartition("=")[2])
    assert abs(again - end - 365 * 86_400) <= 1


def test_long_after_its_end_the_new_one_begins_now(hers: Authorization) -> None:
    now = timezone.now()
    Authorization.objects.filter(pk=hers.pk).update(created=now - timedelta(days=800))
    hers.refresh_from_db()
    end = int((now - timedelta(days=700)).timestamp())
    hers.asked_scope = f"FB=4_16;PreferredAuthEndDate={end}"
    again = int(renewal.renewed_scope(hers).rpartition("=")[2])
    assert abs(again - now.timestamp() - 100 * 86_400) <= 60


# -- the candidate --------------------------------------------------------------------------------


def test_a_candidate_is_due_and_the_earlier_one_stays_as_it_is(
    hers: Authorization, ada: Person, lying: LyingUtility, granted: dict[str, Any]
) -> None:
    candidate = renewed_by(ada, hers, lying, granted)
    assert (candidate.renews, candidate.renewal) == (hers, Renewal.WAITING)
    assert candidate.is_due()
    hers.refresh_from_db()
    assert (hers.access_token, hers.status) == ("the-access-token", Status.ACTIVE)


def test_a_candidate_opens_nothing_of_the_earlier_one(
    hers: Authorization, ben: Person, lying: LyingUtility, granted: dict[str, Any]
) -> None:
    candidate = renewed_by(ben, hers, lying, granted)
    page = ben.browser.get(f"/usage/{candidate.uid}/").content.decode()
    assert "You have shared this before" in page
    assert (ben.sees(candidate), ben.sees(hers)) == (True, False)
    candidate.keep_apart(["They differ."])
    assert not ben.sees(hers)


def test_an_ordinary_link_renews_nothing(
    hers: Authorization, utility: Utility, ada: Person, lying: LyingUtility, granted: dict[str, Any]
) -> None:
    link = ShareLink.objects.create(utility=utility)
    other = through(ada, link, lying, granted)
    assert (other.renews, other.renewal) == (None, "")


# -- taken in -------------------------------------------------------------------------------------


@pytest.fixture
def candidate(
    hers: Authorization, ben: Person, lying: LyingUtility, granted: dict[str, Any]
) -> Authorization:
    """Given in another browser than hers."""
    return renewed_by(ben, hers, lying, granted)


def test_the_new_grant_is_the_earlier_ones_and_the_old_one_is_to_be_ended(
    hers: Authorization, candidate: Authorization
) -> None:
    old = hers.authorization_uri
    renewal.take_in(hers, candidate, ["It is the same."])
    for row in (hers, candidate):
        row.refresh_from_db()
    assert (hers.access_token, hers.refresh_token) == ("new-access", "new-refresh")
    assert (hers.status, hers.is_due()) == (Status.ACTIVE, True)
    assert candidate.access_token == candidate.refresh_token == ""
    assert (candidate.authorization_uri, candidate.tell_utility_at is not None) == (old, True)
    assert [one.share_link for one in hers.attempts.all()] == [candidate.share_link, None]


def test_a_grant_that_kept_its_address_is_not_ended(
    hers: Authorization, candidate: Authorization
) -> None:
    candidate.authorization_uri = hers.authorization_uri
    renewal.take_in(hers, candidate, ["It is the same."])
    assert candidate.authorization_uri == ""
    assert candidate.tell_utility_at is None


def test_a_worker_that_is_at_it_by_the_old_grant_loses_its_lease(
    hers: Authorization, candidate: Authorization
) -> None:
    hers.lease_id, hers.leased_until = "another", timezone.now() + timedelta(minutes=5)
    renewal.take_in(hers, candidate, ["It is the same."])
    hers.refresh_from_db()
    assert hers.lease_id == ""
    assert hers.leased_until is None


def test_an_archived_one_comes_back_and_a_held_one_stays_held(
    hers: Authorization, candidate: Authorization
) -> None:
    Authorization.objects.filter(pk=hers.pk).update(
        archived_at=timezone.now(), held_at=timezone.now()
    )
    hers.refresh_from_db()
    renewal.take_in(hers, candidate, ["It is the same."])
    hers.refresh_from_db()
    assert hers.archived_at is None
    assert hers.held_at is not None


def test_both_browsers_see_a_guests_until_an_account_has_it(
    hers: Authorization, candidate: Authorization, ada: Person, ben: Person, cy: Person
) -> None:
    renewal.take_in(hers, candidate, ["It is the same."])
    assert [one.sees(hers) for one in (ada, ben, cy)] == [True, True, False]
    account = User.objects.create_user("somebody", "somebody@example.org")
    assert hers.claim(account)
    assert [one.sees(hers) for one in (ada, ben, cy)] == [False, False, False]
    # Its account goes, and it is one browser's from then on.
    hers.return_to_browser(ada.cookie)
    assert [one.sees(hers) for one in (ada, ben, cy)] == [True, False, False]


def test_what_the_new_account_consented_to_is_its_own(
    hers: Authorization, candidate: Authorization, ada: Person
) -> None:
    account = User.objects.create_user("somebody", "somebody@example.org")
    candidate.claim(account)
    assert renewal.why_not(hers, candidate) == ""
    renewal.take_in(hers, candidate, ["It is the same."])
    hers.refresh_from_db()
    assert (hers.owner, ada.sees(hers)) == (account, False)


@pytest.mark.parametrize("is_gone", [True, False])
def test_what_an_account_has_never_becomes_anothers(
    hers: Authorization, candidate: Authorization, is_gone: bool
) -> None:
    one, other = (User.objects.create_user(name, f"{name}@example.org") for name in "ab")
    hers.claim(one)
    candidate.claim(other)
    assert "another customer's account" in renewal.why_not(hers, candidate)
    if is_gone:
        one.delete()
        hers.refresh_from_db()
        assert "is gone" in renewal.why_not(hers, candidate)


def test_test_data_is_never_mixed_with_real_data(
    hers: Authorization, candidate: Authorization
) -> None:
    hers.is_test = not candidate.is_test
    assert "test data" in renewal.why_not(hers, candidate)


def test_the_signpost_is_no_receipt(
    hers: Authorization, candidate: Authorization, ben: Person
) -> None:
    renewal.take_in(hers, candidate, ["It is the same."])
    stopped = ben.browser.get(f"/connections/{candidate.uid}/stopped/")
    assert stopped.headers["Location"] == f"/usage/{candidate.uid}/"
    page = ben.browser.get(f"/usage/{candidate.uid}/", follow=True)
    assert page.redirect_chain == [(f"/usage/{hers.uid}/", 302)]
    # htmx asks for the progress of what the page was about, and is told to load it again.
    progress = ben.browser.get(f"/usage/{candidate.uid}/progress/", headers={"HX-Request": "true"})
    assert progress.headers["HX-Refresh"] == "true"


def test_who_stops_on_a_page_from_before_it_was_taken_in_stops_the_one_that_goes_on(
    hers: Authorization, candidate: Authorization, ben: Person
) -> None:
    renewal.take_in(hers, candidate, ["It is the same."])
    answer = ben.browser.post(f"/connections/{candidate.uid}/disconnect/")
    assert answer.headers["Location"] == f"/connections/{hers.uid}/stopped/"
    hers.refresh_from_db()
    assert (hers.status, hers.revoked_by) == (Status.REVOKED, "customer")


def test_who_stops_there_what_is_in_an_account_is_asked_to_sign_in(
    hers: Authorization, candidate: Authorization, ben: Person
) -> None:
    hers.claim(User.objects.create(username="ada", email="ada@example.org"))
    renewal.take_in(hers, candidate, ["It is the same."])
    answer = ben.browser.post(f"/connections/{candidate.uid}/disconnect/")
    assert answer.headers["Location"].startswith("/account/sign-in/")
    hers.refresh_from_db()
    assert hers.status == Status.ACTIVE


def test_a_link_to_what_was_taken_in_means_the_earlier_one(
    hers: Authorization,
    candidate: Authorization,
    ada: Person,
    lying: LyingUtility,
    granted: dict[str, Any],
) -> None:
    link = renewal_link(candidate)
    renewal.take_in(hers, candidate, ["It is the same."])
    assert through(ada, link, lying, granted).renews == hers


def test_a_grant_that_nobody_could_be_told_of_needs_attention(
    hers: Authorization, candidate: Authorization
) -> None:
    renewal.take_in(hers, candidate, ["It is the same."])
    candidate.mark_untold()
    assert candidate in Authorization.objects.needing_attention()


def test_once_it_is_stopped_nothing_is_left_of_its_renewals_either(
    hers: Authorization, candidate: Authorization, office: Browser
) -> None:
    words = {"reference": "job of Mrs Lovelace", "expected_account": "77-1", "note": "12 Elm St"}
    # The last one was made while nobody knew yet whose the candidate is.
    for link in (candidate.share_link, renewal_link(hers), renewal_link(candidate)):
        assert link is not None
        ShareLink.objects.filter(pk=link.pk).update(**words)
    Authorization.objects.filter(pk=candidate.pk).update(reference=words["reference"])
    link = candidate.renewal_links.get()
    about = {"authorization": candidate, "days": 1, "link": link}
    emails.send("expiring_soon", "ada@example.org", about, authorization=candidate)
    press(office, candidate, "hold", "Mrs Lovelace called")
    candidate.refresh_from_db()
    renewal.take_in(hers, candidate, ["It is the same."])
    flows.end(hers, "customer")
    purge_due()
    candidate.refresh_from_db()
    assert (candidate.reference, candidate.renews) == ("", hers)
    for link in ShareLink.objects.all():
        assert (link.reference, link.expected_account, link.note) == ("", "", "")
    assert not hers.attempts.exists()
    assert not OutgoingEmail.objects.exists()
    assert not LogEntry.objects.filter(change_message__contains="Lovelace").exists()
    # The old grant goes on to be ended at the utility.
    assert candidate.tell_utility_at is not None


# -- staff ----------------------------------------------------------------------------------------


def test_staff_make_a_link_and_see_it_on_the_page(hers: Authorization, office: Browser) -> None:
    page = says(press(office, hers, "renew", "Her consent ended."))
    link = ShareLink.objects.get()
    assert link.renews == hers
    assert link.created_by is not None
    assert "The link is ready" in page
    assert page_of(link) in page
    assert link.code not in str(list(LogEntry.objects.values_list("change_message", flat=True)))


def test_staff_send_it_and_an_address_that_is_none_makes_no_link(
    hers: Authorization, office: Browser
) -> None:
    url = f"{page_of(hers).removesuffix('change/')}renew/"
    answer = {"_form_submitted": "True", "why": "Her consent ended."}
    office.post(url, {**answer, "to": "nobody"})
    assert not ShareLink.objects.exists()
    office.post(url, {**answer, "to": "ada@example.org"})
    assert OutgoingEmail.objects.get().to == "ada@example.org"


def test_staff_see_what_became_of_a_renewal(
    hers: Authorization, candidate: Authorization, office: Browser
) -> None:
    renewal.keep_apart(hers, candidate, ["The account numbers are others."])
    assert "The account numbers are others." in says(office.get(page_of(candidate)))
    assert page_of(candidate) in says(office.get(page_of(hers)))


# -- told -----------------------------------------------------------------------------------------


def test_both_timelines_say_why(hers: Authorization, candidate: Authorization) -> None:
    renewal.keep_apart(hers, candidate, ["The account numbers are others."])
    for row in (hers, candidate):
        said = [line.words for line in staff_timeline(row)]
        assert any("The account numbers are others." in words for words in said)
        customers = [line.words for line in customers_timeline(row)]
        assert any("kept apart" in words for words in customers)
        assert not any("account numbers" in words for words in customers)


def test_a_renewal_is_told_on_the_one_that_goes_on(
    hers: Authorization, candidate: Authorization
) -> None:
    renewal.take_in(hers, candidate, ["The account number is the same."])
    types = set(Event.objects.values_list("authorization", "type"))
    assert (hers.pk, EventType.RENEWED) in types
    assert (candidate.pk, EventType.MERGED) in types


# -- at the utility -------------------------------------------------------------------------------


def test_a_revocation_there_waits_until_the_new_consent_was_compared(
    hers: Authorization, candidate: Authorization, lying: LyingUtility
) -> None:
    """A new consent may end the old one there: that is no wish to have the history deleted."""
    lying.answer("/token", json=CLIENT_TOKEN)
    lying.answer("/resource/Authorization/1", body=document(hers, status=0))
    Authorization.objects.filter(pk=hers.pk).update(standing_at=timezone.now())
    standing.look(hers)
    hers.refresh_from_db()
    assert (hers.status, hers.purge_at) == (Status.NEEDS_CONSENT, None)
    renewal.keep_apart(hers, candidate, ["The account numbers are others."])
    hers.refresh_from_db()
    assert hers.standing_at is not None
    Authorization.objects.filter(pk=hers.pk).update(standing_at=timezone.now())
    standing.look(hers)
    hers.refresh_from_db()
    assert hers.status == Status.REVOKED
