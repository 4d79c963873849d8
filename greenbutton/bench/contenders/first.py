from __future__ import annotations

from time import perf_counter
from typing import Any

from django.db import connection

from authorizations.models import Authorization
from greenbutton.bench.job import Job, Stopwatch, agree
from greenbutton.espi import Entry, Feed, read_feed
from greenbutton.ingest import read as ingest_read
from greenbutton.ingest.store import Stored, store_feed
from utilities.models import Utility


def run(job: Job, timed: Stopwatch) -> dict[str, float]:
    """Store the document into an authorization that has nothing yet."""
    authorization = fresh_authorization(job.size.plan.time_zone)
    feeds: list[TimedFeed] = []

    def timed_feed(*args: Any, **kwargs: Any) -> TimedFeed:
        feeds.append(TimedFeed(read_feed(*args, **kwargs)))
        return feeds[-1]

    # Only here, in a process of its own: how long the store waits for its reader.
    vars(ingest_read)["read_feed"] = timed_feed
    with timed:
        stored = store(authorization, job)
    check(stored, job, new=job.sums.readings)
    [feed] = feeds
    return {
        "bytes_per_reading": table_bytes() / job.sums.readings,
        "storing_seconds": timed.seconds - feed.seconds,
    }


class TimedFeed:
    """A Feed that notes how long its entries took to read.

    Another process' reading could be taken off instead, but on a shared machine the difference of
    two times tells more of the machine than of the store.
    """

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.seconds = 0.0

    def __iter__(self) -> TimedFeed:
        return self

    def __next__(self) -> Entry:
        began = perf_counter()
        try:
            return next(self._feed)
        finally:
            self.seconds += perf_counter() - began

    def __getattr__(self, name: str) -> Any:
        return getattr(self._feed, name)


def fresh_authorization(time_zone: str) -> Authorization:
    """The only one in the database: what earlier rounds stored goes, so that all are alike."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE utilities_utility CASCADE")
    utility = Utility.objects.create(slug="bench", utility_id="BENCH", time_zone=time_zone)
    return Authorization.objects.create(utility=utility, origin=Authorization.Origin.FILE)


def store(authorization: Authorization, job: Job) -> Stored:
    """Store the document, as an import does."""
    with job.feed.open("rb") as file:
        return store_feed(authorization, file, max_bytes=job.feed.stat().st_size)


def check(stored: Stored, job: Job, *, new: int) -> None:
    """Raises WrongResult unless all was read, and so many readings were new, none changed."""
    tally, (distinct, distinct_sum) = stored.tally, stored.distinct
    job.check(readings=tally.readings, value_sum=tally.value_sum, cost_sum=tally.cost_sum)
    job.check(readings=distinct, value_sum=distinct_sum)
    agree("new", stored.new, new)
    agree("changed", stored.changed, 0)


def table_bytes() -> int:
    """What the days take on disk, with their indexes, in all partitions."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree(%s)",
            ["greenbutton_readingday"],
        )
        (size,) = cursor.fetchone()
    return int(size)
