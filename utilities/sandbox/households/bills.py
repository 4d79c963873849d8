"""A month's bill, out of what the meter counted in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from functools import lru_cache

from greenbutton.espi.enums import ItemKind
from utilities.sandbox.households.days import DAY, days_between, midnight, next_month
from utilities.sandbox.households.meter import Meter
from utilities.sandbox.households.tariffs import CENT, TOU_WORDS

# The highest demand of so many months, this one among them, is the ratchet.
RATCHET_MONTHS = 12


class Side(Enum):
    """Who charges: whoever supplies, or whoever owns the wires and pipes."""

    SUPPLY = "supply"
    DELIVERY = "delivery"


@dataclass(frozen=True)
class Charge:
    """A line of a bill: money in 10^-5 of the currency, with what it was charged for."""

    side: Side
    note: str
    amount: int
    kind: ItemKind
    measured: int | None = None
    unit_cost: int | None = None


@dataclass(frozen=True)
class Totals:
    """What the meter counted from a local day until before another, and the highest demand."""

    used: int
    sent: int
    peak: int
    # By time of use.
    used_at: Counter[int]
    sent_at: Counter[int]
    last_day: tuple[int, int]
    day_before: tuple[int, int]


@dataclass(frozen=True)
class Bill:
    """One month's bill. Dates are local, the end excluded."""

    first: date
    end: date
    start: int
    seconds: int
    totals: Totals
    charges: tuple[Charge, ...]
    # The highest demand of a year, and when that year began.
    ratchet: int
    ratchet_start: int

    @property
    def consumption(self) -> int:
        """What was delivered to the customer."""
        return self.totals.used

    @property
    def amount(self) -> int:
        """What the customer pays; less than nothing where more was sent than used."""
        return sum(charge.amount for charge in self.charges)

    def charges_of(self, *sides: Side) -> list[Charge]:
        """The lines of one who charges, or of several."""
        return [charge for charge in self.charges if charge.side in sides]


def reading_day(meter: Meter) -> int:
    """The day of the month on which the meter is read for the bill."""
    return 2 + meter.seed % 26


def billing_periods(meter: Meter, start: int, end: int) -> Iterator[tuple[date, date]]:
    """The months, as local dates, that begin at or after `start` and are over by `end`."""
    first = datetime.fromtimestamp(start, meter.zone).date().replace(day=reading_day(meter))
    while midnight(after := next_month(first), meter.zone) <= end:
        if midnight(first, meter.zone) >= start:
            yield first, after
        first = after


def bill_of(meter: Meter, first: date, end: date) -> Bill:
    """The bill for the local days from `first` until before `end`."""
    totals = _totals(meter, first, end)
    start = midnight(first, meter.zone)
    charges = [*_supply(meter, totals), *_delivery(meter, totals)]
    year = list(_periods_of_a_year(first, end))
    return Bill(
        first=first,
        end=end,
        start=start,
        seconds=midnight(end, meter.zone) - start,
        totals=totals,
        charges=(*charges, *_taxes(meter, charges)),
        ratchet=max(_totals(meter, *period).peak for period in year),
        ratchet_start=midnight(year[-1][0], meter.zone),
    )


def _periods_of_a_year(first: date, end: date) -> Iterator[tuple[date, date]]:
    """This billing period and those before it."""
    for _ in range(RATCHET_MONTHS):
        yield first, end
        before = (first.replace(day=1) - DAY).replace(day=first.day)
        first, end = before, first


@lru_cache(maxsize=4096)
def _totals(meter: Meter, first: date, end: date) -> Totals:
    used_at: Counter[int] = Counter()
    sent_at: Counter[int] = Counter()
    peak = 0
    days: list[tuple[int, int]] = []
    for day in days_between(first, end):
        lived = meter.lived(day)
        peak = max(peak, meter.peak(lived))
        days.append((sum(lived.used), sum(lived.sent)))
        for code in set(lived.plan.tou):
            used_at[code] += _at(code, lived.used, lived.plan.tou)
            sent_at[code] += _at(code, lived.sent, lived.plan.tou)
    return Totals(
        used=used_at.total(),
        sent=sent_at.total(),
        peak=peak,
        used_at=used_at,
        sent_at=sent_at,
        last_day=days[-1],
        day_before=days[-2],
    )


def _at(code: int, values: list[int], tou: list[int]) -> int:
    """The sum of a day's values at one time of use."""
    # zip ends with the shorter: a meter without a roof of panels sends nothing.
    return sum(value for value, its in zip(values, tou, strict=False) if its == code)


def _supply(meter: Meter, totals: Totals) -> Iterator[Charge]:
    tariff, commodity = meter.profile.tariff, meter.profile.commodity
    fee = ItemKind.GENERATION_FEE if commodity.is_electricity else ItemKind.USAGE_FEE
    word = commodity.kind.text.capitalize()
    for code in sorted(tariff.prices):
        when = f", {TOU_WORDS[code]}" if code else ""
        price, used, sent = tariff.prices[code], totals.used_at[code], totals.sent_at[code]
        yield Charge(
            Side.SUPPLY, f"{word} used{when}", _to_cents(used * price // 1000), fee, used, price
        )
        if sent:
            yield Charge(
                Side.SUPPLY,
                f"{word} sent to the grid{when}",
                -_to_cents(sent * price // 1000),
                ItemKind.GENERATION_CREDIT,
                sent,
                -price,
            )


def _delivery(meter: Meter, totals: Totals) -> Iterator[Charge]:
    tariff = meter.profile.tariff
    amount = _to_cents(totals.used * tariff.delivery // 1000)
    yield Charge(
        Side.DELIVERY, "Delivery", amount, ItemKind.DELIVERY_FEE, unit_cost=tariff.delivery
    )
    if tariff.demand:
        amount = _to_cents(totals.peak * tariff.demand // 1000)
        yield Charge(
            Side.DELIVERY, "Demand", amount, ItemKind.DELIVERY_FEE, unit_cost=tariff.demand
        )
    yield Charge(Side.DELIVERY, "Monthly charge", tariff.fixed, ItemKind.ADMINISTRATION_FEE)


def _taxes(meter: Meter, charges: list[Charge]) -> Iterator[Charge]:
    """Each side's own; there is none on a credit."""
    for side in Side:
        amount = sum(charge.amount for charge in charges if charge.side is side)
        tax = _to_cents(max(amount, 0) * meter.profile.tariff.tax_percent // 100)
        if tax:
            yield Charge(side, "Taxes", tax, ItemKind.TAX)


def _to_cents(amount: int) -> int:
    return (amount + CENT // 2) // CENT * CENT
