"""How documents go out: only if they have changed, compressed, in pieces, or only their head."""

import gzip
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from django.http import HttpRequest, StreamingHttpResponse
from django.test import Client, RequestFactory
from django.utils.http import http_date
from pytest_django import DjangoAssertNumQueries

from tests.sandbox.sharing import Shared
from tests.sandbox.walk import HOST, RESOURCE, Company, body, get, path_of
from utilities.sandbox.models import Clock, Grant
from utilities.sandbox.resources.responses import PIECE, Version, streamed, whole


@pytest.fixture
def shared(puc: Company) -> Shared:
    return Shared(puc, "FB=4_16;HistoryLength=1728000")


def ask(shared: Shared, address: str = "", method: str = "get", **headers: str) -> Any:
    given = {"host": HOST, "authorization": f"Bearer {shared.access}"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return getattr(Client(), method)(address or shared.usage, headers=given)


def addresses(shared: Shared) -> list[str]:
    """A whole document, a feed and an entry."""
    point = next(it for it in shared.feed().entries if it.type == "UsagePoint")
    assert point.self_href
    assert point.up
    return [shared.usage, path_of(point.up), path_of(point.self_href)]


def request(method: str = "GET", **headers: str) -> HttpRequest:
    return RequestFactory().generic(method, "/", headers=headers)


def never() -> Iterator[bytes]:
    """A document that must not be begun."""
    yield pytest.fail("it was begun")


VERSION = Version(("facts",), datetime.fromisoformat("2026-01-02T03:04:05Z"))


class TestConditions:
    def test_what_has_not_changed_is_not_sent_again(self, shared: Shared) -> None:
        for address in addresses(shared):
            first = ask(shared, address)
            assert first["ETag"].startswith('W/"')
            again = ask(shared, address, if_none_match=first["ETag"])
            assert again.status_code == 304
            assert body(again) == b""
            assert again["ETag"] == first["ETag"]
            assert again["Cache-Control"] == first["Cache-Control"] == "private, no-cache"
            # A strong one that says the same, and one of several, are the same as well.
            strong = first["ETag"].removeprefix("W/")
            assert ask(shared, address, if_none_match=f'"x", {strong}').status_code == 304
            assert ask(shared, address, if_none_match="*").status_code == 304
            assert ask(shared, address, if_none_match='"other"').status_code == 200

    def test_another_window_is_another_document(self, shared: Shared) -> None:
        etag = ask(shared)["ETag"]
        narrower = f"{shared.usage}?published-min=2020-01-01"
        assert ask(shared, narrower, if_none_match=etag).status_code == 200

    def test_a_new_day_of_data_changes_it(self, shared: Shared) -> None:
        before = ask(shared)
        Clock.advance(timedelta(days=1))
        assert ask(shared, if_none_match=before["ETag"]).status_code == 200
        assert ask(shared, if_modified_since=before["Last-Modified"]).status_code == 200

    def test_another_scope_changes_it(self, shared: Shared) -> None:
        etag = ask(shared)["ETag"]
        Grant.objects.update(scope="FB=4;HistoryLength=86400")
        assert ask(shared, if_none_match=etag).status_code == 200

    def test_a_narrower_token_is_not_answered_by_the_date_of_a_wider_one(
        self, shared: Shared
    ) -> None:
        wide = ask(shared)
        narrow = shared.company.ask_token(
            grant_type="refresh_token",
            refresh_token=shared.answer["refresh_token"],
            scope="FB=16",
        ).json()
        shared.access = narrow["access_token"]
        response = ask(shared, if_modified_since=wide["Last-Modified"])
        assert response.status_code == 200
        assert not response.has_header("Last-Modified")

    def test_it_says_since_when_it_is_as_it_is(self, shared: Shared) -> None:
        modified = parsedate_to_datetime(ask(shared)["Last-Modified"])
        assert modified <= parsedate_to_datetime(http_date())
        at, before = modified.timestamp(), modified.timestamp() - 1
        assert ask(shared, if_modified_since=http_date(at)).status_code == 304
        assert ask(shared, if_modified_since=http_date(before)).status_code == 200
        assert ask(shared, if_modified_since="yesterday").status_code == 200

    @pytest.mark.spec("RFC 9110", "13.1.3")
    def test_a_date_does_not_count_beside_an_etag(self, shared: Shared) -> None:
        modified = ask(shared)["Last-Modified"]
        response = ask(shared, if_modified_since=modified, if_none_match='"other"')
        assert response.status_code == 200

    @pytest.mark.spec("RFC 9110", "8.8.2.1")
    def test_a_clock_that_is_ahead_is_not_told_of(self, shared: Shared) -> None:
        Clock.advance(timedelta(days=30))
        assert not ask(shared).has_header("Last-Modified")

    def test_nothing_is_made_where_nothing_has_changed(self) -> None:
        unchanged = streamed(request(**{"If-None-Match": VERSION.etag}), never(), VERSION)
        assert unchanged.status_code == 304

    def test_a_token_that_opens_it_no_longer_is_refused_first(self, shared: Shared) -> None:
        etag = ask(shared)["ETag"]
        Grant.objects.get().revoke()
        assert ask(shared, if_none_match=etag).status_code == 401


class TestGzip:
    @pytest.mark.parametrize(
        ("said", "packs"),
        [
            ("gzip", True),
            ("GZIP", True),
            ("deflate, gzip;q=0.5, br", True),
            ("br,gzip ; q=1.0", True),
            ("", False),
            ("br", False),
            ("gzip;q=0", False),
            ("gzip; q=0.000", False),
            ("gzippy", False),
            ("x" * 10_000, False),
        ],
    )
    @pytest.mark.spec("RFC 9110", "12.5.3")
    def test_it_is_compressed_for_who_can_read_that(self, said: str, packs: bool) -> None:
        for response in (
            streamed(request(**{"Accept-Encoding": said}), [b"x" * 5000], VERSION),
            whole(request(**{"Accept-Encoding": said}), b"x" * 5000),
        ):
            assert response.has_header("Content-Encoding") == packs
            sent = body(response)
            assert (gzip.decompress(sent) if packs else sent) == b"x" * 5000
            assert response["Vary"] == "Authorization, Accept-Encoding"

    def test_what_is_tiny_is_not(self) -> None:
        tiny = whole(request(**{"Accept-Encoding": "gzip"}), b"<x/>")
        assert body(tiny) == b"<x/>"
        assert not tiny.has_header("Content-Encoding")

    def test_both_say_the_same_and_go_by_the_same_etag(self, shared: Shared) -> None:
        for address in addresses(shared):
            plain, packed = ask(shared, address), ask(shared, address, accept_encoding="gzip")
            assert plain["ETag"] == packed["ETag"]
            assert plain["Content-Type"] == packed["Content-Type"] == "application/atom+xml"
            sent = body(packed)
            text = gzip.decompress(sent) if packed.has_header("Content-Encoding") else sent
            assert text == body(plain)

    def test_it_is_compressed_as_it_comes(self) -> None:
        pieces = (bytes(str(n), "ascii") * 1000 for n in range(100_000))
        response = streamed(request(**{"Accept-Encoding": "gzip"}), pieces, VERSION)
        assert isinstance(response, StreamingHttpResponse)
        packer, text = zlib.decompressobj(31), b""
        for piece in response:
            text += packer.decompress(piece)
            if text:
                break
        assert text.startswith(b"0000")
        assert next(pieces), "most of it has not been made yet"
        response.close()


class TestHead:
    def test_a_head_has_the_headers_of_the_document_and_no_document(self, shared: Shared) -> None:
        for address in addresses(shared):
            full, head = ask(shared, address), ask(shared, address, method="head")
            assert head.status_code == 200
            assert body(head) == b""
            for name in ("ETag", "Content-Type", "Cache-Control", "Vary"):
                assert head[name] == full[name]

    def test_nothing_is_made_for_it(self) -> None:
        head = streamed(request("HEAD"), never(), VERSION)
        assert body(head) == b""
        assert not head.has_header("Content-Length")

    def test_it_is_refused_as_the_document_would_be(self, shared: Shared) -> None:
        assert ask(shared, f"{RESOURCE}/Batch/Subscription/{'0' * 34}", "head").status_code == 404
        assert ask(shared, f"{RESOURCE}/Authorization", "head").status_code == 403
        assert ask(shared, f"{shared.usage}?depth=All", "head").status_code == 400


class TestStreaming:
    def test_it_comes_in_pieces_that_are_worth_sending(self) -> None:
        response = streamed(request(), (b"x" * 1000 for _ in range(1000)), VERSION)
        assert isinstance(response, StreamingHttpResponse)
        pieces = [*response]
        assert sum(map(len, pieces)) == 1_000_000
        assert all(PIECE <= len(piece) < PIECE + 1000 for piece in pieces[:-1])

    def test_the_database_is_left_alone_while_it_goes_out(
        self, shared: Shared, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        client = shared.company.client_token()
        bulk = f"{RESOURCE}/Bulk/{shared.company.registration.bulk_uid}"
        for response in (ask(shared), get(bulk, client)):
            with django_assert_num_queries(0):
                assert len(body(response)) > 100_000

    def test_an_entry_that_cannot_be_had_fails_before_the_answer_begins(
        self, shared: Shared
    ) -> None:
        response = get(f"{shared.usage}/UsagePoint/nothing", shared.access)
        assert response.status_code == 404
        assert not response.streaming
