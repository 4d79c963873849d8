"""Bills as a customer reads them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import F

from greenbutton.display.meters import Service
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
class Bill:
    """A bill: its days in the utility's zone, both included, what was used and what it came to."""

    meter: str
    first: date | None
    last: date | None
    days: int | None
    used: Quantity | None
    amount: Money | None
    lines: tuple[Line, ...]
    tariff: str
    agency: str


def bills_of(service: Service, zone: ZoneInfo) -> list[Bill]:
    """The service's bills, newest first."""
    summaries = UsageSummary.objects.filter(usage_point__in=service.points).order_by(
        F("start").desc(nulls_last=True), "usage_point", "-id"
    )
    return [
        bill_of(summary, service.point_labels[summary.usage_point_id], zone)
        for summary in summaries
    ]


def bill_of(summary: UsageSummary, meter: str, zone: ZoneInfo) -> Bill:
    first, last = days_of(summary.start, summary.end, zone)
    return Bill(
        meter=meter,
        first=first,
        last=last,
        days=(last - first).days + 1 if first and last else None,
        used=used_in(summary),
        amount=amount_of(summary),
        lines=tuple(lines_of(summary)),
        tariff=summary.tariff_profile,
        agency=summary.agency,
    )


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
