"""Readings as local days: gathered, joined, compared and merged. Pure: no database, no clock.

A reading is known by its start and its length, and belongs to the local day in which it starts.
Everything else about it may change; the newer wins. Readings that have both in common are one,
repeated or corrected, unless a single entry holds them: a gas utility gives all its monthly bills
one start, in one entry. Those are told apart by their order.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from operator import attrgetter, itemgetter, lt
from typing import NamedTuple, cast

from greenbutton.espi.errors import EspiError
from greenbutton.espi.interval_block import IntervalReading, Readings
from greenbutton.ingest.calendar import Calendar

# Nobody metered anything before 1900, and time zones at the ends of `datetime` overflow.
FIRST_START = int(datetime(1900, 1, 1, tzinfo=UTC).timestamp())
LAST_START = int(datetime(2200, 1, 1, tzinfo=UTC).timestamp())
# What the columns hold: a length in integer, a total in bigint.
LONGEST = 2**31 - 1
LARGEST_TOTAL = 2**63 - 1


class Reading(NamedTuple):
    """An espi.xsd IntervalReading that has its place: `start` in UTC seconds, raw integers.

    `quality` is the first of the feed's, since a ReadingDay holds one.
    """

    start: int
    seconds: int
    value: int | None
    cost: int | None = None
    quality: int | None = None
    tou: int | None = None
    cpp: int | None = None
    tier: int | None = None


PLACE = itemgetter(0, 1)
# Start, length, and which one of those in one entry that have both in common.
Key = tuple[int, int, int]


def keyed(readings: Iterable[Reading]) -> Iterator[tuple[Key, Reading]]:
    """Readings in order, each with what it is known by."""
    last, number = None, 0
    for reading in readings:
        place = PLACE(reading)
        number = number + 1 if place == last else 0
        last = place
        yield (*place, number), reading


@dataclass(frozen=True, slots=True)
class Day:
    """The columns of a ReadingDay, except that `start` is in UTC seconds."""

    day: date
    start: int
    seconds: int
    values: list[int | None]
    costs: list[int | None] | None
    qualities: list[int | None] | None
    tou: list[int | None] | None
    cpp: list[int | None] | None
    tiers: list[int | None] | None
    offsets: list[int] | None
    durations: list[int] | None
    count: int
    total: int
    total_cost: int | None

    def readings(self) -> Iterator[Reading]:
        """The day as readings, in the order of their starts and lengths."""
        nothing = [None] * self.count
        return map(
            Reading._make,
            zip(
                self.starts(),
                self.lengths(),
                self.values,
                self.costs or nothing,
                self.qualities or nothing,
                self.tou or nothing,
                self.cpp or nothing,
                self.tiers or nothing,
                strict=True,
            ),
        )

    def starts(self) -> Iterable[int]:
        """When each reading starts, in UTC seconds."""
        if self.offsets is None:
            return range(self.start, self.start + self.count * self.seconds, self.seconds)
        return [self.start + offset for offset in self.offsets]

    def lengths(self) -> list[int]:
        """How long each reading lasts, in seconds."""
        return self.durations or [self.seconds] * self.count


# -- a block's readings into days -------------------------------------------------------------


def are_placed(readings: Readings) -> bool:
    """Whether every reading says when it starts and how long it lasts."""
    return None not in readings.starts and all(readings.seconds)


def are_gapless(readings: Readings) -> bool:
    """Whether all are placed and of one length, and each starts as the one before it ends."""
    if not len(readings):
        return False
    first, lasts = readings.starts[0], readings.seconds[0]
    if first is None or lasts is None or lasts <= 0:
        return False
    return _follow(readings.starts, readings.seconds, first, lasts)


def _follow(
    starts: Sequence[int | None], seconds: Sequence[int | None], first: int, lasts: int
) -> bool:
    count = len(starts)
    # The last start is compared first: it mostly tells, and the others take longer.
    return (
        starts[-1] == first + (count - 1) * lasts
        and seconds.count(lasts) == count
        and starts == [*range(first, first + count * lasts, lasts)]
    )


@dataclass(slots=True)
class Oddities:
    """What gathering and joining had to decide, to be counted among the Findings."""

    repeated: int = 0
    conflicting: int = 0
    cumulative: int = 0
    same_place: int = 0
    impossible: int = 0


def is_possible(start: int) -> bool:
    """Whether something may have been metered at this UTC second."""
    return FIRST_START <= start < LAST_START


def gather(
    readings: Readings, calendar: Calendar, oddities: Oddities, *, gapless: bool | None = None
) -> list[Day]:
    """Cut the placed readings of one entry, in whatever order, into days.

    `gapless` is what `are_gapless` says of them, where that is known.
    """
    if not len(readings):
        return []
    if gapless is None:
        gapless = are_gapless(readings)
    starts = cast("list[int]", readings.starts)
    if not gapless and not all(map(lt, starts, starts[1:])):
        if not all(map(lt, starts[1:], starts)):
            return _gather_one_by_one(readings, calendar, oddities)
        # Newest first, as UtilityAPI sends them.
        readings, starts = readings.reversed(), starts[::-1]
    if not (is_possible(starts[0]) and is_possible(starts[-1])):
        return _gather_one_by_one(readings, calendar, oddities)
    _, end, day = calendar.span(starts[0])
    if starts[-1] < end:  # a block a day, as most utilities send them
        return [_build_from(readings, day, gapless=gapless)]
    pieces = list(_cut(starts, calendar))
    if len({day for day, _, _ in pieces}) < len(pieces):
        return _gather_one_by_one(readings, calendar, oddities)
    return [
        _build_from(_part(readings, first, end), day, gapless=gapless) for day, first, end in pieces
    ]


def _cut(starts: list[int], calendar: Calendar) -> Iterator[tuple[date, int, int]]:
    """Where each stretch of one local day begins and ends, in starts that ascend."""
    at, count = 0, len(starts)
    while at < count:
        first = at
        day = calendar.span(starts[at])[2]
        while at < count and (span := calendar.span(starts[at]))[2] == day:
            at = count if starts[-1] < span[1] else bisect_left(starts, span[1], at)
        yield day, first, at


def _part(readings: Readings, first: int, end: int) -> Readings:
    """Some of the readings, with the first quality of each, as a day holds them."""

    def part(column: list[int | None] | None) -> list[int | None] | None:
        return column and column[first:end]

    return Readings(
        readings.starts[first:end],
        readings.seconds[first:end],
        readings.values[first:end],
        part(readings.costs),
        part(readings.qualities),
        part(readings.tou),
        part(readings.cpp),
        part(readings.tiers),
        several_qualities={},
    )


def _build_from(readings: Readings, day: date, *, gapless: bool) -> Day:
    return _build(
        day,
        cast("list[int]", readings.starts),
        cast("list[int]", readings.seconds),
        readings.values,
        readings.costs,
        readings.qualities,
        readings.tou,
        readings.cpp,
        readings.tiers,
        gapless=gapless,
    )


def _gather_one_by_one(
    readings: Iterable[IntervalReading], calendar: Calendar, oddities: Oddities
) -> list[Day]:
    """The same for readings that are in no order, or repeated."""
    cut: dict[date, list[IntervalReading]] = {}
    begin = end = 0
    take: Callable[[IntervalReading], None] | None = None
    for reading in readings:
        start = reading[0]
        assert start is not None
        if not begin <= start < end:
            if not is_possible(start):
                oddities.impossible += 1
                continue
            begin, end, day = calendar.span(start)
            take = cut.setdefault(day, []).append
        assert take is not None
        take(reading)
    return [build(day, _in_order(part, oddities)) for day, part in sorted(cut.items())]


def _in_order(readings: list[IntervalReading], oddities: Oddities) -> list[Reading]:
    ordered = sorted(_flatten(readings), key=PLACE)
    if all(one[0] < other[0] for one, other in pairwise(ordered)):
        return ordered
    distinct = list(dict.fromkeys(ordered))
    oddities.repeated += len(ordered) - len(distinct)
    oddities.same_place += sum(number > 0 for (*_, number), _ in keyed(distinct))
    return distinct


def _flatten(readings: list[IntervalReading]) -> Iterator[Reading]:
    """IntervalReading and Reading differ in one column: the qualities."""
    starts, seconds, values, costs, qualities, *rest = zip(*readings, strict=True)
    first = (several[0] if several else None for several in qualities)
    return map(Reading._make, zip(starts, seconds, values, costs, first, *rest, strict=True))


def build(day: date, readings: Sequence[Reading]) -> Day:
    """A day of readings that are in order and distinct; there is at least one."""
    starts, seconds, values, *rest = (list(column) for column in zip(*readings, strict=True))
    return _build(day, starts, seconds, values, *rest)


def _build(
    day: date,
    starts: list[int],
    seconds: list[int],
    values: list[int | None],
    costs: list[int | None] | None,
    qualities: list[int | None] | None,
    tou: list[int | None] | None,
    cpp: list[int | None] | None,
    tiers: list[int | None] | None,
    *,
    gapless: bool = False,
) -> Day:
    first, lasts, count = starts[0], seconds[0], len(starts)
    uniform = gapless or _follow(starts, seconds, first, lasts)
    costs = _column(costs)
    return Day(
        day=day,
        start=first,
        seconds=lasts,
        values=values,
        costs=costs,
        qualities=_column(qualities),
        tou=_column(tou),
        cpp=_column(cpp),
        tiers=_column(tiers),
        offsets=None if uniform else [start - first for start in starts],
        durations=None if uniform else seconds,
        count=count,
        total=_total(day, values),
        total_cost=None if costs is None else _total(day, costs),
    )


def _column(values: list[int | None] | None) -> list[int | None] | None:
    """The array, or nothing where no reading has such a thing."""
    if values is None or (values[0] is None and values.count(None) == len(values)):
        return None
    return values


def _total(day: date, values: list[int | None]) -> int:
    try:
        total = sum(cast("list[int]", values))
    except TypeError:  # some reading has none
        total = sum(value for value in values if value is not None)
    if abs(total) > LARGEST_TOTAL:
        raise EspiError(f"The readings of {day} add up to more than any meter counts.")
    return total


# -- days with days -------------------------------------------------------------------------------


def join(pieces: Sequence[Day], oddities: Oddities) -> Day:
    """One day out of pieces of it, the newest last; of two readings with one key the newer wins."""
    if day := _in_succession(pieces):
        return day
    joined: dict[Key, Reading] = {}
    for piece in pieces:
        before = len(joined)
        repeated = 0
        for key, reading in keyed(piece.readings()):
            if key in joined:
                if joined[key] == reading:
                    repeated += 1
                else:
                    oddities.conflicting += 1
            joined[key] = reading
        oddities.repeated += repeated
        oddities.cumulative += 0 < before == repeated < len(joined)
    return _built(pieces[0].day, joined)


def _in_succession(pieces: Sequence[Day]) -> Day | None:
    """The pieces after one another, if that is how they lie, as where blocks are cut at midnight.

    None where they overlap, and for a piece with several readings that start at once.
    """
    ordered = sorted(pieces, key=attrgetter("start"))
    starts = [start for piece in ordered for start in piece.starts()]
    if not all(map(lt, starts, starts[1:])):
        return None

    def part(name: str) -> list[int | None] | None:
        columns = [(getattr(piece, name), piece.count) for piece in ordered]
        if all(column is None for column, _ in columns):
            return None
        return [one for column, count in columns for one in column or [None] * count]

    return _build(
        ordered[0].day,
        starts,
        [lasts for piece in ordered for lasts in piece.lengths()],
        [value for piece in ordered for value in piece.values],
        part("costs"),
        part("qualities"),
        part("tou"),
        part("cpp"),
        part("tiers"),
    )


def _built(day: date, readings: dict[Key, Reading]) -> Day:
    return build(day, [reading for _, reading in sorted(readings.items(), key=itemgetter(0))])


class Correction(NamedTuple):
    """A reading that is stored, and what the utility says it is now."""

    old: Reading
    new: Reading


def merge(old: Day, new: Day) -> tuple[Day, list[Correction]]:
    """The stored day with what a feed says of it; the same object where that is nothing new."""
    if old == new:
        return old, []
    merged = dict(keyed(old.readings()))
    corrections: list[Correction] = []
    for key, reading in keyed(new.readings()):
        before = merged.get(key)
        if before is not None and before != reading:
            corrections.append(Correction(before, reading))
        merged[key] = reading
    if not corrections and len(merged) == old.count:
        return old, []
    return _built(old.day, merged), corrections


# -- readings without a length or a start ---------------------------------------------------------


@dataclass(slots=True)
class Unplaced:
    """What could not be told of readings, to be counted among the Findings."""

    without_start: int = 0
    without_length: int = 0
    assumed_lengths: int = 0


def place(readings: Iterable[IntervalReading], unplaced: Unplaced) -> Readings:
    """Give readings without a length the spacing to the next one.

    The last one lasts as long as the one before it. What even that does not tell is left out: as a
    reading of no length it would stand beside itself once the utility tells its length.
    """
    started = []
    for reading in readings:
        if reading.start is None:
            unplaced.without_start += 1
        else:
            started.append(reading)
    started.sort(key=itemgetter(0))
    starts = sorted({reading.start for reading in started if reading.start is not None})
    spacing = {one: other - one for one, other in pairwise(starts)}
    if len(starts) > 1:
        spacing[starts[-1]] = spacing[starts[-2]]
    placed: list[IntervalReading] = []
    for reading in started:
        assert reading.start is not None
        if reading.seconds:
            placed.append(reading)
        elif 0 < (lasts := spacing.get(reading.start, 0)) <= LONGEST:
            unplaced.assumed_lengths += 1
            placed.append(reading._replace(seconds=lasts))
        else:
            unplaced.without_length += 1
    return Readings.of(placed)
