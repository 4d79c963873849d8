from collections import Counter
from dataclasses import dataclass

from greenbutton.espi.entry import Entry
from greenbutton.espi.feed import Readable, read_feed
from greenbutton.espi.findings import Finding
from greenbutton.espi.interval_block import IntervalBlock
from greenbutton.espi.links import Linker


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a document holds, counted.

    Sums are of raw numbers, without multiplier, over all readings; the distinct ones count a
    reading once, the last one said. Starts are UTC seconds.
    """

    entries: int
    types: dict[str, int]
    readings: int
    value_sum: int
    cost_sum: int
    distinct_readings: int
    distinct_value_sum: int
    min_start: int | None
    max_start: int | None
    findings: tuple[Finding, ...]


def inspect(file: Readable, *, max_bytes: int) -> Inspection:
    """Read a whole document and count what is in it. Raises EspiError if it is refused."""
    feed = read_feed(file, max_bytes=max_bytes)
    linker = Linker()
    counts = _Counts()
    types: Counter[str] = Counter()
    for entry in feed:
        types[entry.type] += 1
        linker.add(entry)
        if isinstance(entry.resource, IntervalBlock):
            counts.add(entry, entry.resource)
    return Inspection(
        entries=feed.entries,
        types=dict(sorted(types.items())),
        readings=counts.readings,
        value_sum=counts.value_sum,
        cost_sum=counts.cost_sum,
        distinct_readings=len(counts.distinct),
        distinct_value_sum=sum(counts.distinct.values()),
        min_start=counts.min_start,
        max_start=counts.max_start,
        findings=(*feed.findings, *linker.resolve().findings),
    )


class _Counts:
    """Sums over the readings, and each distinct reading's last value."""

    def __init__(self) -> None:
        self.readings = 0
        self.value_sum = 0
        self.cost_sum = 0
        self.min_start: int | None = None
        self.max_start: int | None = None
        self.distinct: dict[tuple[object, ...], int] = {}

    def add(self, entry: Entry, block: IntervalBlock) -> None:
        group = entry.up or entry.self_href or entry.id or entry.ordinal
        for position, reading in enumerate(block.readings):
            self.readings += 1
            self.value_sum += reading.value or 0
            self.cost_sum += reading.cost or 0
            # A reading without a time of its own is told apart by its place alone.
            place = () if reading.start is not None else (entry.ordinal, position)
            self.distinct[group, reading.start, reading.seconds, *place] = reading.value or 0
        starts = [reading.start for reading in block.readings if reading.start is not None]
        if starts:
            earliest, latest = min(starts), max(starts)
            self.min_start = min(earliest, earliest if self.min_start is None else self.min_start)
            self.max_start = max(latest, latest if self.max_start is None else self.max_start)
