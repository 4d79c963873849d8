"""What is in a document, in few enough words for a person to take in."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from operator import add
from typing import Any, cast

from greenbutton.espi.convert import BillRow, as_object, bill_of, moment, quantity
from greenbutton.espi.entry import Entry
from greenbutton.espi.enums import (
    AccumulationKind,
    CommodityKind,
    Currency,
    FlowDirectionKind,
    ServiceKind,
    UnitSymbol,
)
from greenbutton.espi.feed import FeedHead, read_feed
from greenbutton.espi.findings import Finding
from greenbutton.espi.interval_block import IntervalBlock
from greenbutton.espi.links import LinkedMeterReading, LinkedUsagePoint, Linker, Tree
from greenbutton.espi.local_time_parameters import LocalTimeParameters
from greenbutton.espi.readable import Readable
from greenbutton.espi.reading_type import ReadingType
from greenbutton.espi.scale import money, plain
from greenbutton.espi.usage_point import UsagePoint

# As entry.type ends for what is in the customer's schema.
CUSTOMER_SIDE = "@cust"
DAY = 86_400
ADDED_UP = (None, AccumulationKind.NOT_APPLICABLE, AccumulationKind.DELTA)


@dataclass(slots=True)
class Totals:
    """Blocks and readings added up: raw sums, and the UTC seconds from `first` to `end`.

    `cost_sum` is None where no reading has a cost. `untimed` readings left their times to their
    reading type.
    """

    blocks: int = 0
    readings: int = 0
    value_sum: int = 0
    cost_sum: int | None = None
    first: int | None = None
    end: int | None = None
    untimed: int = 0

    @classmethod
    def of(cls, block: IntervalBlock) -> Totals:
        columns = block.columns
        starts = [start for start in columns.starts if start is not None]
        if len(starts) == len(columns) and None not in columns.seconds:
            ends = map(add, starts, cast("list[int]", columns.seconds))
        else:
            timed = (one for one in columns if one.start is not None)
            ends = map(add, starts, (one.seconds or 0 for one in timed))
        costs = [cost for cost in columns.costs or () if cost is not None]
        return cls(
            blocks=1,
            readings=len(columns),
            value_sum=sum(value for value in columns.values if value is not None),
            cost_sum=sum(costs) if costs else None,
            first=min(starts, default=block.start),
            end=max(ends, default=block.start),
            untimed=len(columns) - len(starts),
        )

    def add(self, other: Totals, interval_length: int | None) -> None:
        """Take in those of a block, whose untimed readings follow one another from its start."""
        end = other.end
        if other.untimed == other.readings and other.first is not None:
            end = other.first + other.readings * (interval_length or 0)
        self.blocks += other.blocks
        self.readings += other.readings
        self.value_sum += other.value_sum
        self.untimed += other.untimed
        if other.cost_sum is not None:
            self.cost_sum = (self.cost_sum or 0) + other.cost_sum
        self.first = min(
            (one for one in (self.first, other.first) if one is not None), default=None
        )
        self.end = max((one for one in (self.end, end) if one is not None), default=None)


@dataclass(frozen=True, slots=True)
class DescribedMeterReading:
    linked: LinkedMeterReading
    totals: Totals

    @property
    def reading_type(self) -> ReadingType:
        return self.linked.reading_type or ReadingType()

    @property
    def is_sum(self) -> bool:
        """Whether its values may be added up; those of a register or of a power may not."""
        return self.reading_type.accumulation_behaviour in ADDED_UP


@dataclass(frozen=True, slots=True)
class DescribedUsagePoint:
    linked: LinkedUsagePoint
    meter_readings: tuple[DescribedMeterReading, ...]
    bills: tuple[BillRow, ...]

    @property
    def kind(self) -> int | None:
        entry = self.linked.entry
        return entry.resource.kind if entry and isinstance(entry.resource, UsagePoint) else None

    @property
    def offset(self) -> int | None:
        """Standard time in seconds from UTC, as the feed says; None for what no clock has."""
        return offset_of(self.linked.local_time)


@dataclass(slots=True)
class Description:
    """A document. `customer` are the entries of the customer's side, with their personal data."""

    entries: int = 0
    head: FeedHead | None = None
    types: Counter[str] = field(default_factory=Counter)
    usage_points: list[DescribedUsagePoint] = field(default_factory=list)
    customer: list[Entry] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def describe(file: Readable, *, max_bytes: int) -> Description:
    """Read a document to its end; raises EspiError as read_feed does."""
    feed, linker = read_feed(file, max_bytes=max_bytes), Linker()
    described, totals = Description(), dict[int, Totals]()
    for entry in feed:
        linker.add(entry)
        described.types[entry.type] += 1
        if isinstance(entry.resource, IntervalBlock):
            totals[entry.ordinal] = Totals.of(entry.resource)
        elif entry.type.endswith(CUSTOMER_SIDE):
            described.customer.append(entry)
    tree = linker.resolve()
    described.entries, described.head = feed.entries, feed.head
    described.usage_points = list(_usage_points(tree, totals))
    described.findings = [*feed.findings, *tree.findings]
    return described


def _usage_points(tree: Tree, of_blocks: dict[int, Totals]) -> Iterator[DescribedUsagePoint]:
    described = {
        identity: DescribedMeterReading(linked, Totals())
        for identity, linked in tree.meter_readings.items()
    }
    for ordinal, identity in tree.blocks.items():
        one = described[identity]
        one.totals.add(of_blocks[ordinal], one.reading_type.interval_length)
    meter_readings: defaultdict[str, list[DescribedMeterReading]] = defaultdict(list)
    for one in described.values():
        meter_readings[one.linked.usage_point].append(one)
    bills: defaultdict[str, list[BillRow]] = defaultdict(list)
    for _, summary in sorted(tree.summaries.items()):
        bills[summary.usage_point].append(bill_of(summary))
    for identity, linked in tree.usage_points.items():
        yield DescribedUsagePoint(linked, tuple(meter_readings[identity]), tuple(bills[identity]))


def offset_of(local_time: LocalTimeParameters | None) -> int | None:
    offset = local_time.tz_offset if local_time else None
    return offset if offset is not None and abs(offset) < DAY else None


def grouped(described: Description, *, personal: bool) -> list[Finding]:
    """The findings, one a sentence, with the first place of each.

    The links of the customer's side hold account numbers; they are places only if `personal`.
    """
    hidden = set() if personal else {entry.where for entry in described.customer}
    found: dict[tuple[str, str], Finding] = {}
    for one in described.findings:
        where = "the customer side" if one.where in hidden else one.where
        before = found.get((one.code, one.detail), replace(one, where=where, count=0))
        found[one.code, one.detail] = replace(before, count=before.count + one.count)
    return [found[key] for key in sorted(found)]


def as_json(described: Description, *, personal: bool) -> dict[str, Any]:
    """The description as json takes it; names, addresses and numbers only if `personal`."""
    head = described.head or FeedHead()
    customer_side = [entry.type.removesuffix(CUSTOMER_SIDE) for entry in described.customer]
    report: dict[str, Any] = {
        "entries": described.entries,
        "types": dict(sorted(described.types.items())),
        "feed": {"id": head.id, "updated": head.updated.isoformat() if head.updated else None},
        "usage_points": [_usage_point(one) for one in described.usage_points],
        "customer_side": dict(Counter(customer_side)),
        "findings": [asdict(finding) for finding in grouped(described, personal=personal)],
    }
    if personal:
        report["feed"]["title"] = head.title
        report["customer_side_values"] = [
            {"type": kind, "where": entry.where, "values": dict(values_of(entry.resource))}
            for kind, entry in zip(customer_side, described.customer, strict=True)
        ]
    return report


def _usage_point(one: DescribedUsagePoint) -> dict[str, Any]:
    return {
        "identity": one.linked.identity,
        "service": ServiceKind.words(one.kind),
        "standard_offset": one.offset,
        "meter_readings": [_meter_reading(its) for its in one.meter_readings],
        "bills": [as_object(bill) for bill in one.bills],
    }


def _meter_reading(one: DescribedMeterReading) -> dict[str, Any]:
    its, totals = one.reading_type, one.totals
    total = quantity(totals.value_sum, its.power_of_ten) if one.is_sum else None
    return {
        "identity": one.linked.identity,
        "unit": UnitSymbol.words(its.uom),
        "power_of_ten": its.power_of_ten,
        "commodity": CommodityKind.words(its.commodity),
        "flow": FlowDirectionKind.words(its.flow_direction),
        "interval_length": its.interval_length,
        "blocks": totals.blocks,
        "readings": totals.readings,
        "value_sum": totals.value_sum,
        "quantity": None if total is None else plain(total),
        "cost_sum": totals.cost_sum,
        "money": None if totals.cost_sum is None else plain(money(totals.cost_sum)),
        "currency": Currency.words(its.currency),
        "first": moment(totals.first),
        "end": moment(totals.end),
    }


def values_of(resource: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield all that a resource says, by the path to it: ("main_address.street_detail.name", …)."""
    if resource is None:
        return
    if isinstance(resource, tuple):
        for number, one in enumerate(resource, 1):
            yield from values_of(one, f"{path}.{number}" if path else str(number))
    elif is_dataclass(resource):
        for its in fields(resource):
            yield from values_of(
                getattr(resource, its.name), f"{path}.{its.name}" if path else its.name
            )
    else:
        yield path, str(resource)
