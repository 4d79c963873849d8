from __future__ import annotations

from greenbutton.bench.job import Job, Stopwatch
from greenbutton.ingest.store import store_feed

IMPORTED = store_feed


def run(job: Job, timed: Stopwatch) -> None:
    """Do nothing: what is left is what the imports weigh."""
    with timed:
        pass
