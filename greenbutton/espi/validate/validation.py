from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

from greenbutton.espi.entry import Entry
from greenbutton.espi.feed import Feed
from greenbutton.espi.validate import bills, power_quality, reading_types, readings, usage_points
from greenbutton.espi.validate.document import Document
from greenbutton.espi.validate.function_blocks import claimed_by
from greenbutton.espi.validate.rule import DocumentRule, EntryRule, Problem, Rule

# Problems that wait to be of interest are kept with their places up to so many a rule, and beyond
# that are only counted.
MAX_WAITING = 500

RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in sorted(
        (
            *usage_points.RULES,
            *readings.RULES,
            *reading_types.RULES,
            *bills.RULES,
            *power_quality.RULES,
        ),
        key=lambda rule: rule.id,
    )
}
FUNCTION_BLOCKS = frozenset(rule.block for rule in RULES.values())


class Validation:
    """The problems of one document, while it is being read.

    `blocks` are the function blocks that are checked; where the caller did not name them, those
    that the document's content claims, so they are known when the iteration has ended. Raises
    EspiError as the feed does.
    """

    def __init__(self, feed: Feed, blocks: Collection[int] | None) -> None:
        self.blocks = set() if blocks is None else set(blocks)
        self._feed = feed
        self._is_open = blocks is None
        self._document = Document()
        self._waiting = _Waiting()
        candidates = RULES.values() if self._is_open else self.checked
        self._of_kind: defaultdict[type, list[EntryRule]] = defaultdict(list)
        for rule in candidates:
            if isinstance(rule, EntryRule):
                self._of_kind[rule.kind].append(rule)

    @property
    def checked(self) -> list[Rule]:
        return [rule for rule in RULES.values() if rule.block in self.blocks]

    @property
    def inapplicable(self) -> list[Rule]:
        """The rules of the other function blocks, which nobody claims that the document has."""
        return [rule for rule in RULES.values() if rule.block not in self.blocks]

    def __iter__(self) -> Iterator[Problem]:
        for entry in self._feed:
            self._document.add(entry, self._feed.entries)
            if self._is_open:
                yield from self._claimed(entry)
            for rule in self._of_kind.get(type(entry.resource), ()):
                if count := int(rule.broken(entry)):
                    yield from self._told(rule, rule.problem(entry.where, count=count))
        yield from self._misplaced()
        self._document.head = self._feed.head
        for one in self.checked:
            if isinstance(one, DocumentRule):
                for where, more in one.broken(self._document):
                    yield one.problem(where, more=more)

    def _misplaced(self) -> Iterator[Problem]:
        """What the reader takes from a place where it does not belong is missing all the same."""
        found = {(finding.detail, finding.where) for finding in self._feed.findings}
        for rule in self.checked:
            if isinstance(rule, EntryRule) and any(detail == rule.same for detail, _ in found):
                for entry in self._document.of(rule.kind):
                    if (rule.same, entry.where) in found:
                        yield rule.problem(entry.where, more="It is inside the content.")

    def _claimed(self, entry: Entry) -> Iterator[Problem]:
        """Take up the function blocks that the entry is the first to claim."""
        for block in sorted(claimed_by(entry) - self.blocks):
            self.blocks.add(block)
            yield from self._waiting.taken(block)

    def _told(self, rule: Rule, problem: Problem) -> Iterator[Problem]:
        if rule.block in self.blocks:
            yield problem
        else:
            self._waiting.add(rule, problem)


class _Waiting:
    """Problems of function blocks that the document has not claimed yet."""

    def __init__(self) -> None:
        self._problems: defaultdict[str, list[Problem]] = defaultdict(list)
        self._uncounted: defaultdict[str, int] = defaultdict(int)

    def add(self, rule: Rule, problem: Problem) -> None:
        if len(self._problems[rule.id]) < MAX_WAITING:
            self._problems[rule.id].append(problem)
        else:
            self._uncounted[rule.id] += problem.count

    def taken(self, block: int) -> Iterator[Problem]:
        """Give away what waits for a function block."""
        for rule in [rule for rule in RULES.values() if rule.block == block]:
            yield from self._problems.pop(rule.id, ())
            if count := self._uncounted.pop(rule.id, 0):
                yield rule.problem(None, more="(elsewhere too)", count=count)


def validate(feed: Feed, blocks: Collection[int] | None = None) -> Validation:
    """Check a document that `read_feed` has opened, and nobody has read from yet."""
    return Validation(feed, blocks)
