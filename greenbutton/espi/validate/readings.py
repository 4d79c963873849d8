"""Function block 04, Interval Metering, and 12, Cost of Interval Data.

D028 of the suite asks that a meter reading's entry holds a meter reading. Here it cannot be
broken: it is by what it holds that an entry is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from greenbutton.espi.enums import AccumulationKind
from greenbutton.espi.interval_block import IntervalBlock
from greenbutton.espi.meter_reading import MeterReading
from greenbutton.espi.reading_type import ReadingType
from greenbutton.espi.usage_point import UsagePoint
from greenbutton.espi.validate.atom import around, present
from greenbutton.espi.validate.document import Document, how_many_repeat
from greenbutton.espi.validate.rule import DocumentRule, Place, Rule, Severity, about

BLOCK = 4
COSTS = 12


def _starts_elsewhere(block: IntervalBlock) -> bool:
    """Whether the interval does not begin with the reading that is first in time.

    A reading that comes first and does not say when it is, is there where the interval begins.
    """
    starts = block.columns.starts
    if block.start is None or not starts or starts[0] is None:
        return False
    return block.start != min(start for start in starts if start is not None)


def _without_costs(block: IntervalBlock) -> int:
    columns = block.columns
    return len(columns) if columns.costs is None else columns.costs.count(None)


def _strays(document: Document) -> Iterator[Place]:
    """Meter readings that not exactly one usage point calls its own."""
    for entry in document.of(MeterReading):
        if entry.up and (count := len(document.related_to(UsagePoint, entry.up))) != 1:
            yield Place(entry.where, f"{count or 'None'} does.")


def _without_one_type(document: Document) -> Iterator[Place]:
    links = document.self_links(ReadingType)
    for entry in document.of(MeterReading):
        if (count := len(links.intersection(entry.related))) != 1:
            yield Place(entry.where, f"It relates to {count or 'none'}.")


def _without_blocks(document: Document) -> Iterator[Place]:
    ups = {block.up for block in document.of(IntervalBlock)}
    for entry in document.of(MeterReading):
        if ups.isdisjoint(entry.related):
            yield Place(entry.where)


def _types_without_blocks(document: Document) -> Iterator[Place]:
    ups = {block.up for block in document.of(IntervalBlock)}
    for entry in document.of(ReadingType):
        resource = entry.resource
        assert isinstance(resource, ReadingType)
        if resource.accumulation_behaviour != AccumulationKind.DELTA:
            continue
        uses = document.related_to(MeterReading, entry.self_href)
        if uses and all(ups.isdisjoint(one.related) for one in uses):
            yield Place(entry.where)


def _stray_blocks(document: Document) -> Iterator[Place]:
    owners: dict[str, int] = {}
    for block in document.of(IntervalBlock):
        if block.up is None:
            continue
        if block.up not in owners:
            owners[block.up] = len(document.related_to(MeterReading, block.up))
        if owners[block.up] != 1:
            yield Place(block.where, f"{owners[block.up] or 'None'} does.")


def _unused_types(document: Document) -> Iterator[Place]:
    for entry in document.of(ReadingType):
        if entry.self_href and not document.related_to(MeterReading, entry.self_href):
            yield Place(entry.where)


def _repeated_readings(document: Document) -> Iterator[Place]:
    for where, starts in document.reading_starts():
        if count := how_many_repeat(starts):
            yield Place(where, f"{count:,} of {len(starts):,} have a start that came before.")


def _repeated_blocks(document: Document) -> Iterator[Place]:
    for where, starts in document.block_starts():
        if count := how_many_repeat(starts):
            yield Place(where, f"{count:,} of {len(starts):,} have a start that came before.")


RULES: tuple[Rule, ...] = (
    *around(
        MeterReading,
        "meter reading",
        BLOCK,
        id="D018",
        title="D019",
        self_link="D020",
        unique="D021",
        up="D022",
        published="D029",
        updated="D030",
    ),
    DocumentRule(
        id="D023",
        block=BLOCK,
        severity=Severity.ERROR,
        says="Not exactly one usage point relates to the up link of the meter reading.",
        broken=_strays,
    ),
    DocumentRule(
        id="D024",
        block=BLOCK,
        severity=Severity.ERROR,
        says="The meter reading does not relate to exactly one reading type of the document.",
        broken=_without_one_type,
    ),
    DocumentRule(
        id="D025",
        block=BLOCK,
        severity=Severity.ERROR,
        says="The meter reading has no interval block: none has an up link that it relates to.",
        broken=_without_blocks,
    ),
    DocumentRule(
        id="D026",
        block=BLOCK,
        severity=Severity.ERROR,
        says="The reading type is for intervals, and no meter reading of it has any.",
        broken=_types_without_blocks,
    ),
    DocumentRule(
        id="D027",
        block=BLOCK,
        severity=Severity.ERROR,
        says="The document has no meter reading.",
        broken=partial(present, kind=MeterReading),
    ),
    *around(
        IntervalBlock,
        "interval block",
        BLOCK,
        id="D031",
        title="D033",
        self_link="D034",
        unique="D035",
        up="D036",
        published="D040",
        updated="D041",
    ),
    DocumentRule(
        id="D032",
        block=BLOCK,
        severity=Severity.ERROR,
        says="The document has no interval block.",
        broken=partial(present, kind=IntervalBlock),
    ),
    DocumentRule(
        id="D037",
        block=BLOCK,
        severity=Severity.ERROR,
        says="Not exactly one meter reading relates to the up link of the interval block.",
        broken=_stray_blocks,
    ),
    about(
        IntervalBlock,
        lambda block: block.seconds is None,
        id="D038",
        block=BLOCK,
        severity=Severity.WARNING,
        says="The interval block does not say how long it lasts (interval/duration).",
    ),
    about(
        IntervalBlock,
        lambda block: block.start is None,
        id="D039",
        block=BLOCK,
        severity=Severity.WARNING,
        says="The interval block does not say when it begins (interval/start).",
    ),
    about(
        IntervalBlock,
        _starts_elsewhere,
        id="D042",
        block=BLOCK,
        severity=Severity.WARNING,
        says="The interval block does not begin when its first reading does.",
    ),
    about(
        IntervalBlock,
        _without_costs,
        id="D043",
        block=COSTS,
        severity=Severity.ERROR,
        says="A reading has no cost.",
    ),
    # espi.xsd IntervalReading.timePeriod is optional: readings then follow one another.
    about(
        IntervalBlock,
        lambda block: block.columns.seconds.count(None),
        id="D044",
        block=BLOCK,
        severity=Severity.WARNING,
        says="A reading does not say how long it lasts (timePeriod/duration).",
    ),
    about(
        IntervalBlock,
        lambda block: block.columns.starts.count(None),
        id="D045",
        block=BLOCK,
        severity=Severity.WARNING,
        says="A reading does not say when it starts (timePeriod/start).",
    ),
    about(
        IntervalBlock,
        lambda block: block.columns.values.count(None),
        id="D046",
        block=BLOCK,
        severity=Severity.ERROR,
        says="A reading has no value.",
    ),
    *around(
        ReadingType,
        "reading type",
        BLOCK,
        id="D048",
        title="D050",
        self_link="D051",
        unique="D052",
        up="D053",
        published="D069",
        updated="D070",
    ),
    DocumentRule(
        id="D049",
        block=BLOCK,
        severity=Severity.ERROR,
        says="The document has no reading type.",
        broken=partial(present, kind=ReadingType),
    ),
    DocumentRule(
        id="D054",
        block=BLOCK,
        severity=Severity.WARNING,
        says="No meter reading relates to the reading type.",
        broken=_unused_types,
    ),
    about(
        ReadingType,
        lambda reading_type: reading_type.currency is None,
        id="D058",
        block=COSTS,
        severity=Severity.ERROR,
        says="The reading type does not say in which currency its costs are.",
    ),
    about(
        ReadingType,
        lambda reading_type: reading_type.interval_length is None,
        id="D062",
        block=BLOCK,
        severity=Severity.WARNING,
        says="The reading type does not say how long an interval is (intervalLength).",
    ),
    about(
        ReadingType,
        lambda reading_type: reading_type.kind is None,
        id="D063",
        block=BLOCK,
        severity=Severity.WARNING,
        says="The reading type does not say what is measured (kind).",
    ),
    about(
        ReadingType,
        lambda reading_type: reading_type.power_of_ten is None,
        id="D065",
        block=BLOCK,
        severity=Severity.WARNING,
        says="The reading type has no powerOfTenMultiplier; it is taken for 0.",
    ),
    about(
        ReadingType,
        lambda reading_type: reading_type.uom is None,
        id="D068",
        block=BLOCK,
        severity=Severity.ERROR,
        says="The reading type does not say in which unit its readings are (uom).",
    ),
    DocumentRule(
        id="D145",
        block=BLOCK,
        severity=Severity.ERROR,
        says="Several readings of the meter reading start at the same time.",
        broken=_repeated_readings,
    ),
    DocumentRule(
        id="D146",
        block=BLOCK,
        severity=Severity.WARNING,
        says="Several interval blocks of the meter reading begin at the same time.",
        broken=_repeated_blocks,
    ),
)
