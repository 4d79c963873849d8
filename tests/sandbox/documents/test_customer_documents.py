"""The customer's side (FB 51 and up): who, where, with which supplier, at which meter."""

from __future__ import annotations

from typing import Any

import pytest

from greenbutton.espi import Entry
from greenbutton.espi.customer.customer import Customer
from greenbutton.espi.customer.customer_account import CustomerAccount
from greenbutton.espi.customer.customer_agreement import CustomerAgreement
from greenbutton.espi.customer.end_device import EndDevice
from greenbutton.espi.customer.meter import Meter
from greenbutton.espi.customer.service_location import ServiceLocation
from greenbutton.espi.customer.service_supplier import ServiceSupplier
from greenbutton.espi.customer.statement import Statement
from greenbutton.espi.customer.street_address import StreetAddress, StreetDetail, TownDetail
from greenbutton.espi.customer_links import CustomerLinker
from tests.sandbox.given import (
    PUC_HOME,
    PUC_SOLAR,
    SVCE_BUSINESS,
    SVCE_HOME,
    SVCE_SOLAR,
    account,
    company,
    consent,
    customer_entries,
    narrowed,
    read,
    usage_entries,
    written,
)
from utilities.sandbox import documents
from utilities.sandbox.documents import places
from utilities.sandbox.documents.branch import Branch
from utilities.sandbox.models import RESOURCES, Registration

EVERYONE = [PUC_HOME, PUC_SOLAR, SVCE_HOME, SVCE_BUSINESS, SVCE_SOLAR]


def of(kind: type, entries: list[Entry]) -> list[Any]:
    return [entry.resource for entry in entries if type(entry.resource) is kind]


@pytest.mark.parametrize("number", EVERYONE)
def test_it_reads_without_a_finding_and_hangs_together(number: str) -> None:
    grant = consent(account(number), (4, 16, 51))
    feed = read(written(grant, customer_entries(grant)))
    assert feed.findings == []
    linker = CustomerLinker()
    for entry in feed.entries:
        linker.add(entry)
    tree = linker.resolve()
    assert tree.findings == ()
    assert all(
        side.parents or kind is Customer
        for kind, sides in tree.linked.items()
        for side in sides.values()
    )


@pytest.mark.parametrize("number", EVERYONE)
def test_every_usage_point_is_named_by_one_service_location(number: str) -> None:
    grant = consent(account(number), (4, 51), days=2)
    points = {e.self_href for e in usage_entries(grant) if e.type == "UsagePoint"}
    places = of(ServiceLocation, customer_entries(grant))
    assert sorted(point for place in places for point in place.usage_points) == sorted(
        point for point in points if point
    )


def test_who_the_customer_is() -> None:
    its = account(SVCE_HOME)
    entries = customer_entries(consent(its, (4, 16, 51)))
    (customer,) = of(Customer, entries)
    assert customer.customer_name == customer.name == its.name
    assert customer.kind == "residential"
    assert customer.organisation.organisation_name is None
    assert customer.organisation.phone1.itu_phone == "+11111111111"
    assert customer.organisation.electronic_address.email1 == its.email
    (one,) = of(CustomerAccount, entries)
    assert one.account_id == its.number
    assert {meter.serial_number for meter in of(Meter, entries)} == {"1010337621", "G51877420"}


def test_a_business_is_an_organisation_with_a_name() -> None:
    (customer,) = of(Customer, customer_entries(consent(account(SVCE_BUSINESS), (4, 51))))
    assert customer.kind == "commercialIndustrial"
    assert customer.organisation.organisation_name == "Testperson Robotics"


def test_a_community_choice_utility_supplies_over_anothers_wires() -> None:
    entries = customer_entries(consent(account(SVCE_HOME), (4, 51)))
    agreements = {e.self_href: e.resource for e in entries if e.type == "CustomerAgreement@cust"}
    suppliers: dict[str, set[tuple[str, str]]] = {}
    for entry in entries:
        if isinstance(entry.resource, ServiceSupplier):
            assert entry.up
            agreement = agreements[entry.up.removesuffix("/ServiceSupplier")]
            assert isinstance(agreement, CustomerAgreement)
            assert agreement.type
            named = (entry.resource.kind or "", entry.resource.name or "")
            suppliers.setdefault(agreement.type, set()).add(named)
    wires = ("utility", "Mission Peak Gas & Wires")
    assert suppliers == {
        "electricity service": {wires, ("lse", "Silicon Valley Clean Energy")},
        "gas service": {wires},
    }


def test_a_distributor_supplies_itself_and_runs_no_programme() -> None:
    entries = customer_entries(consent(account(PUC_HOME), (4, 51)))
    assert {it.name for it in of(ServiceSupplier, entries)} == {"PUC Distribution Inc."}
    assert not [e for e in entries if e.type == "ProgramDateIdMappings@cust"]


def test_panels_have_an_inverter_and_other_meters_a_radio() -> None:
    solar = customer_entries(consent(account(PUC_SOLAR), (51,)))
    assert [it.name for it in of(EndDevice, solar)] == ["Solar inverter"]
    home = customer_entries(consent(account(PUC_HOME), (51,)))
    assert [it.name for it in of(EndDevice, home)] == ["Radio module"]


def test_a_statement_leads_to_the_summary_that_says_the_same() -> None:
    grant = consent(account(SVCE_HOME), (16, 51))
    statements = of(Statement, customer_entries(grant))
    summaries = {e.self_href for e in usage_entries(grant) if e.type == "UsageSummary"}
    assert {it.statement_refs[0].statement_url for it in statements} == summaries


def test_without_bills_there_are_no_statements() -> None:
    assert not of(Statement, customer_entries(consent(account(SVCE_HOME), (4, 51))))


def test_without_the_block_nothing_is_told() -> None:
    assert customer_entries(consent(account(SVCE_HOME), (4, 16, 39))) == []


TOLD_BY = {
    54: "Jordan Testperson",
    55: ">residential<",
    56: ">111111111-1<",
    57: "electricity service",
    58: "From the street",
    59: "Mission Peak",
    60: ">1010337621<",
    61: "radio module",
    62: "Enrolment in",
}


@pytest.mark.parametrize("part", TOLD_BY)
def test_each_part_of_the_scope_brings_its_own_and_nothing_else(part: int) -> None:
    grant = consent(account(SVCE_HOME), (4, 16, 51))
    alone = written(grant, customer_entries(grant, narrowed(grant, 51, part))).decode()
    assert [one for one, told in TOLD_BY.items() if told in alone] == [part]
    others = [one for one in TOLD_BY if one != part]
    without = written(grant, customer_entries(grant, narrowed(grant, 51, *others))).decode()
    assert [one for one, told in TOLD_BY.items() if told in without] == others


def test_a_scope_that_names_no_part_means_all_of_them() -> None:
    grant = consent(account(SVCE_HOME), (4, 16, 51))
    assert customer_entries(grant, narrowed(grant, 4, 16, 51)) == customer_entries(grant)


@pytest.mark.spec("NAESB REQ.21", "FB_13 TC010")
@pytest.mark.parametrize("number", EVERYONE)
def test_ids_links_and_titles_tell_nothing(number: str) -> None:
    its = account(number)
    meters = [service.meter_number for service in its.services.all()]
    secrets = [its.name, its.number, its.email, *meters, *its.address.split(", ")]
    grant = consent(its, (4, 16, 51))
    for entry in customer_entries(grant):
        around = " ".join(
            part
            for part in (entry.id, entry.title, entry.self_href, entry.up, *entry.related)
            if part
        )
        assert not [secret for secret in secrets if secret and secret in around]


def test_every_branch_gives_what_the_whole_has_there() -> None:
    grant = consent(account(SVCE_BUSINESS), (4, 16, 51))
    whole = customer_entries(grant)
    for entry in whole:
        assert entry.self_href
        assert entry.up
        for address in (entry.self_href, entry.up):
            branch = Branch(address)
            found = list(documents.customer_entries(grant, grant.granted, branch))
            assert found == [one for one in whole if branch.holds(one.self_href or "")]


def test_an_export_names_the_usage_points_as_its_usage_does() -> None:
    to = company("ssmpuc", Registration.Profile.EXPORT)
    grant = consent(account(PUC_HOME), (4, 51), days=2, to=to)
    usage = read(written(grant, usage_entries(grant)))
    customer = read(written(grant, customer_entries(grant)))
    points = {entry.self_href for entry in usage.of_type("UsagePoint")}
    assert {p for it in of(ServiceLocation, customer.entries) for p in it.usage_points} == points


def test_the_whole_lies_below_the_retail_customer_of_the_grant() -> None:
    grant = consent(account(PUC_HOME), (51,))
    root = f"{RESOURCES}/RetailCustomer/{grant.uid}/Customer/"
    assert all((entry.self_href or "").startswith(root) for entry in customer_entries(grant))


class TestAddresses:
    def test_canada(self) -> None:
        assert places.parts(
            "5 Old Mill Road Unit 12, Sault Ste. Marie ON P6A 0C4", "CA"
        ) == StreetAddress(
            street_detail=StreetDetail(number="5", name="Old Mill Road", suite_number="12"),
            town_detail=TownDetail(name="Sault Ste. Marie", state_or_province="ON", country="CA"),
            postal_code="P6A 0C4",
        )

    def test_one_that_is_written_otherwise_stays_one_line(self) -> None:
        assert places.parts("Behind the mill", "CA") == StreetAddress(
            street_detail=StreetDetail(address_general="Behind the mill")
        )

    def test_none_is_none(self) -> None:
        assert places.parts("", "CA") is None
