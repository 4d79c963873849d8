"""A token endpoint that answers anything: HTML, redirects, too much, too slowly, or never.

Each is tried in a whole consent through the callback, and in a refresh in the middle of a pull.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from authorizations.models import Authorization, ConnectAttempt
from greenbutton.ingest.pull import pull
from greenbutton.models import Pull, ReadingDay
from tests.cast import Person, authorize
from tests.greenbutton.ingest.documents import block, document, hours, meter
from tests.lying_utility import Answer, LyingUtility
from utilities.client import ANSWER_MAX_BYTES
from utilities.models import Utility

HTML = b"<!doctype html><title>Sign in</title><form action=/login><script>alert(1)</script>"
GOOD = b'{"token_type":"Bearer","access_token":"a","refresh_token":"r","expires_in":%s}'


def html(lying: LyingUtility) -> None:
    lying.answer("/token", body=HTML, headers={"Content-Type": "text/html"})


def html_as_json(lying: LyingUtility) -> None:
    lying.answer("/token", body=HTML, headers={"Content-Type": "application/json"})


def redirect(lying: LyingUtility) -> None:
    lying.answer("/token", 307, headers={"Location": f"{lying.url}/elsewhere"})


def redirect_to_another(lying: LyingUtility) -> None:
    lying.answer("/token", 302, headers={"Location": "http://127.0.0.1:1/token"})


def redirect_to_itself(lying: LyingUtility) -> None:
    lying.answer("/token", 308, headers={"Location": "/token"})


def huge(lying: LyingUtility) -> None:
    lying.answer("/token", body=b" " * (ANSWER_MAX_BYTES + 1))


def huge_and_announced(lying: LyingUtility) -> None:
    lying.answer("/token", body=b"{}", headers={"Content-Length": "99999999999"})


def huge_without_end(lying: LyingUtility) -> None:
    lying.answer_exactly("/token", Answer(200, {}, (b"x" * 65536 for _ in range(10_000))))


def bomb(lying: LyingUtility) -> None:
    packed = gzip.compress(b" " * 50_000_000)
    lying.answer("/token", body=packed, headers={"Content-Encoding": "gzip"})


def never(lying: LyingUtility) -> None:
    lying.answer("/token", json={}, before=lambda: lying.leaving.wait(30))


def trickle(lying: LyingUtility) -> None:
    lying.trickle("/token")


def headers_without_end(lying: LyingUtility) -> None:
    many = {f"X-{number}": "y" * 1000 for number in range(2000)}
    lying.answer_exactly("/token", Answer(200, many, (b"{}",)))


def nothing(lying: LyingUtility) -> None:
    lying.answer_exactly("/token", Answer(200, {"Content-Length": "999"}, ()))


def number_without_end(lying: LyingUtility) -> None:
    """A number that is whole, and that no float holds."""
    lying.answer("/token", body=GOOD % (b"9" * 400))


def number_of_5000_digits(lying: LyingUtility) -> None:
    lying.answer("/token", body=GOOD % (b"9" * 5000))


def infinity(lying: LyingUtility) -> None:
    lying.answer("/token", body=GOOD % b"1e999")


def not_a_number(lying: LyingUtility) -> None:
    lying.answer("/token", body=GOOD % b"NaN")


def deep(lying: LyingUtility) -> None:
    lying.answer("/token", body=b"[" * 30_000)


def half_a_character(lying: LyingUtility) -> None:
    lying.answer("/token", body=b'{"token_type":"Bearer","access_token":"\\ud800"}')


def line_break_in_token(lying: LyingUtility) -> None:
    said = {"token_type": "Bearer", "access_token": "a\r\nX-Evil: 1", "expires_in": 3600}
    lying.answer("/token", json=said)


def latin(lying: LyingUtility) -> None:
    lying.answer("/token", body='{"token_type":"Bearer é"}'.encode("latin-1"))


def an_array(lying: LyingUtility) -> None:
    lying.answer("/token", json=[{"access_token": "a"}])


def odd_wait(lying: LyingUtility) -> None:
    """A time to come again that no calendar has."""
    wait = "Mon, 99999999999999999999 Jan 2027 00:00:00 GMT"
    lying.answer("/token", 503, headers={"Retry-After": wait})


def odd_zone(lying: LyingUtility) -> None:
    wait = "Mon, 1 Jan 2027 00:00:00 +99999999999999999999"
    lying.answer("/token", 429, headers={"Retry-After": wait})


def hostile_error(lying: LyingUtility) -> None:
    said = {"error": "x\n\x00<script>", "error_description": "\ud800" + "y" * 9000}
    lying.answer("/token", 400, json=said)


Answers = Callable[[LyingUtility], None]
ANSWERS: list[Answers] = [
    *(html, html_as_json, redirect, redirect_to_another, redirect_to_itself, huge),
    *(huge_and_announced, huge_without_end, bomb, never, trickle, headers_without_end, nothing),
    *(number_without_end, number_of_5000_digits, infinity, not_a_number, deep),
    *(half_a_character, line_break_in_token, latin, an_array, odd_wait, odd_zone, hostile_error),
]
each_answer = pytest.mark.parametrize("answers", ANSWERS, ids=lambda one: one.__name__)


@pytest.fixture
def impatient(utility: Utility) -> Utility:
    """A utility that may take a second for an answer, so that tests do not take thirty."""
    utility.quirks = {"answer_seconds": 1}
    utility.save()
    return utility


@each_answer
def test_a_consent_ends_on_a_page_that_says_what_to_do(
    impatient: Utility, lying: LyingUtility, ada: Person, answers: Answers
) -> None:
    answers(lying)
    answer = ada.comes_back(impatient, state=ada.begins(impatient), code="a-code")
    page = answer.content.decode()
    assert answer.status_code == 502
    assert impatient.name in page
    for quoted in ("<script>alert", "y" * 100, "X-Evil", "elsewhere"):
        assert quoted not in page
    assert not Authorization.objects.exists()
    attempt = ConnectAttempt.objects.get()
    assert attempt.used_at is not None
    assert attempt.reason.isprintable()
    assert attempt.reason
    # The code and the secret went to this address once, and nowhere else.
    assert [request.path for request in lying.requests] == ["/token"]
    # A new start is a new state, and may go well.
    assert ada.begins(impatient)


@each_answer
def test_a_pull_whose_refresh_it_is_waits_or_asks_for_a_new_consent(
    impatient: Utility, lying: LyingUtility, ada: Person, answers: Answers
) -> None:
    authorization = authorize(ada, impatient, seconds=1)
    answers(lying)
    done = pull(authorization)
    assert done is not None
    assert done.state in {Pull.State.FAILED, Pull.State.WAITING}
    assert done.error
    assert not ReadingDay.objects.exists()
    authorization.refresh_from_db()
    assert authorization.status in {
        Authorization.Status.ACTIVE,
        Authorization.Status.NEEDS_CONSENT,
    }
    if authorization.status == Authorization.Status.ACTIVE:
        assert authorization.refresh_token == "the-refresh-token", "the old one is kept"
        assert authorization.next_pull_at is not None
        assert authorization.next_pull_at > timezone.now()
        assert authorization.next_pull_at < timezone.now() + timedelta(days=2)
    assert ada.browser.get(f"/usage/{authorization.uid}/").status_code == 200
    assert {request.path for request in lying.requests} == {"/token"}


def test_afterwards_a_good_answer_is_taken(
    impatient: Utility, lying: LyingUtility, ada: Person, granted: dict[str, Any]
) -> None:
    """Nothing of what went before stands in the way."""
    lying.answer(
        "/resource/Batch/Subscription/1", body=document(meter(), block(*hours([1]))).read()
    )
    authorization = authorize(ada, impatient, seconds=1)
    html(lying)
    lying.answer("/token", json={**granted, "access_token": "newer"})
    first = pull(authorization)
    assert first is not None
    Authorization.objects.update(refreshing_until=None, next_pull_at=timezone.now())
    authorization.refresh_from_db()
    second = pull(authorization)
    assert second is not None
    assert (first.state, second.state) == (Pull.State.FAILED, Pull.State.DONE)
