"""Notification storms: anybody may post to the notify address, as much and as odd as they like."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from authorizations.models import Authorization, Notification
from authorizations.views import notify
from greenbutton import notices
from greenbutton.espi import write_bare
from greenbutton.espi.batch_list import BatchList
from tests import cast
from tests.cast import Person, authorize
from tests.lying_utility import LyingUtility
from utilities.models import Utility

HERE = "/espi/demo/notify/"


@pytest.fixture
def storm() -> Browser:
    """Whoever posts, from one line."""
    return cast.browser()


def post(browser: Browser, body: bytes, kind: str = "application/xml", **headers: str) -> Any:
    return browser.post(HERE, body, content_type=kind, headers=headers)


def body_of(*uris: str) -> bytes:
    return write_bare(BatchList(uris))


def waiting() -> int:
    return Notification.objects.filter(read_at=None).count()


@override_settings(NOTIFICATIONS_WAITING=20, NOTIFICATIONS_A_MINUTE_PER_ADDRESS=10_000)
def test_many_distinct_bodies_fill_their_room_and_no_more(
    utility: Utility, lying: LyingUtility, storm: Browser
) -> None:
    statuses = [post(storm, body_of(f"{lying.url}/{number}")).status_code for number in range(60)]
    assert statuses == [200] * 20 + [503] * 40
    assert waiting() == 20
    with CaptureQueriesContext(connection) as queries:
        refused = post(storm, body_of(f"{lying.url}/one-more"))
    assert refused.status_code == 503
    assert refused["Retry-After"].isdecimal()
    assert len(queries) == 2, "what is refused costs no more than what is kept"
    assert notices.read_waiting() == 20
    assert post(storm, body_of(f"{lying.url}/one-more")).status_code == 200
    assert lying.requests == []


@override_settings(NOTIFICATIONS_A_MINUTE_PER_ADDRESS=30)
def test_one_line_is_stopped_whatever_address_of_its_own_it_comes_from(utility: Utility) -> None:
    browser = cast.browser()
    statuses = []
    for number in range(40):
        browser.defaults["REMOTE_ADDR"] = f"2001:db8:aa:bb::{number:x}"
        statuses.append(post(browser, body_of(f"https://a.example/{number}")).status_code)
    assert statuses[:30] == [200] * 30
    assert set(statuses[30:]) == {429}


def test_as_many_addresses_as_fit_are_read_in_a_few_queries(
    utility: Utility, ada: Person, storm: Browser
) -> None:
    hers = authorize(ada, utility)
    Authorization.objects.update(next_pull_at=None)
    uris = [f"{utility.resource_url}/Batch/Subscription/{number}" for number in range(2, 11_500)]
    body = body_of(*uris, hers.resource_uri)
    assert len(body) <= notify.MAX_BYTES
    assert post(storm, body).status_code == 200
    with CaptureQueriesContext(connection) as queries:
        notices.read_waiting()
    assert len(queries) < 200
    told = Notification.objects.get()
    assert (told.matched, told.unknown) == (1, len(uris))
    hers.refresh_from_db()
    assert hers.next_pull_at is not None


def test_her_address_a_thousand_times_is_one_pull(
    utility: Utility, ada: Person, storm: Browser
) -> None:
    hers = authorize(ada, utility)
    Authorization.objects.update(next_pull_at=None)
    post(storm, body_of(*(f"{hers.resource_uri}?{number}" for number in range(1000))))
    notices.read_waiting()
    hers.refresh_from_db()
    first = hers.next_pull_at
    for number in range(10):
        post(storm, body_of(hers.resource_uri, f"https://a.example/{number}"))
        notices.read_waiting()
    hers.refresh_from_db()
    assert hers.next_pull_at == first


@pytest.mark.parametrize(
    "kind",
    [
        *("", "text/html", "application/json", "application/x-www-form-urlencoded"),
        *("multipart/form-data; boundary=x", "multipart/form-data", "\x00", "a/b" * 300),
        "application/xml; charset=utf-7",
    ],
    ids=lambda kind: ascii(kind[:30]),
)
def test_a_wrong_content_type_is_taken_as_the_bytes_it_is(
    utility: Utility, storm: Browser, kind: str
) -> None:
    body = body_of("https://a.example/1")
    assert post(storm, body, kind).status_code == 200
    assert bytes(Notification.objects.get().body) == body
    notices.read_waiting()
    assert Notification.objects.get().named == 1


def bombs() -> dict[str, tuple[bytes, str]]:
    """Little that would be much, by an encoding that is announced or by one that is not."""
    much = b"<BatchList>" + b" " * 100_000_000
    once = gzip.compress(much)
    lol = "".join(
        f'<!ENTITY l{n} "{"&l" + str(n - 1) + ";" * 1}{("&l" + str(n - 1) + ";") * 9}">'
        for n in range(1, 10)
    )
    return {
        "gzip": (once, "gzip"),
        "gzip of gzip": (gzip.compress(once), "gzip, gzip"),
        "deflate": (zlib.compress(much), "deflate"),
        "unannounced": (once, ""),
        "entities": (
            f'<!DOCTYPE x [<!ENTITY l0 "lol">{lol}]><BatchList>&l9;</BatchList>'.encode(),
            "",
        ),
        "external": (
            b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
            b"<BatchList><resources>&e;</resources></BatchList>",
            "",
        ),
        "deep": (b"<a>" * 200_000, ""),
        "attributes": (b"<a " + b" ".join(b'a%d="x"' % n for n in range(50_000)) + b"/>", ""),
    }


@pytest.mark.parametrize("name", list(bombs()))
def test_a_bomb_is_kept_as_small_as_it_came_and_never_unpacked(
    utility: Utility, lying: LyingUtility, storm: Browser, name: str
) -> None:
    body, encoding = bombs()[name]
    assert len(body) < notify.MAX_BYTES
    headers = {"content-encoding": encoding} if encoding else {}
    assert post(storm, body, **headers).status_code == 200
    assert len(bytes(Notification.objects.get().body)) == len(body)
    notices.read_waiting()
    told = Notification.objects.get()
    assert told.state == Notification.State.GARBLED
    assert told.error
    assert "root:" not in told.error
    assert bytes(told.body) == b""
    assert lying.requests == []


@pytest.mark.parametrize("announced", ["-1", "x", "1e9", "99999999999", "0", " ", "\u0661"])
def test_a_length_that_lies_is_no_crash(utility: Utility, announced: str) -> None:
    browser = cast.browser()
    browser.raise_request_exception = True
    answer = browser.generic(
        "POST", HERE, b"<BatchList/>", content_type="application/xml", CONTENT_LENGTH=announced
    )
    assert answer.status_code in {200, 400, 413}


def test_a_storm_at_a_utility_that_nobody_knows_costs_nothing(db: None, storm: Browser) -> None:
    for slug in ("nobody", "a" * 300, "demo-x"):
        assert storm.post(f"/espi/{slug}/notify/", b"x", "application/xml").status_code == 404
    assert not Notification.objects.exists()
