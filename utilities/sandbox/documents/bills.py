"""Bills: a usage summary for each month, and for each agency that charges for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial

from greenbutton.espi import Entry
from greenbutton.espi.enums import QualityOfReading
from greenbutton.espi.line_item import LineItem
from greenbutton.espi.period import Period
from greenbutton.espi.summary_measurement import SummaryMeasurement
from greenbutton.espi.usage_summary import UsageSummary
from utilities.sandbox.documents.sharing import Sharing
from utilities.sandbox.documents.tree import Collection, Node
from utilities.sandbox.households import (
    Bill,
    Charge,
    Meter,
    Profile,
    Side,
    bill_of,
    billing_periods,
    reading_day,
)
from utilities.sandbox.models import Service
from utilities.sandbox.programmes import Programme


@dataclass(frozen=True)
class Agency:
    """Who charges for what. `meters` is whether it counts the consumption: one of them does."""

    name: str
    sides: tuple[Side, ...]
    meters: bool = True
    suffix: str = ""


def agencies(programme: Programme, profile: Profile) -> list[Agency]:
    """A community choice utility supplies the electricity; wires, meters and gas are another's."""
    if not programme.distributor:
        return [Agency(programme.legal_name, (Side.SUPPLY, Side.DELIVERY))]
    if not profile.commodity.is_electricity:
        return [Agency(programme.distributor, (Side.SUPPLY, Side.DELIVERY))]
    return [
        Agency(programme.distributor, (Side.DELIVERY,)),
        Agency(programme.legal_name, (Side.SUPPLY,), meters=False, suffix="-supply"),
    ]


def collection(sharing: Sharing, service: Service) -> Collection:
    """The usage summaries of a usage point."""
    href = f"{sharing.point_href(service)}/UsageSummary"
    return Collection(href, partial(_nodes, sharing, service, href))


def periods(sharing: Sharing, service: Service) -> Iterator[tuple[date, date]]:
    """The billing periods that are over, shared, and asked for."""
    meter, now = sharing.meter(service), int(sharing.now.timestamp())
    for first, end in billing_periods(meter, sharing.earliest, now):
        if sharing.has(*sharing.span(first, end)):
            yield first, end


def summary_href(sharing: Sharing, service: Service, first: date, agency: Agency) -> str:
    """The address of an agency's summary of the period that begins on a day."""
    return f"{sharing.point_href(service)}/UsageSummary/{first:%Y%m%d}{agency.suffix}"


def _nodes(sharing: Sharing, service: Service, up: str) -> Iterator[Node]:
    for first, end in periods(sharing, service):
        for agency in agencies(sharing.programme, sharing.profile(service)):
            href = summary_href(sharing, service, first, agency)
            yield Node(href, partial(_entry, sharing, service, (first, end), agency, href))


def _entry(
    sharing: Sharing, service: Service, period: tuple[date, date], agency: Agency, href: str
) -> Entry:
    meter = sharing.meter(service)
    bill = bill_of(meter, *period)
    summary = _summary(sharing.programme, meter, bill, agency)
    return sharing.entry(href, "Bill", summary, at=bill.start + bill.seconds)


def _summary(programme: Programme, meter: Meter, bill: Bill, agency: Agency) -> UsageSummary:
    """The bill as of its period's end, so what is "current" is the period's as well."""
    totals, end = bill.totals, bill.start + bill.seconds
    charges = bill.charges_of(*agency.sides)
    amount = sum(charge.amount for charge in charges)
    sends = bool(meter.profile.solar)
    used = partial(_measured, meter, end)
    return UsageSummary(
        billing_period=Period(bill.start, bill.seconds),
        bill_last_period=amount,
        bill_to_date=amount,
        # Nothing beyond the bill: its lines are all of it, and a reader may add this to it.
        cost_additional_last_period=0,
        line_items=tuple(_line(meter, end, charge) for charge in charges),
        currency=programme.currency,
        # The same energy is charged for twice, but was used once. Whoever does not meter it says
        # only in which unit it is.
        overall_consumption=used(totals.used if agency.meters else None),
        current_billing_period_consumption=used(totals.used) if agency.meters else None,
        current_day_net_consumption=used(_net(totals.last_day)) if sends else None,
        current_day_overall_consumption=used(totals.last_day[0]),
        peak_demand=_demand(meter, end, totals.peak),
        previous_day_net_consumption=used(_net(totals.day_before)) if sends else None,
        previous_day_overall_consumption=used(totals.day_before[0]),
        quality_of_reading=QualityOfReading.VALID,
        ratchet_demand=_demand(meter, end, bill.ratchet),
        ratchet_demand_period=Period(bill.ratchet_start, end - bill.ratchet_start),
        status_time_stamp=end,
        commodity=meter.profile.commodity.commodity,
        tariff_profile=meter.profile.tariff.name,
        read_cycle=f"{reading_day(meter):02d}",
        billing_charge_source=agency.name,
    )


def _net(day: tuple[int, int]) -> int:
    used, sent = day
    return used - sent


def _measured(meter: Meter, at: int, value: int | None) -> SummaryMeasurement:
    commodity = meter.profile.commodity
    return SummaryMeasurement(value, commodity.power_of_ten, commodity.uom, at)


def _demand(meter: Meter, at: int, value: int) -> SummaryMeasurement:
    return SummaryMeasurement(value, 0, meter.profile.commodity.demand_uom, at)


def _line(meter: Meter, end: int, charge: Charge) -> LineItem:
    return LineItem(
        amount=charge.amount,
        note=charge.note,
        measurement=None if charge.measured is None else _measured(meter, end, charge.measured),
        item_kind=charge.kind,
        unit_cost=charge.unit_cost,
    )
