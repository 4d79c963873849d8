"""Whose account it is: on the customer's page, and masked on the staff page."""

from __future__ import annotations

import re
from typing import Any

import pytest

from authorizations.models import Authorization
from greenbutton.display.accounts import Account, Place, accounts_of
from greenbutton.models import (
    Customer,
    CustomerAccount,
    CustomerAgreement,
    Meter,
    ServiceLocation,
    UsagePoint,
)
from tests import cast
from tests.greenbutton.metering import ELECTRICITY, GAS, add_point
from tests.staff.conftest import page_of, says, signed_in

pytestmark = pytest.mark.django_db

NAME = "<script>alert('Ada')</script>"
STREET = '12 "Elm" <b>Street</b>'


@pytest.fixture
def ada() -> cast.Person:
    return cast.ada()


@pytest.fixture
def authorization(ada: cast.Person) -> Authorization:
    return cast.authorize(ada, cast.make_utility())


def add(table: Any, authorization: Authorization, **values: Any) -> Any:
    number = table.objects.count()
    identity = f"{table.__name__}-{number}"
    return table.objects.create(authorization=authorization, identity=identity, **values)


def add_household(authorization: Authorization, *points: UsagePoint) -> ServiceLocation:
    customer = add(Customer, authorization, name=NAME)
    account = add(CustomerAccount, authorization, customer=customer, account_id="0012345678")
    suppliers = {"s": {"kind": "utility", "name": "PUC"}, "t": {"kind": "lse", "name": "PUC"}}
    agreement = add(
        CustomerAgreement, authorization, account=account, name="SA-123456", suppliers=suppliers
    )
    location = add(
        ServiceLocation,
        authorization,
        agreement=agreement,
        street=STREET,
        city="Salem",
        state="OR",
        postal_code="97301",
    )
    add(Meter, authorization, service_location=location, serial_number="M-4711-0815")
    for point in points:
        point.service_location = location
        point.save()
    assert isinstance(location, ServiceLocation)
    return location


def usage(person: cast.Person, authorization: Authorization) -> str:
    answer = person.browser.get(f"/usage/{authorization.uid}/")
    assert answer.status_code == 200
    return str(answer.content.decode())


def panel(page: str) -> str:
    found = re.search(r'<section class="card account".*?</section>', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", found.group()).split()) if found else ""


def test_the_customer_sees_account_address_and_meter(
    ada: cast.Person, authorization: Authorization
) -> None:
    points = [add_point(authorization, ELECTRICITY), add_point(authorization, GAS)]
    add_household(authorization, *points)
    assert panel(usage(ada, authorization)) == (
        "Account Customer &lt;script&gt;alert(&#x27;Ada&#x27;)&lt;/script&gt; "
        "Account number 0012345678 Electricity, Gas "
        "Service address 12 &quot;Elm&quot; &lt;b&gt;Street&lt;/b&gt; Salem, OR 97301 "
        "Meter M-4711-0815 Agreement SA-123456 Supplier PUC"
    )


def test_what_they_are_called_is_never_markup(
    ada: cast.Person, authorization: Authorization
) -> None:
    add_household(authorization)
    page = usage(ada, authorization)
    assert NAME not in page
    assert STREET not in page


def test_there_is_no_panel_where_nothing_is_known(
    ada: cast.Person, authorization: Authorization
) -> None:
    add_point(authorization)
    add(Customer, authorization, kind="residential")
    assert panel(usage(ada, authorization)) == ""


def test_only_what_is_there_is_shown(ada: cast.Person, authorization: Authorization) -> None:
    add(CustomerAccount, authorization, name="2-00-111-1111")
    assert panel(usage(ada, authorization)) == "Account Account number 2-00-111-1111"


def test_another_browser_sees_nothing(authorization: Authorization) -> None:
    add_household(authorization)
    ben = cast.ben()
    bens = cast.authorize(ben, cast.make_utility(slug="other"))
    assert ben.browser.get(f"/usage/{authorization.uid}/").status_code == 404
    assert panel(usage(ben, bens)) == ""
    assert "0012345678" not in usage(ben, bens)


def test_what_is_stopped_shows_nothing(ada: cast.Person, authorization: Authorization) -> None:
    add_household(authorization)
    authorization.mark_revoked(by="customer")
    answer = ada.browser.get(f"/usage/{authorization.uid}/", follow=True)
    assert b"0012345678" not in answer.content
    assert b"Elm" not in answer.content


def test_levels_that_are_missing_leave_the_rest_together(authorization: Authorization) -> None:
    """A customer, an agreement and a meter of which no more is known."""
    add(Customer, authorization, name="Ada", street="1 Oak", city="Salem")
    agreement = add(CustomerAgreement, authorization, agreement_id="SA-1")
    add(Meter, authorization, agreement=agreement, serial_number="M-1")
    add(Meter, authorization, serial_number="M-2")
    assert accounts_of(authorization) == [
        Account("Ada", "", ("1 Oak", "Salem")),
        Account(places=(Place(agreement="SA-1", meters=("M-1",)), Place(meters=("M-2",)))),
    ]


def test_a_meter_that_comes_as_a_device_too_is_shown_once(authorization: Authorization) -> None:
    location = add_household(authorization)
    for number in ("M-4711-0815", "T-1"):
        add(
            Meter,
            authorization,
            service_location=location,
            serial_number=number,
            is_meter=False,
        )
    (account,) = accounts_of(authorization)
    assert (account.places[0].meters, account.places[0].devices) == (("M-4711-0815",), ("T-1",))


def test_staff_see_numbers_and_the_street_masked(authorization: Authorization) -> None:
    add_household(authorization, add_point(authorization))
    office = signed_in(cast.make_staff("office", "view_authorization"))
    page = says(office.get(page_of(authorization)))
    for hidden in ("0012345678", "SA-123456", "M-4711-0815", "Elm", NAME):
        assert hidden not in page
    for shown in ("•••5678", "•••3456", "•••0815", "•••, OR 97301", "Electricity", "PUC"):
        assert shown in page
