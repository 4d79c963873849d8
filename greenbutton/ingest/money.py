"""Money in the one unit that is stored: 10^-5 of its currency (espi.xsd), whatever was sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from greenbutton.espi import Entry, EspiError
from greenbutton.espi.interval_block import IntervalBlock
from greenbutton.espi.line_item import LineItem
from greenbutton.espi.resources import Resource
from greenbutton.espi.usage_summary import UsageSummary
from utilities.quirks import STANDARD_COST_EXPONENT

# As large as the column of a cost.
LARGEST = 2**63 - 1


def in_standard_unit(entries: Iterable[Entry], exponent: int) -> Iterable[Entry]:
    """The entries with their money in 10^-5, which was in 10^`exponent` of the currency.

    The exponent is the standard's or a greater one, so every amount stays whole. Raises EspiError,
    as the entries come, for an amount that is then larger than can be stored.
    """
    if exponent == STANDARD_COST_EXPONENT:
        return entries
    return _scaled_entries(entries, 10 ** (exponent - STANDARD_COST_EXPONENT))


def _scaled_entries(entries: Iterable[Entry], factor: int) -> Iterator[Entry]:
    for entry in entries:
        yield replace(entry, resource=_scaled(entry.resource, factor))


def _scaled(resource: Resource, factor: int) -> Resource:
    if isinstance(resource, IntervalBlock):
        columns = resource.columns
        if columns.costs is None:
            return resource
        costs = [_times(cost, factor) for cost in columns.costs]
        return replace(resource, readings=replace(columns, costs=costs))
    if isinstance(resource, UsageSummary):
        return replace(
            resource,
            bill_last_period=_times(resource.bill_last_period, factor),
            bill_to_date=_times(resource.bill_to_date, factor),
            cost_additional_last_period=_times(resource.cost_additional_last_period, factor),
            line_items=tuple(_line(item, factor) for item in resource.line_items),
        )
    return resource


def _line(item: LineItem, factor: int) -> LineItem:
    return replace(
        item,
        amount=_times(item.amount, factor),
        rounding=_times(item.rounding, factor),
        unit_cost=_times(item.unit_cost, factor),
    )


def _times(amount: int | None, factor: int) -> int | None:
    if amount is None:
        return None
    if abs(amount * factor) > LARGEST:
        raise EspiError("An amount of money is larger than any bill.")
    return amount * factor
