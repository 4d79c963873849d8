"""A document read once, from its first byte to its last: its readings into days as they come.

Which meter reading a block belongs to is known at the end only, since entries may come in any
order. So blocks are cut into days under their own numbers, and joined when the links are resolved.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Protocol, cast
from zoneinfo import ZoneInfo

from greenbutton.espi import Entry, EspiError, Feed, Finding, read_feed
from greenbutton.espi.customer_links import CustomerLinker
from greenbutton.espi.findings import MORE
from greenbutton.espi.interval_block import IntervalBlock, Readings
from greenbutton.espi.links import Linker, Tree
from greenbutton.espi.members import USUAL_LIMITS, Limits
from greenbutton.espi.readable import Readable
from greenbutton.espi.usage_summary import UsageSummary
from greenbutton.ingest import days
from greenbutton.ingest.calendar import Calendar
from greenbutton.ingest.days import Day, Oddities, Unplaced
from greenbutton.ingest.money import in_standard_unit
from utilities.quirks import STANDARD_COST_EXPONENT

# As it is kept with a Pull: {"code", "count", "where", "detail"}.
GroupedFinding = dict[str, Any]

# The blocks of one entry that were set aside: the first one's number, the entry's date, the blocks.
Loose = tuple[int, datetime | None, list[IntervalBlock]]

# Each is kept in a transaction of its own. A customer of many meters has hundreds.
MAX_USAGE_POINTS = 10_000
# Others see how far a document has been read.
SAY_SECONDS = 1
# Sentences of one code that are kept with a Pull: a feed may have a thousand unknown numbers.
MAX_SENTENCES = 20
SENTENCES = {
    "reading.repeated": "A reading is given more than once; it was taken once.",
    "day.cumulative": "A block repeats the readings of an earlier one and adds some to them; "
    "each reading was taken once.",
    "reading.conflicting": "A reading is given more than once with different values; "
    "the newer was taken.",
    "reading.same_place": "An entry has readings with the same start and length that differ; "
    "all were kept.",
    "reading.impossible_start": "A reading starts before 1900 or after 2199; it was left out.",
    "bill.impossible_start": "A bill's period starts before 1900 or after 2199; "
    "it is shown without one.",
    "reading.no_start": "A reading does not say when it starts; it was left out.",
    "reading.no_length": "A reading does not say how long it lasts, and nothing else does; "
    "it was left out.",
    "reading.length_assumed": "A reading does not say how long it lasts; "
    "the time to the next one was taken.",
    "reading.no_value": "A reading has no value that can be read; it was kept without one.",
    "reading.several_qualities": "A reading has several qualities; the first was taken.",
}


class Sink(Protocol):
    """Where days wait until the whole document was read."""

    def add(self, block: int, updated: datetime | None, pieces: Iterable[Day]) -> None: ...

    def add_loose(
        self, block: int, updated: datetime | None, content: list[IntervalBlock]
    ) -> None: ...

    def pause(self) -> None: ...

    def link(self, series: dict[int, int]) -> None: ...

    def series_with_loose(self) -> list[int]: ...

    def loose(self, series: int) -> Iterable[Loose]: ...

    def settle(self, oddities: Oddities) -> None: ...

    def distinct(self) -> tuple[int, int]: ...


@dataclass(slots=True)
class Tally:
    """What a document holds, counted before anything is joined or left out."""

    entries: int = 0
    types: Counter[str] = field(default_factory=Counter)
    readings: int = 0
    value_sum: int = 0
    cost_sum: int = 0
    min_start: int | None = None
    max_start: int | None = None
    without_value: int = 0

    def add(self, readings: Readings, *, gapless: bool) -> None:
        """Count readings; where they are `gapless` the first and the last are at its ends."""
        self.readings += len(readings.starts)
        value_sum, values = _sum(readings.values)
        self.value_sum += value_sum
        self.without_value += len(readings.values) - values
        if readings.costs:
            self.cost_sum += _sum(readings.costs)[0]
        if between := _ends(readings.starts, ascending=gapless):
            least, most = between
            self.min_start = least if self.min_start is None else min(least, self.min_start)
            self.max_start = most if self.max_start is None else max(most, self.max_start)


def _sum(column: list[int | None]) -> tuple[int, int]:
    """The sum of the numbers that are there, and how many are."""
    try:  # mostly all are, and looking for those that are not takes longer than adding up
        return sum(cast("list[int]", column)), len(column)
    except TypeError:
        known = [number for number in column if number is not None]
        return sum(known), len(known)


def _ends(column: list[int | None], *, ascending: bool = False) -> tuple[int, int] | None:
    """The least and the greatest number, if there is any."""
    known = cast("list[int]", column)
    if ascending:
        return known[0], known[-1]
    try:
        least, most = min(known, default=None), max(known, default=None)
    except TypeError:
        return _ends([number for number in column if number is not None])
    return None if least is None or most is None else (least, most)


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was read whole. `series` numbers the meter readings that have readings."""

    tree: Tree
    series: dict[str, int]
    tally: Tally
    findings: list[GroupedFinding]
    # Linked when it is stored, with what is there already; its Findings come then.
    customers: CustomerLinker


def read(
    file: Readable,
    sink: Sink,
    zone: ZoneInfo,
    *,
    max_bytes: int,
    limits: Limits = USUAL_LIMITS,
    max_usage_points: int = MAX_USAGE_POINTS,
    cost_exponent: int = STANDARD_COST_EXPONENT,
    recognise: Callable[[Tree], Tree] = lambda tree: tree,
    passes_over: Callable[[Entry], bool] = lambda block: False,
    progress: Callable[[int], None] = lambda readings: None,
) -> Document:
    """Read a document into the sink; raises EspiError, after which the sink holds nothing of use.

    `progress` is told, once a second, how many readings there were so far. `cost_exponent` says in
    10^what of its currency the document's money is; it is taken over in 10^-5.

    1. Stream the entries, cutting blocks into local days; a block that `passes_over` says is to be
       passed over reaches no sink.
    2. Resolve the links; `recognise` may replace what the document only points at, or leave it out.
    3. Place the readings that left their times to a reading type.
    4. Join the days that came in pieces.
    """
    feed = read_feed(file, max_bytes=max_bytes, limits=limits)
    reader = _Reader(sink, zone, max_usage_points, cost_exponent, passes_over)
    return reader.read(feed, recognise, progress)


class _Reader:
    def __init__(
        self,
        sink: Sink,
        zone: ZoneInfo,
        max_usage_points: int,
        cost_exponent: int,
        passes_over: Callable[[Entry], bool],
    ) -> None:
        self.sink = sink
        self.max_usage_points = max_usage_points
        self.cost_exponent = cost_exponent
        self.passes_over = passes_over
        self.calendar = Calendar(zone)
        self.tally = Tally()
        self.customers = CustomerLinker()
        self.oddities = Oddities()
        self.unplaced = Unplaced()
        self.several_qualities = 0
        self.impossible_bills = 0

    def read(
        self, feed: Feed, recognise: Callable[[Tree], Tree], progress: Callable[[int], None]
    ) -> Document:
        linker = Linker()
        self._stream(feed, linker, progress)
        tree = recognise(linker.resolve())
        if len(tree.usage_points) > self.max_usage_points:
            raise EspiError(
                f"The document has more than {self.max_usage_points:,} usage points. "
                "Ask for fewer meters at a time."
            )
        series = {
            identity: number for number, identity in enumerate(dict.fromkeys(tree.blocks.values()))
        }
        self.sink.link({block: series[identity] for block, identity in tree.blocks.items()})
        self._place(tree, series)
        self.sink.settle(self.oddities)
        findings = [*feed.findings, *tree.findings, *self._own_findings()]
        return Document(tree, series, self.tally, grouped(findings), self.customers)

    def _stream(self, feed: Feed, linker: Linker, progress: Callable[[int], None]) -> None:
        number, said_at = 0, time.monotonic()
        # The blocks of one Atom entry, which have their links in common, and the first one's own.
        blocks: list[IntervalBlock] = []
        first: Entry | None = None
        for entry in in_standard_unit(feed, self.cost_exponent):
            if feed.entries != number:
                number = feed.entries
                if first is not None:
                    self._take(first, blocks)
                    blocks, first = [], None
                if (now := time.monotonic()) - said_at >= SAY_SECONDS:
                    said_at = now
                    self.sink.pause()
                    progress(self.tally.readings)
            linker.add(entry)
            self.tally.types[entry.type] += 1
            if isinstance(entry.resource, IntervalBlock):
                blocks.append(entry.resource)
                first = first or entry
            else:
                self._note(entry)
        if first is not None:
            self._take(first, blocks)
        self.tally.entries = feed.entries
        self.sink.pause()

    def _note(self, entry: Entry) -> None:
        self.customers.add(entry)
        if isinstance(entry.resource, UsageSummary) and (period := entry.resource.billing_period):
            self.impossible_bills += period.start is not None and not days.is_possible(period.start)

    def _take(self, entry: Entry, blocks: list[IntervalBlock]) -> None:
        """Gather the blocks of one Atom entry."""
        if self.passes_over(entry):
            return
        readings = Readings.joined([block.columns for block in blocks])
        gapless = days.are_gapless(readings)
        self.tally.add(readings, gapless=gapless)
        self.several_qualities += len(readings.several_qualities)
        if gapless or days.are_placed(readings):
            cut = days.gather(readings, self.calendar, self.oddities, gapless=gapless)
            self.sink.add(entry.ordinal, entry.updated, cut)
        else:
            self.sink.add_loose(entry.ordinal, entry.updated, blocks)

    def _place(self, tree: Tree, series: dict[str, int]) -> None:
        identities = {number: identity for identity, number in series.items()}
        for number in self.sink.series_with_loose():
            reading_type = tree.meter_readings[identities[number]].reading_type
            length = reading_type.interval_length if reading_type else None
            if length is not None and not 0 < length <= days.LONGEST:
                length = None
            for block, updated, content in self.sink.loose(number):
                readings = chain.from_iterable(one.placed(length) for one in content)
                placed = days.place(readings, self.unplaced)
                self.sink.add(block, updated, days.gather(placed, self.calendar, self.oddities))

    def _own_findings(self) -> Iterator[Finding]:
        counts = {
            "reading.repeated": self.oddities.repeated,
            "day.cumulative": self.oddities.cumulative,
            "reading.conflicting": self.oddities.conflicting,
            "reading.same_place": self.oddities.same_place,
            "reading.impossible_start": self.oddities.impossible,
            "bill.impossible_start": self.impossible_bills,
            "reading.no_start": self.unplaced.without_start,
            "reading.no_length": self.unplaced.without_length,
            "reading.length_assumed": self.unplaced.assumed_lengths,
            "reading.no_value": self.tally.without_value,
            "reading.several_qualities": self.several_qualities,
        }
        for code, count in counts.items():
            if count:
                yield Finding(code, None, SENTENCES[code], count)


def zone_findings(tree: Tree, zone: ZoneInfo) -> Iterator[Finding]:
    """Where the feed's idea of local time is not the utility's.

    It is a check, not a source: one real utility's has the wrong sign, another's is cut short.
    """
    # Standard time is that of the half year without summer time.
    ours = min(datetime(2025, month, 1, tzinfo=zone).utcoffset() or timedelta() for month in (1, 7))
    for said in dict.fromkeys(parameters.tz_offset for parameters in tree.local_times):
        if said is not None and timedelta(seconds=said) != ours:
            detail = (
                f"The feed says that standard time is {_offset(said)}, which is "
                f"not so in {zone.key}. Days are cut in {zone.key}."
            )
            yield Finding("time_zone.differs", None, detail)


def _offset(seconds: int) -> str:
    """An offset from UTC as people write it: UTC-05:00."""
    minutes, rest = divmod(abs(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"UTC{'-' if seconds < 0 else '+'}{hours:02}:{minutes:02}" + (f":{rest:02}" * bool(rest))


def grouped(findings: Iterable[Finding]) -> list[GroupedFinding]:
    """One item a sentence, with the first place."""
    items: list[GroupedFinding] = [
        {
            "code": finding.code,
            "count": finding.count,
            "where": finding.where or "",
            "detail": finding.detail,
        }
        for finding in findings
    ]
    return add_up(items)


def add_up(items: Iterable[GroupedFinding]) -> list[GroupedFinding]:
    """Grouped findings of several feeds as one list."""
    found: dict[tuple[str, str], GroupedFinding] = {}
    sentences: Counter[str] = Counter()
    for item in items:
        code, detail = item["code"], item["detail"]
        if (code, detail) not in found and sentences[code] >= MAX_SENTENCES:
            item = {**item, "detail": MORE}
        if group := found.get((code, item["detail"])):
            group["count"] += item["count"]
        else:
            found[code, item["detail"]] = dict(item)
            sentences[code] += 1
    return list(found.values())


class InMemory:
    """A sink that needs no database, for a look at a file."""

    def __init__(self) -> None:
        self._pieces: list[tuple[int, datetime | None, Day]] = []
        self._loose: list[Loose] = []
        self._loose_of: dict[int, list[Loose]] = {}
        self._series: dict[int, int] = {}
        self.days: dict[tuple[int, Any], Day] = {}

    def add(self, block: int, updated: datetime | None, pieces: Iterable[Day]) -> None:
        """Take a block's days."""
        self._pieces += [(block, updated, piece) for piece in pieces]

    def add_loose(self, block: int, updated: datetime | None, content: list[IntervalBlock]) -> None:
        """Set a block aside."""
        self._loose.append((block, updated, content))

    def pause(self) -> None:
        """Nothing is on its way."""

    def link(self, series: dict[int, int]) -> None:
        """Say which series each block belongs to."""
        self._series = series

    def series_with_loose(self) -> list[int]:
        """The series of which blocks were set aside."""
        for item in self._loose:
            self._loose_of.setdefault(self._series[item[0]], []).append(item)
        return sorted(self._loose_of)

    def loose(self, series: int) -> Iterable[Loose]:
        """The blocks of a series that were set aside."""
        return self._loose_of[series]

    def settle(self, oddities: Oddities) -> None:
        """Join the pieces of each day."""
        parts: dict[tuple[int, Any], list[tuple[bool, Any, int, Day]]] = {}
        for block, updated, piece in self._pieces:
            key = (self._series[block], piece.day)
            # As in SQL: a piece without a date is older than any with one.
            parts.setdefault(key, []).append((updated is not None, updated or 0, block, piece))
        for key, pieces in parts.items():
            pieces.sort(key=lambda part: part[:3])
            ordered = [piece for *_, piece in pieces]
            self.days[key] = ordered[0] if len(ordered) == 1 else days.join(ordered, oddities)

    def distinct(self) -> tuple[int, int]:
        """How many readings there are once repetitions are joined, and the sum of their values."""
        found = self.days.values()
        return sum(day.count for day in found), sum(day.total for day in found)
