"""Each way to authenticate: every row of both programmes' tables, and everything that is wrong."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.core import mail
from django.utils import timezone

from tests.sandbox.walk import (
    PUC_HOME,
    Company,
    Walk,
    browser,
    error,
    later,
    sent_code,
    services,
)
from utilities.sandbox.models import ConsentRequest, OneTimeCode, WrongTries

EL_CAMINO = "333 W EL CAMINO REAL STE {}, SUNNYVALE CA 94087"
PUC_HOME_SERVICES = ["Electricity", "Water"]
SVCE_HOME = ["Electricity", "Gas"]
SVCE_BUSINESS = ["Electricity"] * 4 + ["Gas"]
LOOK_UPS = [
    ("phone", "111-111-1111", SVCE_HOME),
    ("phone", "222-222-2222", SVCE_BUSINESS),
    ("phone", "333-333-3333", None),
    ("email", "uapi-test-residential@example.com", SVCE_HOME),
    ("email", "uapi-test-commercial@example.com", SVCE_BUSINESS),
    ("email", "uapi-test-badlogin@example.com", None),
    ("address", EL_CAMINO.format(600), SVCE_HOME),
    ("address", EL_CAMINO.format(700), SVCE_BUSINESS),
    ("address", EL_CAMINO.format(800), None),
    ("account", "111111111-1", SVCE_HOME),
    ("account", "222222222-2", SVCE_BUSINESS),
    ("account", "333333333-3", None),
]
LAST_BILLS = [
    ("APUC0000-00", "180.92", "2023-02-22", PUC_HOME_SERVICES),
    ("APUC0000-01", "111.71", "2023-02-28", PUC_HOME_SERVICES),
    ("APUC0000-02", "300.00", "2023-02-28", None),
]
TEST_NAMES = [
    ("test_residential", PUC_HOME_SERVICES),
    ("test_commercial", PUC_HOME_SERVICES),
    ("test_badlogin", None),
]
# Marjorie Fontaine and Priya Raman are ordinary customers.
MARJORIE = {
    "type": "lastbill",
    "value": "41002773-03",
    "bill_amount": "148.36",
    "bill_date": "2026-10-21",
}
PRIYA = "408-555-0136"


class TestLastBill:
    @pytest.mark.parametrize(("number", "amount", "day", "kinds"), LAST_BILLS)
    def test_every_row_of_the_table(
        self, walk: Walk, number: str, amount: str, day: str, kinds: list[str] | None
    ) -> None:
        walk.authenticate(type="lastbill", value=number, bill_amount=amount, bill_date=day)
        if kinds:
            assert services(walk) == kinds
        else:
            alert = walk.alert()
            assert alert
            assert alert[0] == "not_found"
            assert "could not find a customer" in alert[1]
            assert walk.shows("authenticate")

    @pytest.mark.parametrize(
        "change",
        [
            {"bill_amount": "$180.92"},
            {"bill_amount": "180,92"},
            {"bill_date": "02/22/2023"},
            {"value": " apuc0000-00 "},
        ],
    )
    def test_it_does_not_mind_how_it_is_written(self, walk: Walk, change: dict[str, str]) -> None:
        walk.authenticate(**PUC_HOME | change)
        assert walk.shows("consent")

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"value": "APUC0000-99"}, "not_found"),
            ({"bill_amount": "180.93"}, "not_found"),
            ({"bill_date": "2023-02-23"}, "not_found"),
            ({"value": "APUC0000-01"}, "not_found"),
            ({"value": "TEST-RESIDENTIAL"}, "not_found"),
            ({"value": ""}, "incomplete"),
            ({"value": "\0"}, "incomplete"),
            ({"bill_amount": ""}, "bad_amount"),
            ({"bill_amount": "a lot"}, "bad_amount"),
            ({"bill_date": ""}, "bad_date"),
            ({"bill_date": "last week"}, "bad_date"),
            ({"type": "phone"}, "incomplete"),
            ({"type": ""}, "incomplete"),
        ],
    )
    def test_anything_else_leads_back_to_the_form(
        self, walk: Walk, change: dict[str, str], error: str
    ) -> None:
        walk.authenticate(**PUC_HOME | change)
        alert = walk.alert()
        assert alert
        assert alert[0] == error
        assert walk.page.status_code == 422
        assert walk.shows("authenticate")

    def test_a_wrong_amount_reads_like_an_unknown_account(self, walk: Walk) -> None:
        walk.authenticate(**MARJORIE | {"bill_amount": "1.00"})
        known = walk.alert()
        walk.authenticate(**MARJORIE | {"value": "41002773-99"})
        assert walk.alert() == known

    @pytest.mark.parametrize("number", [MARJORIE["value"], "41002773-99"])
    def test_five_wrong_tries_lock_known_and_unknown_numbers_alike(
        self, walk: Walk, number: str
    ) -> None:
        for _ in range(5):
            walk.authenticate(**MARJORIE | {"value": number, "bill_amount": "1.00"})
            assert walk.page.status_code == 422
        walk.authenticate(**MARJORIE | {"value": number})
        alert = walk.alert()
        assert alert
        assert alert[0] == "locked"
        assert walk.page.status_code == 429

    def test_the_lock_opens_after_a_quarter_of_an_hour(self) -> None:
        walk = Walk(Company.live("ssmpuc"))
        for _ in range(5):
            walk.authenticate(**MARJORIE | {"bill_amount": "1.00"})
        later(minutes=14)
        walk.authenticate(**MARJORIE)
        assert not walk.shows("consent")
        later(minutes=2)
        walk.authenticate(**MARJORIE)
        assert walk.shows("consent")

    def test_the_right_bill_ends_the_count(self) -> None:
        company = Company.live("ssmpuc")
        for _ in range(2):
            walk = Walk(company)
            for _ in range(4):
                walk.authenticate(**MARJORIE | {"bill_amount": "1.00"})
            walk.authenticate(**MARJORIE)
            assert walk.shows("consent")

    def test_one_account_that_is_locked_locks_no_other(self) -> None:
        walk = Walk(Company.live("ssmpuc"))
        for _ in range(6):
            walk.authenticate(**MARJORIE | {"value": "41006120-01"})
        assert error(walk) == "locked"
        walk.authenticate(**MARJORIE)
        assert walk.shows("consent")

    def test_a_sixth_try_is_not_even_counted(self) -> None:
        assert [WrongTries.add("ssmpuc", "bill:1") for _ in range(6)] == [True] * 5 + [False]
        later(minutes=16)
        assert WrongTries.add("ssmpuc", "bill:1")

    def test_a_test_account_is_never_locked(self, walk: Walk) -> None:
        for _ in range(7):
            walk.authenticate(**PUC_HOME | {"bill_amount": "1.00"})
        walk.authenticate(**PUC_HOME)
        assert walk.shows("consent")


class TestTestAccount:
    @pytest.mark.parametrize(("name", "kinds"), TEST_NAMES)
    def test_every_row_of_the_table(self, walk: Walk, name: str, kinds: list[str] | None) -> None:
        walk.look_up("test", name)
        if kinds:
            assert services(walk) == kinds
        else:
            alert = walk.alert()
            assert alert
            assert alert[0] == "not_found"

    @pytest.mark.parametrize("name", ["test_nobody", "", "residential", "APUC0000-00"])
    def test_another_name_is_not_found(self, walk: Walk, name: str) -> None:
        walk.look_up("test", name)
        alert = walk.alert()
        assert alert
        assert alert[0] == "not_found"


class TestLookup:
    @pytest.mark.parametrize(("type", "value", "kinds"), LOOK_UPS)
    def test_every_row_of_the_tables(
        self,
        svce: Company,
        type: str,  # noqa: A002
        value: str,
        kinds: list[str] | None,
    ) -> None:
        walk = Walk(svce)
        walk.look_up(type, value)
        if kinds:
            walk.enter(walk.shown_passcode())
            assert services(walk) == kinds
        else:
            alert = walk.alert()
            assert alert
            assert alert[0] == "not_found"
            assert "could not find a customer" in alert[1]
            assert not OneTimeCode.objects.exists()
        assert not mail.outbox

    @pytest.mark.parametrize(
        ("type", "value", "error"),
        [
            ("phone", "111-111-1112", "not_found"),
            ("phone", "uapi-test-residential@example.com", "incomplete"),
            ("phone", "", "incomplete"),
            ("email", "111-111-1111", "not_found"),
            ("address", "333 W EL CAMINO REAL", "not_found"),
            ("account", "111111111", "not_found"),
            ("lastbill", "111111111-1", "incomplete"),
            ("phone", "TEST_badlogin_408-555-0101", "not_found"),
            ("email", "TEST_residential_nobody", "not_found"),
            ("phone", "TEST_residential_12", "not_found"),
            ("account", "TEST_residential_408-555-0101", "not_found"),
        ],
    )
    def test_an_identifier_that_nobody_has_leads_back_to_the_form(
        self,
        svce: Company,
        type: str,  # noqa: A002
        value: str,
        error: str,
    ) -> None:
        walk = Walk(svce)
        walk.look_up(type, value)
        alert = walk.alert()
        assert alert
        assert alert[0] == error
        assert not mail.outbox

    @pytest.mark.parametrize(
        "value",
        [
            "TEST_residential_408-555-0136",
            "TEST_badlogin_408-555-0136",
            "TEST_nonsense_408-555-0136",
            "TEST__408-555-0136",
            "TEST_408-555-0136",
        ],
    )
    def test_the_digits_behind_test_are_never_looked_up(self, svce: Company, value: str) -> None:
        walk = Walk(svce)
        walk.look_up("phone", value)
        walk = Walk(svce, scope=f"FB=4;AdditionalScope=auth-phone-{value}")
        asked = ConsentRequest.objects.exclude(account=None).select_related("account")
        assert all(asking.account and asking.account.is_test for asking in asked)

    def test_an_ordinary_customer_picks_a_contact_and_sees_neither_of_them(self) -> None:
        walk = Walk(Company.live("svce"))
        walk.look_up("address", "1420 Plum Orchard Way #5, Cupertino, CA 95014")
        assert walk.shows("contact")
        assert not mail.outbox
        for secret in ("0136", "priya", "example.org", "Raman"):
            assert secret not in walk.html

    def test_look_ups_from_one_address_are_limited_but_not_of_test_identifiers(
        self, svce: Company, settings: Any
    ) -> None:
        settings.LOOKUPS_AN_HOUR_PER_ADDRESS = 2
        walk = Walk(svce)
        for _ in range(3):
            walk.look_up("phone", "333-333-3333")
        for _ in range(2):
            walk.look_up("phone", "650-555-0199")
            assert error(walk) == "not_found"
        for value in ("650-555-0199", PRIYA):
            walk.look_up("phone", value)
            assert error(walk) == "too_many_lookups"
            assert walk.page.status_code == 429
        walk.look_up("phone", "111-111-1111")
        assert walk.shows("passcode")


SHARED_PHONE = "408-555-0173"
SHARED_EMAIL = "tomas.vela@example.org"


class TestSeveralMatches:
    @pytest.mark.parametrize(
        ("type", "shared", "unknown"),
        [
            ("phone", SHARED_PHONE, "408-555-0174"),
            ("email", SHARED_EMAIL, "tomas.vega@example.org"),
        ],
    )
    @pytest.mark.parametrize("more", ["", "480590033-1", "no such thing", "\0"])
    def test_they_are_answered_like_nobody(
        self,
        svce: Company,
        type: str,  # noqa: A002
        shared: str,
        unknown: str,
        more: str,
    ) -> None:
        pages = []
        for value in (shared, unknown):
            walk = Walk(svce)
            walk.look_up(type, value)
            if more:
                walk.authenticate(type=type, value=value, more=more)
            assert error(walk) == "not_found"
            assert walk.page.status_code == 422
            hidden = re.sub(r'(csrfmiddlewaretoken" value="|/share/)\w+', "", walk.html)
            pages.append(hidden.replace(value, ""))
        assert pages[0] == pages[1]
        assert 'name="more"' in pages[0]

    @pytest.mark.parametrize(
        ("type", "value", "more", "name"),
        [
            ("phone", SHARED_PHONE, "oskar.lindqvist@example.org", "Oskar Lindqvist"),
            ("phone", SHARED_PHONE, "480713358-2", "Grace Lindqvist"),
            ("phone", SHARED_PHONE, "27 almond ct, Campbell, CA 95008", "Grace Lindqvist"),
            ("email", SHARED_EMAIL, "480862202-3", "Tomas Vela"),
        ],
    )
    def test_one_more_fact_tells_them_apart(
        self,
        type: str,  # noqa: A002
        value: str,
        more: str,
        name: str,
    ) -> None:
        walk = Walk(Company.live("svce"))
        walk.look_up(type, value)
        walk.authenticate(type=type, value=value, more=more)
        asking = ConsentRequest.objects.select_related("account").get()
        assert asking.account
        assert asking.account.name == name

    def test_the_same_fact_twice_is_no_more(self, svce: Company) -> None:
        walk = Walk(svce)
        walk.authenticate(type="phone", value=SHARED_PHONE, more=SHARED_PHONE)
        assert error(walk) == "not_found"

    def test_a_fact_that_was_not_needed_must_be_right_all_the_same(self, svce: Company) -> None:
        walk = Walk(svce)
        walk.authenticate(type="phone", value=PRIYA, more="luis.herrera@example.org")
        assert error(walk) == "not_found"
        walk.authenticate(type="phone", value=PRIYA, more="priya.raman@example.org")
        assert walk.shows("contact")

    def test_whoever_has_one_contact_only_need_not_pick(self) -> None:
        walk = Walk(Company.live("svce"))
        walk.authenticate(type="email", value=SHARED_EMAIL, more="480862201-5")
        assert walk.shows("passcode")
        assert mail.outbox[0].to == [SHARED_EMAIL]

    def test_a_prefill_of_a_shared_identifier_opens_the_ordinary_form(self, svce: Company) -> None:
        walk = Walk(svce, scope=f"FB=4;AdditionalScope=auth-phone-{SHARED_PHONE}")
        assert walk.shows("authenticate")
        assert walk.alert() is None
        assert "0173" not in walk.html


class TestPrefill:
    @pytest.mark.parametrize(
        ("type", "value"), [(t, v) for t, v, kinds in LOOK_UPS if kinds == SVCE_HOME]
    )
    @pytest.mark.parametrize("times", [1, 2])
    def test_a_found_customer_goes_straight_to_the_passcode_however_often_it_is_encoded(
        self,
        svce: Company,
        type: str,  # noqa: A002
        value: str,
        times: int,
    ) -> None:
        sent = quote(value, safe="") if times == 2 else value
        walk = Walk(svce, scope=f"FB=4_16_51;AdditionalScope=auth-{type}-{sent}")
        assert walk.shows("passcode")
        walk.enter(walk.shown_passcode())
        assert services(walk) == SVCE_HOME

    @pytest.mark.parametrize(
        ("type", "value"), [(t, v) for t, v, kinds in LOOK_UPS if kinds is None]
    )
    def test_a_bad_login_is_told_on_the_form(
        self,
        svce: Company,
        type: str,  # noqa: A002
        value: str,
    ) -> None:
        walk = Walk(svce, scope=f"FB=4;AdditionalScope=auth-{type}-{value}")
        alert = walk.alert()
        assert alert
        assert alert[0] == "not_found"
        assert walk.page.status_code == 200
        assert walk.shows("authenticate")

    @pytest.mark.parametrize(
        "additional",
        [
            "auth-phone-650-555-0199",
            "auth-letter-111-111-1111",
            "auth-lastbill-111111111-1",
            "auth-",
            "something-else",
        ],
    )
    def test_anything_unknown_opens_the_ordinary_form(self, svce: Company, additional: str) -> None:
        walk = Walk(svce, scope=f"FB=4;AdditionalScope={additional}")
        assert walk.shows("authenticate")
        assert walk.alert() is None
        assert 'value="phone" checked' in walk.html
        assert "0199" not in walk.html
        assert not mail.outbox

    @pytest.mark.parametrize("times", [1, 2])
    def test_an_ordinary_customer_goes_straight_to_the_contacts_and_is_sent_nothing_yet(
        self, svce: Company, times: int
    ) -> None:
        value = "priya.raman@example.org"
        sent = quote(value, safe="") if times == 2 else value
        walk = Walk(svce, scope=f"FB=4;AdditionalScope=auth-email-{sent}")
        assert walk.shows("contact")
        assert not mail.outbox
        walk.pick("email")
        assert mail.outbox[0].to == [value]

    def test_following_a_link_sends_nothing_to_a_testers_own_contact_either(
        self, svce: Company
    ) -> None:
        scope = "FB=4;AdditionalScope=auth-email-TEST_commercial_cy%40example.net"
        walk = Walk(svce, scope=scope)
        assert walk.shows("contact")
        assert not mail.outbox
        walk.pick("email")
        assert mail.outbox[0].to == ["cy@example.net"]
        walk.enter(sent_code())
        assert services(walk) == SVCE_BUSINESS

    @pytest.mark.parametrize("value", ["333-333-3333", "TEST_badlogin_408-555-0101"])
    def test_a_link_for_a_bad_login_says_so(self, svce: Company, value: str) -> None:
        walk = Walk(svce, scope=f"FB=4;AdditionalScope=auth-phone-{value}")
        assert error(walk) == "not_found"

    @pytest.mark.parametrize(
        "additional", ["auth-phone-111-111-1111", "auth-test-test_nobody", "auth-", "auth-sso"]
    )
    def test_at_puc_anything_unknown_asks_for_the_latest_bill(
        self, puc: Company, additional: str
    ) -> None:
        walk = Walk(puc, scope=f"FB=4;AdditionalScope={additional}")
        assert walk.shows("authenticate")
        assert walk.alert() is None
        assert 'value="lastbill" checked' in walk.html

    def test_a_bill_is_prefilled_also_where_its_number_is_encoded_twice(self, puc: Company) -> None:
        walk = Walk(puc, scope="FB=4;AdditionalScope=auth-lastbill-APUC0000%2D00")
        assert 'value="APUC0000-00"' in walk.html

    def test_a_type_alone_is_preselected(self, svce: Company) -> None:
        walk = Walk(svce, scope="FB=4;AdditionalScope=auth-email")
        assert 'value="email" checked' in walk.html

    def test_a_test_account_goes_straight_to_the_consent(self, puc: Company) -> None:
        walk = Walk(puc, scope="FB=4_16_51;AdditionalScope=auth-test-test_residential")
        assert services(walk) == PUC_HOME_SERVICES

    def test_a_bad_test_account_is_told_on_the_form(self, puc: Company) -> None:
        walk = Walk(puc, scope="FB=4;AdditionalScope=auth-test-test_badlogin")
        alert = walk.alert()
        assert alert
        assert alert[0] == "not_found"

    @pytest.mark.parametrize("number", ["APUC0000-00", "41002773-03", "41002773-99"])
    def test_an_account_number_is_filled_in_whether_or_not_it_exists(
        self, puc: Company, number: str
    ) -> None:
        walk = Walk(puc, scope=f"FB=4;AdditionalScope=auth-lastbill-{number}")
        assert f'value="{number}"' in walk.html
        assert walk.alert() is None

    def test_prefill_is_no_way_around_the_bill(self, puc: Company) -> None:
        Walk(puc, scope="FB=4;AdditionalScope=auth-lastbill-APUC0000-00")
        assert ConsentRequest.objects.get().authenticated_at is None

    def test_markup_in_a_prefilled_value_stays_text(self, puc: Company) -> None:
        walk = Walk(puc, scope="FB=4;AdditionalScope=auth-lastbill-<script>x</script>")
        assert "<script>" not in walk.html


class TestNotLive:
    def test_an_ordinary_customer_cannot_authorize_a_company_in_sandbox(self, walk: Walk) -> None:
        walk.authenticate(**MARJORIE)
        alert = walk.alert()
        assert alert
        assert alert[0] == "not_live"
        assert "Test Company is not live yet with PUC Distribution" in alert[1]
        assert walk.page.status_code == 403
        uid = ConsentRequest.objects.get().uid
        walk.page = walk.client.get(f"/ssmpuc/share/{uid}/consent/", follow=True)
        assert walk.shows("authenticate")

    def test_it_is_not_told_before_the_passcode_is_right(self, svce: Company) -> None:
        walk = Walk(svce)
        walk.look_up("phone", PRIYA)
        walk.pick("email")
        assert walk.alert() is None
        walk.enter(sent_code())
        alert = walk.alert()
        assert alert
        assert alert[0] == "not_live"

    def test_the_way_back_tells_the_company_that_access_was_denied(self, walk: Walk) -> None:
        walk.authenticate(**MARJORIE)
        walk.submit("cancel", {}, follow=False)
        assert walk.returned()["error"] == "access_denied"

    def test_a_live_company_is_let_through(self) -> None:
        walk = Walk(Company.live("ssmpuc"))
        walk.authenticate(**MARJORIE)
        assert walk.shows("consent")


def test_a_form_without_its_token_is_refused_in_words(walk: Walk) -> None:
    uid = ConsentRequest.objects.get().uid
    response = walk.client.post(f"/ssmpuc/share/{uid}/authenticate/check/", PUC_HOME)
    assert response.status_code == 403
    assert "allow cookies" in response.content.decode()


def test_a_reload_of_a_wrong_try_leads_back_to_the_form(walk: Walk) -> None:
    uid = ConsentRequest.objects.get().uid
    walk.page = walk.client.get(f"/ssmpuc/share/{uid}/authenticate/check/", follow=True)
    assert walk.shows("authenticate")
    assert walk.alert() is None


def test_after_an_hour_the_pages_are_closed_and_the_request_is_forgotten(walk: Walk) -> None:
    ConsentRequest.objects.update(created_at=timezone.now() - timedelta(minutes=61))
    walk.authenticate(**PUC_HOME)
    assert walk.page.status_code == 404
    assert "no longer open" in walk.html
    Walk(walk.company)
    assert ConsentRequest.objects.count() == 1


def test_nothing_that_customers_type_reaches_the_log(
    walk: Walk, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        walk.authenticate(**MARJORIE | {"bill_amount": "1.00"})
    assert "Unprocessable" in caplog.text
    assert MARJORIE["value"] not in caplog.text


def test_a_stranger_without_a_session_starts_with_nothing() -> None:
    assert browser().get("/ssmpuc/share/" + "0" * 34 + "/consent/").status_code == 404
