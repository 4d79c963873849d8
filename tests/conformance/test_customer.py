"""FB_51 and up: customer data. The suite of the field has no such chapter; these ids are ours."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from lxml import etree

from greenbutton.espi import Entry
from greenbutton.espi import scope as scopes
from greenbutton.espi.customer.customer import Customer
from greenbutton.espi.customer.customer_account import CustomerAccount
from greenbutton.espi.customer.customer_agreement import CustomerAgreement
from greenbutton.espi.customer.meter import Meter
from greenbutton.espi.customer.service_location import ServiceLocation
from greenbutton.espi.customer.service_supplier import ServiceSupplier
from greenbutton.espi.usage_point import UsagePoint
from greenbutton.espi.validate import schema
from tests.conformance.reading import entries
from tests.conformance.target import Target

CHAPTER = "FB_51+"
SCOPE = "FB=4_51;HistoryLength=2678400"
REFUSED = {401, 403}
CUSTOMER, USAGE = "http://naesb.org/espi/customer", "http://naesb.org/espi"
# What the residential test customer is called, and where they live.
PERSONAL = re.compile(r"Testperson|Robin|Maple|Sault|P6A|APUC0000|@", re.IGNORECASE)


def conformance(id: str) -> pytest.MarkDecorator:  # noqa: A002 (the suite's word)
    return pytest.mark.conformance(CHAPTER, id)


@pytest.fixture(scope="module")
def answer(target: Target) -> dict[str, Any]:
    """A consent to usage and account details."""
    return target.consent(SCOPE)


def customer_feed(target: Target, answer: dict[str, Any]) -> list[Entry]:
    return entries(target.get(answer["customerResourceURI"], answer["access_token"]))


def of(feed: list[Entry], kind: type) -> list[Entry]:
    return [entry for entry in feed if isinstance(entry.resource, kind)]


@conformance("CUS001")
def test_cus001(target: Target, answer: dict[str, Any]) -> None:
    """A consent to account details brings their address, and a scope that names FB 51."""
    assert "/Batch/RetailCustomer/" in answer["customerResourceURI"]
    assert 51 in scopes.parse(answer["scope"]).function_blocks
    response = target.get(answer["customerResourceURI"], answer["access_token"])
    assert response.headers["Content-Type"].startswith("application/atom+xml")


@conformance("CUS002")
def test_cus002(target: Target, answer: dict[str, Any]) -> None:
    """Customer, account, agreement, location, supplier and meter are there."""
    feed = customer_feed(target, answer)
    found = {type(entry.resource) for entry in feed}
    wanted = {
        Customer,
        CustomerAccount,
        CustomerAgreement,
        ServiceLocation,
        ServiceSupplier,
        Meter,
    }
    assert wanted <= found


@conformance("CUS003")
def test_cus003(target: Target, answer: dict[str, Any]) -> None:
    """Each entry hangs below the one that it belongs to, and has all Atom fields."""
    feed = customer_feed(target, answer)
    related = {href for entry in feed for href in entry.related}
    for entry in feed:
        assert entry.id
        assert entry.self_href
        assert entry.title
        assert entry.published
        assert entry.updated
        assert isinstance(entry.resource, Customer) or entry.up in related, entry.self_href
    assert len({entry.id for entry in feed}) == len({entry.self_href for entry in feed})
    assert len({entry.self_href for entry in feed}) == len(feed)


@conformance("CUS004")
def test_cus004(target: Target, answer: dict[str, Any]) -> None:
    """Each entry is served at its own address, too."""
    for entry in customer_feed(target, answer):
        assert entry.self_href
        [alone] = entries(target.get(entry.self_href, answer["access_token"]))
        assert alone.resource == entry.resource
        assert alone.id == entry.id


@conformance("CUS005")
def test_cus005(target: Target, answer: dict[str, Any]) -> None:
    """Who somebody is and what they use never travel in one document."""
    for uri, wanted in (("customerResourceURI", CUSTOMER), ("resourceURI", USAGE)):
        root = etree.fromstring(target.get(answer[uri], answer["access_token"]).content)
        found = {
            etree.QName(element).namespace
            for element in root.iter()
            if isinstance(element.tag, str)
        }
        assert found == {"http://www.w3.org/2005/Atom", wanted}


@conformance("CUS006")
def test_cus006(target: Target, answer: dict[str, Any]) -> None:
    """A service location names the usage points that are there, as the usage calls them."""
    usage = entries(target.get(answer["resourceURI"], answer["access_token"]))
    points = {entry.self_href for entry in of(usage, UsagePoint)}
    named = [
        href
        for entry in of(customer_feed(target, answer), ServiceLocation)
        if isinstance(entry.resource, ServiceLocation)
        for href in entry.resource.usage_points
    ]
    if not target.is_certified:
        pytest.skip("export: the hrefs of its usage are relative, and name something else")
    assert set(named) == points


@conformance("CUS007")
def test_cus007(target: Target, answer: dict[str, Any]) -> None:
    """Ids, links and titles say nothing of the person."""
    for entry in customer_feed(target, answer):
        for text in (entry.id, entry.title, entry.self_href, entry.up, *entry.related):
            assert not PERSONAL.search(text or ""), text


@conformance("CUS008")
def test_cus008(target: Target, answer: dict[str, Any]) -> None:
    """Only the access token of the consent opens them."""
    uri = answer["customerResourceURI"]
    assert target.get(uri, target.registration_token).status_code in REFUSED
    assert target.get(uri, target.client_token).status_code in REFUSED
    assert target.get(uri).status_code in REFUSED
    stranger = target.consent(SCOPE)
    assert target.get(uri, stranger["access_token"]).status_code in {403, 404}


@conformance("CUS009")
def test_cus009(target: Target) -> None:
    """Without FB 51 in the scope they stay closed."""
    without = target.consent("FB=4;HistoryLength=2678400")
    uid = without["resourceURI"].rpartition("/")[2]
    uri = target.resource(f"Batch/RetailCustomer/{uid}")
    assert target.get(uri, without["access_token"]).status_code in {403, 404}


@conformance("CUS010")
def test_cus010(target: Target, answer: dict[str, Any]) -> None:
    """Names, order, number and type of all elements are the customer schema's."""
    response = target.get(answer["customerResourceURI"], answer["access_token"])
    assert not [*schema.check(io.BytesIO(response.content))]
