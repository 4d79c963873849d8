"""A pull from a utility that is another process: two years of a household, whole and only once."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import httpx

from authorizations.models import Authorization
from greenbutton.ingest.pull import pull
from greenbutton.models import Pull, ReadingDay, UsageSummary
from tests import cast
from tests.at_the_sandbox import connect
from utilities.models import Utility


def test_a_households_two_years_come_whole_and_only_once(
    svce: Utility, at_utility: httpx.Client
) -> None:
    authorization = connect(at_utility, svce, cast.ada())
    first = pull(authorization)
    assert first is not None
    assert (first.state, first.error, first.findings) == (Pull.State.DONE, "", [])
    assert set(authorization.usage_points.values_list("kind", flat=True)) == {0, 1}
    assert_whole(authorization)
    bills = UsageSummary.objects.filter(usage_point__authorization=authorization).count()
    assert (first.bills, bills >= 40) == (bills, True)
    again = pull(authorization)
    assert again is not None
    assert (again.state, again.new, again.changed, again.bills) == (Pull.State.DONE, 0, 0, 0)
    assert again.readings > 0


def assert_whole(authorization: Authorization) -> None:
    """Each series has all its days, one after the other, with all their hours but at the ends."""
    for usage_point in authorization.usage_points.all():
        days = list(
            ReadingDay.objects.filter(meter_reading__usage_point=usage_point).order_by("day")
        )
        assert len(days) > 700
        assert days[-1].day - days[0].day == timedelta(days=len(days) - 1)
        for day, following in pairwise(days[1:]):
            length = following.start - day.start
            assert timedelta(seconds=day.count * day.seconds) == length
            assert day.offsets is None
