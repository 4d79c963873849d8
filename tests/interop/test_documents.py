"""Other people's readers, and our own store, agree on what the sandbox serves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from greenbutton_objects.parse import parse_feed

from authorizations.models import Authorization
from authorizations.tokens import fresh_access_token
from greenbutton.ingest.pull import pull
from greenbutton.models import Pull, ReadingDay, UsageSummary
from tests import cast
from tests.at_the_sandbox import connect
from tests.interop.conftest import Node
from utilities.models import Utility

pytestmark = pytest.mark.xdist_group("interop")


@dataclass(frozen=True)
class Sums:
    """What both must agree on; values and costs are the raw integers, added up."""

    readings: int
    values: int
    costs: int


@pytest.fixture
def collected(svce: Utility, at_utility: httpx.Client) -> Authorization:
    """A household of SVCE whose two years are in our database."""
    authorization = connect(at_utility, svce, cast.ada())
    done = pull(authorization)
    assert done is not None
    assert (done.state, done.findings) == (Pull.State.DONE, [])
    authorization.refresh_from_db()
    return authorization


def stored(authorization: Authorization) -> Sums:
    """By the arrays, not by the days' totals, which are ours as well."""
    days = ReadingDay.objects.filter(authorization=authorization)
    return Sums(
        readings=sum(len(day.values) for day in days),
        values=sum(value or 0 for day in days for value in day.values),
        costs=sum(cost or 0 for day in days for cost in day.costs or []),
    )


def stored_thousandths(authorization: Authorization) -> int:
    """The stored values in thousandths of their units."""
    days = ReadingDay.objects.filter(authorization=authorization).select_related("meter_reading")
    return sum(
        sum(value or 0 for value in day.values) * 10 ** (3 + (day.meter_reading.power_of_ten or 0))
        for day in days
    )


def download(authorization: Authorization, folder: Path) -> Path:
    """The whole document, with the authorization's own token."""
    token = fresh_access_token(authorization)
    answer = httpx.get(
        authorization.resource_uri,
        headers={"Authorization": f"Bearer {token}"},
        timeout=120,
        trust_env=False,
    )
    assert answer.status_code == 200
    file = folder / "usage.xml"
    file.write_bytes(answer.content)
    return file


def test_green_button_parser_counts_what_we_stored(
    node: Node, collected: Authorization, tmp_path: Path
) -> None:
    [found] = node.run("documents.mjs", str(download(collected, tmp_path)))
    sums = Sums(found["readings"], int(found["values"]), int(found["costs"]))
    assert sums == stored(collected)
    assert found["types"]["UsagePoint"] == collected.usage_points.count()
    bills = UsageSummary.objects.filter(usage_point__authorization=collected).count()
    assert found["types"]["UsageSummary"] == bills


def test_greenbutton_objects_counts_what_we_stored(
    collected: Authorization, tmp_path: Path
) -> None:
    usage_points = parse_feed(str(download(collected, tmp_path)))
    readings = [
        reading
        for usage_point in usage_points
        for meter_reading in usage_point.meterReadings
        for reading in meter_reading.intervalReadings
    ]
    assert len(usage_points) == collected.usage_points.count()
    assert len(readings) == stored(collected).readings
    # It scales values to the unit, as floats; no meter of the sandbox is finer than a thousandth.
    assert sum(round(reading.value * 1000) for reading in readings) == stored_thousandths(collected)
