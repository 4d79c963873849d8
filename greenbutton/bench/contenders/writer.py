from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice

from greenbutton.bench.job import Job, Stopwatch
from greenbutton.espi import read_feed, write_feed

TOGETHER = 50
AT = datetime(2025, 1, 1, tzinfo=UTC)


def run(job: Job, timed: Stopwatch) -> None:
    """Write the document's entries with our writer; they are read beforehand."""
    readings = 0
    with job.feed.open("rb") as file:
        feed = read_feed(file, max_bytes=job.feed.stat().st_size)
        while members := list(islice(feed, TOGETHER)):
            with timed:
                written = list(write_feed(members, self_href="", title="", updated=AT, id=""))
            readings += sum(piece.count(b"<espi:IntervalReading>") for piece in written)
    job.check(readings=readings)
