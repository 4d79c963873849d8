"""Interval blocks written as text: feeds are readings nearly throughout.

A block whose readings all have the same fields is one template that is filled with numbers, which
takes a fraction of the time that an element for every number takes. Any other block is left to
`interval_block.write`; both give the same bytes.
"""

from functools import lru_cache
from itertools import chain

from greenbutton.espi.interval_block import IntervalBlock

BLOCK = b"<espi:IntervalBlock>%b%b</espi:IntervalBlock>"
INTERVAL = (
    b"<espi:interval><espi:duration>%d</espi:duration><espi:start>%d</espi:start></espi:interval>"
)
READING = b"<espi:IntervalReading>%b</espi:IntervalReading>"
# What a reading has, by the column that holds it, in the order of espi.xsd.
FIELDS = {
    "costs": b"<espi:cost>%d</espi:cost>",
    "qualities": b"<espi:ReadingQuality><espi:quality>%d</espi:quality></espi:ReadingQuality>",
    "seconds": b"<espi:timePeriod><espi:duration>%d</espi:duration>",
    "starts": b"<espi:start>%d</espi:start></espi:timePeriod>",
    "values": b"<espi:value>%d</espi:value>",
    "tiers": b"<espi:consumptionTier>%d</espi:consumptionTier>",
    "tou": b"<espi:tou>%d</espi:tou>",
    "cpp": b"<espi:cpp>%d</espi:cpp>",
}


def write(block: IntervalBlock) -> bytes | None:
    """The block, the prefix espi being declared around it; None where its readings differ."""
    readings = block.columns
    if not readings or readings.several_qualities:
        return None
    if (block.start is None) != (block.seconds is None):
        return None
    columns = {name: getattr(readings, name) for name in FIELDS}
    there = tuple(name for name, column in columns.items() if column is not None)
    rows = zip(*(columns[name] for name in there), strict=True)
    try:
        text = _template(there) * len(readings) % tuple(chain.from_iterable(rows))
    except TypeError:  # a None, which %d does not take: only some readings have the field
        return None
    interval = b"" if block.start is None else INTERVAL % (block.seconds, block.start)
    return BLOCK % (interval, text)


@lru_cache
def _template(fields: tuple[str, ...]) -> bytes:
    return READING.replace(b"%b", b"".join(FIELDS[name] for name in fields))
