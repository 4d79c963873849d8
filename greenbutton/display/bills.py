"""Bills as a customer reads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from django.db.models import F

from greenbutton.display.meters import TOGETHER, Service
from greenbutton.display.periods import nearest_midnight
from greenbutton.display.units import Money, Quantity, scaled, unit_of
from greenbutton.espi.enums import ItemKind
from greenbutton.models import UsageSummary


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a bill."""

    words: str
    amount: Money | None


@dataclass(frozen=True, slots=True)
class Part:
    """What one agency charges for a period, and for what."""

    agency: str
    tariff: str
    amount: Money | None
    lines: tuple[Line, ...]

    def says_something(self) -> bool:
        """Whether there is more to it than its amount."""
        return bool(self.agency or self.tariff or self.lines)


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill: its days in the utility's zone, both included, what was used and what it came to.

    Where several agencies charge for one period, as a supplier and a distributor do, it is of all.
    """

    meter: str
    first: date | None
    last: date | None
    days: int | None
    used: Quantity | None
    amount: Money | None
    parts: tuple[Part, ...]

    def has_details(self) -> bool:
        """Whether a page has more to say of it than a line."""
        return len(self.parts) > 1 or any(part.says_something() for part in self.parts)


def bills_of(service: Service, place: str, zone: ZoneInfo) -> list[Bill]:
    """The bills of a service, or of the meter at one place of it, newest first."""
    points = [point for point in service.points if place in {TOGETHER, point.uid}]
    summaries = UsageSummary.objects.filter(usage_point__in=points).order_by(
        F("start").desc(nulls_last=True), "usage_point", "seconds", "-id"
    )
    periods = groupby(summaries, lambda one: (one.usage_point_id, one.start, one.seconds))
    return [
        bill_of(together, service.point_labels[point], zone)
        for (point, _, _), of_period in periods
        for together in by_agencies(list(of_period))
    ]


def by_agencies(summaries: list[UsageSummary]) -> list[list[UsageSummary]]:
    """The bills of a period as one if each names another agency; else a bill each.

    Two of one agency may be one bill that was made out anew, which is not to be paid twice.
    """
    agencies = {summary.agency for summary in summaries if summary.agency}
    has_period = summaries[0].start is not None
    if has_period and len(agencies) == len(summaries):
        return [sorted(summaries, key=lambda one: one.agency)]
    return [[summary] for summary in summaries]


def bill_of(summaries: Sequence[UsageSummary], meter: str, zone: ZoneInfo) -> Bill:
    """What one agency, or several, charge for a period."""
    first, last = days_of(summaries[0].start, summaries[0].end, zone)
    return Bill(
        meter=meter,
        first=first,
        last=last,
        days=(last - first).days + 1 if first and last else None,
        used=used_in_all(summaries),
        amount=sum_of([amount_of(summary) for summary in summaries]),
        parts=tuple(part_of(summary) for summary in summaries),
    )


def part_of(summary: UsageSummary) -> Part:
    return Part(
        agency=summary.agency,
        tariff=summary.tariff_profile,
        amount=amount_of(summary),
        lines=tuple(lines_of(summary)),
    )


def sum_of(amounts: Sequence[Money | None]) -> Money | None:
    """What they come to; None unless each is known, and all are of one currency."""
    known = [amount for amount in amounts if amount is not None]
    if len(known) < len(amounts) or len({amount.currency for amount in known}) != 1:
        return None
    return Money(sum(amount.hundred_thousandths for amount in known), known[0].currency)


def used_in_all(summaries: Sequence[UsageSummary]) -> Quantity | None:
    """What was used once and charged for by each; None where they disagree."""
    found = {used for summary in summaries if (used := used_in(summary)) is not None}
    return found.pop() if len(found) == 1 else None


def days_of(
    start: datetime | None, end: datetime | None, zone: ZoneInfo
) -> tuple[date | None, date | None]:
    """The first and the last day of a bill, which counts whole days.

    Feeds that forget a change of clocks, or mean Greenwich's midnight, put an end some hours beside
    midnight. The local midnight nearest to it is meant: so a bill of 30 days shows 30 of them, and
    the next one begins on the day after its last.
    """
    if start is None:
        return None, None
    first = nearest_midnight(start, zone)
    if end is None or end <= start:
        return first, None
    last = nearest_midnight(end, zone) - timedelta(days=1)
    if last >= first:
        return first, last
    # Less than a day: where it lies.
    return start.astimezone(zone).date(), (end - timedelta(seconds=1)).astimezone(zone).date()


def used_in(summary: UsageSummary) -> Quantity | None:
    """What was used in the period, in a unit that people know."""
    if summary.consumption is None:
        return None
    power = summary.consumption_power_of_ten
    unit = unit_of(summary.consumption_uom, power)
    return Quantity(scaled(summary.consumption, power, unit), unit)


def amount_of(summary: UsageSummary) -> Money | None:
    """The period's bill; `billToDate` where the utility fills only that."""
    amount = summary.bill_last_period
    if amount is None:
        amount = summary.bill_to_date
    return None if amount is None else Money(amount, summary.currency)


def lines_of(summary: UsageSummary) -> Iterable[Line]:
    """The bill's lines; espi.xsd gives their money no scale, in practice it is the bill's."""
    for item in summary.line_items:
        kind = ItemKind.known(item.get("item_kind"))
        words = item.get("note") or (kind.text.capitalize() if kind else "Other")
        amount = item.get("amount")
        yield Line(words, None if amount is None else Money(amount, summary.currency))
