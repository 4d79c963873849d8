"""What is written for binary COPY is what PostgreSQL then holds."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greenbutton.ingest import binary

pytestmark = pytest.mark.django_db

int2s = st.integers(-(2**15), 2**15 - 1)
int4s = st.integers(-(2**31), 2**31 - 1)
int8s = st.integers(-(2**63), 2**63 - 1)
instants = st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 (hypothesis wants them naive)


def arrays(numbers: st.SearchStrategy[int]) -> st.SearchStrategy[list[int | None] | None]:
    return st.none() | st.lists(st.none() | numbers, min_size=1, max_size=30)


def held(kind: str, *fields: bytes) -> Any:
    """What PostgreSQL makes of a table of one column and these rows."""
    connection.ensure_connection()
    rows = [binary.width(1) + field for field in fields]
    with connection.connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE IF NOT EXISTS held (it {kind})")
        cursor.execute("TRUNCATE held")
        with cursor.copy("COPY held FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(b"".join((binary.HEADER, *rows, binary.TRAILER)))
        found = [row for (row,) in cursor.execute("SELECT it FROM held").fetchall()]
        cursor.execute("DROP TABLE held")
    return found


LIVELY = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


@LIVELY
@given(rows=st.lists(st.none() | int4s, min_size=1))
def test_integers(rows: list[int | None]) -> None:
    assert held("int4", *map(binary.int4, rows)) == rows


@LIVELY
@given(rows=st.lists(st.none() | int8s, min_size=1))
def test_bigints(rows: list[int | None]) -> None:
    assert held("int8", *map(binary.int8, rows)) == rows


@LIVELY
@given(rows=st.lists(st.none() | instants, min_size=1))
def test_moments(rows: list[datetime | None]) -> None:
    assert held("timestamptz", *map(binary.moment, rows)) == rows


@LIVELY
@given(rows=st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), min_size=1))
def test_texts(rows: list[str]) -> None:
    assert held("text", *map(binary.text, rows)) == rows


@pytest.mark.parametrize(("kind", "numbers"), [("int2", int2s), ("int4", int4s), ("int8", int8s)])
def test_arrays_with_and_without_gaps(
    kind: binary.ArrayType, numbers: st.SearchStrategy[int]
) -> None:
    @LIVELY
    @given(rows=st.lists(arrays(numbers), min_size=1))
    def check(rows: list[list[int | None] | None]) -> None:
        assert held(f"{kind}[]", *(binary.array(kind, row) for row in rows)) == rows

    check()


def test_a_row_with_too_few_fields_is_refused_by_the_server() -> None:
    with pytest.raises(psycopg.DataError):
        held("int4", binary.int4(1)[:5])


def test_days_count_from_2000() -> None:
    assert date.fromordinal(binary.FIRST_DAY) == date(2000, 1, 1)
    assert datetime.fromtimestamp(binary.FIRST_SECOND, UTC) == binary.FIRST_MOMENT
