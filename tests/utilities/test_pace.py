"""How often a utility is asked, counted for all workers together."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings

from tests import cast
from tests.lying_utility import LyingUtility
from utilities import pace
from utilities.client import GreenButtonClient, Problem, UtilityError
from utilities.limiter import server
from utilities.models import Client

pytestmark = pytest.mark.django_db
TOKEN = {"token_type": "Bearer", "access_token": "the-token", "refresh_token": "r"}


def client(lying: LyingUtility, **quirks: Any) -> Client:
    """A registration with a utility of this pace."""
    utility = cast.make_utility(lying.url)
    utility.quirks = quirks
    utility.save()
    registration = utility.client_for_customers()
    assert registration is not None
    # Redis remembers what an earlier test asked for under the name that they all have.
    registration.client_id = f"{registration.client_id}-{uuid.uuid4()}"
    registration.save()
    return registration


@pytest.fixture
def without_redis() -> Iterator[None]:
    server.cache_clear()
    with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
        yield
    server.cache_clear()


def fetch(registration: Client, *, is_download: bool = True) -> None:
    url = f"{registration.utility.resource_url}/feed"
    GreenButtonClient(registration).fetch_feed(
        url,
        "the-access-token",
        into=io.BytesIO(),
        max_bytes=100,
        deadline_seconds=20,
        is_download=is_download,
    )


def free(registration: Client) -> int | None:
    return pace.free_downloads(registration, requests_each=2)


def refused(registration: Client, *, is_download: bool = True) -> UtilityError:
    with pytest.raises(UtilityError) as caught:
        fetch(registration, is_download=is_download)
    return caught.value


def test_a_download_too_many_is_due_again_when_there_is_room(lying: LyingUtility) -> None:
    lying.answer("/resource/feed", body=b"<feed/>")
    registration = client(lying, downloads_a_minute=2)
    assert free(registration) == 2
    fetch(registration)
    fetch(registration)
    assert free(registration) == 0
    error = refused(registration)
    assert (error.code, error.permanent) == (Problem.COME_LATER, False)
    assert error.after is not None
    assert timedelta(seconds=1) <= error.after <= timedelta(minutes=1)
    assert "at the moment" not in error.to_customer
    assert len(lying.requests) == 2


def test_what_is_no_download_does_not_count_as_one(lying: LyingUtility) -> None:
    lying.answer("/resource/feed", body=b"<feed/>")
    registration = client(lying, downloads_a_minute=1)
    for _ in range(3):
        fetch(registration, is_download=False)
    fetch(registration)
    assert len(lying.requests) == 4


def test_a_second_is_waited_for(lying: LyingUtility) -> None:
    lying.answer("/resource/feed", body=b"<feed/>")
    registration = client(lying, requests_a_second=1)
    fetch(registration)
    # Whoever cannot wait is told to come again; who can is served all the same.
    with pytest.MonkeyPatch.context() as hurried:
        hurried.setattr(pace, "PATIENCE_SECONDS", 0)
        assert refused(registration).after == timedelta(seconds=1)
    fetch(registration)
    assert len(lying.requests) == 2


def test_a_request_too_many_in_a_minute_is_due_again_when_there_is_room(
    lying: LyingUtility,
) -> None:
    lying.answer("/resource/feed", body=b"<feed/>")
    registration = client(lying, requests_a_minute=2)
    fetch(registration)
    fetch(registration, is_download=False)
    for is_download in (True, False):
        error = refused(registration, is_download=is_download)
        assert (error.code, error.permanent) == (Problem.COME_LATER, False)
        assert error.after is not None
        assert timedelta(seconds=50) < error.after <= timedelta(minutes=1)
        assert "has had its requests for now (2 a minute)" in error.to_log
    assert len(lying.requests) == 2


def test_a_minutes_room_that_comes_soon_is_waited_for(
    lying: LyingUtility, monkeypatch: pytest.MonkeyPatch
) -> None:
    lying.answer("/resource/feed", body=b"<feed/>")
    registration = client(lying, requests_a_minute=1)
    monkeypatch.setattr(pace, "MINUTE", 1500)
    fetch(registration)
    began = time.monotonic()
    fetch(registration)
    assert 1 < time.monotonic() - began < 10
    assert len(lying.requests) == 2


def test_both_paces_are_kept(lying: LyingUtility) -> None:
    lying.answer("/resource/feed", body=b"<feed/>")
    registration = client(lying, requests_a_second=1, requests_a_minute=2)
    began = time.monotonic()
    fetch(registration)
    fetch(registration)
    assert time.monotonic() - began > 0.9
    assert "2 a minute" in refused(registration).to_log


def test_whoever_is_refused_by_one_limit_uses_up_no_other(lying: LyingUtility) -> None:
    lying.answer("/resource/feed", body=b"<feed/>")
    registration = client(lying, requests_a_minute=3, downloads_a_minute=1)
    fetch(registration)
    for _ in range(5):
        assert "downloads" in refused(registration).to_log
    fetch(registration, is_download=False)
    fetch(registration, is_download=False)
    assert "requests" in refused(registration, is_download=False).to_log
    assert len(lying.requests) == 3


def test_a_request_that_is_refused_uses_up_no_download(lying: LyingUtility) -> None:
    lying.answer("/resource/feed", body=b"<feed/>")
    registration = client(lying, requests_a_minute=1, downloads_a_minute=2)
    fetch(registration, is_download=False)
    for _ in range(3):
        assert "requests" in refused(registration).to_log
    # With more requests allowed, every download is still there.
    registration.utility.quirks = {"requests_a_minute": 9, "downloads_a_minute": 2}
    fetch(registration)
    fetch(registration)
    assert "downloads" in refused(registration).to_log


@pytest.mark.parametrize(
    ("requests", "downloads", "come"),
    [(12, 1, 11), (3, 6, 3)],
    ids=["few downloads", "few requests"],
)
def test_of_many_at_once_none_takes_a_place_in_vain(
    lying: LyingUtility,
    monkeypatch: pytest.MonkeyPatch,
    requests: int,
    downloads: int,
    come: int,
) -> None:
    """Ten want a download and ten something else; who is refused leaves every place to others."""
    monkeypatch.setattr(pace, "PATIENCE_SECONDS", 0)
    registration = client(lying, requests_a_minute=requests, downloads_a_minute=downloads)
    at_once = threading.Barrier(20)

    def ask(number: int) -> str:
        at_once.wait(30)
        is_download = number < 10
        try:
            pace.wait_for_turn(registration, download=is_download)
        except pace.NotNowError:
            return "refused"
        return "download" if is_download else "other"

    with ThreadPoolExecutor(20) as threads:
        came = list(threads.map(ask, range(20)))
    assert came.count("refused") == 20 - come
    # With requests to spare, exactly the downloads that did not come are still there.
    registration.utility.quirks = {"requests_a_minute": 99, "downloads_a_minute": downloads}
    for _ in range(downloads - came.count("download")):
        pace.wait_for_turn(registration, download=True)
    with pytest.raises(pace.NotNowError, match="downloads"):
        pace.wait_for_turn(registration, download=True)


def test_there_is_room_for_as_many_downloads_as_come_with_their_requests(
    lying: LyingUtility,
) -> None:
    lying.answer("/resource/feed", body=b"<feed/>")
    registration = client(lying, requests_a_minute=5)
    assert free(registration) == 2
    fetch(registration, is_download=False)
    assert free(registration) == 2
    fetch(registration, is_download=False)
    assert free(registration) == 1
    registration.utility.quirks = {"requests_a_minute": 9, "downloads_a_minute": 2}
    assert free(registration) == 2
    registration.utility.quirks = {"requests_a_minute": 9, "downloads_a_minute": 99}
    assert free(registration) == 3
    # The registry may allow less from one minute to the next.
    registration.utility.quirks = {"requests_a_minute": 1}
    assert free(registration) == 0


def test_one_request_a_minute_is_room_for_one_download(lying: LyingUtility) -> None:
    lying.answer("/resource/feed", body=b"<feed/>")
    registration = client(lying, requests_a_minute=1)
    assert free(registration) == 1
    fetch(registration)
    assert free(registration) == 0


def test_room_of_a_second_is_not_counted(lying: LyingUtility) -> None:
    registration = client(lying, requests_a_second=1)
    pace.wait_for_turn(registration, download=True)
    assert free(registration) is None


def test_redis_forgets_a_pace_that_nobody_asks_for(
    lying: LyingUtility, monkeypatch: pytest.MonkeyPatch
) -> None:
    registration = client(lying, requests_a_second=1, requests_a_minute=2, downloads_a_minute=1)
    monkeypatch.setattr(pace, "MINUTE", 1200)
    pace.wait_for_turn(registration, download=True)
    pattern = f"*{registration.client_id}*"
    assert len(list(server().scan_iter(match=pattern))) == 3
    time.sleep(1.5)
    assert list(server().scan_iter(match=pattern)) == []


def test_other_processes_count_too(lying: LyingUtility) -> None:
    registration = client(lying, downloads_a_minute=1, requests_a_minute=5)
    elsewhere = (
        "import django; django.setup()\n"
        "from utilities import pace\n"
        "from utilities.models import Client, Utility\n"
        f"utility = Utility(slug='demo', quirks={registration.utility.quirks!r})\n"
        f"client = Client(client_id={registration.client_id!r}, utility=utility,\n"
        f"    client_secret={registration.client_secret!r})\n"
        "pace.wait_for_turn(client, download=True)"
    )
    subprocess.run([sys.executable, "-c", elsewhere], check=True)
    assert refused(registration).code == Problem.COME_LATER
    assert lying.requests == []


def test_each_registration_has_a_pace_of_its_own(lying: LyingUtility) -> None:
    lying.answer("/resource/feed", body=b"<feed/>")
    registration = client(lying, downloads_a_minute=1)
    other = cast.make_client(registration.utility, client_id=f"another-{uuid.uuid4()}")
    fetch(registration)
    fetch(other)
    assert len(lying.requests) == 2


def test_a_utility_without_a_pace_is_never_waited_for(
    lying: LyingUtility, without_redis: None
) -> None:
    lying.answer("/resource/feed", body=b"<feed/>")
    registration = Client(pk=1, client_id="c", utility=cast.make_utility(lying.url))
    assert free(registration) is None
    for _ in range(5):
        fetch(registration)


def test_without_redis_workers_come_again_in_a_minute(
    lying: LyingUtility, without_redis: None
) -> None:
    utility = cast.make_utility(lying.url)
    utility.quirks = {"requests_a_second": 1, "requests_a_minute": 9, "downloads_a_minute": 1}
    registration = Client(pk=1, client_id="c", utility=utility)
    error = refused(registration)
    assert (error.code, error.after) == (Problem.COME_LATER, timedelta(minutes=1))
    assert "Redis does not answer" in error.to_log
    assert "Redis" not in error.to_customer
    assert free(registration) == 0
    assert lying.requests == []


def test_a_customer_who_comes_back_is_never_made_to_wait(
    lying: LyingUtility, without_redis: None
) -> None:
    utility = cast.make_utility(lying.url)
    utility.quirks = {"requests_a_second": 1, "requests_a_minute": 9, "downloads_a_minute": 1}
    registration = Client(pk=1, client_id="c", utility=utility)
    resource = f"{lying.url}/resource/Batch/Subscription/1"
    lying.answer("/token", json=TOKEN | {"resourceURI": resource})
    for _ in range(5):
        assert GreenButtonClient(registration).exchange_code("c", "r").resource_uri == resource


def test_whoever_knows_no_more_than_a_client_id_takes_none_of_its_turns(
    lying: LyingUtility,
) -> None:
    """Every authorize address names it, and the demo site takes whatever a visitor pastes."""
    lying.answer("/resource/feed", body=b"<feed/>")
    ours = client(lying, downloads_a_minute=1)
    pasted = {"utility": ours.utility, "client_id": ours.client_id}
    fetch(Client(**pasted, client_secret="a-guess"))
    assert free(ours) == 1
    fetch(Client(**pasted, client_secret=ours.client_secret))
    assert free(ours) == 0
