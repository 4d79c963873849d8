"""Is a new consent the same customer's, for the same meters, as an earlier one? Pure.

Utilities may give a meter, and all that hangs on it, another name with each consent. So names are
one kind of evidence; what else is known of a meter, and what it measured, are others. Where the
evidence does not decide, nothing is merged: two customers' readings in one place are worse than one
customer's in two.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

# Readings at the same times: with fewer, nothing is said; and of all of them so many must agree,
# since what was estimated is corrected later.
FEWEST_COMMON = 8
AGREEING = 0.9
# An idle meter looks like any other. So many different values, none of them 0, do not.
FEWEST_VALUES = 5

# When it began, in seconds of the epoch, and how long it lasted.
When = tuple[int, int]


class Answer(StrEnum):
    """What is known of the two."""

    SAME = "same"
    DIFFERENT = "different"
    UNCLEAR = "unclear"


class Agreement(StrEnum):
    """What the readings of two series say of their being one."""

    AGREES = "agrees"
    CONFLICTS = "conflicts"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Series:
    """A series of readings: its row, what tells it apart within its meter, some of its values."""

    key: int
    kind: tuple[int | None, ...]
    values: Mapping[When, int | None]


@dataclass(frozen=True, slots=True)
class MeterSide:
    """What is known of a meter by one consent. `marks` are by kind, the most telling first."""

    key: int
    identity: str
    service: int | None
    is_open: bool = True
    serials: frozenset[str] = frozenset()
    contracts: frozenset[str] = frozenset()
    delivery_points: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    series: tuple[Series, ...] = ()

    @property
    def marks(self) -> tuple[frozenset[str], ...]:
        """What tells it from other meters, each kind by itself."""
        return self.serials, self.contracts, self.delivery_points, self.addresses


@dataclass(frozen=True, slots=True)
class Side:
    """What is known by one consent: account numbers, spelt alike on both sides, and meters."""

    accounts: frozenset[str]
    meters: tuple[MeterSide, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, with reasons for staff; and which meter and series became which, old to new."""

    answer: Answer
    reasons: tuple[str, ...]
    meters: Mapping[int, int]
    series: Mapping[int, int]

    @property
    def is_same(self) -> bool:
        """Whether the earlier one may go on with the new consent."""
        return self.answer == Answer.SAME


@dataclass(frozen=True, slots=True)
class _Pair:
    old: MeterSide
    new: MeterSide
    agreement: Agreement
    series: Mapping[int, int]
    is_tidy: bool


def is_same(old: Side, new: Side, *, same_person: bool = False) -> Verdict:
    """Compare what an earlier consent brought with what a new one brings.

    `same_person` says that whoever gave the new one could see the earlier one anyway: the browser
    or the account is the same. A meter's name outlives its tenants, so without that, and without
    account numbers on both sides, each meter must have measured the same at the same times.

    1. Account numbers that have nothing in common are another customer's.
    2. Meters are paired: by name, then by what is known of them, then by what they measured.
    3. No pair, or an old and a new meter of one service beside the pairs, are other meters; pairs
       that do not measure the same are nobody's guess.
    4. Then the customer must be known to be the same, or each pair proved. Fewer meters are a
       narrower grant; more are only taken from a customer who is known.
    """
    customer = _same_accounts(old.accounts, new.accounts)
    if customer is False:
        return _no(Answer.DIFFERENT, "The account numbers are others.")
    known = bool(customer) or same_person
    if not new.meters:
        return _no(Answer.UNCLEAR, "The new consent has brought no meter so far.")
    if not old.meters:
        return _without_old(known)
    pairs = list(_paired(old.meters, new.meters))
    if problem := _apart(old, new, pairs) or _at_odds(pairs):
        return problem
    unproved = [pair for pair in pairs if pair.agreement != Agreement.AGREES]
    if not known and unproved:
        return _no(
            Answer.UNCLEAR,
            "The meters seem to be the same, but nothing shows that the customer is: there are no "
            "account numbers on both sides, and too few readings of the same times.",
        )
    if not known and len(pairs) < len(new.meters):
        return _no(Answer.UNCLEAR, "There are more meters than before, and nothing says whose.")
    return Verdict(
        Answer.SAME,
        tuple(_why(old, new, pairs, customer=bool(customer), same_person=same_person)),
        {pair.old.key: pair.new.key for pair in pairs},
        {before: after for pair in pairs for before, after in pair.series.items()},
    )


def agreement(old: Mapping[When, int | None], new: Mapping[When, int | None]) -> Agreement:
    """Whether two series measured the same wherever both know what was measured."""
    both = old.keys() & new.keys()
    common = [when for when in both if old[when] is not None and new[when] is not None]
    if len(common) < FEWEST_COMMON:
        return Agreement.UNKNOWN
    equal = [when for when in common if old[when] == new[when]]
    if len(equal) < AGREEING * len(common):
        return Agreement.CONFLICTS
    telling = {old[when] for when in equal} - {0}
    return Agreement.AGREES if len(telling) >= FEWEST_VALUES else Agreement.UNKNOWN


def _no(answer: Answer, *reasons: str) -> Verdict:
    return Verdict(answer, reasons, {}, {})


def _same_accounts(old: frozenset[str], new: frozenset[str]) -> bool | None:
    """None where one side does not say."""
    return bool(old & new) if old and new else None


def _without_old(known: bool) -> Verdict:
    if known:
        return Verdict(Answer.SAME, ("Nothing was collected before.",), {}, {})
    return _no(Answer.UNCLEAR, "Nothing was collected before, so there is nothing to compare.")


def _paired(old: Iterable[MeterSide], new: Iterable[MeterSide]) -> Iterable[_Pair]:
    """Meters that are one, by the first evidence that points at one alone."""
    before, after = list(old), list(new)
    tests: list[Callable[[MeterSide, MeterSide], bool]] = [_same_name]
    tests += [_same_mark(number) for number in range(len(MeterSide(0, "", None).marks))]
    tests += [_measured_the_same]
    for test in tests:
        for one, other in _mutual(before, after, test):
            before.remove(one)
            after.remove(other)
            series = _paired_series(one, other)
            said, tidy = _agreement_of(one, other, series), _tidy(one, other, series)
            yield _Pair(one, other, said, series, tidy)


def _mutual(
    old: list[MeterSide], new: list[MeterSide], test: Callable[[MeterSide, MeterSide], bool]
) -> list[tuple[MeterSide, MeterSide]]:
    """Those of which each fits the other and nobody else."""
    fits = [
        (one, other)
        for one in old
        for other in new
        if _same_service(one, other) and test(one, other)
    ]
    olds = Counter(one.key for one, _ in fits)
    news = Counter(other.key for _, other in fits)
    return [(one, other) for one, other in fits if olds[one.key] == news[other.key] == 1]


def _same_service(old: MeterSide, new: MeterSide) -> bool:
    return old.service is None or new.service is None or old.service == new.service


def _same_name(old: MeterSide, new: MeterSide) -> bool:
    return old.identity == new.identity


def _same_mark(number: int) -> Callable[[MeterSide, MeterSide], bool]:
    return lambda old, new: bool(old.marks[number] & new.marks[number])


def _measured_the_same(old: MeterSide, new: MeterSide) -> bool:
    return _agreement_of(old, new, _paired_series(old, new)) == Agreement.AGREES


def _paired_series(old: MeterSide, new: MeterSide) -> dict[int, int]:
    """The series of two meters that are one: alone of their kind, or else by what they measured."""
    found: dict[int, int] = {}
    for before, after in _by_kind(old, new):
        if len(before) == len(after) == 1:
            found[before[0].key] = after[0].key
            continue
        fits = [
            (one.key, other.key)
            for one in before
            for other in after
            if agreement(one.values, other.values) == Agreement.AGREES
        ]
        for one_key, other_key in fits:
            rivals = [fit for fit in fits if one_key == fit[0] or other_key == fit[1]]
            if len(rivals) == 1:
                found[one_key] = other_key
    return found


def _by_kind(old: MeterSide, new: MeterSide) -> Iterable[tuple[list[Series], list[Series]]]:
    """The series of each kind that both have."""
    before = defaultdict[tuple[int | None, ...], list[Series]](list)
    after = defaultdict[tuple[int | None, ...], list[Series]](list)
    for one in old.series:
        before[one.kind].append(one)
    for one in new.series:
        after[one.kind].append(one)
    return [(before[kind], after[kind]) for kind in before if kind in after]


def _agreement_of(old: MeterSide, new: MeterSide, series: Mapping[int, int]) -> Agreement:
    """What all series of two meters say together; one that conflicts is enough."""
    values = {one.key: one.values for one in old.series}
    others = {one.key: one.values for one in new.series}
    said = {agreement(values[one], others[other]) for one, other in series.items()}
    for answer in (Agreement.CONFLICTS, Agreement.AGREES):
        if answer in said:
            return answer
    return Agreement.UNKNOWN


def _tidy(old: MeterSide, new: MeterSide, series: Mapping[int, int]) -> bool:
    """Whether no new series may be an old one that was not recognised, and would come twice."""
    taken = set(series.values())
    return not any(
        other.key not in taken and one.key not in series
        for before, after in _by_kind(old, new)
        for one in before
        for other in after
    )


def _apart(old: Side, new: Side, pairs: list[_Pair]) -> Verdict | None:
    """A verdict where an old meter is missing and a new one may be it, or is in its place."""
    olds, news = {pair.old.key for pair in pairs}, {pair.new.key for pair in pairs}
    missing = [one for one in old.meters if one.key not in olds and (one.is_open or not pairs)]
    extra = [one for one in new.meters if one.key not in news]
    rivals = [(one, other) for one in missing for other in extra if _same_service(one, other)]
    if not pairs and all(_are_told_apart(one, other) for one, other in rivals):
        return _no(Answer.DIFFERENT, "None of the earlier meters is among the new ones.")
    if not rivals:
        return None
    if all(_are_told_apart(one, other) for one, other in rivals):
        return _no(Answer.DIFFERENT, "An earlier meter is missing, and another one has come.")
    return _no(Answer.UNCLEAR, "Which of the new meters is which of the earlier ones is not known.")


def _are_told_apart(old: MeterSide, new: MeterSide) -> bool:
    """Whether something that both sides tell says that these are two."""
    if _agreement_of(old, new, _paired_series(old, new)) == Agreement.CONFLICTS:
        return True
    both = [(one, other) for one, other in zip(old.marks, new.marks, strict=True) if one and other]
    return bool(both) and not any(one & other for one, other in both)


def _at_odds(pairs: list[_Pair]) -> Verdict | None:
    if any(pair.agreement == Agreement.CONFLICTS for pair in pairs):
        return _no(Answer.UNCLEAR, "A meter's readings are not those of the same times before.")
    if not all(pair.is_tidy for pair in pairs):
        return _no(Answer.UNCLEAR, "Which of a meter's series is which is not known.")
    return None


def _why(
    old: Side, new: Side, pairs: list[_Pair], *, customer: bool, same_person: bool
) -> Iterable[str]:
    if customer:
        yield "The account number is the same."
    elif same_person:
        yield "It was given in the same browser or account."
    proved = sum(pair.agreement == Agreement.AGREES for pair in pairs)
    yield f"{len(pairs)} of {len(old.meters)} meters were recognised, {proved} by their readings."
    if len(new.meters) > len(pairs):
        yield f"{len(new.meters) - len(pairs)} more came with it."
