"""A real Celery worker: whom it takes first, and what its death in mid-pull costs."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from authorizations.models import Authorization
from greenbutton import tasks
from greenbutton.ingest import due
from greenbutton.models import Pull, ReadingDay
from portal.processes import Child, Children, until
from portal.stack import CHECKOUT, WORKER
from tests import cast
from tests.greenbutton.ingest.documents import block, document, hours, meter
from tests.lying_utility import LyingUtility

pytestmark = pytest.mark.django_db(transaction=True)

FEED = "/resource/Batch/Subscription/1"
PATIENCE_SECONDS = 60


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Children]:
    started = Children(lambda name, line: None, CHECKOUT, tmp_path / "workers.processes")
    yield started
    started.stop(1)


def start_worker(workers: Children) -> Child:
    """One that has this test's database and this test's queue."""
    address = urlsplit(os.environ["DATABASE_URL"])
    database = address._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    environment = {
        **os.environ,
        "SITE": "portal",
        "DATABASE_URL": database,
        "REDIS_URL": settings.REDIS_URL,
        "REDIS_PREFIX": settings.REDIS_PREFIX,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }
    return workers.start("worker", [sys.executable, *WORKER], environment)


def run_out(authorization: Authorization) -> None:
    """As after ten minutes: the claim and the lease of whoever had it are over."""
    past = timezone.now() - timedelta(seconds=1)
    Authorization.objects.filter(pk=authorization.pk).update(claimed_until=past, leased_until=past)


def test_a_worker_that_is_killed_in_mid_pull_costs_a_delay_and_nothing_else(
    workers: Children,
) -> None:
    asked, answer_now = threading.Event(), threading.Event()

    def hold_back() -> None:
        asked.set()
        answer_now.wait(PATIENCE_SECONDS)

    with LyingUtility() as lying:
        authorization = cast.authorize(cast.ada(), cast.make_utility(lying.url, slug="killed"))
        month, year = (document(meter(), block(*hours(values))).getvalue() for values in ([1], [2]))
        lying.answer(FEED, body=month)
        lying.answer(FEED, body=year, before=hold_back)
        lying.answer(FEED, body=month)

        worker = start_worker(workers)
        tasks.dispatch_due_pulls()
        assert asked.wait(PATIENCE_SECONDS), worker.trouble()
        worker.signal_group(signal.SIGKILL)
        assert until(worker.has_ended, PATIENCE_SECONDS)
        answer_now.set()

        # The window that was stored stays; the one on its way left nothing.
        authorization.refresh_from_db()
        assert authorization.reading_days.get().values == [1]
        assert authorization.pulls.get().state == Pull.State.RUNNING
        assert authorization.pulled_to is None
        # Until its lease runs out, nobody else is sent.
        assert due.claim(waiting=True, room=9) == []

        run_out(authorization)
        start_worker(workers)
        finished = authorization.pulls.filter(state=Pull.State.DONE)

        def look() -> bool:
            """As beat does. What was queued for the dead worker is queued again after its claim."""
            Authorization.objects.update(claimed_until=None)
            tasks.dispatch_due_pulls()
            # The lease is given back last of all.
            return finished.filter(authorization__lease_id="").exists()

        assert until(look, PATIENCE_SECONDS, pause=0.5), list(
            authorization.pulls.values_list("state", "error")
        )

    dead = authorization.pulls.get(state=Pull.State.ABANDONED)
    assert (dead.windows_done, dead.finished is None) == (1, False)
    assert finished.get().windows_done == 3
    collected = Authorization.objects.get()
    assert collected.pulled_to is not None
    # The second feed came at last and corrected the hour; nothing is there twice.
    assert ReadingDay.objects.get().count == 1


def test_a_worker_takes_who_waits_before_the_daily_run(workers: Children) -> None:
    with LyingUtility() as lying:
        utility = cast.make_utility(lying.url, slug="first")
        lying.answer(FEED, body=document(meter()).getvalue())
        daily = [cast.authorize(cast.ada(), utility) for _ in range(6)]
        Authorization.objects.update(somebody_waits=False)
        tasks.dispatch_due_pulls()
        waits = cast.authorize(cast.ben(), utility)
        tasks.dispatch_due_pulls()
        worker = start_worker(workers)
        done = Pull.objects.filter(state=Pull.State.DONE)
        assert until(lambda: done.count() == len(daily) + 1, PATIENCE_SECONDS), worker.trouble()
    order = list(done.order_by("started").values_list("authorization", flat=True))
    # There are two processes at work, which begin at the same time.
    assert waits.pk in order[:2]
