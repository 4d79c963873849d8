"""A real worker pulls while sharing is stopped: whatever the moment, nothing comes back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.db import connection
from django.utils import timezone

from authorizations.models import Authorization
from greenbutton import tasks
from greenbutton.espi.customer.customer import Customer
from greenbutton.models import Pull, RawFeed, ReadingDay, UsagePoint
from portal.processes import Children, until
from tests import cast
from tests.cast import Person
from tests.greenbutton.ingest.documents import block, document, entry, hours, meter
from tests.greenbutton.test_killed_worker import start_worker, workers  # noqa: F401 (a fixture)
from tests.lying_utility import Answer, LyingUtility
from tests.searching import places_of
from utilities.models import Utility

pytestmark = pytest.mark.django_db(transaction=True)

USAGE, CUSTOMER = "/resource/Batch/Subscription/1", "/resource/Batch/RetailCustomer/1"
PATIENCE_SECONDS = 60
# A worker that is told nothing asks every other second whether it should go on.
SOON_SECONDS = 15

NUMBER, NAME = "KX-99817", "Augusta Ada Lovelace"
FEED = document(meter(NUMBER), block(*hours(range(1, 400)), of=NUMBER)).getvalue()
WHOSE = document(entry(Customer(customer_name=NAME), "Customer/1")).getvalue()


@pytest.fixture
def lying() -> Iterator[LyingUtility]:
    with LyingUtility() as server:
        server.answer("/token", json={"token_type": "Bearer", "access_token": "client-token"})
        server.answer("/resource/Authorization/1", 204)
        yield server


@pytest.fixture
def ada() -> Person:
    return cast.ada()


@pytest.fixture
def authorization(lying: LyingUtility, ada: Person) -> Authorization:
    utility = cast.make_utility(lying.url, slug="raced")
    authorization = cast.authorize(ada, utility)
    authorization.customer_uri = f"{lying.url}{CUSTOMER}"
    authorization.scope = "FB=4_16_51"
    authorization.save()
    return authorization


class Stop:
    """Ada's press on the button, from another thread; once."""

    def __init__(self, ada: Person, authorization: Authorization) -> None:
        self.pressed = threading.Event()
        self._ada, self._path = ada, f"/connections/{authorization.uid}/disconnect/"

    def __call__(self) -> None:
        try:
            assert self._ada.browser.post(self._path).status_code == 302
        finally:
            connection.close()
            self.pressed.set()


def in_pieces(body: bytes, then: Callable[[], object]) -> Iterator[bytes]:
    """A body, and something that happens when all but its end was sent."""
    yield body[:-1]
    then()
    yield body[-1:]


def answers(lying: LyingUtility, number: int, stop: Stop, moment: str) -> None:
    """Three windows and whose account it is; something happens at one of them."""
    for at, (path, body) in enumerate([(USAGE, FEED)] * 3 + [(CUSTOMER, WHOSE)], start=1):
        if at != number:
            lying.answer(path, body=body)
        elif moment == "asked":
            lying.answer(path, body=body, before=stop)
        else:
            length = {"Content-Length": str(len(body))}
            lying.answer_exactly(path, Answer(200, length, in_pieces(body, stop)))


def worker_has_gone() -> bool:
    """Its lease is given back last of all."""
    return Authorization.objects.filter(lease_id="").exists()


def assert_nothing_is_there(authorization: Authorization, key: str, folder: Path) -> None:
    words = {NUMBER, NAME, "the-access-token", "the-refresh-token", key}
    assert places_of(words, folder, Path(configured.VAR_DIR), keys=[key]) == {}
    for model in (UsagePoint, ReadingDay, RawFeed):
        assert not model.objects.exists()
    attempt = Pull.objects.get()
    assert (attempt.state, attempt.error, attempt.message) == (Pull.State.ABANDONED, "", "")
    assert (attempt.findings, attempt.finished is None) == ([], False)


@pytest.mark.parametrize(
    ("number", "moment"), [(1, "asked"), (1, "sent"), (3, "sent"), (4, "asked"), (4, "sent")]
)
def test_nothing_comes_back(
    workers: Children,  # noqa: F811
    lying: LyingUtility,
    ada: Person,
    authorization: Authorization,
    tmp_path: Path,
    number: int,
    moment: str,
) -> None:
    key, stop = authorization.feed_key, Stop(ada, authorization)
    answers(lying, number, stop, moment)
    worker = start_worker(workers)
    tasks.dispatch_due_pulls()
    assert stop.pressed.wait(PATIENCE_SECONDS), worker.trouble()
    assert until(worker_has_gone, PATIENCE_SECONDS), worker.trouble()
    assert_nothing_is_there(authorization, key, tmp_path)
    # The last look finds nothing, and is the last.
    Authorization.objects.update(purge_at=timezone.now())
    assert tasks.purge_due() == 1
    authorization.refresh_from_db()
    assert authorization.purge_at is None
    assert_nothing_is_there(authorization, key, tmp_path)
    told = set(authorization.events.values_list("type", flat=True))
    assert {"authorization_revoked", "authorization_data_deleted"} <= told
    assert "authorization_update_finished_successful" not in told


def test_a_feed_that_never_ends_is_left_within_seconds(
    workers: Children,  # noqa: F811
    lying: LyingUtility,
    ada: Person,
    authorization: Authorization,
    tmp_path: Path,
) -> None:
    """What was spooled of it goes with the worker's interest in it, long before any deadline."""
    key, stop = authorization.feed_key, Stop(ada, authorization)
    sent = threading.Event()

    def endless() -> Iterator[bytes]:
        yield FEED[:-200]
        sent.set()
        while not lying.leaving.wait(0.1):
            yield b" "

    lying.answer_exactly(USAGE, Answer(200, {}, endless()))
    worker = start_worker(workers)
    tasks.dispatch_due_pulls()
    assert sent.wait(PATIENCE_SECONDS), worker.trouble()
    stop()
    assert until(worker_has_gone, SOON_SECONDS), worker.trouble()
    assert_nothing_is_there(authorization, key, tmp_path)


def test_what_came_before_went_and_the_rest_never_came(
    workers: Children,  # noqa: F811
    lying: LyingUtility,
    ada: Person,
    authorization: Authorization,
    tmp_path: Path,
) -> None:
    """A search that finds nothing proves nothing: there was something to find."""
    key, stop, seen = authorization.feed_key, Stop(ada, authorization), set[str]()

    def look_and_stop() -> None:
        seen.update(places_of({NUMBER, NAME, key}, tmp_path, keys=[key]))
        stop()

    lying.answer(USAGE, body=FEED)
    lying.answer(CUSTOMER, body=WHOSE)
    lying.answer(USAGE, body=FEED, before=look_and_stop)
    start_worker(workers)
    tasks.dispatch_due_pulls()
    assert stop.pressed.wait(PATIENCE_SECONDS)
    assert seen == {NUMBER, key}
    assert until(worker_has_gone, PATIENCE_SECONDS)
    assert_nothing_is_there(authorization, key, tmp_path)
    assert Utility.objects.exists()
