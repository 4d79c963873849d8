"""Whatever is sent to the OAuth endpoints: no 500, no redirect astray, nothing kept on the way."""

import json
from typing import Any
from urllib.parse import quote_from_bytes, urlsplit

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.walk import FORM, HOST, Company

# The same cases each time; the transaction around a test is shared by them, which does no harm.
BOUNDED = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
NAMES = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "prompt",
    "code_challenge",
    "code_challenge_method",
    "grant_type",
    "code",
    "refresh_token",
    "token",
    "client_secret",
    "scenario",
    "x",
)
LIKELY = (
    "code",
    "SSMPUC_ccccccccc",
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "residential",
    "badlogin",
    "FB=4_16",
    "FB=35;BR=x",
    "FB=4;AdditionalScope=auth-test-test_residential",
    "FB=4;AdditionalScope=auth-lastbill-%00",
    "FB=4;HistoryLength=999999999999999",
    "FB=4;PreferredAuthEndDate=253402300799",
    "https://evil.example/",
    "//evil.example",
    "javascript:alert(1)",
    "http://localhost:8000/connect/callback/ssmpuc/",
    "S256",
    "a" * 43,
)
TEXTS = st.one_of(
    st.sampled_from(LIKELY), st.text(max_size=40), st.text(min_size=2000, max_size=2050)
)
# As bytes, since an address and a form may hold what is no text.
VALUES = st.one_of(
    TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary(max_size=12)
)
PAIRS = st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=8)


def encoded(pairs: list[tuple[str, bytes]]) -> str:
    return "&".join(f"{name}={quote_from_bytes(value, safe='')}" for name, value in pairs)


def check(company: Company, response: Any) -> None:
    assert response.status_code < 500
    assert "no-store" in response["Cache-Control"]
    location = response.get("Location", "")
    if location and not location.startswith("/ssmpuc/share/"):
        landing = urlsplit(location)._replace(query="").geturl()
        assert landing in company.registration.redirect_uris
    assert "evil.example" not in response.get("Location", "").partition("?")[0]


@BOUNDED
@given(pairs=PAIRS, known=st.booleans())
def test_the_authorize_address(puc: Company, pairs: list[tuple[str, bytes]], known: bool) -> None:
    if known:
        pairs = [("client_id", puc.registration.client_id.encode()), *pairs]
    client = Client(headers={"host": HOST})
    check(puc, client.get(f"/DataCustodian/ssmpuc/oauth/authorize?{encoded(pairs)}"))


@BOUNDED
@given(pairs=PAIRS)
def test_the_authorize_address_of_a_company_that_may_be_told(
    puc: Company, pairs: list[tuple[str, bytes]]
) -> None:
    ours = [("client_id", puc.registration.client_id), ("redirect_uri", puc.redirect_uri)]
    others = [(name, value) for name, value in pairs if name not in dict(ours)]
    query = encoded([*((name, value.encode()) for name, value in ours), *others])
    response = Client(headers={"host": HOST}).get(f"/DataCustodian/ssmpuc/oauth/authorize?{query}")
    check(puc, response)
    assert response.status_code == 302


@BOUNDED
@given(query=st.text(st.characters(max_codepoint=255, exclude_characters="#"), max_size=60))
def test_the_authorize_address_with_no_order_in_it(puc: Company, query: str) -> None:
    response = Client().get(
        "/DataCustodian/ssmpuc/oauth/authorize", QUERY_STRING=query, headers={"host": HOST}
    )
    check(puc, response)


@pytest.mark.parametrize("endpoint", ["oauth/token", "oauth/revoke", "test-submit"])
@BOUNDED
@given(pairs=PAIRS, known=st.booleans())
def test_forms(puc: Company, endpoint: str, pairs: list[tuple[str, bytes]], known: bool) -> None:
    headers = {"host": HOST} | ({"authorization": puc.basic()} if known else {})
    response = Client().post(
        f"/DataCustodian/ssmpuc/{endpoint}",
        encoded(pairs),
        content_type=FORM,
        headers=headers,
    )
    check(puc, response)
    assert isinstance(response.json(), dict)


@BOUNDED
@given(header=st.one_of(st.text(max_size=30), st.text(max_size=30).map("Basic {}".format)))
def test_authorization_headers(puc: Company, header: str) -> None:
    # Servers pass a header's bytes on as the characters of ISO 8859-1.
    sent = header.encode("utf-8", "surrogatepass").decode("iso-8859-1")
    response = Client().post(
        "/DataCustodian/ssmpuc/oauth/token",
        "grant_type=client_credentials",
        content_type=FORM,
        HTTP_AUTHORIZATION=sent,
        headers={"host": HOST},
    )
    check(puc, response)
    assert response.status_code == 401


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)


@BOUNDED
@given(document=ANY_JSON)
def test_json(puc: Company, document: Any) -> None:
    response = Client().post(
        "/DataCustodian/ssmpuc/test-submit",
        json.dumps(document),
        content_type="application/json",
        headers={"host": HOST, "authorization": puc.basic()},
    )
    check(puc, response)
