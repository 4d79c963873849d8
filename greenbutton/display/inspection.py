"""What a Green Button document holds, and how it was checked, as trees in a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from unicodedata import category

from rich.text import Text
from rich.tree import Tree

from greenbutton.display.periods import lasting
from greenbutton.display.units import Money, Quantity, scaled, unit_of
from greenbutton.espi.convert import BillRow
from greenbutton.espi.describe import (
    CUSTOMER_SIDE,
    DescribedMeterReading,
    DescribedUsagePoint,
    Description,
    Totals,
    grouped,
    values_of,
)
from greenbutton.espi.entry import Entry
from greenbutton.espi.enums import FlowDirectionKind, ServiceKind, UnitSymbol
from greenbutton.espi.findings import Finding
from greenbutton.espi.scale import plain
from greenbutton.espi.validate import NAMES, RULES, Report, Severity
from greenbutton.espi.validate.schema import Breach

# What the tree tells by itself, or under its usage point.
TOLD = {
    "UsagePoint",
    "MeterReading",
    "ReadingType",
    "IntervalBlock",
    "UsageSummary",
    "ElectricPowerUsageSummary",
    "LocalTimeParameters",
}


SHOWN_PLACES = 3
SHOWN_BREACHES = 20
STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow"}


def tree_of(name: str, described: Description, *, personal: bool) -> Tree:
    """The document as a tree; names, addresses and numbers of the customer only if `personal`."""
    entries = "1 entry" if described.entries == 1 else f"{described.entries:,} entries"
    tree = Tree(shown(f"{name}: {entries}"))
    if personal and described.head and described.head.title:
        tree.add(shown(f"Title: {described.head.title}"))
    for one in described.usage_points:
        _add_usage_point(tree, one)
    if described.customer:
        _add_customer(tree, described.customer, personal=personal)
    others = {kind: count for kind, count in described.types.items() if _is_other(kind)}
    if others:
        tree.add(shown("Also: " + _counted(others)))
    _add_findings(tree, grouped(described, personal=personal))
    return tree


def shown(words: str) -> Text:
    """Text as it is: nothing in it moves the cursor, turns the line, or is taken for a colour."""
    return Text(
        "".join("\N{REPLACEMENT CHARACTER}" if _acts(letter) else letter for letter in words)
    )


def _acts(letter: str) -> bool:
    """Whether it does something, where a letter would be seen."""
    return category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _is_other(kind: str) -> bool:
    return kind not in TOLD and not kind.endswith(CUSTOMER_SIDE)


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in sorted(counts.items()))


def _add_usage_point(tree: Tree, one: DescribedUsagePoint) -> None:
    service = ServiceKind.words(one.kind) or "service unknown"
    missing = "" if one.linked.entry else ", not in the document"
    branch = tree.add(shown(f"Usage point {one.linked.identity}: {service}{missing}"))
    for meter_reading in one.meter_readings:
        leaf = branch.add(shown(f"Meter reading {meter_reading.linked.identity}"))
        for line in _meter_reading_lines(meter_reading, one.offset):
            leaf.add(shown(line))
    for bill in one.bills:
        branch.add(shown(_bill_line(bill)))


def _meter_reading_lines(one: DescribedMeterReading, offset: int | None) -> Iterator[str]:
    its, totals = one.reading_type, one.totals
    unit = UnitSymbol.words(its.uom) or "unit unknown"
    power = f" × 10^{its.power_of_ten}" if its.power_of_ten else ""
    length = f"every {lasting(seconds)}" if (seconds := its.interval_length or 0) > 0 else ""
    flow = FlowDirectionKind.words(its.flow_direction)
    yield ", ".join(filter(None, (unit + power, flow, length)))
    yield f"{_number(totals.readings, 'reading')} in {_number(totals.blocks, 'block')}"
    yield from _span_lines(totals, offset)
    if totals.readings and one.is_sum:
        known = unit_of(its.uom, its.power_of_ten)
        if not known.is_level:
            yield f"Sum {Quantity(scaled(totals.value_sum, its.power_of_ten, known), known)}"
    if totals.cost_sum is not None:
        yield f"Costs {Money(totals.cost_sum, its.currency)}"


def _span_lines(totals: Totals, offset: int | None) -> Iterator[str]:
    if totals.first is None or totals.end is None:
        return
    yield f"From {_clock(totals.first, UTC)} to {_clock(totals.end, UTC)} UTC"
    if offset:
        zone = timezone(timedelta(seconds=offset))
        span = f"From {_clock(totals.first, zone)} to {_clock(totals.end, zone)}"
        yield f"{span} {zone.tzname(None)}, which the feed calls standard time"


def _clock(seconds: int, zone: timezone) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC).astimezone(zone):%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError, OSError):  # no calendar goes as far
        return f"{seconds} s"


def _bill_line(bill: BillRow) -> str:
    period = f"from {bill.start}" if bill.start else "without a period"
    length = f" for {lasting(bill.seconds)}" if bill.seconds and bill.seconds > 0 else ""
    due = bill.bill_money if bill.bill_money is not None else bill.bill_to_date_money
    amount = "no amount" if due is None else f"{plain(due)} {bill.currency or '(currency unknown)'}"
    used = "" if bill.quantity is None else f", {plain(bill.quantity)} {bill.unit}"
    lines = f", {_number(len(bill.lines), 'line')}" if bill.lines else ""
    return f"Bill {period}{length}: {amount}{used}{lines}"


def _add_customer(tree: Tree, entries: Iterable[Entry], *, personal: bool) -> None:
    kinds = [(entry.type.removesuffix(CUSTOMER_SIDE), entry.resource) for entry in entries]
    counts = _counted(Counter(kind for kind, _ in kinds))
    hidden = "" if personal else " (what they say is hidden; --personal shows it)"
    branch = tree.add(shown(f"Customer side: {counts}{hidden}"))
    if personal:
        for kind, resource in kinds:
            leaf = branch.add(shown(kind))
            for path, value in values_of(resource):
                leaf.add(shown(f"{path}: {value}"))


def _add_findings(tree: Tree, findings: list[Finding]) -> None:
    branch = tree.add(shown("Findings" if findings else "No findings: nothing in it is odd"))
    for one in findings:
        at = f" (first at {one.where})" if one.where else ""
        branch.add(shown(f"{one.count:,} × {one.code}: {one.detail}{at}"))


def report_tree(name: str, report: Report) -> Tree:
    """What came of a validation: each broken rule with its first places."""
    tree = Tree(shown(f"{name}: {_verdict(report)}"))
    for severity in Severity:
        for rule_id in report.broken(severity):
            rule, count = RULES[rule_id], report.counts[rule_id]
            times = f" ({count:,} times)" if count > 1 else ""
            line = shown(f"{rule_id} {severity}: {rule.says}{times}")
            line.stylize(STYLES[severity], 0, line.plain.index(":"))
            branch = tree.add(line)
            places = report.places[rule_id]
            for place in places[:SHOWN_PLACES]:
                more = place.detail.removeprefix(rule.says)
                if words := f"{place.where or ''}{more}".strip():
                    branch.add(shown(words))
            if len(places) > SHOWN_PLACES:
                branch.add(shown("and elsewhere"))
    blocks = [f"{block:02} {NAMES[block]}" for block in report.blocks]
    tree.add(shown(f"Function blocks checked: {'; '.join(blocks) or 'none'}"))
    if report.inapplicable:
        others = sorted({rule.block for rule in report.inapplicable})
        tree.add(
            shown(
                f"Not applied: {len(report.inapplicable)} rules of function blocks "
                f"{', '.join(f'{block:02}' for block in others)}"
            )
        )
    return tree


def add_breaches(tree: Tree, breaches: list[Breach]) -> None:
    """Say below a report where the document is not as its schema has it."""
    if not breaches:
        tree.add(shown("Every element is as the schemas have it"))
        return
    branch = tree.add(shown("Not as the schemas have it"))
    for breach in breaches[:SHOWN_BREACHES]:
        branch.add(shown(f"{breach.path}: {breach.says}"))
    if len(breaches) > SHOWN_BREACHES:
        branch.add(shown("and elsewhere"))


def _verdict(report: Report) -> str:
    if not report.blocks:
        return "it has nothing that these rules are about"
    errors, warnings = (len(report.broken(severity)) for severity in Severity)
    if not errors and not warnings:
        return "every rule is kept"
    return f"{_number(errors, 'error')}, {_number(warnings, 'warning')}"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
