"""The reports of real feeds: each can be told, and says what is known of its feed."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from authorizations.models import Authorization
from greenbutton.display.quality_reports import all_reports_of
from greenbutton.display.quality_words import Said, said_of
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


TORONTO = ZoneInfo("America/Toronto")


def reports(name: str) -> list[Said]:
    authorization = Authorization.objects.create(
        utility=make_utility(slug="corpus"), origin=Authorization.Origin.FILE
    )
    with (CORPUS / name).open("rb") as file:
        store_feed(authorization, file, max_bytes=2**30)
    return said_of(all_reports_of(authorization), TORONTO)


@pytest.mark.parametrize("name", FILES)
def test_every_real_feed_can_be_told(name: str) -> None:
    expected = json.loads((CORPUS / "expected.json").read_text())[name]
    found = reports(name)
    readings = expected.get("distinct_readings", expected["readings"])
    assert sum(said.report.readings for said in found) == readings
    for said in found:
        assert all(figure.value for figure in said.figures)
        assert all(line.difference or line.remark for line in said.bills)


def test_monthly_gas_has_an_hour_too_much_or_too_little_where_clocks_changed() -> None:
    (said,) = reports("opower-gas-bills.xml")
    coverage = said.report.coverage
    assert [gap.seconds for gap in coverage.gaps] == [3600] * 3
    assert [overlap.seconds for overlap in coverage.overlaps] == [3600] * 3
    assert said.report.misfits == []


def test_days_of_23_and_25_hours_that_are_one_reading_each_fit() -> None:
    (said,) = reports("daily-one-year.xml")
    assert [(day.hours, day.fits) for day in said.report.odd_days] == [
        ("23", True),
        ("25", True),
        ("23", True),
    ]
    assert said.bills_intro.endswith("it agrees exactly.")


def test_a_bill_over_a_change_of_clocks_is_what_its_quarter_hours_add_up_to() -> None:
    (said,) = reports("openespi-test-usage-data.xml")
    (line,) = said.bills
    assert str(line.check.measured) == "1,298.6\u00a0kWh"
    assert (line.check.billed.first, line.check.billed.last) == (
        date(2012, 3, 1),
        date(2012, 3, 13),
    )
    assert line.difference == "none"
    assert [(day.hours, day.fits) for day in said.report.odd_days] == [("23", True)]


def test_bills_that_all_have_one_start_overlap() -> None:
    (said,) = reports("ngma-gas-float-starts.xml")
    assert said.report.coverage.percent == 100
    assert len(said.report.coverage.overlaps) == 1
