"""Days into the database: binary COPY into temporary tables, then only what differs onwards.

The temporary tables belong to the connection and are gone with it. Nothing reaches a real table
before `merge` is called, inside the caller's transaction.
"""

# The queries below are put together from each other and from the columns, never from data.
# ruff: noqa: S608

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
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

# Bytes for a temporary table, before they are sent: by a COPY of their own, or by one that is open.
BATCH_BYTES = 2 * 2**20
PIECE_BYTES = 2**16
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
    CREATE TEMPORARY TABLE incoming_day (
        series int4, day date, place tid, count int4, total int8
    );
"""
DROP: LiteralString = "DROP TABLE incoming_piece, incoming_loose, incoming_block, incoming_day"

# Where the pieces of each day are. Days are found here, and never by going through the pieces.
PLACES: LiteralString = """
    INSERT INTO incoming_day (series, day, place, count, total)
    SELECT b.series, p.day, p.ctid, p.count, p.total
    FROM incoming_piece p JOIN incoming_block b USING (block);
    ANALYZE incoming_day
"""
# Pieces of one day come from several blocks where blocks cut days, overlap or repeat. These are
# joined here; a day in one piece, which is nearly every day, stays in SQL.
_IN_PIECES: LiteralString = """
    SELECT series, day FROM incoming_day GROUP BY series, day HAVING count(*) > 1
"""
DAYS_IN_PIECES: LiteralString = f"""
    SELECT d.series, {_selected("p")}
    FROM ({_IN_PIECES}) several
    JOIN incoming_day d USING (series, day)
    JOIN incoming_piece p ON p.ctid = d.place
    ORDER BY d.series, p.day, p.updated NULLS FIRST, p.block
"""
# A joined day stands among the pieces as that of a block that no document has.
JOINED_PLACES: LiteralString = f"""
    DELETE FROM incoming_day d USING ({_IN_PIECES}) several
    WHERE several.series = d.series AND several.day = d.day;
    INSERT INTO incoming_day (series, day, place, count, total)
    SELECT -1 - block, day, ctid, count, total FROM incoming_piece WHERE block < 0;
    ANALYZE incoming_day
"""
# It leads from a series to its days, whatever the planner takes the table's size for.
INDEX_DAYS: LiteralString = "CREATE UNIQUE INDEX ON incoming_day (series, day)"
BY_SERIES: LiteralString = """
    SELECT series, sum(count)::int8, sum(total) FROM incoming_day GROUP BY series
"""
_SERIES: LiteralString = "incoming_day p JOIN incoming_piece i ON i.ctid = p.place"
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
HAS_DAYS: LiteralString = """
    SELECT 1 FROM greenbutton_readingday
    WHERE authorization_id = %(authorization)s AND meter_reading_id = %(meter_reading)s
    LIMIT 1
"""
_ADD: LiteralString = f"""
    INSERT INTO greenbutton_readingday (authorization_id, meter_reading_id, {NAMES})
    SELECT %(authorization)s, %(meter_reading)s, {names("i")}
"""
ADD_ALL_DAYS: LiteralString = f"{_ADD} FROM {_SERIES} WHERE p.series = %(series)s"
ADD_DAYS: LiteralString = f"""
    WITH added AS (
        {_ADD} FROM {_SERIES} LEFT JOIN {_STORED}
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
    """Rows on their way into a temporary table, some megabytes at a time, each by one COPY.

    Where it `stays_open`, one COPY goes on from the first row until `send`: the server takes rows
    in while the document is read on. Nothing else can use the connection meanwhile.
    """

    def __init__(self, table: LiteralString, fields: int, *, stays_open: bool = False) -> None:
        self._query = SQL("COPY {} FROM STDIN (FORMAT BINARY)").format(SQL(table))
        self._width = binary.width(fields)
        self._stays_open = stays_open
        self._limit = PIECE_BYTES if stays_open else BATCH_BYTES
        self._waiting: list[bytes] = []
        self._bytes = 0
        self._open = ExitStack()
        self._copy: psycopg.Copy | None = None

    def add(self, *fields: bytes) -> None:
        """Take a row, in one or several pieces."""
        self._waiting.append(self._width)
        self._waiting += fields
        self._bytes += sum(map(len, fields))
        if self._bytes >= self._limit:
            self._write()
            if not self._stays_open:
                self.send()

    def send(self) -> None:
        """Hand over what waits, and leave the connection to others."""
        if self._waiting:
            self._write()
        if self._copy is not None:
            copy, self._copy = self._copy, None
            with self._open:
                copy.write(binary.TRAILER)

    def _write(self) -> None:
        if self._copy is None:
            cursor = self._open.enter_context(_psycopg().cursor())
            self._copy = self._open.enter_context(cursor.copy(self._query))
            self._waiting.insert(0, binary.HEADER)
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        self._copy.write(b"".join(waiting))


class Incoming:
    """The temporary tables of one feed."""

    def __init__(self) -> None:
        self._pieces = _Rows("incoming_piece", 2 + len(COLUMNS), stays_open=True)
        self._loose = _Rows("incoming_loose", 3)
        # Of each series: how many readings it has, and their sum.
        self._held: dict[int, tuple[int, int]] = {}

    def add(self, block: int, updated: datetime | None, pieces: Iterable[Day]) -> None:
        """Take a block's days, which go to the database while others are read."""
        known = binary.int4(block) + binary.moment(updated)
        for piece in pieces:
            self._pieces.add(known, binary.day_fields(piece))

    def add_loose(self, block: int, updated: datetime | None, content: list[IntervalBlock]) -> None:
        """Set blocks aside whose readings get their places from a reading type yet to come."""
        body = json.dumps([[one.start, one.seconds, [*one.readings]] for one in content])
        self._pieces.send()
        self._loose.add(binary.int4(block), binary.moment(updated), binary.text(body))

    def pause(self) -> None:
        """Hand over all that was taken; the connection is free until more comes."""
        self._pieces.send()
        self._loose.send()

    def link(self, series: dict[int, int]) -> None:
        """Say which series (a number of the caller's) each block belongs to."""
        self.pause()
        # What comes from now on comes out of the database, over the same connection.
        self._pieces = _Rows("incoming_piece", 2 + len(COLUMNS))
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

        A planner that knows nothing of a temporary table guesses, and autovacuum never looks at
        one, so what is asked of days is analyzed here.
        """
        self.pause()
        _execute(PLACES)
        joined = False
        with _streamed(DAYS_IN_PIECES) as rows:
            for (series, _), pieces in groupby(rows, key=itemgetter(0, 1)):
                day = days.join([_day(piece[1:]) for piece in pieces], oddities)
                # Blocks are counted from 1.
                self.add(-1 - series, None, [day])
                joined = True
        if joined:
            self.pause()
            _execute(JOINED_PLACES)
        _execute(INDEX_DAYS)
        self._held = {
            series: (count, int(total)) for series, count, total in _execute(BY_SERIES).fetchall()
        }

    def distinct(self) -> tuple[int, int]:
        """How many readings there are once repetitions are joined, and the sum of their values."""
        held = self._held.values()
        return sum(count for count, _ in held), sum(total for _, total in held)

    def merge(self, authorization: int, series: int, meter_reading: int, keep: Keep) -> Merged:
        """Bring a series into a stored meter reading; equal days stay as they are.

        Corrections go to `keep`, many at a time.
        """
        values = {"authorization": authorization, "series": series, "meter_reading": meter_reading}
        if series not in self._held:
            return Merged()
        if not _execute(HAS_DAYS, values).fetchone():
            _execute(ADD_ALL_DAYS, values)
            return Merged(new=self._held[series][0])
        merged = self._change(values, keep)
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


def do_not_wait_for_disk() -> None:
    """Let this transaction be lost if the machine stops within the second after it.

    Only where another one of the same work comes after it and waits: what it waits for is written
    in the order of the commits (PostgreSQL's documentation, "Asynchronous Commit").
    """
    _execute("SET LOCAL synchronous_commit TO off")


@contextmanager
def incoming() -> Iterator[Incoming]:
    """Temporary tables for one feed; what an earlier failure left of them is cleared first."""
    _execute(CREATE)
    tables = Incoming()
    try:
        yield tables
    except BaseException:
        # A COPY that is still open would refuse whatever the connection is asked next.
        with suppress(psycopg.Error):
            tables.pause()
        raise
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
        rows.add(binary.int4s(block, series))
    rows.send()
