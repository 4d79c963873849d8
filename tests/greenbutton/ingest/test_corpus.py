"""Real feeds, stored: nothing is lost, and storing them again changes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.db.models import Sum

from authorizations.models import Authorization
from greenbutton.ingest.store import store_feed
from tests.cast import make_utility

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not CORPUS.is_dir(), reason="the real feeds are not here (../shared/corpus)"
    ),
]

REFUSED = {"pge-UsageSummary.xml"}
FILES = sorted(path.name for path in CORPUS.glob("*.xml") if path.name not in REFUSED)


@pytest.fixture
def authorization() -> Authorization:
    return Authorization.objects.create(
        utility=make_utility(slug="corpus"), origin=Authorization.Origin.FILE
    )


@pytest.mark.parametrize("name", FILES)
def test_a_real_feed_is_stored_whole_and_only_once(authorization: Authorization, name: str) -> None:
    expected = json.loads((CORPUS / "expected.json").read_text())[name]
    readings = expected.get("distinct_readings", expected["readings"])
    with (CORPUS / name).open("rb") as file:
        stored = store_feed(authorization, file, max_bytes=2**30)
    assert (stored.readings, stored.new) == (expected["readings"], readings)
    sums = authorization.reading_days.aggregate(count=Sum("count"), total=Sum("total"))
    assert (sums["count"] or 0) == readings
    assert (sums["total"] or 0) == expected.get("distinct_value_sum", expected["value_sum"])
    with (CORPUS / name).open("rb") as file:
        again = store_feed(authorization, file, max_bytes=2**30)
    assert (again.new, again.changed, again.bills, again.bills_changed) == (0, 0, 0, 0)


def test_gas_bills_that_all_have_one_start_are_all_kept(authorization: Authorization) -> None:
    with (CORPUS / "ngma-gas-float-starts.xml").open("rb") as file:
        store_feed(authorization, file, max_bytes=2**30)
    (day,) = authorization.reading_days.all()
    assert (day.count, day.total_cost) == (36, 516_414_000)


def test_a_2011_household_has_its_days_of_23_and_25_hours(authorization: Authorization) -> None:
    authorization.time_zone = "America/Los_Angeles"
    name = "coastal-multi-family-12h-blocks-2011.xml"
    with (CORPUS / name).open("rb") as file:
        store_feed(authorization, file, max_bytes=2**30)
    odd = authorization.reading_days.exclude(count=24).order_by("day")
    assert [(str(day.day), day.count) for day in odd] == [("2011-03-13", 23), ("2011-11-06", 25)]
    assert authorization.reading_days.count() == 365
