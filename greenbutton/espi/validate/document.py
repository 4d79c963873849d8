from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar, cast

from greenbutton.espi.entry import Entry
from greenbutton.espi.feed import FeedHead
from greenbutton.espi.interval_block import IntervalBlock
from greenbutton.espi.meter_reading import MeterReading

R = TypeVar("R")
_BLOCK = IntervalBlock()


class Document:
    """What is remembered of a document until its end, for the rules that look at all of it.

    Of interval blocks, their links and the starts of their readings: eight bytes a reading.
    """

    def __init__(self) -> None:
        self.head: FeedHead | None = None
        self.ids: Counter[str] = Counter()
        self._entries: defaultdict[type, list[Entry]] = defaultdict(list)
        self._related: defaultdict[type, dict[str, list[Entry]]] = defaultdict(dict)
        self._self_links: defaultdict[type, Counter[str]] = defaultdict(Counter)
        self._readings: defaultdict[str, array[int]] = defaultdict(lambda: array("q"))
        self._blocks: defaultdict[str, array[int]] = defaultdict(lambda: array("q"))
        self._number = 0
        self._kinds_of_number: set[type] = set()

    def add(self, entry: Entry, number: int) -> None:
        """Remember a resource; `number` counts Atom entries, of which one may hold several."""
        kind = type(entry.resource)
        if number != self._number:
            self._number, self._kinds_of_number = number, set()
            if entry.id:
                self.ids[entry.id] += 1
        if isinstance(entry.resource, IntervalBlock):
            self._add_starts(entry.up, entry.resource)
            entry = replace(entry, resource=_BLOCK)
        self._entries[kind].append(entry)
        for href in entry.related:
            self._related[kind].setdefault(href, []).append(entry)
        if kind not in self._kinds_of_number:
            self._kinds_of_number.add(kind)
            if entry.self_href:
                self._self_links[kind][entry.self_href] += 1

    def _add_starts(self, up: str | None, block: IntervalBlock) -> None:
        if up is None:
            return
        starts = block.columns.starts
        self._readings[up].extend(start for start in starts if start is not None)
        if block.start is not None:
            self._blocks[up].append(block.start)

    def of(self, kind: type) -> list[Entry]:
        """The entries of a kind of resource, in the document's order."""
        return self._entries[kind]

    def resources(self, kind: type[R]) -> Iterator[R]:
        return (cast(R, entry.resource) for entry in self._entries[kind])

    def repeated_self_links(self, kind: type) -> Iterator[tuple[str, int]]:
        """Each self link that several entries of a kind have, and how many."""
        return repeated(self._self_links[kind])

    def self_links(self, kind: type) -> set[str]:
        return set(self._self_links[kind])

    def related_to(self, kind: type, href: str | None) -> list[Entry]:
        """The entries of a kind that relate to a link; of those with one self link, the first."""
        found = self._related[kind].get(href or "", [])
        unique = {entry.self_href or str(entry.ordinal): entry for entry in reversed(found)}
        return list(unique.values())

    def reading_starts(self) -> Iterator[tuple[str, list[int]]]:
        """The starts of the readings of each meter reading, with the place of the latter."""
        return self._by_meter_reading(self._readings)

    def block_starts(self) -> Iterator[tuple[str, list[int]]]:
        """The starts of the interval blocks of each meter reading, with the place of the latter."""
        return self._by_meter_reading(self._blocks)

    def _by_meter_reading(self, starts: dict[str, array[int]]) -> Iterator[tuple[str, list[int]]]:
        """Blocks whose meter reading is not in the document are taken together by their up link."""
        orphans = dict.fromkeys(starts)
        for entry in self.of(MeterReading):
            found: list[int] = []
            for href in entry.related:
                found += starts.get(href, ())
                orphans.pop(href, None)
            yield entry.where, found
        for href in orphans:
            yield href, list(starts[href])


def repeated(counts: Counter[str]) -> Iterator[tuple[str, int]]:
    return ((name, count) for name, count in counts.items() if count > 1)


def how_many_repeat(starts: Iterable[int]) -> int:
    """How many of the numbers have come before."""
    ordered = sorted(starts)
    return sum(one == next_one for one, next_one in pairwise(ordered))
