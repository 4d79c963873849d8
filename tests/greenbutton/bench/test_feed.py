from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest

from greenbutton.bench import feed
from greenbutton.bench.sizes import SIZES
from greenbutton.espi import read_feed
from greenbutton.espi.generator import Plan, generate
from greenbutton.espi.interval_block import IntervalBlock


@pytest.mark.parametrize(
    ("size", "readings"), [("small", 8_760), ("medium", 350_400), ("large", 1_051_200)]
)
def test_the_sizes_are_a_year_whatever_the_clock_did(size: str, readings: int) -> None:
    plan = SIZES[size].plan
    of_one_meter = Plan(interval=plan.interval, days=plan.days, time_zone=plan.time_zone)
    assert sum(1 for _ in feed.rows(of_one_meter)) * plan.usage_points == readings


def test_the_rows_are_what_the_document_says() -> None:
    plan = Plan(usage_points=2, interval=900, days=3)
    document = b"".join(generate(plan))
    entries = read_feed(BytesIO(document), max_bytes=len(document))
    read = [
        (
            datetime.fromtimestamp(reading.start or 0, UTC),
            reading.seconds,
            reading.value,
            reading.cost,
            *reading.qualities,
        )
        for entry in entries
        if isinstance(entry.resource, IntervalBlock)
        for reading in entry.resource.readings
    ]
    rows = list(feed.rows(plan))
    assert [row[1:6] for row in rows] == read
    assert [row.meter_reading for row in rows] == [1] * 288 + [2] * 288
    assert feed.sums(plan) == feed.Sums(
        576, sum(row.value for row in rows), sum(row.cost or 0 for row in rows)
    )


def test_the_file_is_the_document(tmp_path: Path) -> None:
    plan = Plan(days=2)
    feed.write(plan, tmp_path / "feed.xml")
    assert (tmp_path / "feed.xml").read_bytes() == b"".join(generate(plan))
