"""Days into the database: binary COPY into temporary tables, then only what differs onwards.

The temporary tables belong to the connection and are gone with it. Nothing reaches a real table
before `merge` is called, inside the caller's transaction.
"""

# The queries below are put together from each other and from the columns, never from data.
# ruff: noqa: S608

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, LiteralString

import psycopg
from django.db import connection, transaction
from psycopg.sql import SQL

from greenbutton.espi.interval_block import IntervalBlock, IntervalReading
from greenbutton.ingest import days
from greenbutton.ingest.days import Correction, Day, Oddities

# The columns of ReadingDay that a Day fills, in the order in which they are written and read.
COLUMNS: dict[LiteralString, LiteralString] = {
    "day": "date",
    "start": "timestamptz",
    "seconds": "int4",
    "values": "int8[]",
    "costs": "int8[]",
    "qualities": "int2[]",
    "tou": "int2[]",
    "cpp": "int2[]",
    "tiers": "int2[]",
    "offsets": "int4[]",
    "durations": "int4[]",
    "count": "int4",
    "total": "int8",
    "total_cost": "int8",
}
DEFINITIONS: LiteralString = ", ".join(f'"{name}" {kind}' for name, kind in COLUMNS.items())
NAMES: LiteralString = ", ".join(f'"{name}"' for name in COLUMNS)

# Rows of a temporary table, before they are sent: some megabytes.
BATCH = 1_000


def names(table: LiteralString) -> LiteralString:
    """The columns of one table in a query that has several."""
    return ", ".join(f'{table}."{name}"' for name in COLUMNS)


def _selected(table: LiteralString) -> LiteralString:
    """The columns as `_day` takes them."""
    return names(table).replace(
        f'{table}."start"', f'extract(epoch FROM {table}."start")::bigint', 1
    )


CREATE: LiteralString = f"""
    DROP TABLE IF EXISTS incoming_piece, incoming_loose, incoming_block, incoming_day;
    CREATE TEMPORARY TABLE incoming_piece (block int4, updated timestamptz, {DEFINITIONS});
    CREATE TEMPORARY TABLE incoming_loose (block int4, updated timestamptz, body text);
    CREATE TEMPORARY TABLE incoming_block (block int4, series int4);
    CREATE TEMPORARY TABLE incoming_day (series int4, {DEFINITIONS});
"""
DROP: LiteralString = "DROP TABLE incoming_piece, incoming_loose, incoming_block, incoming_day"

# Pieces of one day come from several blocks where blocks cut days, overlap or repeat. These are
# joined here; a day in one piece, which is nearly every day, stays in SQL.
WHOLE_DAYS: LiteralString = f"""
    INSERT INTO incoming_day (series, {NAMES})
    SELECT series, {NAMES}
    FROM (
        SELECT b.series, {names("p")}, count(*) OVER (PARTITION BY b.series, p.day) AS pieces
        FROM incoming_piece p JOIN incoming_block b USING (block)
    ) counted
    WHERE pieces = 1
"""
DAYS_IN_PIECES: LiteralString = f"""
    SELECT series, {_selected("q")}
    FROM (
        SELECT b.series, b.block, p.updated, {names("p")},
            count(*) OVER (PARTITION BY b.series, p.day) AS pieces
        FROM incoming_piece p JOIN incoming_block b USING (block)
    ) q
    WHERE pieces > 1
    ORDER BY series, day, updated NULLS FIRST, block
"""

_SERIES: LiteralString = """
    incoming_day i
    JOIN unnest(%(series)s::int4[], %(meter_readings)s::int8[]) AS s (series, meter_reading_id)
        USING (series)
"""
_STORED: LiteralString = """
    greenbutton_readingday d
    ON d.authorization_id = %(authorization)s
        AND d.meter_reading_id = s.meter_reading_id
        AND d.day = i.day
"""
DIFFERING_DAYS: LiteralString = f"""
    SELECT s.meter_reading_id, {_selected("d")}, {_selected("i")}
    FROM {_SERIES} JOIN {_STORED}
    WHERE ({names("d")}) IS DISTINCT FROM ({names("i")})
"""
ADD_DAYS: LiteralString = f"""
    WITH added AS (
        INSERT INTO greenbutton_readingday (authorization_id, meter_reading_id, {NAMES})
        SELECT %(authorization)s, s.meter_reading_id, {names("i")}
        FROM {_SERIES} LEFT JOIN {_STORED}
        WHERE d.day IS NULL
        RETURNING count
    )
    SELECT coalesce(sum(count), 0)::int8 FROM added
"""
CREATE_MERGED: LiteralString = (
    f"CREATE TEMPORARY TABLE incoming_merged (meter_reading_id int8, {DEFINITIONS}) ON COMMIT DROP"
)
_ASSIGNMENTS: LiteralString = ", ".join(f'"{name}" = m."{name}"' for name in COLUMNS)
CHANGE_DAYS: LiteralString = f"""
    UPDATE greenbutton_readingday d SET {_ASSIGNMENTS}
    FROM incoming_merged m
    WHERE d.authorization_id = %(authorization)s
        AND d.meter_reading_id = m.meter_reading_id
        AND d.day = m.day
"""


@dataclass(slots=True)
class Merged:
    """What a merge did to the stored readings; corrections by meter reading."""

    new: int = 0
    corrections: list[tuple[int, Correction]] = field(default_factory=list)


class Incoming:
    """The temporary tables of one feed."""

    def __init__(self) -> None:
        self._pieces: list[tuple[Any, ...]] = []
        self._loose: list[tuple[Any, ...]] = []

    def add(self, block: int, updated: datetime | None, pieces: Iterable[Day]) -> None:
        """Take a block's days; they go to the database in batches."""
        self._pieces += [(block, updated, *_row(piece)) for piece in pieces]
        if len(self._pieces) >= BATCH:
            self._flush()

    def add_loose(self, block: int, updated: datetime | None, content: list[IntervalBlock]) -> None:
        """Set blocks aside whose readings get their places from a reading type yet to come."""
        body = json.dumps([[one.start, one.seconds, one.readings] for one in content])
        self._loose.append((block, updated, body))
        if len(self._loose) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        kinds = ["int4", "timestamptz", *COLUMNS.values()]
        _copy("incoming_piece", kinds, self._pieces)
        _copy("incoming_loose", ["int4", "timestamptz", "text"], self._loose)
        self._pieces, self._loose = [], []

    def link(self, series: dict[int, int]) -> None:
        """Say which series (a number of the caller's) each block belongs to."""
        self._flush()
        _copy("incoming_block", ["int4", "int4"], series.items())

    def loose(self, series: int) -> Iterator[tuple[int, datetime | None, list[IntervalBlock]]]:
        """The blocks of a series that were set aside, in document order."""
        query: LiteralString = """
            SELECT l.block, l.updated, l.body
            FROM incoming_loose l JOIN incoming_block b USING (block)
            WHERE b.series = %s ORDER BY l.block
        """
        for block, updated, body in _execute(query, [series]).fetchall():
            yield (
                block,
                updated,
                [
                    IntervalBlock(start, seconds, tuple(map(_reading, rows)))
                    for start, seconds, rows in json.loads(body)
                ],
            )

    def series_with_loose(self) -> list[int]:
        """The series of which blocks were set aside."""
        query: LiteralString = """
            SELECT DISTINCT b.series FROM incoming_loose l JOIN incoming_block b USING (block)
            ORDER BY 1
        """
        return [series for (series,) in _execute(query).fetchall()]

    def settle(self, oddities: Oddities) -> None:
        """Join the pieces of each day, the one with the newer `updated`, else the later, winning.

        A planner that knows nothing of a temporary table takes it to be small; autovacuum never
        looks at one, so it is analyzed here.
        """
        self._flush()
        _execute("ANALYZE incoming_piece; ANALYZE incoming_block")
        _execute(WHOLE_DAYS)
        joined: list[tuple[Any, ...]] = []
        with _streamed(DAYS_IN_PIECES) as rows:
            for (series, _), pieces in groupby(rows, key=itemgetter(0, 1)):
                day = days.join([_day(piece[1:]) for piece in pieces], oddities)
                joined.append((series, *_row(day)))
                if len(joined) >= BATCH:
                    _copy("incoming_day", ["int4", *COLUMNS.values()], joined)
                    joined = []
        _copy("incoming_day", ["int4", *COLUMNS.values()], joined)
        _execute("ANALYZE incoming_day")

    def distinct(self) -> tuple[int, int]:
        """How many readings there are once repetitions are joined, and the sum of their values."""
        row = _execute("SELECT sum(count)::int8, sum(total) FROM incoming_day").fetchone()
        assert row is not None
        return int(row[0] or 0), int(row[1] or 0)

    def merge(self, authorization: int, meter_readings: dict[int, int]) -> Merged:
        """Bring series into the meter readings that the dictionary names; equal days stay as is."""
        merged = Merged()
        values = {
            "authorization": authorization,
            "series": list(meter_readings),
            "meter_readings": list(meter_readings.values()),
        }
        self._change(values, merged)
        row = _execute(ADD_DAYS, values).fetchone()
        assert row is not None
        merged.new += row[0]
        return merged

    def _change(self, values: dict[str, Any], merged: Merged) -> None:
        rows: list[tuple[Any, ...]] = []
        width = len(COLUMNS)
        for meter_reading, *both in _execute(DIFFERING_DAYS, values).fetchall():
            old, new = _day(both[:width]), _day(both[width:])
            day, corrections = days.merge(old, new)
            if day is not old:
                merged.new += day.count - old.count
                merged.corrections += [(meter_reading, correction) for correction in corrections]
                rows.append((meter_reading, *_row(day)))
        if rows:
            _execute(CREATE_MERGED)
            _copy("incoming_merged", ["int8", *COLUMNS.values()], rows)
            _execute("ANALYZE incoming_merged")
            _execute(CHANGE_DAYS, values)
            _execute("DROP TABLE incoming_merged")


@contextmanager
def incoming() -> Iterator[Incoming]:
    """Temporary tables for one feed; what an earlier failure left of them is cleared first."""
    _execute(CREATE)
    yield Incoming()
    _execute(DROP)


def _row(day: Day) -> tuple[Any, ...]:
    return (
        day.day,
        datetime.fromtimestamp(day.start, UTC),
        day.seconds,
        day.values,
        day.costs,
        day.qualities,
        day.tou,
        day.cpp,
        day.tiers,
        day.offsets,
        day.durations,
        day.count,
        day.total,
        day.total_cost,
    )


def _day(row: Sequence[Any]) -> Day:
    return Day(*row)


def _reading(row: Sequence[Any]) -> IntervalReading:
    start, seconds, value, cost, qualities, *rest = row
    return IntervalReading(start, seconds, value, cost, tuple(qualities), *rest)


def _psycopg() -> psycopg.Connection[Any]:
    connection.ensure_connection()
    assert isinstance(connection.connection, psycopg.Connection)
    return connection.connection


def _execute(query: LiteralString, values: Any = None) -> psycopg.Cursor[Any]:
    """Run a query; with values its answer is binary, in which arrays come several times faster.

    Without values the simple protocol is used, which takes several statements at once. The cursor
    is not Django's, which binds values on the client and knows no binary answers.
    """
    return psycopg.Cursor(_psycopg()).execute(query, values, binary=values is not None)


@contextmanager
def _streamed(query: LiteralString) -> Iterator[Iterator[tuple[Any, ...]]]:
    """The rows of a query that may be too many to hold."""
    with transaction.atomic(), psycopg.ServerCursor(_psycopg(), "incoming") as cursor:
        cursor.itersize = BATCH
        yield iter(cursor.execute(query, binary=True))


def _copy(table: LiteralString, kinds: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    query = SQL("COPY {} FROM STDIN (FORMAT BINARY)").format(SQL(table))
    with _psycopg().cursor() as cursor, cursor.copy(query) as copy:
        copy.set_types(kinds)
        for row in rows:
            copy.write_row(row)
