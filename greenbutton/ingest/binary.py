"""Rows as PostgreSQL's binary COPY takes them (its documentation, COPY, "Binary Format").

psycopg writes rows, too, but an array through a general dumper, number by number, which takes
longer than the server needs for all the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from struct import Struct
from struct import error as StructError  # noqa: N812 (a class)
from typing import Literal

from greenbutton.ingest.days import Day

# A signature, no flags, no extension of the header; and what stands where a row would begin.
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"

# PostgreSQL counts from 2000.
FIRST_DAY = date(2000, 1, 1).toordinal()
FIRST_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
FIRST_SECOND = int(FIRST_MOMENT.timestamp())
MICROSECOND = timedelta(microseconds=1)

NULL = b"\xff\xff\xff\xff"
_WIDTH = Struct(">h")
_INT4 = Struct(">ii")
_TWO_INT4 = Struct(">iiii")
_INT8 = Struct(">iq")
_LENGTH = Struct(">i")
LENGTH_BYTES = 4
_LENGTHS = {size: bytes([size]) for size in (2, 4, 8)}
# The fields of a day before its arrays, and those after them that are never null.
_BEGINS = Struct(">iiiqii")
_ENDS = Struct(">iiiq")
# How long the field is; then dimensions, whether nulls occur, the elements' type, how many there
# are, and the index of the first.
_ARRAY = Struct(">iiiIii")

ArrayType = Literal["int2", "int4", "int8"]
# The oid of the type (pg_type.dat), its bytes, and struct's letter for it.
ELEMENTS: dict[ArrayType, tuple[int, int, str]] = {
    "int2": (21, 2, "h"),
    "int4": (23, 4, "i"),
    "int8": (20, 8, "q"),
}


def width(fields: int) -> bytes:
    """What begins a row of so many fields."""
    return _WIDTH.pack(fields)


def int4(number: int | None) -> bytes:
    """An integer field."""
    return NULL if number is None else _INT4.pack(4, number)


def int4s(one: int, other: int) -> bytes:
    """Two integer fields."""
    return _TWO_INT4.pack(4, one, 4, other)


def int8(number: int | None) -> bytes:
    """A bigint field."""
    return NULL if number is None else _INT8.pack(8, number)


def moment(at: datetime | None) -> bytes:
    """A timestamptz field."""
    return NULL if at is None else _INT8.pack(8, (at - FIRST_MOMENT) // MICROSECOND)


def text(words: str) -> bytes:
    """A text field; the databases are UTF-8."""
    encoded = words.encode()
    return _LENGTH.pack(len(encoded)) + encoded


def array(kind: ArrayType, numbers: Sequence[int | None] | None) -> bytes:
    """A field that holds an array of one dimension, with at least one element."""
    if numbers is None:
        return NULL
    first, count = numbers[0], len(numbers)
    if first is not None and first == numbers[-1] and numbers.count(first) == count:
        return _same(kind, first, count)
    oid, size, letter = ELEMENTS[kind]
    try:
        body = bytearray(_elements(letter, count).pack(*numbers))
    except StructError:
        if None not in numbers:
            raise  # a number that the type does not hold
        return _with_nulls(kind, numbers)
    # Each element has its length before it, of which only the last byte is not 0.
    body[LENGTH_BYTES - 1 :: LENGTH_BYTES + size] = _LENGTHS[size] * count
    return _ARRAY.pack(20 + len(body), 1, 0, oid, count, 1) + body


def _with_nulls(kind: ArrayType, numbers: Sequence[int | None]) -> bytes:
    oid, size, letter = ELEMENTS[kind]
    one = Struct(f">i{letter}")
    body = b"".join(NULL if number is None else one.pack(size, number) for number in numbers)
    return _ARRAY.pack(20 + len(body), 1, 1, oid, len(numbers), 1) + body


@lru_cache(maxsize=64)
def _same(kind: ArrayType, number: int, count: int) -> bytes:
    """An array of one number, as the qualities of a day mostly are."""
    oid, size, letter = ELEMENTS[kind]
    body = Struct(f">i{letter}").pack(size, number) * count
    return _ARRAY.pack(20 + len(body), 1, 0, oid, count, 1) + body


@lru_cache(maxsize=64)
def _elements(letter: str, count: int) -> Struct:
    return Struct(">" + f"{LENGTH_BYTES}x{letter}" * count)


def day_fields(day: Day) -> bytes:
    """The fields of a day, in the order of `copy_in.COLUMNS`."""
    since = day.day.toordinal() - FIRST_DAY
    start = (day.start - FIRST_SECOND) * 1_000_000
    return b"".join(
        (
            _BEGINS.pack(4, since, 8, start, 4, day.seconds),
            array("int8", day.values),
            array("int8", day.costs),
            array("int2", day.qualities),
            array("int2", day.tou),
            array("int2", day.cpp),
            array("int2", day.tiers),
            array("int4", day.offsets),
            array("int4", day.durations),
            _ENDS.pack(4, day.count, 8, day.total),
            int8(day.total_cost),
        )
    )
