"""Where a utility fails its customer after they were found."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.sandbox.walk import RESOURCE, Company, Feed, Walk, error, get, path_of
from utilities.sandbox.models import ConsentRequest, Grant

STOPPED = {
    "websitedown": (503, "website_down", "temporarily_unavailable"),
    "utilityerror": (502, "utility_error", "server_error"),
    "empty": (200, "nothing_to_share", "access_denied"),
}
STOPS = pytest.mark.parametrize("scenario", STOPPED)
UTILITIES = pytest.mark.parametrize("utility", ["ssmpuc", "svce", "demo"])


def signed_in(utility: str, scenario: str, **parameters: str) -> Walk:
    """As the utility's test account for the scenario, by its default way or the test way."""
    walk = Walk(Company.public(utility), parameters=parameters)
    if utility == "ssmpuc":
        walk.look_up("test", f"test_{scenario}")
    elif utility == "svce":
        walk.look_up("email", f"uapi-test-{scenario.replace('_', '-')}@example.com")
        walk.enter(walk.shown_passcode())
    else:
        walk.give_password(f"UAPI_TEST_{scenario}", "x")
    return walk


@UTILITIES
@STOPS
def test_the_utilitys_page_says_what_is_wrong_and_offers_no_consent(
    utility: str, scenario: str
) -> None:
    status, code, _ = STOPPED[scenario]
    walk = signed_in(utility, scenario)
    assert walk.page.status_code == status
    assert error(walk) == code
    assert not walk.shows("consent")
    assert ("Retry-After" in walk.page) == (status == 503)


@UTILITIES
@STOPS
@pytest.mark.spec("RFC 6749", "4.1.2.1")
def test_the_company_is_told_when_the_customer_goes_back(utility: str, scenario: str) -> None:
    walk = signed_in(utility, scenario)
    walk.submit("cancel", {}, follow=False)
    answer = walk.returned()
    assert answer["error"] == STOPPED[scenario][2]
    assert answer["state"] == "s-123"
    assert "code" not in answer
    assert not ConsentRequest.objects.exists()


@STOPS
def test_without_an_address_to_return_to_the_customer_stays_on_our_pages(scenario: str) -> None:
    walk = signed_in("demo", scenario, redirect_uri="")
    walk.submit("cancel", {})
    assert walk.page.status_code == 200
    assert "Nothing was shared" in walk.html


@STOPS
def test_a_consent_that_is_posted_all_the_same_grants_nothing(scenario: str) -> None:
    walk = signed_in("demo", scenario)
    request = ConsentRequest.objects.get()
    assert request.account
    csrf = walk.client.cookies["sandbox_csrf"].value
    walk.page = walk.client.post(
        f"/demo/share/{request.uid}/consent/decide/",
        {
            "csrfmiddlewaretoken": csrf,
            "decision": "allow",
            "service": [service.uid for service in request.account.services.all()],
            "data": ["4"],
            "history": "0",
            "until": "",
        },
    )
    assert walk.page.status_code == STOPPED[scenario][0]
    assert not Grant.objects.exists()


def test_who_was_only_looked_up_is_told_nothing_about_the_account(svce: Company) -> None:
    walk = Walk(svce)
    walk.look_up("email", "uapi-test-empty@example.com")
    walk.submit("cancel", {}, follow=False)
    answer = walk.returned()
    assert answer["error_description"] == "The customer did not allow access."


def test_a_prefilled_test_account_breaks_down_at_once(puc: Company) -> None:
    walk = Walk(puc, scope="FB=4;AdditionalScope=auth-test-test_websitedown")
    assert walk.page.status_code == 503


def collected(utility: str, scenario: str) -> tuple[Company, dict[str, Any]]:
    company, walk = Company.public(utility), signed_in(utility, scenario)
    walk.allow()
    return company, company.trade(walk.returned()["code"]).json()


@UTILITIES
def test_collecting_is_refused_after_the_login_went_bad(utility: str) -> None:
    _, answer = collected(utility, "badlogin_after")
    response = get(path_of(answer["resourceURI"]), answer["access_token"])
    assert response.status_code == 403
    assert response.json()["error"] == "access_denied"


@UTILITIES
def test_collecting_is_put_off_after_the_website_went_down(utility: str) -> None:
    _, answer = collected(utility, "websitedown_after")
    response = get(path_of(answer["resourceURI"]), answer["access_token"])
    assert response.status_code == 503
    assert response["Retry-After"] == "3600"
    assert response.json()["error"] == "temporarily_unavailable"


@pytest.mark.parametrize("scenario", ["badlogin_after", "websitedown_after"])
def test_the_consent_itself_stays_readable_and_its_tokens_refresh(scenario: str) -> None:
    company, answer = collected("demo", scenario)
    token = company.client_token()
    feed = Feed.of(get(f"{RESOURCE}/Authorization", token))
    assert len(feed.of_type("Authorization")) == 1
    again = company.ask_token(grant_type="refresh_token", refresh_token=answer["refresh_token"])
    assert again.status_code == 200


@pytest.mark.parametrize(
    ("scenario", "status"), [("badlogin_after", 403), ("websitedown_after", 503)]
)
def test_a_meter_was_found_but_nothing_below_it_can_be_had(scenario: str, status: int) -> None:
    _, answer = collected("demo", scenario)
    subscription = f"{RESOURCE}/Subscription/{Grant.objects.get().uid}/UsagePoint"
    feed = Feed.of(get(subscription, answer["access_token"]))
    (point,) = feed.of_type("UsagePoint")
    assert point.self_href
    assert get(path_of(point.self_href), answer["access_token"]).status_code == 200
    for below in ("MeterReading", "UsageSummary"):
        response = get(f"{path_of(point.self_href)}/{below}", answer["access_token"])
        assert response.status_code == status
    assert get(subscription, answer["access_token"], depth="3").status_code == status


def test_all_customers_together_are_served_without_those() -> None:
    company, _ = collected("demo", "websitedown_after")
    company.authorized("FB=4_16")
    bulk = f"{RESOURCE}/Batch/Bulk/{company.registration.bulk_uid}"
    lately = {"published-min": (timezone.now() - timedelta(days=9)).isoformat()}
    feed = Feed.of(get(bulk, company.client_token(), **lately))
    assert len(feed.of_type("UsagePoint")) == 2
    assert {grant.read_at is None for grant in Grant.objects.all()} == {True, False}
