"""A pull from a utility that is another process: two years of a household, whole and only once."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import httpx

from authorizations.models import Authorization
from greenbutton.ingest.pull import pull
from greenbutton.models import (
    Customer,
    CustomerAccount,
    CustomerAgreement,
    Meter,
    Pull,
    ReadingDay,
    UsagePoint,
    UsageSummary,
)
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


def test_names_an_address_and_the_meters_numbers_come_and_are_joined_to_the_usage(
    svce: Utility, at_utility: httpx.Client
) -> None:
    authorization = connect(at_utility, svce, cast.ada())
    first = pull(authorization)
    assert first is not None
    assert first.findings == []
    customer = Customer.objects.get(authorization=authorization)
    assert (customer.name, customer.kind) == ("Jordan Testperson", "residential")
    assert customer.street == "333 W EL CAMINO REAL\nUnit 600"
    assert (customer.city, customer.state, customer.postal_code) == ("SUNNYVALE", "CA", "94087")
    account = CustomerAccount.objects.get(customer=customer)
    assert account.account_id == "111111111-1"
    meters = Meter.objects.filter(authorization=authorization, is_meter=True)
    assert set(meters.values_list("serial_number", flat=True)) == {"1010337621", "G51877420"}
    for meter in meters:
        assert meter.service_location
        usage_point = UsagePoint.objects.get(service_location=meter.service_location)
        kind = "electricity" if usage_point.kind == 0 else "gas"
        assert meter.type == f"{kind} meter"
    suppliers = {
        supplier["name"]
        for agreement in CustomerAgreement.objects.filter(account=account)
        for supplier in agreement.suppliers.values()
    }
    assert suppliers == {"Mission Peak Gas & Wires", "Silicon Valley Clean Energy"}
