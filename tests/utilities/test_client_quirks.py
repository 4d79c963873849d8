"""What a utility's quirks change in what is sent to it, byte for byte where it matters."""

from __future__ import annotations

import base64
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from greenbutton.espi import scope as espi_scope
from tests.lying_utility import LyingUtility, Request
from utilities.client import GreenButtonClient, Problem, UtilityError
from utilities.models import Client, Utility

SECRET = "s3cret of the client"
TOKEN = {"token_type": "Bearer", "access_token": "the-token", "expires_in": 3600}


def door(lying: LyingUtility, **quirks: Any) -> GreenButtonClient:
    """A client of a utility that deviates so."""
    utility = Utility(
        slug="demo",
        utility_id="DEMO",
        name="Demo Power",
        authorize_url=f"{lying.url}/authorize",
        token_url=f"{lying.url}/token",
        resource_url=f"{lying.url}/resource",
        origins=[lying.url],
        quirks=quirks,
    )
    return GreenButtonClient(Client(utility=utility, client_id="DEMO_client", client_secret=SECRET))


def fetched(
    lying: LyingUtility, *, starts: datetime | None, ends: datetime | None, **quirks: Any
) -> Request:
    lying.answer("/resource/feed", body=b"<feed/>")
    door(lying, **quirks).fetch_feed(
        f"{lying.url}/resource/feed",
        "the-access-token",
        into=io.BytesIO(),
        max_bytes=100,
        deadline_seconds=20,
        published_min=starts,
        published_max=ends,
    )
    return lying.requests[-1]


# -- who we are ----------------------------------------------------------------------------------


@pytest.mark.spec("RFC 6749", "2.3.1")
def test_the_secret_goes_into_the_header(lying: LyingUtility) -> None:
    lying.answer("/token", json=TOKEN)
    door(lying).refresh("the-refresh-token")
    (request,) = lying.requests
    pair = base64.b64encode(b"DEMO_client:s3cret%20of%20the%20client").decode()
    assert request.headers["authorization"] == f"Basic {pair}"
    assert request.body == b"grant_type=refresh_token&refresh_token=the-refresh-token"


@pytest.mark.spec("RFC 6749", "2.3.1")
def test_the_secret_goes_into_the_body_where_the_utility_wants_it_there(
    lying: LyingUtility,
) -> None:
    lying.answer("/token", json=TOKEN)
    door(lying, client_authentication="body").refresh("the-refresh-token")
    (request,) = lying.requests
    assert "authorization" not in request.headers
    assert request.body == (
        b"grant_type=refresh_token&refresh_token=the-refresh-token"
        b"&client_id=DEMO_client&client_secret=s3cret+of+the+client"
    )


def test_a_secret_in_the_body_is_no_more_logged_than_one_in_the_header(
    lying: LyingUtility,
) -> None:
    said = {"error": "invalid_grant", "error_description": f"{SECRET} is wrong"}
    lying.answer("/token", 400, json=said)
    with pytest.raises(UtilityError) as caught:
        door(lying, client_authentication="body").refresh("the-refresh-token")
    assert SECRET not in caught.value.to_log


def test_a_bearer_token_is_sent_without_the_secret_whatever_proves_the_client(
    lying: LyingUtility,
) -> None:
    request = fetched(lying, starts=None, ends=None, client_authentication="body")
    assert request.headers["authorization"] == "Bearer the-access-token"
    assert request.body == b""


@pytest.mark.spec("RFC 8705", "2")
def test_without_its_certificate_a_client_that_is_proved_by_it_sends_nothing(
    lying: LyingUtility,
) -> None:
    with pytest.raises(UtilityError) as caught:
        door(lying, client_authentication="tls").refresh("the-refresh-token")
    assert (caught.value.code, caught.value.permanent) == (Problem.CERTIFICATE, False)
    assert lying.requests == []


def test_a_browsers_name_is_given_where_programs_are_turned_away(lying: LyingUtility) -> None:
    request = fetched(lying, starts=None, ends=None, user_agent="Mozilla/5.0 (X11)")
    assert request.headers["user-agent"] == "Mozilla/5.0 (X11)"
    assert fetched(lying, starts=None, ends=None).headers["user-agent"].startswith("green-button")


# -- scopes --------------------------------------------------------------------------------------


def asked(lying: LyingUtility, scope: str, **quirks: Any) -> str:
    url = door(lying, **quirks).authorize_url(redirect_uri="r", scope=scope, state="t")
    return url.partition("&scope=")[2].partition("&state=")[0]


@pytest.mark.parametrize(
    ("quirks", "sent"),
    [
        ({}, "FB=4_16;historylength=100;AdditionalScope=auth-phone-1;Odd=7"),
        ({"known_options": []}, "FB=4_16"),
        ({"known_options": ["HistoryLength", "Other"]}, "FB=4_16;historylength=100"),
        (
            {"option_spellings": ["historyLength"], "known_options": ["HISTORYLENGTH"]},
            "FB=4_16;historyLength=100",
        ),
        (
            {"demanded_options": ["HistoryLength=94608000", "BlockDuration=Monthly"]},
            "FB=4_16;historylength=100;AdditionalScope=auth-phone-1;Odd=7;BlockDuration=Monthly",
        ),
        (
            {
                "demanded_options": ["HistoryLength=1", "X=2"],
                "known_options": ["X"],
                "option_spellings": ["x"],
            },
            "FB=4_16;x=2",
        ),
    ],
)
def test_a_scope_is_sent_as_the_utility_takes_it(
    lying: LyingUtility, quirks: dict[str, Any], sent: str
) -> None:
    scope = "FB=4_16;historylength=100;AdditionalScope=auth-phone-1;Odd=7"
    assert asked(lying, scope, **quirks) == espi_scope.quote(sent)
    taken = door(lying, **quirks).as_taken(espi_scope.parse(scope))
    assert espi_scope.build(taken) == sent


def test_the_granted_scope_goes_along_with_a_refresh_where_the_utility_wants_it(
    lying: LyingUtility,
) -> None:
    lying.answer("/token", json=TOKEN)
    door(lying).refresh("a", "FB=4_16;HistoryLength=94608000")
    door(lying, resends_scope_on_refresh=True).refresh("b", "FB=4_16;HistoryLength=94608000")
    door(lying, resends_scope_on_refresh=True).refresh("c")
    assert [request.form.get("scope") for request in lying.requests] == [
        None,
        "FB=4_16;HistoryLength=94608000",
        None,
    ]


def test_a_client_token_is_asked_for_with_the_utilitys_scope(lying: LyingUtility) -> None:
    lying.answer("/token", json=TOKEN)
    client = door(lying, client_credentials_scope="FB=36_40")
    client.client_token()
    client.client_token()
    client.client_token("FB=35;BR=7")
    assert [request.form.get("scope") for request in lying.requests] == ["FB=36_40", "FB=35;BR=7"]


def test_a_refused_client_token_is_renewed_under_its_scope(lying: LyingUtility) -> None:
    lying.answer("/token", json=TOKEN)
    lying.answer("/resource/document", 401)
    lying.answer("/resource/document", body=b"<entry/>")
    client = door(lying, client_credentials_scope="FB=36_40")
    assert client.read_document(f"{lying.url}/resource/document", token="client") == b"<entry/>"
    assert len(lying.asked("/token")) == 2


# -- addresses -----------------------------------------------------------------------------------


def granted(lying: LyingUtility, resource: str, **more: str) -> dict[str, Any]:
    return {**TOKEN, "refresh_token": "r", "resourceURI": f"{lying.url}{resource}", **more}


@pytest.mark.parametrize(
    ("derives", "resource", "customer"),
    [
        (True, "/resource/Batch/Subscription/7", "/resource/Batch/RetailCustomer/7"),
        (False, "/resource/Batch/Subscription/7", None),
        (True, "/resource/Bulk/7", None),
        (True, "/Batch/Subscription/7/Batch/Subscription/8", None),
    ],
)
def test_the_customers_details_are_looked_for_beside_the_usage_only_where_that_is_known(
    lying: LyingUtility, derives: bool, resource: str, customer: str | None
) -> None:
    lying.answer("/token", json=granted(lying, resource))
    token = door(lying, derives_customer_address=derives).exchange_code("c", "r")
    assert token.customer_uri == (f"{lying.url}{customer}" if customer else "")


def test_an_address_that_the_utility_gives_is_the_one(lying: LyingUtility) -> None:
    given = f"{lying.url}/elsewhere"
    answer = granted(lying, "/Batch/Subscription/7", customerResourceURI=given)
    lying.answer("/token", json=answer)
    token = door(lying, derives_customer_address=True).exchange_code("c", "r")
    assert token.customer_uri == given


# -- periods -------------------------------------------------------------------------------------

STARTS = datetime(2026, 3, 1, 5, 0, 7, 999_999, tzinfo=UTC)
ENDS = datetime(2026, 4, 1, 4, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("quirks", "query"),
    [
        (
            {},
            {"published-min": ["2026-03-01T05:00:07Z"], "published-max": ["2026-04-01T04:00:00Z"]},
        ),
        (
            {"date_filter": "updated"},
            {"updated-min": ["2026-03-01T05:00:07Z"], "updated-max": ["2026-04-01T04:00:00Z"]},
        ),
        ({"date_filter": "none"}, {}),
        (
            {"dates_as": "epoch"},
            {"published-min": ["1772341207"], "published-max": ["1775016000"]},
        ),
        ({"leaves_maximum_out": True}, {"published-min": ["2026-03-01T05:00:07Z"]}),
    ],
)
def test_a_period_is_asked_for_as_the_utility_understands_it(
    lying: LyingUtility, quirks: dict[str, Any], query: dict[str, list[str]]
) -> None:
    assert fetched(lying, starts=STARTS, ends=ENDS, **quirks).query == query


@pytest.mark.parametrize("dates_as", ["iso", "epoch"])
def test_no_end_of_a_period_lies_in_the_future(lying: LyingUtility, dates_as: str) -> None:
    later = timezone.now() + timedelta(days=1)
    request = fetched(lying, starts=None, ends=later, dates_as=dates_as)
    (said,) = request.query["published-max"]
    latest = (
        datetime.fromisoformat(said)
        if dates_as == "iso"
        else datetime.fromtimestamp(int(said), UTC)
    )
    assert latest <= timezone.now()


# -- time-outs -----------------------------------------------------------------------------------


def test_a_short_answer_may_take_as_long_as_the_utility_needs(lying: LyingUtility) -> None:
    lying.trickle("/token")
    with pytest.raises(UtilityError) as caught:
        door(lying, answer_seconds=1).refresh("the-refresh-token")
    assert caught.value.code == Problem.TIMEOUT
