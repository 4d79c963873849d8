"""The consents themselves: read, ended, and taken back by the company that ended them."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import etree

from greenbutton.espi import read_feed, write_entry
from greenbutton.espi.authorization import Authorization
from tests.sandbox.sharing import Shared
from tests.sandbox.walk import HOST, RESOURCE, Company, Feed, delete, get
from utilities.sandbox.documents.certificate import CERTIFICATE
from utilities.sandbox.models import Grant

LIST = f"{RESOURCE}/Authorization"


@pytest.fixture
def shared(puc: Company) -> Shared:
    return Shared(puc, "FB=4_16;HistoryLength=86400")


def put(path: str, token: str, document: bytes) -> Any:
    headers = {"host": HOST, "authorization": f"Bearer {token}"}
    return Client().put(path, document, content_type="application/atom+xml", headers=headers)


def the_authorization(response: Any) -> Authorization:
    assert response.status_code == 200, response.content
    (entry,) = read_feed(io.BytesIO(response.content), max_bytes=10_000)
    assert isinstance(entry.resource, Authorization)
    return entry.resource


class TestAuthorization:
    def test_its_entry_says_what_was_granted(self, shared: Shared) -> None:
        response = get(shared.authorization, shared.company.client_token())
        assert response["Content-Type"] == "application/atom+xml"
        (entry,) = read_feed(io.BytesIO(response.content), max_bytes=10_000)
        assert isinstance(entry.resource, Authorization)
        assert entry.self_href == shared.answer["authorizationURI"]
        assert entry.resource.status == 1
        assert entry.resource.scope == shared.answer["scope"]
        assert entry.resource.token_type == "Bearer"
        assert entry.resource.resource_uri == shared.answer["resourceURI"]
        assert shared.access.encode() not in response.content

    def test_the_list_holds_the_companys_own_and_nobody_elses(self, shared: Shared) -> None:
        other = Shared(Company.live("ssmpuc"))
        feed = Feed.of(get(LIST, shared.company.client_token()))
        assert [entry.self_href for entry in feed.entries] == [shared.answer["authorizationURI"]]
        assert get(other.authorization, shared.company.client_token()).status_code == 404

    def test_a_longer_list_takes_no_more_queries(
        self, shared: Shared, django_assert_num_queries: Any
    ) -> None:
        client = shared.company.client_token()
        with CaptureQueriesContext(connection) as one:
            get(LIST, client)
        queries = len(one)
        for _ in range(3):
            shared.company.authorized()
        with django_assert_num_queries(queries):
            assert len(Feed.of(get(LIST, client)).entries) == 4

    def test_an_empty_list_is_a_feed_without_entries(self, svce: Company) -> None:
        assert Feed.of(get(LIST, svce.client_token())).entries == []

    def test_delete_revokes_it_and_every_token(self, shared: Shared) -> None:
        client = shared.company.client_token()
        response = delete(shared.authorization, client)
        assert response.status_code == 200
        (entry,) = read_feed(io.BytesIO(response.content), max_bytes=10_000)
        assert isinstance(entry.resource, Authorization)
        assert entry.resource.status == 0
        assert get(shared.usage, shared.access).status_code == 401
        refresh = shared.company.ask_token(
            grant_type="refresh_token", refresh_token=shared.answer["refresh_token"]
        )
        assert refresh.json()["error"] == "invalid_grant"
        assert delete(shared.authorization, client).status_code == 200, "again is no error"

    def test_only_its_own_company_can_revoke_it(self, shared: Shared) -> None:
        other = Company.live("ssmpuc")
        assert delete(shared.authorization, other.client_token()).status_code == 404
        assert delete(shared.authorization, shared.access).status_code == 403
        assert Grant.objects.get().is_active

    @pytest.mark.parametrize("method", ["post", "patch"])
    def test_it_takes_no_other_method(self, shared: Shared, method: str) -> None:
        headers = {"host": HOST, "authorization": f"Bearer {shared.company.client_token()}"}
        response = getattr(Client(), method)(shared.authorization, headers=headers)
        assert response.status_code == 405
        assert response["Allow"] == "GET, HEAD, PUT, DELETE"

    def test_one_that_does_not_exist_is_not_there(self, shared: Shared) -> None:
        client = shared.company.client_token()
        for address in (f"{LIST}/{'0' * 34}", f"{LIST}/nothing", f"{LIST}/%00"):
            response = get(address, client)
            assert response.status_code == 404
            assert set(response.json()) == {"error", "error_description", "url"}


class TestPut:
    """MGA001 to MGA003 of the certification's tests."""

    def test_what_was_read_can_be_put_back(self, shared: Shared) -> None:
        client = shared.company.client_token()
        read = get(shared.authorization, client)
        assert the_authorization(put(shared.authorization, client, read.content)).status == 1
        assert get(shared.usage, shared.access).status_code == 200

    def test_it_restores_what_the_company_ended_with_its_tokens(self, shared: Shared) -> None:
        client = shared.company.client_token()
        read = get(shared.authorization, client).content
        delete(shared.authorization, client)
        assert get(shared.usage, shared.access).status_code == 401
        assert the_authorization(put(shared.authorization, client, read)).status == 1
        assert get(shared.usage, shared.access).status_code == 200
        again = shared.company.ask_token(
            grant_type="refresh_token", refresh_token=shared.answer["refresh_token"]
        )
        assert again.status_code == 200

    @pytest.mark.parametrize("condition", ["if-match", "if-none-match"])
    def test_what_was_done_is_not_answered_as_if_it_had_not_been(
        self, shared: Shared, condition: str
    ) -> None:
        headers = {"host": HOST, "authorization": f"Bearer {shared.company.client_token()}"}
        response = Client().delete(shared.authorization, headers=headers | {condition: "*"})
        assert the_authorization(response).status == 0

    def test_a_status_of_0_ends_it(self, shared: Shared) -> None:
        client = shared.company.client_token()
        read = get(shared.authorization, client).content
        ended = read.replace(b"status>1<", b"status>0<")
        assert the_authorization(put(shared.authorization, client, ended)).status == 0
        assert get(shared.usage, shared.access).status_code == 401

    @pytest.mark.parametrize("party", [Grant.Party.CUSTOMER, Grant.Party.UTILITY])
    def test_it_does_not_take_back_what_somebody_else_ended(
        self, shared: Shared, party: Grant.Party
    ) -> None:
        client = shared.company.client_token()
        read = get(shared.authorization, client).content
        Grant.objects.get().revoke(party)
        delete(shared.authorization, client)
        response = put(shared.authorization, client, read)
        assert response.status_code == 403
        assert response.json()["error"] == "access_denied"
        assert get(shared.usage, shared.access).status_code == 401

    @pytest.mark.parametrize("party", [Grant.Party.CUSTOMER, Grant.Party.UTILITY])
    def test_nor_what_it_ended_at_the_same_moment_itself(
        self, shared: Shared, party: Grant.Party
    ) -> None:
        theirs, companys = Grant.objects.get(), Grant.objects.get()
        theirs.revoke(party)
        companys.revoke(Grant.Party.COMPANY)
        assert Grant.objects.get().revoked_by == party
        assert not companys.restore()

    @pytest.mark.parametrize("party", [Grant.Party.CUSTOMER, Grant.Party.UTILITY])
    def test_nor_what_somebody_else_ended_after_it(
        self, shared: Shared, party: Grant.Party
    ) -> None:
        Grant.objects.get().revoke(Grant.Party.COMPANY)
        Grant.objects.get().revoke(party)
        assert not Grant.objects.get().restore()

    def test_it_does_not_prolong_what_is_over(self, shared: Shared) -> None:
        client = shared.company.client_token()
        read = get(shared.authorization, client).content
        Grant.objects.update(until=timezone.now() - timedelta(hours=1))
        assert put(shared.authorization, client, read).status_code == 403

    def test_tokens_that_were_replaced_before_stay_dead(self, shared: Shared) -> None:
        client = shared.company.client_token()
        newer = shared.company.ask_token(
            grant_type="refresh_token", refresh_token=shared.answer["refresh_token"]
        ).json()
        read = get(shared.authorization, client).content
        delete(shared.authorization, client)
        assert put(shared.authorization, client, read).status_code == 200
        assert get(shared.usage, shared.access).status_code == 401
        assert get(shared.usage, newer["access_token"]).status_code == 200

    def test_it_cannot_widen_what_is_shared(self, shared: Shared) -> None:
        client = shared.company.client_token()
        read = get(shared.authorization, client).content
        wider = read.replace(b"HistoryLength=86400", b"HistoryLength=63072000")
        assert wider != read
        assert put(shared.authorization, client, wider).status_code == 400
        assert "86400" in Grant.objects.get().scope

    @pytest.mark.parametrize("name", ["registration", "access"])
    @pytest.mark.parametrize("method", ["put", "delete"])
    def test_other_tokens_change_nothing(self, shared: Shared, name: str, method: str) -> None:
        client = shared.company.client_token()
        read = get(shared.authorization, client).content
        headers = {"host": HOST, "authorization": f"Bearer {shared.tokens()[name]}"}
        ended = read.replace(b"status>1<", b"status>0<")
        assert (
            getattr(Client(), method)(shared.authorization, ended, headers=headers).status_code
            == 403
        )
        assert (
            getattr(Client(), method)(
                shared.authorization, ended, headers={"host": HOST}
            ).status_code
            == 401
        )
        assert get(shared.authorization, client).content == read

    def test_another_companys_is_not_there(self, shared: Shared) -> None:
        other = Company.live("ssmpuc")
        read = get(shared.authorization, shared.company.client_token()).content
        assert put(shared.authorization, other.client_token(), read).status_code == 404

    @pytest.mark.parametrize(
        ("document", "status"),
        [
            (b"", 400),
            (b"not XML", 400),
            (b"\x00", 400),
            (b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", 400),
            (b'<entry xmlns="http://www.w3.org/2005/Atom"/>', 400),
            (b'<feed xmlns="http://www.w3.org/2005/Atom"/>', 400),
            (b"<x/>" * 20_000, 413),
        ],
        ids=["empty", "text", "NUL", "entities", "no content", "no entry", "large"],
    )
    def test_what_is_no_authorization_is_refused(
        self, shared: Shared, document: bytes, status: int
    ) -> None:
        response = put(shared.authorization, shared.company.client_token(), document)
        assert response.status_code == status
        assert set(response.json()) == {"error", "error_description", "url"}
        assert Grant.objects.get().is_active

    @pytest.mark.parametrize("status", [b"2", b"7", b"", b"one"])
    def test_a_status_that_is_none_is_refused(self, shared: Shared, status: bytes) -> None:
        client = shared.company.client_token()
        read = get(shared.authorization, client).content
        changed = read.replace(b"status>1<", b"status>%b<" % status)
        assert put(shared.authorization, client, changed).status_code == 400


class TestCertificate:
    """CERT002 and CERT003 of the certification's tests."""

    @pytest.mark.parametrize("name", ["feed", "entry"])
    def test_the_feed_and_the_entry_are_related_to_it(self, shared: Shared, name: str) -> None:
        address = LIST if name == "feed" else shared.authorization
        response = get(address, shared.company.client_token())
        root = etree.fromstring(response.content)
        links = root.findall("{http://www.w3.org/2005/Atom}link")
        assert CERTIFICATE in [it.get("href") for it in links if it.get("rel") == "related"]


def test_reading_twice_gives_the_same_bytes_and_writing_them_again_too(shared: Shared) -> None:
    client = shared.company.client_token()
    first = get(LIST, client)
    assert get(LIST, client).content == first.content
    (entry,) = Feed.of(first).entries
    assert write_entry(entry) == get(shared.authorization, client).content
