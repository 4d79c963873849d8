from __future__ import annotations

from collections.abc import Sequence

from greenbutton.bench.job import Job, Stopwatch
from greenbutton.espi import read_feed
from greenbutton.espi.interval_block import IntervalBlock


def run(job: Job, timed: Stopwatch) -> None:
    """Read the document with our reader and look at every column of its readings."""
    count = values = costs = rest = 0
    with timed, job.feed.open("rb") as file:
        for entry in read_feed(file, max_bytes=job.feed.stat().st_size):
            if not isinstance(entry.resource, IntervalBlock):
                continue
            readings = entry.resource.columns
            count += len(readings)
            values += total(readings.values)
            costs += total(readings.costs)
            for column in (readings.starts, readings.seconds, readings.qualities):
                rest += total(column)
            for column in (readings.tou, readings.cpp, readings.tiers):
                rest += total(column)
    job.check(readings=count, value_sum=values, cost_sum=costs)


def total(column: Sequence[int | None] | None) -> int:
    """The sum of a column, which is None where no reading has such a thing."""
    return 0 if column is None else sum(filter(None, column))
