"""Scope tampering: answers with more, less or other than was asked, and scopes changed on the way.

What is less is believed, and told. What is more, nobody here agreed to on our page: account details
that were not asked for are not collected, and sharing ends when we said that it would.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import httpx
import pytest
from django.utils import timezone

from authorizations.models import Authorization, ConnectAttempt, ConsentRecord, ShareLink
from authorizations.tokens import fresh_access_token
from greenbutton.espi import scope as espi_scope
from greenbutton.espi.customer.customer import Customer as EspiCustomer
from greenbutton.ingest.history import earliest
from greenbutton.ingest.pull import pull
from greenbutton.models import Customer
from tests.at_the_sandbox import follow, seen, submit
from tests.cast import Person
from tests.greenbutton.ingest.documents import block, document, entry, hours, meter
from tests.lying_utility import LyingUtility
from utilities.models import Utility

USAGE = "/resource/Batch/Subscription/1"
CUSTOMER = "/resource/Batch/RetailCustomer/1"
IN_A_YEAR = int((timezone.now() + timedelta(days=365)).timestamp())


def connected(
    lying: LyingUtility, utility: Utility, person: Person, said: dict[str, Any], asked: str
) -> Authorization:
    """With a link that asks for this, and a token endpoint that says that."""
    lying.answer("/token", json=said)
    link = ShareLink.objects.create(utility=utility, scope=asked)
    sent = person.sets_out(f"/share/{link.code}/")
    state = dict(parse_qsl(urlsplit(sent.headers["Location"]).query))["state"]
    assert person.comes_back(utility, state=state, code="a-code").status_code == 302
    return Authorization.objects.get()


@pytest.fixture
def more(lying: LyingUtility, granted: dict[str, Any]) -> dict[str, Any]:
    """An answer that gives away more than anybody asked for."""
    lying.answer(USAGE, body=document(meter(), block(*hours([1]))).getvalue())
    lying.answer(
        CUSTOMER,
        body=document(entry(EspiCustomer(customer_name="Ada Lovelace"), "Customer/1")).getvalue(),
    )
    return {
        **granted,
        "scope": "FB=4_16_51;HistoryLength=630720000;PreferredAuthEndDate=0",
        "customerResourceURI": f"{lying.url}{CUSTOMER}",
    }


def test_account_details_that_nobody_asked_for_are_not_collected(
    lying: LyingUtility, utility: Utility, ada: Person, more: dict[str, Any]
) -> None:
    authorization = connected(lying, utility, ada, more, "FB=4_16")
    assert pull(authorization) is not None
    assert lying.asked(USAGE)
    assert lying.asked(CUSTOMER) == []
    assert not Customer.objects.exists()
    # What the utility said stays as proof, beside what was asked.
    record = ConsentRecord.objects.get()
    assert record.scope_asked == "FB=4_16"
    assert record.scope_granted.startswith("FB=4_16_51;")


def test_those_that_were_asked_for_are(
    lying: LyingUtility, utility: Utility, ada: Person, more: dict[str, Any]
) -> None:
    authorization = connected(lying, utility, ada, more, "FB=4_16_51")
    assert pull(authorization) is not None
    assert Customer.objects.get().name == "Ada Lovelace"


def test_a_longer_time_than_the_page_said_is_not_taken(
    lying: LyingUtility, utility: Utility, ada: Person, more: dict[str, Any]
) -> None:
    asked = f"FB=4_16;PreferredAuthEndDate={IN_A_YEAR}"
    authorization = connected(lying, utility, ada, more, asked)
    assert authorization.expires_at == datetime.fromtimestamp(IN_A_YEAR, UTC)


def test_a_shorter_time_is(
    lying: LyingUtility, utility: Utility, ada: Person, more: dict[str, Any]
) -> None:
    more["scope"] = f"FB=4_16;PreferredAuthEndDate={IN_A_YEAR}"
    authorization = connected(lying, utility, ada, more, "FB=4_16;PreferredAuthEndDate=0")
    assert authorization.expires_at == datetime.fromtimestamp(IN_A_YEAR, UTC)


def test_more_history_than_the_page_said_is_never_asked_for(
    lying: LyingUtility, utility: Utility, ada: Person, more: dict[str, Any]
) -> None:
    authorization = connected(lying, utility, ada, more, "FB=4_16;HistoryLength=86400")
    assert authorization.created - earliest(authorization) == timedelta(days=1)
    more["scope"] = "FB=4_16;HistoryLength=3600"
    Authorization.objects.update(scope=more["scope"])
    authorization.refresh_from_db()
    assert authorization.created - earliest(authorization) == timedelta(hours=1)


def test_a_refresh_that_widens_is_not_believed(
    lying: LyingUtility, utility: Utility, ada: Person, granted: dict[str, Any]
) -> None:
    authorization = connected(lying, utility, ada, granted, "FB=4_16_51")
    assert authorization.scope == "FB=4_16"
    lying.answer("/token", json={**granted, "scope": "FB=4_16_51", "access_token": "newer"})
    for _ in range(2):
        fresh_access_token(authorization, refused=authorization.access_token)
        authorization.refresh_from_db()
    assert authorization.access_token == "newer"
    assert authorization.scope == "FB=4_16"
    assert not authorization.shares(51)


def test_a_refresh_that_narrows_is_believed_and_told(
    lying: LyingUtility, utility: Utility, ada: Person, granted: dict[str, Any]
) -> None:
    granted["scope"] = "FB=4_16_51"
    authorization = connected(lying, utility, ada, granted, "FB=4_16_51")
    lying.answer("/token", json={**granted, "scope": "FB=4", "access_token": "newer"})
    for _ in range(2):
        fresh_access_token(authorization, refused=authorization.access_token)
        authorization.refresh_from_db()
    assert authorization.scope == "FB=4"
    assert authorization.events.filter(type="authorization_narrowed").count() == 1
    page = ada.browser.get(f"/usage/{authorization.uid}/").content.decode()
    assert "Not shared" in page


@pytest.mark.parametrize(
    "said",
    [
        "",
        "email profile",
        "FB=",
        "FB=4;FB=51",
        "FB=4_16_51;HistoryLength=999999999999999999999",
        "FB=4;PreferredAuthEndDate=-1",
        "FB=" + "_".join(str(number) for number in range(1, 900)),
        "FB=4;X=" + "y" * 5000,
        "FB=4\x00",
        "FB=4\ud800",
        7,
        ["FB=4"],
        {"FB": 4},
        None,
    ],
    ids=lambda said: str(said)[:30].encode("ascii", "replace").decode(),
)
def test_a_scope_that_is_none_means_what_was_asked_for(
    lying: LyingUtility, utility: Utility, ada: Person, granted: dict[str, Any], said: object
) -> None:
    authorization = connected(lying, utility, ada, {**granted, "scope": said}, "FB=4_16")
    assert authorization.scope == "FB=4_16"
    assert ada.browser.get(f"/usage/{authorization.uid}/").status_code == 200


def test_a_scope_that_is_widened_on_the_way_brings_no_account_details(
    svce: Utility, at_utility: httpx.Client, ada: Person
) -> None:
    """For real: the address bar of the customer's browser is anybody's to edit, or an extension's.

    The utility then asks for consent to more than our page said.
    """
    link = ShareLink.objects.create(
        utility=svce,
        scope="FB=4_16;HistoryLength=86400",
        authentication_type="phone",
        authentication_value="111-111-1111",
    )
    sent = urlsplit(ada.sets_out(f"/share/{link.code}/").headers["Location"])
    query = dict(parse_qsl(sent.query))
    asked = espi_scope.parse(query["scope"])
    wider = espi_scope.build(
        espi_scope.Scope((4, 16, 51), asked.with_option("HistoryLength", "63072000").options)
    )
    text = "&".join(
        f"{name}={espi_scope.quote(value)}" for name, value in (query | {"scope": wider}).items()
    )
    page = follow(at_utility, at_utility.get(urlunsplit(sent._replace(query=text))))
    page = submit(at_utility, page, "passcode", passcode=seen(page).texts["test-passcode"])
    back = submit(at_utility, page, "consent", decision="allow").headers["Location"]
    assert ada.browser.get(f"{urlsplit(back).path}?{urlsplit(back).query}").status_code == 302
    authorization = Authorization.objects.get()
    assert "51" in authorization.scope
    assert ConnectAttempt.objects.get().scope == "FB=4_16;HistoryLength=86400"
    assert pull(authorization) is not None
    assert not Customer.objects.exists()
    assert authorization.usage_points.exists()
