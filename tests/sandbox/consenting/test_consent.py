"""What the customer allows: as much as was asked, or less, and never more."""

import re
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from greenbutton.espi import scope as scopes
from tests.sandbox.walk import HOST, Company, Walk
from utilities.sandbox.models import AuthorizationCode, ConsentRequest, Grant, Service

DAY = 86_400
TORONTO = ZoneInfo("America/Toronto")
IN_A_YEAR = int(time.time()) // DAY * DAY + 365 * DAY + 12 * 3600
EVERYTHING = "FB=1_3_4_16_39_51;AdditionalScope=auth-test-test_residential"


def granted(company: Company, scope: str, **choices: Any) -> scopes.Scope:
    walk = Walk(company, scope=scope)
    walk.sign_in()
    walk.allow(**choices)
    return walk.grant().granted


def refused(company: Company, scope: str, **choices: Any) -> str:
    """The code of the error that the choices meet; nothing may be granted."""
    walk = Walk(company, scope=scope)
    walk.sign_in()
    walk.allow(**choices)
    assert walk.page.status_code == 422, walk.page
    assert walk.shows("consent")
    assert not Grant.objects.exists()
    alert = walk.alert()
    assert alert
    return alert[0]


def test_the_page_says_who_asks_and_offers_everything_that_was_asked(puc: Company) -> None:
    walk = Walk(puc, scope=EVERYTHING)
    assert "What may Test Company see?" in walk.html
    assert "Step 2 of 2" in walk.html
    offered = walk.offered()
    assert len(offered["service"]) == 2
    assert offered["data"] == ["4", "16", "39", "51"]
    assert offered["history"] == "63072000"
    assert "W2010251" in walk.html
    assert "7 Birch Crescent" in walk.html


def test_only_data_that_was_asked_for_is_offered(puc: Company) -> None:
    walk = Walk(puc, scope="FB=16;HistoryLength=2678400;PreferredAuthEndDate=0")
    walk.sign_in()
    assert walk.offered() == {
        "service": walk.inputs("service"),
        "data": ["16"],
        "history": "2678400",
        "until": "",
    }
    assert "63072000" not in walk.html


def test_all_of_it_is_granted_with_what_the_platform_adds(puc: Company) -> None:
    scope = granted(puc, "FB=1_3_4_16_39_51;HistoryLength=31536000;SubscriptionFrequency=daily")
    assert set(scope.function_blocks) >= {1, 3, 4, 5, 11, 16, 39, 51}
    assert scope.option("IntervalDuration") == "3600"
    assert scope.option("BlockDuration") == "daily"
    assert scope.option("AccountCollection") == "2"
    assert scope.history_length == 31_536_000
    assert scope.subscription_frequency == "daily"


def test_the_way_to_authenticate_never_comes_back(puc: Company) -> None:
    walk = Walk(puc, scope=EVERYTHING)
    walk.allow()
    assert "AdditionalScope" not in walk.grant().scope


def test_everything_can_be_narrowed(puc: Company) -> None:
    walk = Walk(puc, scope=f"{EVERYTHING};HistoryLength=63072000;PreferredAuthEndDate=0")
    water = Service.objects.get(meter_number="W2010251")
    until = timezone.now().astimezone(TORONTO).date() + timedelta(days=90)
    walk.allow(service=[water.uid], data=["4"], history="2678400", until=until.isoformat())
    grant = walk.grant()
    assert list(grant.services.all()) == [water]
    asked = scopes.parse(EVERYTHING)
    left_out = {16, 39, 51, 5}
    assert not left_out & set(grant.granted.function_blocks)
    assert {4, 11} <= set(grant.granted.function_blocks)
    assert grant.granted.granted_less_than(asked)
    assert grant.granted.history_length == 2_678_400
    midnight = datetime.combine(until + timedelta(days=1), datetime.min.time(), TORONTO)
    assert grant.until == midnight
    assert grant.granted.end_date == int(midnight.timestamp())


@pytest.mark.parametrize("left_out", [4, 16])
def test_what_is_left_out_takes_its_companions_along(puc: Company, left_out: int) -> None:
    scope = granted(puc, "FB=4_16", data=[str(20 - left_out)])
    companions = {4: {4, 5, 11, 12}, 16: {15, 16}}[left_out]
    assert not companions & set(scope.function_blocks)


def test_without_a_limit_sharing_may_last_until_it_is_revoked(puc: Company) -> None:
    scope = granted(puc, "FB=4;PreferredAuthEndDate=0")
    assert scope.end_date is None
    assert Grant.objects.get().until is None


def test_a_request_that_does_not_say_ends_after_three_years(puc: Company) -> None:
    scope = granted(puc, "FB=4")
    assert scope.end_date
    years = (scope.end_date - time.time()) / (365 * DAY)
    assert 2.9 < years < 3.01


def test_the_last_day_that_was_asked_for_ends_exactly_as_asked(puc: Company) -> None:
    assert granted(puc, f"FB=4;PreferredAuthEndDate={IN_A_YEAR}").end_date == IN_A_YEAR


def test_history_that_the_utility_does_not_keep_is_not_granted(puc: Company) -> None:
    assert granted(puc, "FB=4;HistoryLength=315360000").history_length == 63_072_000


def test_no_history_at_all_can_be_asked_for(puc: Company) -> None:
    assert granted(puc, "FB=4;HistoryLength=0").history_length == 0


@pytest.mark.parametrize(
    ("choices", "error"),
    [
        ({"service": []}, "nothing_chosen"),
        ({"service": ["0" * 34]}, "nothing_chosen"),
        ({"data": []}, "nothing_chosen"),
        ({"data": ["4", "51"]}, "too_wide"),
        ({"data": ["39"]}, "too_wide"),
        ({"data": ["x"]}, "too_wide"),
        ({"history": "63072000"}, "too_wide"),
        ({"history": "2678401"}, "too_wide"),
        ({"history": "-1"}, "bad_history"),
        ({"history": ""}, "bad_history"),
        ({"history": "²"}, "bad_history"),
        ({"until": ""}, "too_wide"),
        ({"until": "9999-12-31"}, "too_wide"),
        ({"until": "2020-01-01"}, "past_date"),
        ({"until": "soon"}, "bad_date"),
    ],
)
def test_nothing_can_be_widened(puc: Company, choices: dict[str, Any], error: str) -> None:
    scope = f"FB=4_16;HistoryLength=2678400;PreferredAuthEndDate={IN_A_YEAR}"
    assert refused(puc, scope, **choices) == error


def test_a_day_without_end_is_no_day_even_where_there_is_no_limit(puc: Company) -> None:
    assert refused(puc, "FB=4;PreferredAuthEndDate=0", until="9999-12-31") == "bad_date"


def test_the_day_after_the_last_one_is_too_late(puc: Company) -> None:
    last = datetime.fromtimestamp(IN_A_YEAR, UTC).astimezone(TORONTO).date()
    late = (last + timedelta(days=1)).isoformat()
    assert refused(puc, f"FB=4;PreferredAuthEndDate={IN_A_YEAR}", until=late) == "too_wide"


def test_a_service_of_somebody_else_cannot_be_shared(puc: Company) -> None:
    foreign = Service.objects.get(meter_number="E1041893")
    walk = Walk(puc)
    walk.sign_in()
    walk.allow(service=[*walk.inputs("service"), foreign.uid])
    assert walk.page.status_code == 422
    assert not Grant.objects.exists()


def test_a_refused_choice_keeps_what_the_customer_chose(puc: Company) -> None:
    walk = Walk(puc)
    walk.sign_in()
    walk.allow(service=[], history="0")
    assert '<option value="0" selected>' in walk.html
    assert not re.search(r'name="service" value="\w+" checked', walk.html)


@pytest.mark.spec("RFC 6749", "4.1.2.1")
def test_a_denial_comes_back_with_the_state_and_no_code(walk: Walk) -> None:
    walk.sign_in()
    walk.deny()
    told = walk.returned()
    assert told["error"] == "access_denied"
    assert told["state"] == "s-123"
    assert "code" not in told
    assert not Grant.objects.exists()


def test_a_decision_that_is_neither_is_a_denial(walk: Walk) -> None:
    walk.sign_in()
    walk.submit("consent", walk.offered() | {"decision": "maybe"}, follow=False)
    assert walk.returned()["error"] == "access_denied"


def test_every_page_before_it_can_be_left(walk: Walk) -> None:
    walk.submit("cancel", {}, follow=False)
    assert walk.returned()["error"] == "access_denied"


@pytest.mark.parametrize("second", ["allow", "deny"])
def test_a_request_is_answered_once(walk: Walk, second: str) -> None:
    walk.sign_in()
    page = walk.page
    walk.allow()
    walk.page = page
    walk.allow() if second == "allow" else walk.deny()
    assert walk.page.status_code == 404
    assert Grant.objects.count() == 1
    assert AuthorizationCode.objects.count() == 1


def test_the_session_id_changes_when_the_customer_is_known(walk: Walk) -> None:
    """One that somebody else put into this browser does not lead to the consent."""
    planted = Client(headers={"host": HOST})
    planted.cookies["sandbox_session"] = walk.client.cookies["sandbox_session"].value
    walk.sign_in()
    address = walk.page.request["PATH_INFO"]
    assert walk.client.get(address).status_code == 200
    assert planted.get(address).status_code == 404


def test_nobody_decides_without_having_authenticated(walk: Walk) -> None:
    uid = ConsentRequest.objects.get().uid
    form = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', walk.html)
    assert form
    response = walk.client.post(
        f"/ssmpuc/share/{uid}/consent/decide/",
        {"csrfmiddlewaretoken": form[1], "decision": "allow", "data": "4", "history": "0"},
    )
    assert response.status_code == 302
    assert response["Location"].endswith("/authenticate/")
    assert not Grant.objects.exists()


class TestPolicy:
    def test_the_forms_may_lead_to_the_company_and_nowhere_else(self, walk: Walk) -> None:
        walk.sign_in()
        policy = walk.page["Content-Security-Policy"]
        found = re.search(r"form-action ([^;]+)", policy)
        assert found
        assert set(found[1].split()) == {"'self'", "http://localhost:8000"}
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy

    def test_without_a_redirect_uri_they_lead_nowhere_else(self, puc: Company) -> None:
        walk = Walk(puc, parameters={"redirect_uri": ""})
        walk.sign_in()
        policy = walk.page["Content-Security-Policy"]
        assert "form-action 'self'" in policy
        assert "localhost:8000" not in policy

    def test_the_pages_are_kept_by_nobody_and_run_no_inline_code(self, walk: Walk) -> None:
        walk.sign_in()
        assert "no-store" in walk.page["Cache-Control"]
        assert "<script" not in walk.html
        assert "style=" not in walk.html
        assert not re.search(r"\son\w+=", walk.html)


class TestReceipt:
    def walk(self, puc: Company) -> Walk:
        walk = Walk(puc, parameters={"redirect_uri": ""}, scope="FB=4;HistoryLength=31536000")
        walk.sign_in()
        return walk

    def test_without_a_redirect_uri_the_customer_ends_on_a_receipt(self, puc: Company) -> None:
        walk = self.walk(puc)
        walk.submit("consent", walk.offered() | {"decision": "allow"})
        assert "You are sharing with Test Company" in walk.html
        assert "The last 12 months before you agreed" in walk.html
        assert Grant.objects.count() == 1
        assert not AuthorizationCode.objects.exists()

    def test_a_denial_ends_on_a_page_too(self, puc: Company) -> None:
        walk = self.walk(puc)
        walk.deny()
        assert "Nothing was shared" in walk.html

    def test_the_receipt_is_for_the_customers_browser_only(self, puc: Company) -> None:
        walk = self.walk(puc)
        walk.allow()
        address = walk.page["Location"]
        assert walk.client.get(address).status_code == 200
        stranger = Walk(puc)
        assert stranger.client.get(address).status_code == 404


def test_the_calendar_opens_on_the_last_possible_day(puc: Company) -> None:
    walk = Walk(puc, scope=f"FB=4;PreferredAuthEndDate={IN_A_YEAR}")
    walk.sign_in()
    last = date.fromisoformat(walk.offered()["until"])
    assert f'max="{last.isoformat()}"' in walk.html
    assert abs((last - date.today()).days - 365) <= 1  # noqa: DTZ011 (give or take a zone)
