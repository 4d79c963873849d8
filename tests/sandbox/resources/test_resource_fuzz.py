"""Whatever is asked of the resources, by whomever: an answer, a refusal, and never a 500."""

import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.given import SVCE_HOME, SVCE_SOLAR, account, company, consent
from tests.sandbox.walk import HOST, RESOURCE, body
from utilities.sandbox.management.commands.sandbox_fleet import access_token
from utilities.sandbox.models import Grant, Registration, Token
from utilities.sandbox.resources.query import PAGE, WINDOW
from utilities.sandbox.resources.tree import COMPANIONS, CUSTOMER, USAGE, Tree

METHODS = ["GET", "GET", "GET", "HEAD", "PUT", "DELETE", "POST", "PATCH", "OPTIONS", "TRACE", "X"]
FUZZ = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def names_of(tree: Tree) -> set[str]:
    return {*tree, *(name for below in tree.values() for name in names_of(below))}


NAMES = sorted(names_of(USAGE) | names_of(CUSTOMER) | names_of(COMPANIONS))
TOPS = ["Subscription", "RetailCustomer", "Batch", "Bulk", "Authorization", "ReadServiceStatus"]
# What a NUL, a surrogate, or the end of a line does to a path, a query or a header.
odd = st.one_of(
    st.sampled_from(["", "\0", "%", "..", "'", '"', "\r\n", "\ud800", "é", "0" * 34, "9" * 400]),
    st.text(max_size=12),
)
moments = st.sampled_from(["2026-01-01", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
counts = st.sampled_from(["1", "2", "999999999", "0", "-1", "1e9"])


class World:
    """Two customers of one company, and one of another."""

    def __init__(self) -> None:
        self.registration = company("svce")
        self.grants = [
            consent(account(SVCE_HOME), (4, 16, 51), days=2),
            consent(account(SVCE_SOLAR), (4,), days=2, to=self.registration),
            consent(
                account(SVCE_HOME),
                (16, 51),
                days=2,
                to=company("svce", Registration.Profile.EXPORT),
            ),
        ]
        self.tokens = [
            "",
            "made-up",
            self.registration.registration_access_token,
            Token.issue_for_client(self.registration, ""),
            Token.issue_for_client(self.grants[2].registration, ""),
            *(access_token(grant) for grant in self.grants),
        ]
        self.known = [
            *(grant.uid for grant in self.grants),
            *(one.uid for grant in self.grants for one in grant.services.all()),
            self.registration.bulk_uid,
            *NAMES,
            *TOPS,
        ]


@pytest.fixture
def world() -> World:
    return World()


def ask(method: str, path: str, token: str, headers: dict[str, str], sent: bytes) -> Any:
    given_ = {"host": HOST, "authorization": f"Bearer {token}"} if token else {"host": HOST}
    return Client().generic(
        method, path, sent, "application/atom+xml", headers={**headers, **given_}
    )


def assert_proper(response: Any) -> None:
    """A document, or an error as the platform gives it."""
    content = body(response)
    assert response.status_code < 500
    if response.status_code >= 400 and response["Content-Type"] == "application/json":
        assert response.status_code in {400, 401, 403, 404, 405, 413}
        assert not content or json.loads(content).keys() == {"error", "error_description", "url"}
    else:
        assert response.status_code in {200, 304, 412}


def encoded(part: str) -> str:
    return quote(part.encode("utf-8", "surrogatepass"), safe="")


@FUZZ
@given(st.data())
def test_no_address_ends_in_a_500(world: World, data: st.DataObject) -> None:
    parts = data.draw(
        st.lists(st.one_of(st.sampled_from(world.known), odd), min_size=1, max_size=11)
    )
    path = f"{RESOURCE}/" + "/".join(map(encoded, parts))
    token = data.draw(st.sampled_from(world.tokens))
    assert_proper(ask(data.draw(st.sampled_from(METHODS)), path, token, {}, b""))


@FUZZ
@given(st.data())
def test_no_parameter_and_no_header_ends_in_a_500(world: World, data: st.DataObject) -> None:
    grant = data.draw(st.sampled_from(world.grants))
    where = data.draw(
        st.sampled_from(
            [
                f"Batch/Subscription/{grant.uid}",
                f"Subscription/{grant.uid}/UsagePoint",
                f"Batch/RetailCustomer/{grant.uid}",
                f"Batch/Bulk/{world.registration.bulk_uid}",
                f"Authorization/{grant.uid}",
                "Authorization",
                "ReadingType",
                "ReadServiceStatus",
            ]
        )
    )
    pairs = st.one_of(
        st.tuples(st.sampled_from(WINDOW), moments | odd),
        st.tuples(st.sampled_from(PAGE), counts | odd),
        st.tuples(odd, odd),
    )
    query = [
        (name.encode("utf-8", "surrogatepass"), value.encode("utf-8", "surrogatepass"))
        for name, value in data.draw(st.lists(pairs, max_size=4))
    ]
    line = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=20)
    names = ["if-none-match", "if-modified-since", "if-match", "accept-encoding", "range", "accept"]
    headers = data.draw(
        st.dictionaries(
            st.sampled_from(names), line | st.sampled_from(["*", '"x"', "gzip", "bytes=0-1"])
        )
    )
    token = data.draw(st.sampled_from(world.tokens))
    method = data.draw(st.sampled_from(["GET", "HEAD"]))
    response = ask(method, f"{RESOURCE}/{where}?{urlencode(query)}", token, headers, b"")
    assert_proper(response)


@FUZZ
@given(st.data())
def test_nothing_that_is_put_ends_in_a_500(world: World, data: st.DataObject) -> None:
    grant = world.grants[0]
    client = world.tokens[3]
    where = f"{RESOURCE}/Authorization/{grant.uid}"
    document = ask("GET", where, client, {}, b"").content
    place = data.draw(st.integers(0, len(document)))
    damage = data.draw(st.binary(max_size=6))
    cut = data.draw(st.integers(0, 30))
    sent = document[:place] + damage + document[place + cut :]
    length = data.draw(st.sampled_from([{}, {"content-length": "x"}, {"content-length": "-1"}]))
    assert_proper(ask("PUT", where, client, length, sent))
    assert Grant.objects.get(id=grant.id).scope == grant.scope, "whatever was put"


@FUZZ
@given(st.data())
def test_what_a_token_does_not_open_gives_nothing_away(world: World, data: st.DataObject) -> None:
    """The last customer's data opens to the last token alone."""
    grant = world.grants[2]
    names = st.sampled_from([*NAMES, *(one.uid for one in grant.services.all())])
    below = data.draw(st.lists(names, max_size=6))
    top = data.draw(st.sampled_from(["", "Batch/"])) + data.draw(
        st.sampled_from(["Subscription", "RetailCustomer"])
    )
    path = "/".join([RESOURCE, top, grant.uid, *below])
    token = data.draw(st.sampled_from(world.tokens[:-1]))
    assert ask("GET", path, token, {}, b"").status_code in {401, 403, 404}
