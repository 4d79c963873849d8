"""Customers see with whom they share, share less, and stop."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.sandbox.walk import RESOURCE, Company, Feed, Walk, browser, error, get, path_of
from utilities.sandbox.models import ConsentRequest, Grant, Notice, OneTimeCode, UtilityAccount
from utilities.sandbox.views.my import visit
from utilities.sandbox.views.my.authorizations import MOST_OF_A_TEST_ACCOUNT

MINE = {"ssmpuc": "test_residential", "demo": "UAPI_TEST_residential"}
YEAR = 365 * 86_400


class Customer(Walk):
    """Somebody at the utility's own pages, whom no company has sent."""

    def open(self) -> None:
        self.page = self.client.get(f"/{self.company.utility}/my/")

    def enter_as(self, who: str) -> None:
        """Sign in by the form, from wherever the customer is."""
        self.submit("sign-in", {})
        if self.company.utility == "demo":
            self.give_password(who, "x")
        elif self.company.utility == "ssmpuc":
            self.look_up("test", who)
        else:
            self.look_up("email", who)
            self.enter(self.shown_passcode())

    def see(self, grant: Grant, page: str = "") -> None:
        self.page = self.client.get(f"/{self.company.utility}/my/{grant.uid}/{page}")

    def notice(self) -> str:
        found = re.search(r'<p class="notice \w+" role="status">(.*?)</p>', self.html)
        return found[1] if found else ""


def shared(company: Company, scope: str = "FB=4_16_39_51", **choices: Any) -> dict[str, Any]:
    """Tokens for a consent of the utility's residential test customer."""
    return company.authorized(scope, **choices)


@pytest.fixture
def at_home(demo: Company) -> Customer:
    """The residential test customer of Demo Utility, signed in, who shares with Test Company."""
    shared(demo)
    customer = Customer(demo)
    customer.enter_as(MINE["demo"])
    return customer


class TestTheDoor:
    @pytest.mark.parametrize("utility", ["ssmpuc", "svce", "demo"])
    def test_a_stranger_sees_the_way_in_and_nothing_else(self, utility: str) -> None:
        shared(Company.public(utility))
        customer = Customer(Company.public(utility))
        assert customer.shows("sign-in")
        assert "Test Company" not in customer.html

    @pytest.mark.parametrize(
        ("utility", "who"),
        [*MINE.items(), ("svce", "uapi-test-residential@example.com")],
    )
    def test_every_utilitys_own_ways_lead_in(self, utility: str, who: str) -> None:
        company = Company.public(utility)
        if utility == "ssmpuc":
            walk = Walk(company, scope=f"FB=4;AdditionalScope=auth-test-{who}")
            walk.allow()
        else:
            shared(company)
        customer = Customer(company)
        customer.enter_as(who)
        assert "Who can see your energy data" in customer.html
        assert "Test Company" in customer.html
        assert not ConsentRequest.objects.exists()

    def test_single_sign_on_leads_in_and_signing_out_ends_it_too(self, demo: Company) -> None:
        customer = Customer(demo)
        customer.submit("sign-in", {})
        customer.look_up("sso", "")
        customer.submit("login", {"username": MINE["demo"], "password": "x"})
        assert customer.shows("sign-out")
        customer.submit("sign-out", {})
        customer.submit("sign-in", {})
        customer.look_up("sso", "")
        assert customer.shows("login")

    def test_the_passcode_mail_says_why_it_was_sent(
        self, svce: Company, mailoutbox: list[Any]
    ) -> None:
        customer = Customer(svce)
        customer.submit("sign-in", {})
        customer.look_up("email", "priya.raman@example.org")
        customer.pick("email")
        assert "see with whom you share" in mailoutbox[0].body
        customer.enter(OneTimeCode.objects.get().code)
        assert "Priya Raman" in customer.html

    def test_who_cannot_be_found_stays_outside(self, demo: Company) -> None:
        customer = Customer(demo)
        customer.enter_as("UAPI_TEST_badlogin")
        assert error(customer) == "not_found"

    @pytest.mark.parametrize(
        ("who", "code"),
        [("UAPI_TEST_websitedown", "website_down"), ("UAPI_TEST_utilityerror", "utility_error")],
    )
    def test_a_utility_that_is_down_is_down_here_too(
        self, demo: Company, who: str, code: str
    ) -> None:
        customer = Customer(demo)
        customer.enter_as(who)
        assert error(customer) == code
        customer.submit("cancel", {})
        assert customer.page.status_code == 200
        assert not ConsentRequest.objects.exists()

    def test_who_has_nothing_to_share_sees_an_empty_list(self, demo: Company) -> None:
        customer = Customer(demo)
        customer.enter_as("UAPI_TEST_empty")
        assert "You share your data with no company" in customer.html

    def test_cancelling_leads_back_to_the_utilitys_front_page(self, demo: Company) -> None:
        customer = Customer(demo)
        customer.submit("sign-in", {})
        customer.submit("cancel", {}, follow=False)
        assert customer.page["Location"] == "/demo/"

    def test_no_consent_can_be_reached_this_way(self, demo: Company) -> None:
        customer = Customer(demo)
        customer.submit("sign-in", {})
        uid = ConsentRequest.objects.get().uid
        response = customer.client.get(f"/demo/share/{uid}/consent/")
        assert response["Location"] == f"/demo/share/{uid}/authenticate/"

    def test_the_session_id_changes_at_the_door(self, demo: Company) -> None:
        customer = Customer(demo)
        customer.submit("sign-in", {})
        before = customer.client.cookies["sandbox_session"].value
        customer.give_password(MINE["demo"], "x")
        assert customer.client.cookies["sandbox_session"].value != before

    def test_a_quarter_of_an_hour_without_a_click_signs_out(
        self, at_home: Customer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        grant = Grant.objects.get()
        monkeypatch.setattr(visit, "IDLE_SECONDS", 0)
        at_home.see(grant)
        assert at_home.page["Location"] == "/demo/my/"
        at_home.open()
        assert at_home.shows("sign-in")

    def test_signing_out_ends_the_visit(self, at_home: Customer) -> None:
        at_home.submit("sign-out", {})
        assert at_home.notice() == "You are signed out."
        at_home.see(Grant.objects.get())
        assert at_home.page["Location"] == "/demo/my/"

    @pytest.mark.parametrize("address", ["sign-in", "sign-out"])
    def test_no_link_signs_anybody_in_or_out(self, at_home: Customer, address: str) -> None:
        response = at_home.client.get(f"/demo/my/{address}/")
        assert response["Location"] == "/demo/my/"
        at_home.open()
        assert at_home.shows("sign-out")

    def test_being_in_at_one_utility_is_being_out_at_the_next(self, at_home: Customer) -> None:
        assert b'id="sign-in"' in at_home.client.get("/svce/my/").content

    def test_every_page_refuses_framing_and_is_kept_nowhere(self, at_home: Customer) -> None:
        for page in ("", "change/"):
            at_home.see(Grant.objects.get(), page)
            assert at_home.page["X-Frame-Options"] == "DENY"
            assert "no-store" in at_home.page["Cache-Control"]


class TestSeeing:
    def test_the_list_tells_company_beginning_end_and_last_reading(
        self, at_home: Customer, demo: Company
    ) -> None:
        grant = Grant.objects.get()
        assert "Test Company" in at_home.html
        assert f"Since {grant.created_at.astimezone(grant.registration.programme.zone):%B}" in (
            at_home.html
        )
        assert grant.last_day
        assert f"{grant.last_day:%B} {grant.last_day.day}, {grant.last_day.year}" in at_home.html
        assert "Nothing was read yet" in at_home.html
        answer = shared(demo)
        get(path_of(answer["resourceURI"]), answer["access_token"])
        at_home.open()
        assert "Last read on" in at_home.html

    def test_reading_changes_nothing_of_the_consent_itself(self, demo: Company) -> None:
        answer = shared(demo)
        before = Grant.objects.get().updated_at
        get(path_of(answer["resourceURI"]), answer["access_token"])
        grant = Grant.objects.get()
        assert grant.read_at
        assert grant.updated_at == before

    def test_days_are_told_as_they_are_where_the_customer_lives(self, at_home: Customer) -> None:
        Grant.objects.update(created_at=datetime(2026, 7, 1, 3, 0, tzinfo=UTC))
        at_home.open()
        assert "Since June 30, 2026" in at_home.html

    def test_the_receipt_says_what_is_shared_from_which_meters(self, at_home: Customer) -> None:
        at_home.see(Grant.objects.get())
        for words in ("Bills: each bill", "Meter D201101", "Meter DG40101"):
            assert words in at_home.html

    def test_what_has_ended_stands_apart_and_cannot_be_changed(self, at_home: Customer) -> None:
        Grant.objects.update(until=timezone.now() - timedelta(days=1))
        at_home.open()
        assert "Not any more" in at_home.html
        grant = Grant.objects.get()
        at_home.see(grant)
        assert not at_home.shows("revoke")
        at_home.see(grant, "change/")
        assert at_home.page["Location"] == f"/demo/my/{grant.uid}/"

    def test_a_test_account_lists_the_newest_of_what_everybody_left(
        self, at_home: Customer
    ) -> None:
        grant = Grant.objects.get()
        many = {"registration": grant.registration, "account": grant.account, "scope": "FB=4"}
        over = timezone.now() - timedelta(days=1)
        Grant.objects.bulk_create(Grant(**many, until=until) for until in [None, over] * 120)
        with CaptureQueriesContext(connection) as queries:
            at_home.open()
        assert at_home.html.count('class="share"') == MOST_OF_A_TEST_ACCOUNT
        assert at_home.html.count('class="share ended"') == MOST_OF_A_TEST_ACCOUNT
        assert len(queries) < 12

    def test_a_customer_sees_all_that_they_can_stop(self, at_home: Customer) -> None:
        UtilityAccount.objects.filter(pk=Grant.objects.get().account_id).update(is_test=False)
        grant = Grant.objects.get()
        many = {"registration": grant.registration, "account": grant.account, "scope": "FB=4"}
        Grant.objects.bulk_create(Grant(**many) for _ in range(120))
        at_home.open()
        assert at_home.html.count('class="share"') == 121

    @pytest.mark.parametrize("page", ["", "change/", "narrow/", "revoke/"])
    def test_what_others_share_is_not_there(self, at_home: Customer, page: str) -> None:
        theirs = Grant.objects.create(
            registration=at_home.company.registration,
            account=UtilityAccount.objects.get(username_key="uapi_test_commercial"),
            scope="FB=4",
        )
        address = f"/demo/my/{theirs.uid}/{page}"
        assert at_home.client.get(address).status_code == 404
        csrf = at_home.client.cookies["sandbox_csrf"].value
        response = at_home.client.post(address, {"csrfmiddlewaretoken": csrf})
        assert response.status_code in {404, 405}
        theirs.refresh_from_db()
        assert theirs.is_active

    def test_the_companys_words_are_shown_as_words(self, at_home: Customer) -> None:
        registration = at_home.company.registration
        registration.company_name = "<script>alert(1)</script>"
        registration.save()
        at_home.open()
        assert "<script>alert" not in at_home.html


class TestSharingLess:
    def narrow(self, customer: Customer, **choices: Any) -> Grant:
        """What the form offers, but for the choices."""
        grant = Grant.objects.get()
        customer.see(grant, "change/")
        customer.submit("narrow", customer.offered() | choices)
        return Grant.objects.get()

    def refused(self, customer: Customer, **choices: Any) -> str:
        before = Grant.objects.get()
        after = self.narrow(customer, **choices)
        assert (after.scope, after.until) == (before.scope, before.until)
        assert customer.page.status_code == 422
        alert = customer.alert()
        assert alert
        return alert[0]

    def test_the_form_opens_with_what_is_shared_now(self, at_home: Customer) -> None:
        grant = Grant.objects.get()
        at_home.see(grant, "change/")
        offered = at_home.offered()
        assert offered["data"] == ["4", "16", "39", "51"]
        assert len(offered["service"]) == 2
        assert offered["history"] == "63072000"
        assert offered["until"] == grant.last_day.isoformat()  # type: ignore[union-attr]

    def test_saving_it_as_it_is_changes_nothing(self, at_home: Customer) -> None:
        before = Grant.objects.get()
        after = self.narrow(at_home)
        assert "Nothing was changed" in at_home.notice()
        assert (after.scope, after.updated_at) == (before.scope, before.updated_at)

    def test_fewer_kinds_of_data(self, at_home: Customer) -> None:
        grant = self.narrow(at_home, data=["16"])
        assert "Saved" in at_home.notice()
        assert 16 in grant.granted.function_blocks
        assert not {4, 5, 10, 12, 39, 51} & set(grant.granted.function_blocks)
        assert grant.granted.option("IntervalDuration") is None
        assert grant.updated_at > grant.created_at

    def test_fewer_services(self, at_home: Customer) -> None:
        (gas,) = Grant.objects.get().services.filter(kind="gas")
        grant = self.narrow(at_home, service=[gas.uid])
        assert list(grant.services.all()) == [gas]
        assert grant.granted.option("AccountCollection") == "1"
        assert 5 not in grant.granted.function_blocks

    def test_less_history_and_an_earlier_end(self, at_home: Customer) -> None:
        end = timezone.now().date() + timedelta(days=40)
        grant = self.narrow(at_home, history=str(YEAR), until=end.isoformat())
        assert grant.granted.history_length == YEAR
        assert grant.last_day == end
        assert grant.granted.end_date == int(grant.until.timestamp())  # type: ignore[union-attr]

    def test_what_is_served_is_less_at_once_with_the_same_token(
        self, at_home: Customer, demo: Company
    ) -> None:
        Grant.objects.all().delete()
        answer = shared(demo)
        (gas,) = Grant.objects.get().services.filter(kind="gas")
        month = {"published-min": f"{timezone.now().date() - timedelta(days=40)}T00:00:00Z"}
        before = Feed.of(get(path_of(answer["resourceURI"]), answer["access_token"], **month))
        assert before.readings()
        assert len(before.of_type("UsagePoint")) == 2
        self.narrow(at_home, data=["16"], service=[gas.uid])
        after = Feed.of(get(path_of(answer["resourceURI"]), answer["access_token"], **month))
        assert not after.readings()
        assert len(after.of_type("UsagePoint")) == 1
        again = demo.ask_token(grant_type="refresh_token", refresh_token=answer["refresh_token"])
        assert again.json()["scope"] == Grant.objects.get().scope

    def test_the_company_is_told_that_it_changed(self, at_home: Customer) -> None:
        registration = at_home.company.registration
        registration.notify_uri = "https://ada.example/notify"
        registration.save()
        # Of the consent itself it was told before, at the demo site's address.
        told = list(registration.notices.values_list("pk", flat=True))
        grant = self.narrow(at_home, data=["4"])
        (notice,) = registration.notices.exclude(pk__in=told)
        assert notice.kind == Notice.Kind.AUTHORIZATION
        assert notice.grant == grant

    def test_the_company_sees_that_it_changed(self, at_home: Customer, demo: Company) -> None:
        grant = self.narrow(at_home, data=["4"])
        (entry,) = Feed.of(get(f"{RESOURCE}/Authorization", demo.client_token())).entries
        assert entry.updated
        assert int(entry.updated.timestamp()) == int(grant.updated_at.timestamp())

    def test_it_never_grows_again(self, at_home: Customer) -> None:
        services = [service.uid for service in Grant.objects.get().services.all()]
        self.narrow(at_home, data=["16"], service=services[:1], history=str(YEAR))
        assert self.refused(at_home, data=["4", "16"]) == "too_wide"
        assert self.refused(at_home, service=services) == "too_wide"
        assert self.refused(at_home, history="63072000") == "too_wide"

    def test_another_tab_cannot_bring_back_what_was_taken_away(self, at_home: Customer) -> None:
        grant = Grant.objects.get()
        at_home.see(grant, "change/")
        everything, other_tab = at_home.offered(), at_home.page
        self.narrow(at_home, data=["16"])
        at_home.page = other_tab
        at_home.submit("narrow", everything)
        assert error(at_home) == "too_wide"
        assert 4 not in Grant.objects.get().granted.function_blocks

    @pytest.mark.parametrize(
        ("choices", "code"),
        [
            ({"data": []}, "nothing_chosen"),
            ({"service": []}, "nothing_chosen"),
            ({"data": ["17"]}, "too_wide"),
            ({"service": ["x" * 34]}, "nothing_chosen"),
            ({"history": "-1"}, "bad_history"),
            ({"history": "\0"}, "bad_history"),
            ({"until": ""}, "too_wide"),
            ({"until": "2199-01-01"}, "too_wide"),
            ({"until": "2020-01-01"}, "past_date"),
            ({"until": "\0"}, "bad_date"),
        ],
    )
    def test_what_cannot_be_is_refused(
        self, at_home: Customer, choices: dict[str, Any], code: str
    ) -> None:
        assert self.refused(at_home, **choices) == code

    def test_a_meter_of_the_account_that_is_not_shared_cannot_be_added(self, demo: Company) -> None:
        account = UtilityAccount.objects.get(username_key="uapi_test_residential")
        one, two = account.services.all()
        shared(demo, service=[one.uid])
        customer = Customer(demo)
        customer.enter_as(MINE["demo"])
        assert self.refused(customer, service=[one.uid, two.uid]) == "too_wide"

    def test_what_was_to_last_until_stopped_may_get_an_end(self, demo: Company) -> None:
        shared(demo, "FB=4;PreferredAuthEndDate=0", until="")
        customer = Customer(demo)
        customer.enter_as(MINE["demo"])
        assert self.narrow(customer).until is None
        end = timezone.now().date() + timedelta(days=10 * 365)
        assert self.narrow(customer, until=end.isoformat()).last_day == end
        assert self.refused(customer, until="") == "too_wide"

    def test_a_link_changes_nothing(self, at_home: Customer) -> None:
        grant = Grant.objects.get()
        response = at_home.client.get(f"/demo/my/{grant.uid}/narrow/", {"data": "16"})
        assert response["Location"] == f"/demo/my/{grant.uid}/"
        assert Grant.objects.get().scope == grant.scope

    def test_it_wants_a_csrf_token(self, at_home: Customer) -> None:
        grant = Grant.objects.get()
        for page in ("narrow", "revoke"):
            assert at_home.client.post(f"/demo/my/{grant.uid}/{page}/").status_code == 403
        assert Grant.objects.get().is_active

    def test_what_ended_meanwhile_stays_ended(self, at_home: Customer) -> None:
        grant = Grant.objects.get()
        at_home.see(grant, "change/")
        offered = at_home.offered()
        grant.revoke()
        at_home.submit("narrow", offered | {"data": ["16"]})
        assert "cannot see your data any more" in at_home.html
        assert Grant.objects.get().scope == grant.scope


class TestStopping:
    def test_it_ends_the_consent_and_every_token(self, at_home: Customer, demo: Company) -> None:
        Grant.objects.all().delete()
        answer = shared(demo)
        grant = Grant.objects.get()
        at_home.see(grant)
        at_home.submit("revoke", {})
        assert at_home.notice() == "You have stopped sharing with Test Company."
        assert "cannot see your data any more" in at_home.html
        assert Grant.objects.get().revoked_at
        assert get(path_of(answer["resourceURI"]), answer["access_token"]).status_code == 401
        again = demo.ask_token(grant_type="refresh_token", refresh_token=answer["refresh_token"])
        assert again.json()["error"] == "invalid_grant"

    def test_it_stays_on_the_list_as_a_receipt(self, at_home: Customer) -> None:
        at_home.see(Grant.objects.get())
        at_home.submit("revoke", {})
        at_home.open()
        assert "Not any more" in at_home.html
        assert "stopped on" in at_home.html

    def test_a_link_stops_nothing(self, at_home: Customer) -> None:
        grant = Grant.objects.get()
        at_home.see(grant, "revoke/")
        assert at_home.page.status_code == 302
        assert Grant.objects.get().is_active

    def test_other_consents_go_on(self, at_home: Customer, demo: Company) -> None:
        shared(demo)
        first, second = Grant.objects.all()
        at_home.see(first)
        at_home.submit("revoke", {})
        second.refresh_from_db()
        assert second.is_active


def test_a_browser_that_is_nobodys_is_sent_to_the_door() -> None:
    response = browser().get(f"/demo/my/{'0' * 34}/")
    assert response["Location"] == "/demo/my/"


class TestStartingHere:
    def test_a_company_is_started_with_at_its_own_screen(
        self, demo: Company, at_home: Customer
    ) -> None:
        company = Grant.objects.get().registration
        company.scope_selection_uri = "https://third-party.example/choose?a=1"
        company.save()
        at_home.open()
        assert "https://third-party.example/choose?a=1&amp;scope=FB%3D" in at_home.html
        assert f"ThirdPartyID={company.client_id}" in at_home.html

    @pytest.mark.parametrize(
        "values",
        [{"scope_selection_uri": ""}, {"is_public": False}, {"removed_at": timezone.now()}],
    )
    def test_no_other_is_offered(
        self, demo: Company, at_home: Customer, values: dict[str, Any]
    ) -> None:
        company = Grant.objects.get().registration
        company.scope_selection_uri = "https://third-party.example/choose"
        for name, value in values.items():
            setattr(company, name, value)
        company.save()
        at_home.open()
        assert "ThirdPartyID=" not in at_home.html

    def test_who_sees_some_already_is_offered_with_that_remark(
        self, demo: Company, at_home: Customer
    ) -> None:
        company = Grant.objects.get().registration
        company.scope_selection_uri = "https://third-party.example/choose"
        company.save()
        at_home.open()
        assert "It sees some of your data already." in at_home.html
        Grant.objects.get().revoke(by=Grant.Party.CUSTOMER)
        at_home.open()
        assert "ThirdPartyID=" in at_home.html
        assert "It sees some of your data already." not in at_home.html


class TestComingBackFromTheCompany:
    """It sends the browser, in which the customer is signed in, to the authorize address."""

    def test_who_is_signed_in_is_not_asked_again_who_they_are(self, at_home: Customer) -> None:
        Walk.open(at_home)
        name = Grant.objects.get().account.name
        assert f"You are signed in as <strong>{name}</strong>" in at_home.html
        at_home.allow()
        assert at_home.returned()["code"]

    def test_somebody_else_at_the_same_computer_says_so(self, at_home: Customer) -> None:
        Walk.open(at_home)
        found = re.search(r'href="([^"]+)">Not you\?', at_home.html)
        assert found
        at_home.page = at_home.client.get(found[1])
        at_home.give_password("UAPI_TEST_commercial", "x")
        name = UtilityAccount.objects.get(username_key__iexact="UAPI_TEST_commercial").name
        assert f"You are signed in as <strong>{name}</strong>" in at_home.html

    @pytest.mark.parametrize(
        ("scope", "parameters"),
        [
            ("FB=4_16;AdditionalScope=auth-username-UAPI_TEST_commercial", {}),
            ("FB=4_16;AdditionalScope=auth-username", {}),
            ("FB=4_16", {"prompt": "on"}),
        ],
    )
    def test_a_link_that_asks_who_it_is_asks_all_the_same(
        self, at_home: Customer, scope: str, parameters: dict[str, str]
    ) -> None:
        at_home.scope, at_home.parameters = scope, parameters
        Walk.open(at_home)
        assert at_home.shows("authenticate")

    def test_who_was_away_too_long_is_asked(
        self, at_home: Customer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(visit, "IDLE_SECONDS", 0)
        Walk.open(at_home)
        assert at_home.shows("authenticate")

    def test_who_signed_out_is_asked(self, at_home: Customer) -> None:
        at_home.submit("sign-out", {})
        Walk.open(at_home)
        assert at_home.shows("authenticate")

    def test_who_is_signed_in_at_one_utility_is_nobody_at_another(
        self, at_home: Customer, puc: Company
    ) -> None:
        at_home.company = puc
        Walk.open(at_home)
        assert at_home.shows("authenticate")
