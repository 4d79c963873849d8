"""What comes to a utility's notify address: kept and answered, never believed."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test import RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from authorizations.models import Notification
from authorizations.views import notify
from greenbutton.espi import write_bare
from greenbutton.espi.batch_list import BatchList
from tests import cast
from tests.lying_utility import LyingUtility
from utilities.limiter import limiter
from utilities.models import Utility

HERE = "/espi/demo/notify/"


def body_of(*uris: str) -> bytes:
    return write_bare(BatchList(uris))


def post(browser: Browser, body: bytes, url: str = HERE, **more: Any) -> Any:
    return browser.post(url, body, content_type="application/xml", **more)


@pytest.fixture
def custodian() -> Browser:
    """Whoever posts: strict about CSRF, as no cookie and no token come along."""
    browser = cast.browser()
    browser.handler.enforce_csrf_checks = True
    return browser


def test_a_post_costs_one_insert_and_no_outbound_call(
    utility: Utility, lying: LyingUtility, custodian: Browser
) -> None:
    body = body_of(f"{lying.url}/resource/Batch/Subscription/1")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = post(custodian, body)
    assert (answer.status_code, answer.content) == (200, b"")
    written = [q["sql"] for q in queries if not q["sql"].lstrip().upper().startswith("SELECT")]
    assert len(written) == 1
    assert written[0].lstrip().startswith("INSERT")
    assert len(queries) == 2  # and the utility was looked up
    assert lying.requests == []
    assert "Set-Cookie" not in answer.headers
    kept = Notification.objects.get()
    assert (kept.utility, bytes(kept.body), kept.times) == (utility, body, 1)
    assert kept.sha256 == hashlib.sha256(body).hexdigest()


def test_the_same_body_that_waits_is_one_row_with_a_count(
    utility: Utility, custodian: Browser
) -> None:
    for _ in range(3):
        assert post(custodian, body_of("https://a.example/1")).status_code == 200
    post(custodian, body_of("https://a.example/2"))
    assert [one.times for one in Notification.objects.order_by("id")] == [3, 1]


def test_the_same_body_is_news_again_once_somebody_reads_it(
    utility: Utility, custodian: Browser
) -> None:
    post(custodian, body_of("https://a.example/1"))
    [reading] = Notification.claim(10)
    post(custodian, body_of("https://a.example/1"))
    reading.was_read(named=1)
    states = Notification.objects.order_by("id").values_list("state", "times")
    assert list(states) == [("read", 1), ("waiting", 1)]


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_are_one_row(utility: Utility, custodian: Browser) -> None:
    def send(_: int) -> int:
        try:
            return int(post(cast.browser(), body_of("https://a.example/1")).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        assert set(pool.map(send, range(20))) == {200}
    assert Notification.objects.get().times == 20


@pytest.mark.parametrize("body", [b"", b"nonsense", b"\x00\xff", b"<feed", b"{}"])
def test_an_empty_or_garbled_body_is_kept_and_answered_alike(
    utility: Utility, custodian: Browser, body: bytes
) -> None:
    answer = post(custodian, body)
    assert (answer.status_code, answer.content) == (200, b"")
    assert bytes(Notification.objects.get().body) == body


def test_more_than_a_mebibyte_is_refused(utility: Utility, custodian: Browser) -> None:
    assert post(custodian, b"x" * notify.MAX_BYTES).status_code == 200
    assert post(custodian, b"x" * (notify.MAX_BYTES + 1)).status_code == 413
    assert Notification.objects.count() == 1


def test_a_body_that_announces_little_and_brings_more_is_cut_at_what_it_announced(
    utility: Utility, rf: RequestFactory
) -> None:
    request = rf.generic("POST", HERE, b"12345", CONTENT_LENGTH="3")
    assert notify.notify(request, utility.slug).status_code == 200
    assert bytes(Notification.objects.get().body) == b"123"


def test_a_body_in_chunks_is_read_to_its_own_end(utility: Utility, rf: RequestFactory) -> None:
    chunked: dict[str, Any] = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}
    body = body_of("https://a.example/1")
    request = rf.generic("POST", HERE, **chunked)
    request.META |= {"wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True}
    assert notify.notify(request, utility.slug).status_code == 200
    assert bytes(Notification.objects.get().body) == body
    request = rf.generic("POST", HERE, **chunked)
    endless = io.BytesIO(b"x" * (notify.MAX_BYTES + 7))
    request.META |= {"wsgi.input": endless, "wsgi.input_terminated": True}
    assert notify.notify(request, utility.slug).status_code == 413


def test_another_utility_has_another_address(utility: Utility, custodian: Browser) -> None:
    other = cast.make_utility("https://other.example", "other")
    post(custodian, b"same")
    post(custodian, b"same", "/espi/other/notify/")
    assert {one.utility for one in Notification.objects.all()} == {utility, other}


def test_an_unknown_utility_is_not_there(utility: Utility, custodian: Browser) -> None:
    assert post(custodian, b"x", "/espi/nobody/notify/").status_code == 404
    assert not Notification.objects.exists()


def test_a_utility_that_customers_cannot_choose_any_more_still_tells(
    utility: Utility, custodian: Browser
) -> None:
    Utility.objects.update(enabled=False)
    assert post(custodian, b"x").status_code == 200


@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "patch", "options"])
def test_whatever_is_no_post_is_refused(utility: Utility, custodian: Browser, method: str) -> None:
    answer = getattr(custodian, method)(HERE)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_a_challenge_is_echoed_only_for_utilities_that_ask(
    utility: Utility, custodian: Browser
) -> None:
    ask = f"{HERE}?hub_challenge=Abc-123"
    assert custodian.get(ask).status_code == 405
    Utility.objects.update(quirks={"echoes_hub_challenge": True})
    answer = custodian.get(ask)
    assert (answer.status_code, answer.content) == (200, b"Abc-123")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert custodian.get(HERE).status_code == 405
    assert custodian.head(ask).status_code == 405
    assert not Notification.objects.exists()


@pytest.mark.parametrize("challenge", ["", "a b", "a%0d%0ab", "%C3%A9", "x" * 201])
def test_a_challenge_that_is_no_plain_word_is_not_echoed(
    utility: Utility, custodian: Browser, challenge: str
) -> None:
    Utility.objects.update(quirks={"echoes_hub_challenge": True})
    answer = custodian.get(f"{HERE}?hub_challenge={challenge}")
    assert answer.status_code == 400
    assert b"xxx" not in answer.content


def test_one_address_is_told_to_wait_for_a_minute(
    utility: Utility, custodian: Browser, settings: Any
) -> None:
    settings.NOTIFICATIONS_A_MINUTE_PER_ADDRESS = 2
    cast.make_utility("https://other.example", "other")
    assert [post(custodian, b"x").status_code for _ in range(3)] == [200, 200, 429]
    assert post(custodian, b"x").headers["Retry-After"] == "60"
    assert post(custodian, b"x", "/espi/other/notify/").status_code == 200
    assert post(cast.browser(), b"x").status_code == 200
    assert Notification.objects.get(utility=utility).times == 3


@pytest.fixture
def without_redis() -> Iterator[None]:
    limiter.cache_clear()
    with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
        yield
    limiter.cache_clear()


@pytest.mark.usefixtures("without_redis")
def test_without_redis_it_refuses_politely(utility: Utility, custodian: Browser) -> None:
    answer = post(custodian, b"x")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert b"again later" in answer.content
    assert not Notification.objects.exists()


def test_a_storm_fills_no_more_than_its_room_and_leaves_other_utilities_theirs(
    utility: Utility, custodian: Browser, settings: Any
) -> None:
    settings.NOTIFICATIONS_WAITING = 3
    cast.make_utility("https://other.example", "other")
    statuses = [post(custodian, b"%d" % n).status_code for n in range(5)]
    assert statuses == [200, 200, 200, 503, 503]
    assert post(custodian, b"%d" % 9).headers["Retry-After"] == "60"
    # What waits already is counted all the same.
    assert post(custodian, b"%d" % 1).status_code == 200
    assert post(custodian, b"x", "/espi/other/notify/").status_code == 200
    assert Notification.objects.filter(utility=utility).count() == 3
    # Being read is not read yet.
    Notification.claim(1)
    assert post(custodian, b"%d" % 7).status_code == 503


def test_a_reader_that_died_leaves_it_to_another(utility: Utility, custodian: Browser) -> None:
    post(custodian, b"x")
    [first] = Notification.claim(10)
    assert Notification.claim(10) == []
    Notification.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    [again] = Notification.claim(10)
    assert (again, again.tries) == (first, 0)


def test_what_was_read_keeps_no_body_and_goes_after_a_season(
    utility: Utility, custodian: Browser
) -> None:
    post(custodian, body_of("https://a.example/1"))
    post(custodian, b"garbled")
    one, other = Notification.claim(10)
    one.was_read(named=1, unknown=1)
    other.was_garbled("It is no XML.")
    for kept in Notification.objects.all():
        assert (bytes(kept.body), kept.sha256) == (b"", "")
    assert Notification.forget_old() == 0
    Notification.objects.filter(pk=one.pk).update(read_at=timezone.now() - timedelta(days=91))
    assert Notification.forget_old() == 1
    assert Notification.objects.get() == other


def test_a_storm_of_one_utility_does_not_hold_up_another(
    utility: Utility, custodian: Browser
) -> None:
    other = cast.make_utility("https://other.example", "other")
    for n in range(5):
        post(custodian, b"%d" % n)
    post(custodian, b"x", "/espi/other/notify/")
    assert {one.utility for one in Notification.claim(2)} == {utility, other}
    assert [bytes(one.body) for one in Notification.claim(2)] == [b"1", b"2"]


@pytest.mark.django_db(transaction=True)
def test_of_two_readers_each_takes_what_the_other_does_not(
    utility: Utility, custodian: Browser
) -> None:
    for n in range(10):
        post(custodian, b"%d" % n)

    def claim(_: int) -> list[int]:
        try:
            return [one.pk for one in Notification.claim(3)]
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        taken = [pk for some in pool.map(claim, range(8)) for pk in some]
    assert len(taken) == len(set(taken)) == 10
