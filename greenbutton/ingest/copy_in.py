"""Days into the database: binary COPY into temporary tables, then only what differs onwards.

The temporary tables belong to the connection and are gone with it. Nothing reaches a real table
before `merge` is called, inside the caller's transaction.
"""

# The queries below are put together from each other and from the columns, never from data.
# ruff: noqa: S608

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, LiteralString

import psycopg
from django.db import connection, transaction
from psycopg.sql import SQL

from greenbutton.espi.interval_block import IntervalBlock, IntervalReading, Readings
from greenbutton.ingest import binary, days
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

# Bytes for a temporary table, before they are sent.
BATCH_BYTES = 2 * 2**20
# Rows that are asked for at a time: a day of quarter-hours is a kilobyte or two.
FETCHED = 200
# Corrections that are handed on at a time.
CORRECTIONS = 1_000


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
    CREATE TEMPORARY TABLE incoming_day (series int4, day date, block int4);
"""
DROP: LiteralString = "DROP TABLE incoming_piece, incoming_loose, incoming_block, incoming_day"

# Pieces of one day come from several blocks where blocks cut days, overlap or repeat. These are
# joined here; a day in one piece, which is nearly every day, stays in SQL.
_IN_PIECES: LiteralString = """
    SELECT b.series, p.day
    FROM incoming_piece p JOIN incoming_block b USING (block)
    GROUP BY b.series, p.day
    HAVING count(*) > 1
"""
DAYS_IN_PIECES: LiteralString = f"""
    SELECT b.series, {_selected("p")}
    FROM incoming_piece p
    JOIN incoming_block b USING (block)
    JOIN ({_IN_PIECES}) several USING (series, day)
    ORDER BY b.series, p.day, p.updated NULLS FIRST, b.block
"""
DROP_PIECES: LiteralString = f"""
    DELETE FROM incoming_piece p USING incoming_block b, ({_IN_PIECES}) several
    WHERE p.block = b.block AND b.block >= 0
        AND several.series = b.series AND several.day = p.day
"""

# Where each day's piece is, once each has one. The indexes lead from a series to its days, and from
# those to stored ones, whatever the planner takes the tables' sizes for.
PLACES: LiteralString = """
    INSERT INTO incoming_day (series, day, block)
    SELECT b.series, p.day, p.block FROM incoming_piece p JOIN incoming_block b USING (block);
    CREATE UNIQUE INDEX ON incoming_piece (block, day);
    CREATE UNIQUE INDEX ON incoming_day (series, day);
    ANALYZE incoming_day;
"""
_SERIES: LiteralString = """
    incoming_day p JOIN incoming_piece i ON i.block = p.block AND i.day = p.day
"""
_STORED: LiteralString = """
    greenbutton_readingday d
    ON d.authorization_id = %(authorization)s
        AND d.meter_reading_id = %(meter_reading)s
        AND d.day = p.day
"""
DIFFERING_DAYS: LiteralString = f"""
    SELECT {_selected("d")}, {_selected("i")}
    FROM {_SERIES} JOIN {_STORED}
    WHERE p.series = %(series)s AND ({names("d")}) IS DISTINCT FROM ({names("i")})
"""
ADD_DAYS: LiteralString = f"""
    WITH added AS (
        INSERT INTO greenbutton_readingday (authorization_id, meter_reading_id, {NAMES})
        SELECT %(authorization)s, %(meter_reading)s, {names("i")}
        FROM {_SERIES} LEFT JOIN {_STORED}
        WHERE p.series = %(series)s AND d.day IS NULL
        RETURNING count
    )
    SELECT coalesce(sum(count), 0)::int8 FROM added
"""
CREATE_MERGED: LiteralString = (
    f"CREATE TEMPORARY TABLE incoming_merged ({DEFINITIONS}) ON COMMIT DROP"
)
_ASSIGNMENTS: LiteralString = ", ".join(f'"{name}" = m."{name}"' for name in COLUMNS)
CHANGE_DAYS: LiteralString = f"""
    UPDATE greenbutton_readingday d SET {_ASSIGNMENTS}
    FROM incoming_merged m
    WHERE d.authorization_id = %(authorization)s
        AND d.meter_reading_id = %(meter_reading)s
        AND d.day = m.day
"""


Keep = Callable[[list[Correction]], object]


@dataclass(slots=True)
class Merged:
    """How many stored readings a merge added and changed."""

    new: int = 0
    changed: int = 0

    def __iadd__(self, other: Merged) -> Merged:
        self.new += other.new
        self.changed += other.changed
        return self


class _Rows:
    """Rows on their way into a temporary table, some megabytes at a time."""

    def __init__(self, table: LiteralString, fields: int) -> None:
        self._query = SQL("COPY {} FROM STDIN (FORMAT BINARY)").format(SQL(table))
        self._width = binary.width(fields)
        self._waiting: list[bytes] = []
        self._bytes = 0

    def add(self, *fields: bytes) -> None:
        """Take a row, in one or several pieces."""
        self._waiting.append(self._width)
        self._waiting += fields
        self._bytes += sum(map(len, fields))
        if self._bytes >= BATCH_BYTES:
            self.send()

    def send(self) -> None:
        """Hand over what waits."""
        if self._waiting:
            with _psycopg().cursor() as cursor, cursor.copy(self._query) as copy:
                copy.write(b"".join((binary.HEADER, *self._waiting, binary.TRAILER)))
            self._waiting, self._bytes = [], 0


class Incoming:
    """The temporary tables of one feed."""

    def __init__(self) -> None:
        self._pieces = _Rows("incoming_piece", 2 + len(COLUMNS))
        self._loose = _Rows("incoming_loose", 3)

    def add(self, block: int, updated: datetime | None, pieces: Iterable[Day]) -> None:
        """Take a block's days; they go to the database in batches."""
        known = binary.int4(block) + binary.moment(updated)
        for piece in pieces:
            self._pieces.add(known, binary.day_fields(piece))

    def add_loose(self, block: int, updated: datetime | None, content: list[IntervalBlock]) -> None:
        """Set blocks aside whose readings get their places from a reading type yet to come."""
        body = json.dumps([[one.start, one.seconds, [*one.readings]] for one in content])
        self._loose.add(binary.int4(block), binary.moment(updated), binary.text(body))

    def _flush(self) -> None:
        self._pieces.send()
        self._loose.send()

    def link(self, series: dict[int, int]) -> None:
        """Say which series (a number of the caller's) each block belongs to."""
        self._flush()
        _add_blocks(series.items())

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
                    IntervalBlock(start, seconds, Readings.of(map(_reading, rows)))
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

        A joined day takes the place of its pieces, as that of a block that no document has. A
        planner that knows nothing of a temporary table takes it to be small; autovacuum never
        looks at one, so it is analyzed here.
        """
        self._flush()
        _execute("ANALYZE incoming_piece (block, day); ANALYZE incoming_block")
        joined: set[int] = set()
        with _streamed(DAYS_IN_PIECES) as rows:
            for (series, _), pieces in groupby(rows, key=itemgetter(0, 1)):
                day = days.join([_day(piece[1:]) for piece in pieces], oddities)
                # Blocks are counted from 1.
                self.add(-1 - series, None, [day])
                joined.add(series)
        if joined:
            self._flush()
            _add_blocks((-1 - series, series) for series in joined)
            _execute(DROP_PIECES)
            _execute("ANALYZE incoming_piece (block, day)")
        _execute(PLACES)

    def distinct(self) -> tuple[int, int]:
        """How many readings there are once repetitions are joined, and the sum of their values."""
        row = _execute("SELECT sum(count)::int8, sum(total) FROM incoming_piece").fetchone()
        assert row is not None
        return int(row[0] or 0), int(row[1] or 0)

    def merge(
        self, authorization: int, series: int, meter_reading: int, keep: Keep, *, is_new: bool
    ) -> Merged:
        """Bring a series into a stored meter reading; equal days stay as they are.

        Corrections go to `keep`, many at a time. A new meter reading has nothing to compare.
        """
        values = {"authorization": authorization, "series": series, "meter_reading": meter_reading}
        merged = Merged() if is_new else self._change(values, keep)
        row = _execute(ADD_DAYS, values).fetchone()
        assert row is not None
        merged.new += row[0]
        return merged

    def _change(self, values: dict[str, int], keep: Keep) -> Merged:
        merged = Merged()
        rows = _Rows("incoming_merged", len(COLUMNS))
        corrected: list[Correction] = []
        width, differs = len(COLUMNS), False
        with _streamed(DIFFERING_DAYS, values) as differing:
            for both in differing:
                old, new = _day(both[:width]), _day(both[width:])
                day, corrections = days.merge(old, new)
                if day is old:
                    continue
                if not differs:
                    _execute(CREATE_MERGED)
                    differs = True
                merged.new += day.count - old.count
                merged.changed += len(corrections)
                rows.add(binary.day_fields(day))
                corrected += corrections
                if len(corrected) >= CORRECTIONS:
                    keep(corrected)
                    corrected = []
        if corrected:
            keep(corrected)
        if differs:
            rows.send()
            _execute("ANALYZE incoming_merged (day)")
            _execute(CHANGE_DAYS, values)
            _execute("DROP TABLE incoming_merged")
        return merged


@contextmanager
def incoming() -> Iterator[Incoming]:
    """Temporary tables for one feed; what an earlier failure left of them is cleared first."""
    _execute(CREATE)
    yield Incoming()
    _execute(DROP)


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
def _streamed(query: LiteralString, values: Any = None) -> Iterator[Iterator[tuple[Any, ...]]]:
    """The rows of a query that may be too many to hold."""
    # A cursor lives in a transaction; within the caller's no savepoint is needed.
    with (
        transaction.atomic(savepoint=False),
        psycopg.ServerCursor(_psycopg(), "incoming") as cursor,
    ):
        cursor.itersize = FETCHED
        yield iter(cursor.execute(query, values, binary=True))


def _add_blocks(blocks: Iterable[tuple[int, int]]) -> None:
    rows = _Rows("incoming_block", 2)
    for block, series in blocks:
        rows.add(binary.int4(block), binary.int4(series))
    rows.send()
