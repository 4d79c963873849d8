"""Whether what arrived is of the account that the link was made for."""

from __future__ import annotations

import pytest

from authorizations.models import Authorization, ShareLink
from greenbutton import expectation
from greenbutton.espi.customer.customer_account import CustomerAccount as EspiAccount
from greenbutton.ingest.purge import purge
from tests.greenbutton.ingest.documents import entry
from tests.greenbutton.ingest.test_customers import (
    account,
    household,
    make_authorization,
    store,
)

MET, NOT_MET = Authorization.Expectation.MET, Authorization.Expectation.NOT_MET
UNKNOWN = Authorization.Expectation.UNKNOWN

pytestmark = pytest.mark.django_db


def expecting(number: str = "", address: str = "") -> Authorization:
    """An authorization of a link that was made for this account."""
    authorization = make_authorization()
    authorization.share_link = ShareLink.objects.create(
        utility=authorization.utility, expected_account=number, expected_address=address
    )
    authorization.save()
    return authorization


def answer(authorization: Authorization) -> str:
    authorization.refresh_from_db()
    return authorization.expectation


def told(authorization: Authorization) -> list[str]:
    types = authorization.events.values_list("type", flat=True)
    return [one for one in types if "expectation" in one]


@pytest.mark.parametrize(
    ("number", "address", "outcome"),
    [
        ("0012345678", "", MET),
        ("12 345 678", "", MET),
        ("0012345679", "", NOT_MET),
        ("2345678", "", NOT_MET),
        ("", "12 Elm Street", MET),
        ("", "12 ELM ST., Salem", MET),
        ("", "12 elm st, somewhere else", MET),
        ("", "2 Elm Street", NOT_MET),
        ("", "12 Oak Street", NOT_MET),
        ("0012345678", "12 Elm Street", MET),
        ("0012345678", "13 Elm Street", NOT_MET),
        ("99", "12 Elm Street", NOT_MET),
        ("", "", UNKNOWN),
    ],
)
def test_what_arrives_is_compared_with_what_staff_said(
    number: str, address: str, outcome: str
) -> None:
    authorization = expecting(number, address)
    assert answer(authorization) == UNKNOWN
    store(authorization, *household())
    assert answer(authorization) == outcome
    assert told(authorization) == (
        [] if outcome == UNKNOWN else [f"authorization_expectation_{outcome}"]
    )


def test_one_of_several_accounts_is_enough() -> None:
    authorization = expecting("12345678")
    other = entry(EspiAccount(account_id="99"), "C/1/A/2", "C/1/A", ["C/1/A/2/G"])
    store(authorization, *household(), other)
    assert answer(authorization) == MET


def test_a_later_document_may_say_otherwise() -> None:
    authorization = expecting("12345678")
    store(authorization, account("99"))
    assert answer(authorization) == NOT_MET
    store(authorization, *household())
    assert answer(authorization) == MET
    assert len(told(authorization)) == 2


def test_what_the_utility_masks_says_nothing() -> None:
    authorization = expecting("0012345678")
    store(authorization, account("******5678"))
    assert answer(authorization) == UNKNOWN


def test_the_same_again_is_told_once() -> None:
    authorization = expecting("99")
    for _ in range(3):
        store(authorization, *household())
    assert told(authorization) == ["authorization_expectation_not_met"]


def test_without_a_link_nothing_is_expected() -> None:
    authorization = make_authorization()
    store(authorization, *household())
    assert answer(authorization) == UNKNOWN


def test_staff_are_asked_to_look_and_the_event_names_nobody() -> None:
    authorization = expecting("99", "1 Oak Street")
    assert authorization not in Authorization.objects.needing_attention()
    store(authorization, *household())
    assert authorization in Authorization.objects.needing_attention()
    [event] = authorization.events.filter(type__contains="expectation")
    assert event.detail == {}


def test_after_a_purge_the_link_expects_nobody() -> None:
    authorization = expecting("99", "1 Oak Street")
    store(authorization, *household())
    authorization.mark_revoked("customer")
    assert purge(authorization)
    link = ShareLink.objects.get()
    assert not link.expects_somebody()


@pytest.mark.parametrize(
    ("expected", "arrived", "same"),
    [
        ("333 W El Camino Real Ste 600", "333 WEST EL CAMINO REAL 600 SUNNYVALE CA 94087", True),
        ("500 Boulevard Saint-Jérôme", "500 BLVD ST JEROME", True),
        ("12 Main Street Unit 4", "12 MAIN ST 4", True),
        ("12 Main Street", "112 MAIN ST", False),
        ("", "12 MAIN ST", False),
        ("...", "12 MAIN ST", False),
    ],
)
def test_addresses_are_one_however_they_are_spelt(expected: str, arrived: str, same: bool) -> None:
    assert expectation.same_address(expected, arrived) == same
