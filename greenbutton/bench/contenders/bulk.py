from __future__ import annotations

import gc

from django.db import connection

from greenbutton.bench import feed
from greenbutton.bench.contenders.rows import CREATE
from greenbutton.bench.job import Job, Stopwatch, agree
from greenbutton.bench.row_model import BenchRow

BATCH = 5_000


def run(job: Job, timed: Stopwatch) -> None:
    """Store rows as Django's documentation says: instances, and what is there is updated."""
    rows = list(feed.rows(job.size.plan))
    gc.freeze()
    with connection.cursor() as cursor:
        cursor.execute(CREATE)
    with timed:
        for at in range(0, len(rows), BATCH):
            BenchRow.objects.bulk_create(
                [BenchRow(**row._asdict()) for row in rows[at : at + BATCH]],
                update_conflicts=True,
                unique_fields=["meter_reading", "start"],
                update_fields=["seconds", "value", "cost", "quality", "tou"],
            )
    agree("rows", BenchRow.objects.count(), job.sums.readings)
