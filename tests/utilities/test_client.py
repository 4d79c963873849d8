"""The one door out, against a real server that answers as told."""

from __future__ import annotations

import base64
import gzip
import io
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from django.utils import timezone

from tests.lying_utility import Answer, LyingUtility
from utilities.client import (
    DEFAULT_WAIT,
    LONGEST_WAIT,
    TOKEN_MAX_LENGTH,
    Exchange,
    GreenButtonClient,
    IncompleteGrantError,
    Problem,
    TokenClass,
    UtilityError,
)
from utilities.client.transport import HEARD_MAX_BYTES
from utilities.models import Client, Utility

SECRET = "s3cret-of-the-client"
CODE = "the-code-in-the-callback"
ACCESS = "the-access-token"
REFRESH = "the-refresh-token"


@pytest.fixture
def door(lying: LyingUtility) -> GreenButtonClient:
    utility = Utility(
        slug="demo",
        utility_id="DEMO",
        name="Demo Power",
        authorize_url=f"{lying.url}/authorize",
        token_url=f"{lying.url}/token",
        resource_url=f"{lying.url}/resource",
        origins=[lying.url],
    )
    return GreenButtonClient(Client(utility=utility, client_id="DEMO_client", client_secret=SECRET))


def granted(lying: LyingUtility, **changes: object) -> dict[str, Any]:
    """A good answer of the token endpoint; a change to None leaves the key out."""
    answer = {
        "token_type": "Bearer",
        "access_token": ACCESS,
        "refresh_token": REFRESH,
        "expires_in": 3600,
        "scope": "FB=4_16;HistoryLength=100",
        "resourceURI": f"{lying.url}/resource/Batch/Subscription/1",
        "authorizationURI": f"{lying.url}/resource/Authorization/1",
        "customerResourceURI": f"{lying.url}/resource/Batch/RetailCustomer/1",
        **changes,
    }
    return {name: value for name, value in answer.items() if value is not None}


def exchange(door: GreenButtonClient) -> UtilityError:
    """The error of trading a code."""
    with pytest.raises(UtilityError) as caught:
        door.exchange_code(CODE, "http://localhost:8000/connect/callback/demo/")
    return says_no_secret(caught.value)


def fetch(door: GreenButtonClient, url: str = "", **limits: Any) -> UtilityError:
    """The error of fetching a feed."""
    limits = {"max_bytes": 10_000, "deadline_seconds": 20, **limits}
    with pytest.raises(UtilityError) as caught:
        door.fetch_feed(
            url or f"{door.utility.resource_url}/feed", ACCESS, into=io.BytesIO(), **limits
        )
    return says_no_secret(caught.value)


def says_no_secret(error: UtilityError) -> UtilityError:
    for text in (error.to_log, error.to_customer, str(error)):
        for secret in (SECRET, CODE, ACCESS, REFRESH, "?"):
            assert secret not in text
    assert error.to_customer.endswith(".")
    return error


# -- the authorize URL ---------------------------------------------------------------------------


def test_the_authorize_url_is_byte_exact(door: GreenButtonClient) -> None:
    url = door.authorize_url(
        redirect_uri="http://localhost:8000/connect/callback/demo/",
        scope="FB=4_16_51;AdditionalScope=auth-address-333 W EL CAMINO REAL, SUNNYVALE CA 94087",
        state="abc-_",
    )
    assert url == (
        f"{door.utility.authorize_url}?response_type=code&client_id=DEMO_client"
        "&redirect_uri=http%3A%2F%2Flocalhost%3A8000%2Fconnect%2Fcallback%2Fdemo%2F"
        "&scope=FB%3D4_16_51%3BAdditionalScope%3Dauth-address-333%20W%20EL%20CAMINO%20REAL%2C"
        "%20SUNNYVALE%20CA%2094087&state=abc-_"
    )


@pytest.mark.spec("RFC 7636", "appendix B")
def test_pkce_sends_the_challenge_and_keeps_the_verifier(door: GreenButtonClient) -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    url = door.authorize_url(redirect_uri="r", scope="s", state="t", pkce_verifier=verifier)
    assert "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" in url
    assert "code_challenge_method=S256" in url
    assert verifier not in url


def test_an_authorize_url_that_has_a_query_keeps_it(door: GreenButtonClient) -> None:
    door.utility.authorize_url += "?brand=green"
    url = door.authorize_url(redirect_uri="r", scope="s", state="t")
    assert "/authorize?brand=green&response_type=code&" in url


def test_a_foreign_authorize_url_is_refused(door: GreenButtonClient) -> None:
    door.utility.authorize_url = "https://elsewhere.example/authorize"
    with pytest.raises(UtilityError) as caught:
        door.authorize_url(redirect_uri="r", scope="s", state="t")
    assert caught.value.code == Problem.NOT_OURS


# -- tokens --------------------------------------------------------------------------------------


def test_a_code_becomes_a_token(lying: LyingUtility, door: GreenButtonClient) -> None:
    lying.answer("/token", json=granted(lying))
    token = door.exchange_code(CODE, "http://localhost:8000/back/", "verifier")
    (request,) = lying.asked("/token")
    assert request.form == {
        "grant_type": "authorization_code",
        "code": CODE,
        "redirect_uri": "http://localhost:8000/back/",
        "code_verifier": "verifier",
    }
    basic = base64.b64encode(f"DEMO_client:{SECRET}".encode()).decode()
    assert request.headers["authorization"] == f"Basic {basic}"
    assert request.headers["user-agent"].startswith("green-button-portal/")
    assert (token.access_token, token.refresh_token) == (ACCESS, REFRESH)
    assert token.scope == "FB=4_16;HistoryLength=100"
    assert token.resource_uri == f"{lying.url}/resource/Batch/Subscription/1"
    assert token.authorization_uri == f"{lying.url}/resource/Authorization/1"
    assert token.customer_uri == f"{lying.url}/resource/Batch/RetailCustomer/1"
    assert timedelta(minutes=58) < token.expires_at - timezone.now() <= timedelta(hours=1)


def test_the_kind_of_token_is_compared_without_regard_to_case(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    lying.answer("/token", json=granted(lying, token_type="bEARER"))
    assert door.exchange_code(CODE, "r").access_token == ACCESS


@pytest.mark.parametrize("scope", [None, 7, "", "no scope at all", "FB=", "FB=4;" + "x" * 5000])
def test_a_scope_that_cannot_be_read_counts_as_absent(
    lying: LyingUtility, door: GreenButtonClient, scope: object
) -> None:
    lying.answer("/token", json=granted(lying, scope=scope))
    assert door.exchange_code(CODE, "r").scope == ""


def test_the_granted_scope_is_kept_without_who_signed_in(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    scope = "FB=4_16;AdditionalScope=auth-phone-1111111111;Unknown=7"
    lying.answer("/token", json=granted(lying, scope=scope))
    assert door.exchange_code(CODE, "r").scope == "FB=4_16;Unknown=7"


@pytest.mark.parametrize(
    "changes",
    [
        {"token_type": None},
        {"token_type": "mac"},
        {"token_type": ["Bearer"]},
        {"access_token": None},
        {"access_token": ""},
        {"access_token": 12},
        {"access_token": "with a space"},
        {"access_token": "line\r\nX-Injected: yes"},
        {"access_token": "a" * (TOKEN_MAX_LENGTH + 1)},
        {"access_token": "é"},
        {"refresh_token": ["a"]},
        {"refresh_token": "a" * (TOKEN_MAX_LENGTH + 1)},
        {"expires_in": 0},
        {"expires_in": -1},
        {"expires_in": True},
        {"expires_in": "soon"},
        {"expires_in": 10**12},
        {"expires_in": float("inf")},
        {"resourceURI": None},
        {"resourceURI": ""},
        {"resourceURI": 7},
        {"resourceURI": "https://elsewhere.example/Batch/Subscription/1"},
        {"resourceURI": "/resource/Batch/Subscription/1"},
        {"resourceURI": "https://utility.example@elsewhere.example/"},
        {"authorizationURI": "https://elsewhere.example/Authorization/1"},
        {"customerResourceURI": "file:///etc/passwd"},
        {"resourceURI": "http://127.0.0.1\n/Batch/Subscription/1"},
        {"resourceURI": "{url}/Batch\r\nX: y"},
        {"resourceURI": "{url}/Batch/" + "1" * 500},
    ],
)
def test_a_token_answer_that_cannot_be_used_is_refused_for_good(
    lying: LyingUtility, door: GreenButtonClient, changes: dict[str, object]
) -> None:
    changes = {
        name: value.replace("{url}", lying.url) if isinstance(value, str) else value
        for name, value in changes.items()
    }
    lying.answer("/token", json=granted(lying, **changes))
    error = exchange(door)
    assert isinstance(error, IncompleteGrantError)
    assert (error.code, error.permanent) == (Problem.BAD_TOKEN, True)


def test_an_incomplete_grant_says_where_to_give_it_back(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    lying.answer("/token", json=granted(lying, resourceURI=None))
    error = exchange(door)
    assert isinstance(error, IncompleteGrantError)
    assert error.authorization_uri == f"{lying.url}/resource/Authorization/1"


def test_an_incomplete_grant_is_never_given_back_elsewhere(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    lying.answer("/token", json=granted(lying, authorizationURI="https://elsewhere.example/1"))
    error = exchange(door)
    assert isinstance(error, IncompleteGrantError)
    assert error.authorization_uri == ""


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"a"', b"null", b"\xff", b"[" * 50_000])
def test_a_token_answer_that_is_no_json_object_is_refused(
    lying: LyingUtility, door: GreenButtonClient, body: bytes
) -> None:
    lying.answer("/token", body=body)
    assert exchange(door).code == Problem.BAD_TOKEN


def test_a_huge_token_answer_is_refused(lying: LyingUtility, door: GreenButtonClient) -> None:
    lying.answer("/token", body=b" " * 100_000)
    assert exchange(door).code == Problem.TOO_LARGE


def test_a_lifetime_as_text_or_none_at_all_is_understood(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    lying.answer("/token", json=granted(lying, expires_in="600"))
    lying.answer("/token", json=granted(lying, expires_in=None))
    left = door.refresh(REFRESH).expires_at - timezone.now()
    assert timedelta(minutes=9) < left <= timedelta(minutes=10)
    left = door.refresh(REFRESH).expires_at - timezone.now()
    assert timedelta(minutes=59) < left <= timedelta(hours=1)


def test_a_refresh_may_leave_everything_but_the_token_out(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    lying.answer("/token", json={"token_type": "Bearer", "access_token": "new"})
    token = door.refresh(REFRESH)
    assert (token.access_token, token.refresh_token, token.resource_uri) == ("new", "", "")
    assert lying.asked("/token")[0].form == {
        "grant_type": "refresh_token",
        "refresh_token": REFRESH,
    }


def test_a_foreign_address_in_a_refresh_does_not_lose_the_rotated_token(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    lying.answer("/token", json=granted(lying, resourceURI="https://elsewhere.example/"))
    token = door.refresh(REFRESH)
    assert (token.refresh_token, token.resource_uri) == (REFRESH, "")


@pytest.mark.spec("RFC 6749", "5.2")
@pytest.mark.parametrize(
    ("status", "json", "code", "permanent"),
    [
        (400, {"error": "invalid_grant"}, "invalid_grant", True),
        (401, {"error": "invalid_grant"}, "invalid_grant", True),
        (400, {"error": "invalid_client"}, "invalid_client", False),
        (401, {"error": "invalid_client"}, "invalid_client", False),
        (400, {"error": "a_new_error"}, "a_new_error", True),
        (400, {"error": ["x"]}, Problem.HTTP_400, True),
        (400, None, Problem.HTTP_400, True),
        (401, None, Problem.HTTP_401, True),
        (403, None, Problem.HTTP_403, True),
        (404, None, Problem.HTTP_404, False),
        (500, {"error": "invalid_grant"}, Problem.HTTP_500, False),
        (503, None, Problem.HTTP_503, False),
        (301, None, Problem.REDIRECT, False),
    ],
)
def test_errors_of_the_token_endpoint_have_a_tense(
    lying: LyingUtility,
    door: GreenButtonClient,
    status: int,
    json: object,
    code: str,
    permanent: bool,
) -> None:
    lying.answer("/token", status, json=json)
    with pytest.raises(UtilityError) as caught:
        door.refresh(REFRESH)
    assert (caught.value.code, caught.value.permanent) == (code, permanent)
    says_no_secret(caught.value)


def test_a_reply_that_repeats_our_secrets_is_logged_without_them(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    said = f"{CODE} of {SECRET} is wrong\n\x1b[31m"
    lying.answer("/token", 400, json={"error": "invalid_grant", "error_description": said})
    error = exchange(door)
    assert "invalid_grant: … of … is wrong[31m" in error.to_log
    assert "wrong" not in error.to_customer


def test_a_foreign_token_address_never_sees_the_secret(door: GreenButtonClient) -> None:
    with LyingUtility() as stranger:
        door.utility.token_url = f"{stranger.url}/token"
        with pytest.raises(UtilityError) as caught:
            door.refresh(REFRESH)
        assert caught.value.code == Problem.NOT_OURS
        assert stranger.requests == []


# -- revoking ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 202, 204, 404, 410])
def test_revoking_uses_the_client_token_and_gone_is_good(
    lying: LyingUtility, door: GreenButtonClient, status: int
) -> None:
    lying.answer("/token", json={"token_type": "Bearer", "access_token": "client-token"})
    lying.answer("/resource/Authorization/1", status)
    door.revoke(f"{lying.url}/resource/Authorization/1")
    token, delete = lying.requests
    assert token.form == {"grant_type": "client_credentials"}
    assert delete.method == "DELETE"
    assert delete.headers["authorization"] == "Bearer client-token"


def test_revoking_elsewhere_is_refused_before_a_token_is_asked_for(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    with pytest.raises(UtilityError) as caught:
        door.revoke("https://elsewhere.example/Authorization/1")
    assert caught.value.code == Problem.NOT_OURS
    assert lying.requests == []


def test_a_revocation_that_is_refused_is_an_error(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    lying.answer("/token", json={"token_type": "Bearer", "access_token": "client-token"})
    lying.answer("/resource/Authorization/1", 403)
    with pytest.raises(UtilityError) as caught:
        door.revoke(f"{lying.url}/resource/Authorization/1")
    assert caught.value.code == Problem.HTTP_403


# -- feeds ---------------------------------------------------------------------------------------


def test_a_feed_is_streamed_into_the_file(lying: LyingUtility, door: GreenButtonClient) -> None:
    lying.answer(
        "/resource/feed", body=gzip.compress(b"<feed/>"), headers={"Content-Encoding": "gzip"}
    )
    into = io.BytesIO()
    size = door.fetch_feed(
        f"{lying.url}/resource/feed?x=1", ACCESS, into=into, max_bytes=100, deadline_seconds=20
    )
    assert (size, into.getvalue()) == (7, b"<feed/>")
    (request,) = lying.requests
    assert request.headers["authorization"] == f"Bearer {ACCESS}"
    assert request.headers["accept"] == "application/atom+xml"
    assert request.query == {"x": ["1"]}


def test_dates_are_utc_in_whole_seconds_and_never_in_the_future(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    lying.answer("/resource/feed", body=b"<feed/>")
    zone = timezone.get_fixed_timezone(-300)
    before = timezone.now()
    door.fetch_feed(
        f"{lying.url}/resource/feed",
        ACCESS,
        into=io.BytesIO(),
        max_bytes=100,
        deadline_seconds=20,
        published_min=datetime(2026, 3, 1, 0, 0, 7, 999_999, tzinfo=zone),
        published_max=timezone.now() + timedelta(days=400),
    )
    (request,) = lying.requests
    assert request.query["published-min"] == ["2026-03-01T05:00:07Z"]
    (latest,) = request.query["published-max"]
    assert latest == datetime.fromisoformat(latest).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert before.replace(microsecond=0) <= datetime.fromisoformat(latest) <= timezone.now()


def test_a_foreign_address_never_sees_a_bearer_token(door: GreenButtonClient) -> None:
    with LyingUtility() as stranger:
        assert fetch(door, f"{stranger.url}/resource/feed").code == Problem.NOT_OURS
        assert stranger.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "feed",
        "//127.0.0.1/feed",
        "ftp://127.0.0.1/feed",
        "http://127.0.0.1@elsewhere.example/feed",
        "http://[::1/feed",
        "http://127.0.0.1:99999/feed",
    ],
)
def test_what_is_no_address_of_the_utility_is_refused(door: GreenButtonClient, url: str) -> None:
    assert fetch(door, url or " ").code == Problem.NOT_OURS


def test_without_an_access_token_the_client_secret_is_not_sent_instead(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    lying.answer("/resource/feed", 401)
    with pytest.raises(UtilityError):
        door.fetch_feed(
            f"{lying.url}/resource/feed",
            "",
            into=io.BytesIO(),
            max_bytes=100,
            deadline_seconds=20,
        )
    assert not any("Basic" in request.headers["authorization"] for request in lying.requests)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(
    lying: LyingUtility, door: GreenButtonClient, status: int
) -> None:
    with LyingUtility() as stranger:
        lying.answer("/resource/feed", status, headers={"Location": f"{stranger.url}/catch?a=b"})
        assert fetch(door).code == Problem.REDIRECT
        assert stranger.requests == []


@pytest.mark.parametrize(
    ("status", "code", "permanent"),
    [
        (204, "http_204", False),
        (400, Problem.HTTP_400, False),
        (401, Problem.HTTP_401, False),
        (403, Problem.HTTP_403, True),
        (404, Problem.HTTP_404, False),
        (500, Problem.HTTP_500, False),
        (503, Problem.HTTP_503, False),
        (504, Problem.HTTP_504, False),
        (202, Problem.COME_LATER, False),
        (429, Problem.COME_LATER, False),
    ],
)
def test_errors_of_a_feed_have_a_tense(
    lying: LyingUtility, door: GreenButtonClient, status: int, code: str, permanent: bool
) -> None:
    lying.answer("/resource/feed", status, body=b"" if status in {202, 204} else b"<oops/>")
    error = fetch(door)
    assert (error.code, error.permanent) == (code, permanent)


@pytest.mark.spec("RFC 9110", "10.2.3")
@pytest.mark.parametrize("status", [202, 429, 503])
def test_retry_after_is_read_as_seconds_and_as_a_date(
    lying: LyingUtility, door: GreenButtonClient, status: int
) -> None:
    lying.answer("/resource/feed", status, headers={"Retry-After": "90"})
    soon = format_datetime(timezone.now() + timedelta(minutes=5), usegmt=True)
    lying.answer("/resource/feed", status, headers={"Retry-After": soon})
    assert fetch(door).after == timedelta(seconds=90)
    after = fetch(door).after
    assert after is not None
    assert timedelta(minutes=4) < after <= timedelta(minutes=5)


@pytest.mark.parametrize(
    ("value", "after"),
    [
        ("0", timedelta(seconds=1)),
        ("Sun, 06 Nov 1994 08:49:37 GMT", timedelta(seconds=1)),
        ("9999999999", LONGEST_WAIT),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_WAIT),
        ("-5", DEFAULT_WAIT),
        ("soon", DEFAULT_WAIT),
        ("99999999999999999999", DEFAULT_WAIT),
        ("", DEFAULT_WAIT),
    ],
)
def test_a_wait_is_between_a_second_and_a_day(
    lying: LyingUtility, door: GreenButtonClient, value: str, after: timedelta
) -> None:
    lying.answer("/resource/feed", 429, headers={"Retry-After": value})
    assert fetch(door).after == after


def test_a_server_error_without_retry_after_says_no_time(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    lying.answer("/resource/feed", 500)
    assert fetch(door).after is None


def test_a_feed_that_announces_too_much_is_refused_unread(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    told = {"Content-Length": str(600 * 1024 * 1024)}
    lying.answer_exactly("/resource/feed", Answer(200, told, (b"<feed>",)))
    assert fetch(door, max_bytes=512 * 1024 * 1024).code == Problem.TOO_LARGE


def test_a_feed_is_counted_after_decompression(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    small = gzip.compress(b" " * 10_001)
    assert len(small) < 1000
    lying.answer("/resource/feed", body=small, headers={"Content-Encoding": "gzip"})
    assert fetch(door, max_bytes=10_000).code == Problem.TOO_LARGE


def test_a_feed_that_never_says_how_long_it_is_is_counted_too(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    endless = (b" " * 4096 for _ in range(100))
    lying.answer_exactly("/resource/feed", Answer(200, {}, endless))
    assert fetch(door, max_bytes=10_000).code == Problem.TOO_LARGE


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "x"])
def test_a_compression_that_was_not_asked_for_is_refused(
    lying: LyingUtility, door: GreenButtonClient, encoding: str
) -> None:
    lying.answer("/resource/feed", body=b"<feed/>", headers={"Content-Encoding": encoding})
    assert fetch(door).code == Problem.UNREADABLE


def test_a_body_that_is_not_the_gzip_it_claims_is_refused(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    lying.answer("/resource/feed", body=b"<feed/>", headers={"Content-Encoding": "gzip"})
    assert fetch(door).code == Problem.UNREADABLE


def test_a_connection_that_is_cut_is_tried_again(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    lying.answer_exactly("/resource/feed", Answer(200, {"Content-Length": "1000"}, (b"<feed>",)))
    error = fetch(door)
    assert (error.code, error.permanent) == (Problem.CUT_OFF, False)


def test_a_trickle_ends_at_the_deadline(lying: LyingUtility, door: GreenButtonClient) -> None:
    # Each byte comes in time for a time-out of its own; only an overall deadline ends this.
    lying.trickle("/resource/feed")
    assert fetch(door, deadline_seconds=0.5).code == Problem.TIMEOUT


def test_nobody_at_home_is_tried_again(door: GreenButtonClient) -> None:
    with LyingUtility() as gone:
        url = gone.url
    door.utility.origins.append(url)
    error = fetch(door, f"{url}/feed")
    assert (error.code, error.permanent) == (Problem.CONNECTION, False)


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "br"}])
def test_the_body_of_an_error_can_be_anything(
    lying: LyingUtility, door: GreenButtonClient, headers: dict[str, str]
) -> None:
    told = {"Retry-After": "7", **headers}
    lying.answer("/resource/feed", 429, body=b"x" * 200_000, headers=told)
    error = fetch(door)
    assert (error.code, error.after) == (Problem.COME_LATER, timedelta(seconds=7))


def test_a_proxy_of_the_environment_sees_nothing(
    lying: LyingUtility, door: GreenButtonClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    lying.answer("/resource/feed", body=b"<feed/>")
    with LyingUtility() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        door.fetch_feed(
            f"{lying.url}/resource/feed",
            ACCESS,
            into=io.BytesIO(),
            max_bytes=100,
            deadline_seconds=20,
        )
        assert proxy.requests == []


# -- short documents -----------------------------------------------------------------------------

CLIENT_TOKEN = {"token_type": "Bearer", "access_token": "client-token", "expires_in": 3600}


def read(door: GreenButtonClient, token: TokenClass, path: str = "document") -> bytes:
    uri = f"{door.utility.resource_url}/{path}"
    return door.read_document(uri, token=token, access_token=ACCESS, max_bytes=100)


def refused_to_read(door: GreenButtonClient, token: TokenClass) -> UtilityError:
    with pytest.raises(UtilityError) as caught:
        read(door, token)
    return says_no_secret(caught.value)


def test_each_class_of_token_is_sent_where_it_was_asked_for(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    lying.answer("/token", json=CLIENT_TOKEN)
    lying.answer("/resource/document", body=b"<entry/>")
    door.client.registration_token = "registration-token"
    assert read(door, "client") == read(door, "registration") == read(door, "access") == b"<entry/>"
    assert [one.headers["authorization"] for one in lying.asked("/resource/document")] == [
        "Bearer client-token",
        "Bearer registration-token",
        f"Bearer {ACCESS}",
    ]


def test_a_client_token_is_asked_for_once_in_its_life(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    lying.answer("/token", json=CLIENT_TOKEN)
    lying.answer("/resource/document", body=b"<entry/>")
    read(door, "client")
    read(GreenButtonClient(door.client), "client")
    assert len(lying.asked("/token")) == 1


def test_a_client_token_that_ends_within_a_minute_is_not_kept(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    lying.answer("/token", json=CLIENT_TOKEN | {"expires_in": 59})
    assert door.client_token() == door.client_token() == "client-token"
    assert len(lying.asked("/token")) == 2


def test_another_secret_has_another_client_token(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    lying.answer("/token", json=CLIENT_TOKEN)
    door.client_token()
    door.client.client_secret = "a-new-secret"
    door.client_token()
    assert len(lying.asked("/token")) == 2


def test_a_client_token_that_is_refused_is_renewed_once(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    lying.answer("/token", json=CLIENT_TOKEN | {"access_token": "the-older-one"})
    lying.answer("/token", json=CLIENT_TOKEN)
    lying.answer("/resource/document", 401)
    lying.answer("/resource/document", body=b"<entry/>")
    assert read(door, "client") == b"<entry/>"
    sent = [one.headers["authorization"] for one in lying.asked("/resource/document")]
    assert sent == ["Bearer the-older-one", "Bearer client-token"]


def test_a_client_token_that_is_refused_twice_is_an_error(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    lying.answer("/token", json=CLIENT_TOKEN)
    lying.answer("/resource/document", 401)
    error = refused_to_read(door, "client")
    assert (error.code, error.permanent) == (Problem.HTTP_401, False)
    assert len(lying.asked("/resource/document")) == 2


def test_without_a_registration_token_nothing_is_sent(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    error = refused_to_read(door, "registration")
    assert (error.code, error.permanent) == (Problem.NO_REGISTRATION_TOKEN, False)
    assert lying.requests == []


@pytest.mark.parametrize(
    ("token", "permanent"), [("client", False), ("registration", False), ("access", True)]
)
def test_only_what_a_customer_no_longer_shares_is_for_good(
    lying: LyingUtility, door: GreenButtonClient, token: TokenClass, permanent: bool
) -> None:
    lying.answer("/token", json=CLIENT_TOKEN)
    lying.answer("/resource/document", 403)
    door.client.registration_token = "registration-token"
    error = refused_to_read(door, token)
    assert (error.code, error.permanent) == (Problem.HTTP_403, permanent)


def test_a_document_may_not_be_larger_than_it_is_said_to_be(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    lying.answer("/resource/document", body=b" " * 101)
    assert refused_to_read(door, "access").code == Problem.TOO_LARGE


@pytest.mark.parametrize("token", ["client", "registration", "access"])
def test_no_class_of_token_goes_to_a_stranger(door: GreenButtonClient, token: TokenClass) -> None:
    door.client.registration_token = "registration-token"
    with LyingUtility() as stranger:
        door.utility.resource_url = stranger.url
        assert refused_to_read(door, token).code == Problem.NOT_OURS
        with pytest.raises(UtilityError):
            door.send_document("PUT", f"{stranger.url}/document", token=token, body=b"<entry/>")
        with pytest.raises(UtilityError):
            door.post_json(f"{stranger.url}/form", {}, token=token)
        with pytest.raises(UtilityError):
            door.get_json(f"{stranger.url}/form")
        assert stranger.requests == []


def test_a_document_is_sent_as_it_is(lying: LyingUtility, door: GreenButtonClient) -> None:
    lying.answer("/resource/document", body=b"<answer/>")
    door.client.registration_token = "registration-token"
    uri = f"{lying.url}/resource/document"
    assert door.send_document("PUT", uri, token="registration", body=b"<entry/>") == b"<answer/>"
    (request,) = lying.requests
    assert (request.method, request.body) == ("PUT", b"<entry/>")
    assert request.headers["content-type"] == "application/atom+xml"


def test_a_document_that_is_refused_is_an_error(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    lying.answer("/token", json=CLIENT_TOKEN)
    lying.answer("/resource/document", 409)
    with pytest.raises(UtilityError) as caught:
        door.send_document("DELETE", f"{lying.url}/resource/document", token="client")
    assert caught.value.code == "http_409"


def test_json_goes_with_our_id_and_secret_or_with_a_token(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    lying.answer("/token", json=CLIENT_TOKEN)
    lying.answer("/form", json={"code": "c"})
    assert door.post_json(f"{lying.url}/form", {"scenario": "residential"}) == {"code": "c"}
    assert door.get_json(f"{lying.url}/form", token="client") == {"code": "c"}
    post, get = lying.asked("/form")
    assert (post.method, post.body) == ("POST", b'{"scenario": "residential"}')
    assert post.headers["content-type"] == "application/json"
    assert post.headers["authorization"].startswith("Basic ")
    assert (get.method, get.headers["authorization"]) == ("GET", "Bearer client-token")


def test_a_refusal_of_json_is_named_as_the_utility_names_it(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    told = {"error": "access_denied", "error_description": f"not with {SECRET}"}
    lying.answer("/form", 400, json=told)
    with pytest.raises(UtilityError) as caught:
        door.post_json(f"{lying.url}/form", {})
    assert says_no_secret(caught.value).code == "access_denied"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null"])
def test_json_that_is_no_object_is_refused(
    lying: LyingUtility, door: GreenButtonClient, body: bytes
) -> None:
    lying.answer("/form", body=body)
    with pytest.raises(UtilityError) as caught:
        door.get_json(f"{lying.url}/form")
    assert caught.value.code == Problem.UNREADABLE


# -- a listener ----------------------------------------------------------------------------------


def test_a_listener_hears_what_was_sent_and_what_came(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    heard: list[Exchange] = []
    lying.answer("/token", json=granted(lying), headers={"X-Told": "yes"})
    GreenButtonClient(door.client, heard.append).refresh(REFRESH)
    (exchange,) = heard
    assert (exchange.method, exchange.url) == ("POST", f"{lying.url}/token")
    assert exchange.sent_form == {"grant_type": "refresh_token", "refresh_token": REFRESH}
    sent, received = dict(exchange.sent_headers), dict(exchange.received_headers)
    assert sent["authorization"].startswith("Basic ")
    assert sent["user-agent"].startswith("green-button-portal/")
    assert (exchange.status, received["x-told"], exchange.error) == (200, "yes", "")
    assert ACCESS.encode() in exchange.received_body
    assert exchange.seconds >= 0
    assert exchange.started <= timezone.now()


def test_a_listener_hears_the_beginning_of_a_feed(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    heard: list[Exchange] = []
    lying.answer("/resource/feed", body=b"<feed>" + b" " * 300_000 + b"</feed>")
    into = io.BytesIO()
    GreenButtonClient(door.client, heard.append).fetch_feed(
        f"{lying.url}/resource/feed", ACCESS, into=into, max_bytes=400_000, deadline_seconds=20
    )
    assert len(into.getvalue()) == 300_013
    (exchange,) = heard
    assert len(exchange.received_body) == HEARD_MAX_BYTES
    assert exchange.received_body.startswith(b"<feed>")


def test_a_listener_hears_of_a_conversation_that_came_to_nothing(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    heard: list[Exchange] = []
    lying.answer_exactly("/resource/feed", Answer(200, {"Content-Length": "1000"}, (b"<feed>",)))
    assert fetch(GreenButtonClient(door.client, heard.append)).code == Problem.CUT_OFF
    (exchange,) = heard
    assert (exchange.status, exchange.error) == (200, Problem.CUT_OFF)
    assert exchange.received_body == b"<feed>"


def test_what_a_listener_is_given_does_not_print_a_secret(
    lying: LyingUtility, door: GreenButtonClient
) -> None:
    heard: list[Exchange] = []
    lying.answer("/token", json=granted(lying))
    token = GreenButtonClient(door.client, heard.append).refresh(REFRESH)
    for secret in (SECRET, ACCESS, REFRESH):
        assert secret not in repr(heard) + repr(token)
