"""A utility that counts its money in another unit is stored in the standard's."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from authorizations.models import Authorization
from greenbutton.espi import Entry, EspiError
from greenbutton.espi.interval_block import IntervalReading
from greenbutton.espi.line_item import LineItem
from greenbutton.espi.usage_summary import UsageSummary as EspiUsageSummary
from greenbutton.ingest.money import in_standard_unit
from greenbutton.ingest.store import store_feed
from greenbutton.models import ReadingDay, UsageSummary
from tests.cast import make_utility
from tests.greenbutton.ingest.documents import (
    HOUR,
    MEGABYTE,
    MIDNIGHT,
    bill,
    block,
    document,
    hours,
    meter,
)

pytestmark = pytest.mark.django_db
numbers = itertools.count(1)


def authorization(**quirks: object) -> Authorization:
    utility = make_utility(slug=f"money{next(numbers)}")
    utility.quirks = quirks
    utility.save()
    return Authorization.objects.create(utility=utility, origin=Authorization.Origin.FILE)


def detailed_bill() -> Entry:
    """A bill with every kind of amount."""
    made = bill(MIDNIGHT, total=1234)
    assert isinstance(made.resource, EspiUsageSummary)
    lines = (LineItem(amount=34, rounding=1, unit_cost=2, note="Delivery"),)
    summary = replace(
        made.resource, bill_to_date=7, cost_additional_last_period=8, line_items=lines
    )
    return replace(made, resource=summary)


@pytest.mark.parametrize(
    ("quirks", "factor"), [({}, 1), ({"cost_exponent": -2}, 1000), ({"cost_exponent": 0}, 100_000)]
)
def test_costs_and_bills_are_brought_to_the_standards_unit(
    quirks: dict[str, object], factor: int
) -> None:
    owner = authorization(**quirks)
    readings = [*hours([1, 2], cost=5), IntervalReading(MIDNIGHT + 2 * HOUR, HOUR, 3)]
    feed = document(*meter(), block(*readings), detailed_bill())
    stored = store_feed(owner, feed, max_bytes=MEGABYTE)
    day = ReadingDay.objects.get(authorization=owner)
    assert (day.costs, day.total_cost) == ([5 * factor, 5 * factor, None], 10 * factor)
    assert (day.values, stored.tally.cost_sum) == ([1, 2, 3], 10 * factor)
    summary = UsageSummary.objects.get()
    assert summary.bill_last_period == 1234 * factor
    (line,) = summary.line_items
    assert (line["amount"], line["rounding"], line["unit_cost"]) == (
        34 * factor,
        factor,
        2 * factor,
    )
    assert line["note"] == "Delivery"


def test_readings_that_leave_their_times_out_are_no_exception() -> None:
    owner = authorization(cost_exponent=-2)
    readings = [IntervalReading(None, None, value, 5) for value in (1, 2)]
    feed = document(*meter(interval_length=HOUR), block(*readings, start=MIDNIGHT))
    store_feed(owner, feed, max_bytes=MEGABYTE)
    assert ReadingDay.objects.get(authorization=owner).costs == [5000, 5000]


def test_the_standards_own_entries_are_not_even_touched() -> None:
    entries = [*meter(), block(*hours([1], cost=5))]
    assert in_standard_unit(entries, -5) is entries


@pytest.mark.parametrize("cost", [2**62, -(2**62)])
def test_an_amount_that_would_not_fit_is_refused(cost: int) -> None:
    owner = authorization(cost_exponent=0)
    feed = document(*meter(), block(*hours([1], cost=cost)))
    with pytest.raises(EspiError, match="larger than any bill"):
        store_feed(owner, feed, max_bytes=MEGABYTE)
    assert not ReadingDay.objects.exists()
