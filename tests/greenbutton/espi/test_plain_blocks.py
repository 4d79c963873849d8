"""Blocks that are written as text come out as those that are written element by element."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from greenbutton.espi import Entry, EspiError, plain_blocks, read_feed
from greenbutton.espi import entry as entries
from greenbutton.espi.interval_block import IntervalBlock, IntervalReading, Readings
from tests.greenbutton.espi.documents import int16s, numbers, seconds, texts
from tests.greenbutton.espi.test_plain_readings import CORPUS, FIXTURES

AT = datetime(2025, 1, 2, tzinfo=UTC)
READING = IntervalReading(1_700_000_000, 900, 12, 34, (17,), 1)


def assert_both_ways_agree(entry: Entry) -> None:
    """The general way makes an element of everything."""
    assert entries.text(entry) == etree.tostring(entries.write(entry), encoding="utf-8")


def blocks(path: Path) -> list[Entry]:
    """The blocks of a document, until it is refused."""
    found: list[Entry] = []
    with suppress(EspiError):
        found.extend(read_feed(BytesIO(path.read_bytes()), max_bytes=2**30))
    return [entry for entry in found if isinstance(entry.resource, IntervalBlock)]


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the real feeds are not here (../shared/corpus)")
@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.xml")), ids=lambda path: path.name)
def test_a_real_feeds_blocks_are_written_alike(path: Path) -> None:
    for entry in blocks(path):
        assert_both_ways_agree(entry)


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.xml")), ids=lambda path: path.name)
def test_a_golden_feeds_blocks_are_written_alike(path: Path) -> None:
    for entry in blocks(path):
        assert_both_ways_agree(entry)


readings = st.builds(
    IntervalReading,
    seconds,
    seconds,
    numbers,
    numbers,
    st.sampled_from([(), (17,), (17, 8)]),
    int16s,
    int16s,
    int16s,
)


@given(
    st.lists(readings | st.just(READING), max_size=4),
    seconds,
    seconds,
    st.booleans(),
    texts | st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S", "Z"])),
)
def test_any_block_is_written_alike(
    rows: list[IntervalReading],
    start: int | None,
    lasts: int | None,
    by_column: bool,
    title: str,
) -> None:
    block = IntervalBlock(start, lasts, Readings.of(rows) if by_column else rows)
    assert_both_ways_agree(Entry(title=title, self_href=title, resource=block))


@pytest.mark.parametrize(
    "title", ["<content/>", "&lt;content/>", 'é "quoted" \t', "plain /?#[]@!$'()*+,;=~", "", None]
)
@pytest.mark.parametrize("updated", [AT, None])
def test_whatever_stands_around_a_block_stays_as_it_is(
    title: str | None, updated: datetime | None
) -> None:
    block = IntervalBlock(1_700_000_000, 900, [READING])
    assert_both_ways_agree(Entry(id=title, title=title, up=title, updated=updated, resource=block))


def test_a_block_without_readings_is_left_to_the_general_way() -> None:
    assert plain_blocks.write(IntervalBlock(1_700_000_000, 900)) is None
    assert_both_ways_agree(Entry(resource=IntervalBlock(1_700_000_000, 900)))


def test_a_usual_block_is_written_as_text_and_an_unusual_one_is_not() -> None:
    usual = IntervalBlock(1_700_000_000, 1800, [READING, READING])
    assert plain_blocks.write(usual) is not None
    assert plain_blocks.write(replace(usual, start=None, seconds=None)) is not None
    for unusual in (
        replace(usual, start=None),
        replace(usual, readings=[READING, READING._replace(value=None)]),
        replace(usual, readings=[READING, READING._replace(cost=None)]),
        replace(usual, readings=[READING, READING._replace(qualities=(17, 8))]),
        replace(usual, readings=[READING, READING._replace(start=None)]),
    ):
        assert plain_blocks.write(unusual) is None
