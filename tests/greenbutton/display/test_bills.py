"""Bills: one a period, whoever charges for it."""

from __future__ import annotations

from datetime import date

import pytest

from authorizations.models import Authorization
from greenbutton.display.bills import Bill, bills_of
from greenbutton.display.meters import TOGETHER, services_of
from greenbutton.models import UsagePoint
from tests import cast
from tests.greenbutton.metering import AMERICAN, WH, add_bill, add_point

pytestmark = pytest.mark.django_db

FIRST = date(2026, 2, 1)
WIRES, CHOICE = "Mission Peak Gas & Wires", "Silicon Valley Clean Energy"


@pytest.fixture
def authorization() -> Authorization:
    return cast.authorize(cast.ada(), cast.make_utility())


@pytest.fixture
def point(authorization: Authorization) -> UsagePoint:
    return add_point(authorization)


def add(point: UsagePoint, agency: str, dollars: int | None = 10, **values: object) -> None:
    number = point.summaries.count()
    amount = None if dollars is None else dollars * 100_000
    given = {"identity": f"bill-{number}", "agency": agency, "bill_last_period": amount, **values}
    first, days = values.pop("first", FIRST), values.pop("days", 28)
    given.pop("first", None)
    given.pop("days", None)
    assert isinstance(first, date)
    assert isinstance(days, int)
    add_bill(point, first, days, **given)


def bills(authorization: Authorization, place: str = TOGETHER) -> list[Bill]:
    [service] = services_of(authorization)
    return bills_of(service, place, authorization.zone)


def amounts(authorization: Authorization) -> list[str]:
    return [str(bill.amount) for bill in bills(authorization)]


def test_what_two_agencies_charge_for_one_period_is_one_bill_with_its_sum(
    authorization: Authorization, point: UsagePoint
) -> None:
    add(point, CHOICE, 4)
    add(point, WIRES, 69, consumption=258_720, consumption_uom=WH)
    [bill] = bills(authorization)
    assert (str(bill.amount), str(bill.used)) == ("$73.00", "258.72\xa0kWh")
    assert [(part.agency, str(part.amount)) for part in bill.parts] == [
        (WIRES, "$69.00"),
        (CHOICE, "$4.00"),
    ]


def test_a_credit_of_one_agency_is_taken_off(
    authorization: Authorization, point: UsagePoint
) -> None:
    add(point, WIRES, 60)
    add(point, CHOICE, -11)
    assert amounts(authorization) == ["$49.00"]


def test_what_both_say_was_used_was_used_once(
    authorization: Authorization, point: UsagePoint
) -> None:
    for agency in (WIRES, CHOICE):
        add(point, agency, consumption=1000, consumption_uom=WH)
    [bill] = bills(authorization)
    assert str(bill.used) == "1\xa0kWh"


def test_where_they_disagree_about_the_use_none_is_shown(
    authorization: Authorization, point: UsagePoint
) -> None:
    for number, agency in enumerate((WIRES, CHOICE), start=1):
        add(point, agency, consumption=number * 1000, consumption_uom=WH)
    [bill] = bills(authorization)
    assert bill.used is None


@pytest.mark.parametrize("agency", [WIRES, ""])
def test_two_bills_of_one_agency_are_not_added_up(
    authorization: Authorization, point: UsagePoint, agency: str
) -> None:
    """One may be the other, made out anew."""
    add(point, agency, 10)
    add(point, agency, 12)
    assert sorted(amounts(authorization)) == ["$10.00", "$12.00"]


def test_other_periods_and_other_meters_stay_bills_of_their_own(
    authorization: Authorization, point: UsagePoint
) -> None:
    add(point, WIRES)
    add(point, CHOICE, first=date(2026, 3, 1))
    add(point, CHOICE, days=27)
    add(add_point(authorization), CHOICE)
    assert len(bills(authorization)) == 4


def test_bills_without_a_period_are_never_put_together(
    authorization: Authorization, point: UsagePoint
) -> None:
    for agency in (WIRES, CHOICE):
        add(point, agency, start=None, seconds=None)
    assert len(bills(authorization)) == 2


@pytest.mark.parametrize("odd", [{"dollars": None}, {"currency": AMERICAN}, {"currency": None}])
def test_there_is_no_sum_where_an_amount_is_missing_or_of_another_currency(
    authorization: Authorization, point: UsagePoint, odd: dict[str, object]
) -> None:
    add(point, WIRES)
    add(point, CHOICE, **odd)  # type: ignore[arg-type]
    [bill] = bills(authorization)
    assert bill.amount is None
    assert len(bill.parts) == 2


def test_a_chosen_meter_shows_its_own_bills(
    authorization: Authorization, point: UsagePoint
) -> None:
    add(point, WIRES, 10)
    other = add_point(authorization)
    add(other, WIRES, 20)
    assert [str(bill.amount) for bill in bills(authorization, other.uid)] == ["$20.00"]
    assert len(bills(authorization)) == 2
