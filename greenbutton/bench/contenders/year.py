from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from statistics import median
from typing import Any, LiteralString

import psycopg
from django.db import connection

from greenbutton.bench.job import Job, Stopwatch, agree
from greenbutton.bench.row_model import BenchRow
from greenbutton.models import MeterReading, ReadingDay

TIMES = 15
DAYS: LiteralString = """
    SELECT start, seconds, "values", costs, offsets, durations
    FROM greenbutton_readingday WHERE meter_reading_id = %s ORDER BY day
"""
ROWS: LiteralString = """
    SELECT start, seconds, value, cost FROM bench_row WHERE meter_reading = %s ORDER BY start
"""
Read = Callable[[], list[tuple[Any, ...]]]


def run(job: Job, timed: Stopwatch) -> dict[str, float]:
    """Fetch a year of a meter from its days and from its rows, in turns.

    Each way by Django's, as pages do, and by psycopg's binary cursor, the quickest there is.
    """
    meter = MeterReading.objects.order_by("id")[0].pk
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE greenbutton_readingday, bench_row")
    ways: dict[str, Read] = {
        "days_ms": lambda: binary(DAYS, meter),
        "rows_ms": lambda: binary(ROWS, 1),
        "days_by_django_ms": lambda: days_by_django(meter),
        "rows_by_django_ms": rows_by_django,
    }
    for days, rows in (("days_ms", "rows_ms"), ("days_by_django_ms", "rows_by_django_ms")):
        of_rows = sum(value for _, _, value, _ in ways[rows]())
        agree("the year", sum(sum(values) for _, _, values, *_ in ways[days]()), of_rows)
    with timed:
        return in_turns(ways)


def in_turns(ways: Mapping[str, Read]) -> dict[str, float]:
    """The median milliseconds of each, all warm."""
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(TIMES):
        for name, read in ways.items():
            began = time.perf_counter()
            read()
            took[name].append((time.perf_counter() - began) * 1000)
    return {name: median(times) for name, times in took.items()}


def binary(query: LiteralString, meter: int) -> list[tuple[Any, ...]]:
    assert isinstance(connection.connection, psycopg.Connection)
    return psycopg.Cursor(connection.connection).execute(query, [meter], binary=True).fetchall()


def days_by_django(meter: int) -> list[tuple[Any, ...]]:
    days = ReadingDay.objects.filter(meter_reading=meter).order_by("day")
    return as_list(days.values_list("start", "seconds", "values", "costs", "offsets", "durations"))


def rows_by_django() -> list[tuple[Any, ...]]:
    rows = BenchRow.objects.filter(meter_reading=1).order_by("start")
    return as_list(rows.values_list("start", "seconds", "value", "cost"))


def as_list(found: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return list(found)
