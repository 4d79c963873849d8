"""The customer's side is kept beside the usage: made or filled in, never blanked, and purged."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.db import connection

from authorizations.models import Authorization
from greenbutton.espi import Entry, EspiError
from greenbutton.espi.customer.customer import Customer as EspiCustomer
from greenbutton.espi.customer.customer_account import CustomerAccount as EspiAccount
from greenbutton.espi.customer.customer_agreement import CustomerAgreement as EspiAgreement
from greenbutton.espi.customer.end_device import EndDevice, LifecycleDate
from greenbutton.espi.customer.meter import Meter as EspiMeter
from greenbutton.espi.customer.organisation import Organisation
from greenbutton.espi.customer.service_location import ServiceLocation as EspiServiceLocation
from greenbutton.espi.customer.service_supplier import ServiceSupplier
from greenbutton.espi.customer.street_address import StreetAddress, StreetDetail, TownDetail
from greenbutton.espi.meter_reading import MeterReading as EspiMeterReading
from greenbutton.espi.reading_type import ReadingType
from greenbutton.espi.usage_point import ServiceDeliveryPoint
from greenbutton.espi.usage_point import UsagePoint as EspiUsagePoint
from greenbutton.ingest.purge import purge
from greenbutton.ingest.store import Stored, store_feed
from greenbutton.models import (
    Customer,
    CustomerAccount,
    CustomerAgreement,
    Meter,
    ServiceLocation,
    UsagePoint,
)
from tests.cast import make_utility
from tests.greenbutton.ingest.documents import (
    MEGABYTE,
    block,
    document,
    entry,
    hours,
    meter,
)

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus"
TABLES = (Customer, CustomerAccount, CustomerAgreement, ServiceLocation, Meter)
INSTALLED = 1_500_000_000
numbers = itertools.count(1)

pytestmark = pytest.mark.django_db
real = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the real feeds are not here (../shared/corpus)"
)


@pytest.fixture
def authorization() -> Authorization:
    return make_authorization()


def make_authorization() -> Authorization:
    utility = make_utility(slug=f"customers{next(numbers)}")
    return Authorization.objects.create(utility=utility, origin=Authorization.Origin.FILE)


def store(authorization: Authorization, *entries: Any) -> Stored:
    return store_feed(authorization, document(*entries), max_bytes=MEGABYTE)


def store_real(authorization: Authorization, name: str) -> Stored:
    with (CORPUS / name).open("rb") as file:
        return store_feed(authorization, file, max_bytes=MEGABYTE)


def codes(stored: Stored) -> set[str]:
    """What was odd about how it hangs together."""
    odd = {finding["code"] for finding in stored.findings}
    return {code for code in odd if code.startswith(("link.", "service_location."))}


def address(street: str | None = "12 Elm Street", town: str | None = "Salem") -> StreetAddress:
    return StreetAddress(
        street_detail=(street and StreetDetail(address_general=street)) or None,
        town_detail=TownDetail(name=town, state_or_province="OR"),
        postal_code="97301",
    )


def customer(name: str | None = "Ada Lovelace") -> Entry:
    return entry(EspiCustomer(customer_name=name), "C/1", "C", ["C/1/A"])


def account(number: str | None = "0012345678") -> Entry:
    return entry(EspiAccount(account_id=number), "C/1/A/1", "C/1/A", ["C/1/A/1/G"])


def agreement() -> Entry:
    return entry(EspiAgreement(agreement_id="SA-77"), "C/1/A/1/G/1", "C/1/A/1/G")


def location(*usage_points: str, where: StreetAddress | None = None) -> Entry:
    place = EspiServiceLocation(main_address=where or address(), usage_points=usage_points)
    return entry(place, "C/1/A/1/G/1/L/1", "C/1/A/1/G/1/L")


def device(serial: str | None = "M-4711") -> Entry:
    lifecycle = LifecycleDate(installation_date=INSTALLED)
    resource = EspiMeter(serial_number=serial, form_number="2S", lifecycle=lifecycle)
    return entry(resource, "C/1/A/1/G/1/L/1/Meter/1", "C/1/A/1/G/1/L/1/Meter")


def household(*usage_points: str) -> list[Entry]:
    return [customer(), account(), agreement(), location(*usage_points), device()]


def versions() -> list[tuple[Any, ...]]:
    """Where each row lies and who wrote it; a write of any kind changes that."""
    found: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        for table in (*TABLES, UsagePoint):
            query = "SELECT tableoid, ctid, xmin, xmax FROM {} ORDER BY 1, 2"
            cursor.execute(query.format(table._meta.db_table))
            found += cursor.fetchall()
    return found


def counts() -> list[int]:
    return [table.objects.count() for table in TABLES]


# -- what is kept -----------------------------------------------------------------------------


def test_the_customers_side_is_kept_as_a_tree(authorization: Authorization) -> None:
    assert codes(store(authorization, household())) == set()
    found = Meter.objects.get()
    assert (found.serial_number, found.form_number, found.is_meter) == ("M-4711", "2S", True)
    assert found.installed is not None
    assert found.installed.timestamp() == INSTALLED
    place = found.service_location
    assert place is not None
    assert place.address_lines == ["12 Elm Street", "Salem, OR 97301"]
    contract = place.agreement
    assert contract is not None
    assert contract.number == "SA-77"
    assert contract.account is not None
    assert contract.account.number == "0012345678"
    assert contract.account.customer == Customer.objects.get(name__isnull=False)
    assert contract.account.customer.name == "Ada Lovelace"


@pytest.mark.parametrize("seed", range(6))
def test_entries_that_come_one_a_document_give_the_same_tree_in_any_order(
    authorization: Authorization, seed: int
) -> None:
    documents: list[Sequence[Entry]] = [[one] for one in household("UsagePoint/1")]
    documents += [meter()]
    Random(seed).shuffle(documents)
    for entries in documents:
        store(authorization, *entries)
    test_the_customers_side_is_kept_as_a_tree(authorization)
    assert authorization.usage_points.get().service_location == ServiceLocation.objects.get()


def test_the_same_again_changes_nothing(authorization: Authorization) -> None:
    whole = [*household("UsagePoint/1", "UsagePoint/2"), *meter(), block(*hours([1, 2]))]
    store(authorization, whole)
    before = versions()
    store(authorization, whole)
    store(authorization, household("UsagePoint/1", "UsagePoint/2"))
    store(authorization, meter())
    assert versions() == before


def test_what_has_only_a_name_of_any_length_is_known_again(authorization: Authorization) -> None:
    nameless = Entry(id="n" * 1000, resource=EspiCustomer(customer_name="Ada Lovelace"))
    store(authorization, nameless)
    store(authorization, nameless)
    assert Customer.objects.get().name == "Ada Lovelace"


def test_what_a_later_feed_leaves_out_stays(authorization: Authorization) -> None:
    store(authorization, household())
    silent = [
        entry(EspiCustomer(), "C/1"),
        entry(EspiAccount(), "C/1/A/1"),
        entry(EspiServiceLocation(), "C/1/A/1/G/1/L/1"),
        entry(EspiMeter(), "C/1/A/1/G/1/L/1/Meter/1"),
    ]
    store(authorization, *silent)
    test_the_customers_side_is_kept_as_a_tree(authorization)


def test_what_a_later_feed_says_otherwise_is_taken(authorization: Authorization) -> None:
    store(authorization, household())
    store(authorization, customer("Ada King"), device("M-4712"))
    assert Customer.objects.get().name == "Ada King"
    assert Meter.objects.get().serial_number == "M-4712"
    assert counts() == [1, 1, 1, 1, 1]


def test_of_another_address_nothing_old_is_left(authorization: Authorization) -> None:
    store(authorization, household())
    store(authorization, location(where=address(None, "Portland")))
    assert ServiceLocation.objects.get().address_lines == ["Portland, OR 97301"]


def test_an_address_is_written_as_people_do(authorization: Authorization) -> None:
    detail = StreetDetail(
        number="5", name="Elm", type="St", suffix="NW", suite_number="2", building_name="The Mill"
    )
    where = StreetAddress(street_detail=detail, town_detail=TownDetail(name="Salem", code="97301"))
    store(authorization, location(where=where))
    lines = ["The Mill", "5 Elm St NW", "Unit 2", "Salem, 97301"]
    assert ServiceLocation.objects.get().address_lines == lines


def test_a_company_is_known_by_its_name_and_address(authorization: Authorization) -> None:
    company = Organisation(organisation_name="Acme", postal_address=address())
    store(authorization, entry(EspiCustomer(organisation=company, kind="enterprise"), "C/1"))
    found = Customer.objects.get()
    assert (found.name, found.kind) == ("Acme", "enterprise")
    assert found.address_lines == ["12 Elm Street", "Salem, OR 97301"]


def test_suppliers_are_kept_with_their_agreement(authorization: Authorization) -> None:
    up = "C/1/A/1/G/1/ServiceSupplier"
    wires = ServiceSupplier(kind="utility", issuer_identification_number="PUC")
    power = ServiceSupplier(kind="retailer", organisation=Organisation(organisation_name="Sun Co"))
    store(authorization, household(), entry(wires, f"{up}/1", up))
    store(authorization, entry(power, f"{up}/2", up))
    assert CustomerAgreement.objects.get().suppliers == {
        f"{up}/1": {"kind": "utility", "name": "PUC"},
        f"{up}/2": {"kind": "retailer", "name": "Sun Co"},
    }


def test_a_device_that_is_no_meter_says_so(authorization: Authorization) -> None:
    up = "C/1/A/1/G/1/L/1/EndDevice"
    store(authorization, household(), entry(EndDevice(serial_number="T-1"), f"{up}/1", up))
    assert dict(Meter.objects.values_list("identity", "is_meter")) == {
        f"{up}/1": False,
        "C/1/A/1/G/1/L/1/Meter/1": True,
    }


@pytest.mark.parametrize("second", [-(10**10), 10**10])
def test_an_impossible_installation_is_left_out(authorization: Authorization, second: int) -> None:
    lifecycle = LifecycleDate(installation_date=second)
    store(authorization, entry(EspiMeter(lifecycle=lifecycle), "m"))
    assert Meter.objects.get().installed is None


def test_nobody_elses_rows_are_touched(authorization: Authorization) -> None:
    other = make_authorization()
    store(other, household("UsagePoint/1"))
    before = versions()
    store(authorization, household("UsagePoint/1"), meter())
    assert counts() == [2, 2, 2, 2, 2]
    assert set(before) <= set(versions())
    assert other.usage_points.count() == 0
    assert ServiceLocation.objects.get(authorization=other).usage_points.count() == 0


def test_a_broken_document_leaves_nothing(authorization: Authorization) -> None:
    whole = document(household()).getvalue()
    cut = type(document())(whole[: len(whole) - 20])
    with pytest.raises(EspiError):
        store_feed(authorization, cut, max_bytes=MEGABYTE)
    assert counts() == [0, 0, 0, 0, 0]


# -- the bridge to the usage --------------------------------------------------------------------


def test_customer_and_usage_in_one_document_are_joined(authorization: Authorization) -> None:
    stored = store(authorization, household("UsagePoint/1"), meter(), block(*hours([1])))
    assert codes(stored) == set()
    assert stored.new == 1
    place = authorization.usage_points.get().service_location
    assert place is not None
    assert place.meters.get().serial_number == "M-4711"


def test_a_usage_point_that_comes_later_is_joined_then(authorization: Authorization) -> None:
    stored = store(authorization, household("UsagePoint/1"))
    assert codes(stored) == {"service_location.no_usage_point"}
    assert ServiceLocation.objects.get().usage_point_links == ["UsagePoint/1"]
    store(authorization, meter())
    assert authorization.usage_points.get().service_location == ServiceLocation.objects.get()


def test_a_usage_point_is_found_by_its_uuid_too(authorization: Authorization) -> None:
    persistent = "urn:uuid:11111111-1111-4111-8111-111111111111"
    store(authorization, entry(EspiUsagePoint(kind=0), "elsewhere", id=persistent))
    assert codes(store(authorization, household(persistent))) == set()
    assert authorization.usage_points.get().service_location is not None


def test_of_two_places_that_name_one_usage_point_the_first_has_it(
    authorization: Authorization,
) -> None:
    second = entry(EspiServiceLocation(usage_points=("UsagePoint/1",)), "C/1/A/1/G/1/L/2")
    for _ in range(2):
        stored = store(authorization, household("UsagePoint/1"), second, meter())
        assert "service_location.same_usage_point" in codes(stored)
        place = authorization.usage_points.get().service_location
        assert place is not None
        assert place.identity == "C/1/A/1/G/1/L/1"


def test_a_usage_point_that_was_made_from_a_link_keeps_its_place_when_it_becomes_real(
    authorization: Authorization,
) -> None:
    store(authorization, block(*hours([1])))
    store(authorization, household("UsagePoint/1"))
    store(authorization, meter())
    assert authorization.usage_points.get().service_location is not None


# -- what tells services and series apart ---------------------------------------------------------


def test_the_tariff_and_the_delivery_point_are_kept(authorization: Authorization) -> None:
    delivery = ServiceDeliveryPoint(name="Barn", tariff_profile="E-19")
    resource = EspiUsagePoint(kind=0, service_delivery_point=delivery)
    store(authorization, entry(resource, "UsagePoint/1"))
    store(authorization, meter())
    found = authorization.usage_points.get()
    assert (found.delivery_point, found.tariff_profile) == ("Barn", "E-19")


def test_what_tells_two_series_apart_is_kept(authorization: Authorization) -> None:
    kind = ReadingType(
        uom=72, tou=2, cpp=1, consumption_tier=3, phase=128, data_qualifier=8, time_attribute=11
    )
    up = "UsagePoint/1/MeterReading"
    tariff = entry(EspiMeterReading(), f"{up}/2", up, ["ReadingType/2"])
    store(authorization, meter(), tariff, entry(kind, "ReadingType/2"))
    plain, special = authorization.usage_points.get().meter_readings.order_by("identity")
    assert (plain.tou, plain.phase) == (None, None)
    assert (special.tou, special.cpp, special.consumption_tier) == (2, 1, 3)
    assert (special.phase, special.data_qualifier, special.time_attribute) == (128, 8, 11)


# -- personal data --------------------------------------------------------------------------------

PRIVATE = ["Ada Lovelace", "0012345678", "SA-77", "12 Elm Street", "Salem", "97301", "M-4711"]


def test_who_and_where_a_customer_is_cannot_be_read_in_the_tables(
    authorization: Authorization,
) -> None:
    store(authorization, household("UsagePoint/1"))
    with connection.cursor() as cursor:
        for table in TABLES:
            query = "SELECT row_to_json(t)::text FROM {} t"
            cursor.execute(query.format(table._meta.db_table))
            rows = str(cursor.fetchall())
            assert [word for word in PRIVATE if word in rows] == []


def test_nothing_of_it_is_logged_or_told(
    authorization: Authorization, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        stored = store(authorization, household("nowhere"))
    told = (
        caplog.text + str(stored.findings) + str([one.detail for one in authorization.events.all()])
    )
    assert [word for word in PRIVATE if word in told] == []


def test_purge_leaves_nothing(authorization: Authorization) -> None:
    other = make_authorization()
    for one in (authorization, other):
        store(one, household("UsagePoint/1"), meter(), block(*hours([1])))
    authorization.mark_revoked("customer")
    assert purge(authorization)
    assert counts() == [1, 1, 1, 1, 1]
    for table in TABLES:
        assert not table.objects.filter(authorization=authorization).exists()
    assert not authorization.usage_points.exists()
    assert other.usage_points.get().service_location is not None


def test_purge_needs_no_key(authorization: Authorization, settings: Any) -> None:
    store(authorization, household("UsagePoint/1"), meter())
    authorization.mark_revoked("customer")
    settings.FIELD_KEYS = ["M2sXbjWdlBCnEYnTNw5rzZqJZ6hIUqsbWzXxqG4nNWU="]
    assert purge(Authorization.objects.only("uid").get(pk=authorization.pk))
    assert counts() == [0, 0, 0, 0, 0]


# -- real feeds -----------------------------------------------------------------------------------


@real
@pytest.mark.parametrize(
    ("name", "rows", "odd"),
    [
        ("sce-bulk-RetailCustomer.xml", [0, 1, 1, 1, 1], {"link.no_parent", "link.adopted"}),
        ("pge-RetailCustomer.xml", [1, 1, 1, 1, 1], set()),
        ("gba-customer-subscription-feed-anonymized.xml", [1, 0, 0, 0, 0], set()),
    ],
)
def test_a_real_feed_is_kept_and_the_same_again_changes_nothing(
    authorization: Authorization, name: str, rows: list[int], odd: set[str]
) -> None:
    assert codes(store_real(authorization, name)) == odd
    assert counts() == rows
    before = versions()
    store_real(authorization, name)
    assert versions() == before


@real
def test_sces_customer_is_read_as_people_would(authorization: Authorization) -> None:
    store_real(authorization, "sce-bulk-RetailCustomer.xml")
    found = Meter.objects.get()
    assert found.serial_number == "2.16.840.1.114416.1.5.222013991111"
    assert (found.type, found.form_number) == ("C2SOD", "2S")
    assert found.service_location is not None
    assert found.service_location.address_lines == ["11111 COLORADO ST", "PALM DESERT, CA 92260"]
    contract = found.service_location.agreement
    assert contract is not None
    assert contract == found.agreement
    assert contract.number == "3-001-4647-18"
    assert sorted(one["kind"] for one in contract.suppliers.values()) == ["lse", "mdma", "msp"]
    assert {one["name"] for one in contract.suppliers.values()} == {"SCE"}
    assert contract.account is not None
    assert (contract.account.number, contract.account.customer) == ("2-00-111-1111", None)


@real
def test_pges_customer_is_read_as_people_would(authorization: Authorization) -> None:
    store_real(authorization, "pge-RetailCustomer.xml")
    place = ServiceLocation.objects.get()
    assert place.address_lines == ["140 HAN RD", "KING CITY, CA 95101"]
    assert place.meters.get().serial_number == "1121183459"
    assert place.agreement is not None
    assert place.agreement.number == "1112392222"
    contract_account = place.agreement.account
    assert contract_account is not None
    assert contract_account.number == "1687340014"
    assert contract_account.customer is not None
    assert contract_account.customer.name == "ACME INDUSTRIES"


@real
def test_the_gbas_customer_has_an_address_and_no_name(authorization: Authorization) -> None:
    store_real(authorization, "gba-customer-subscription-feed-anonymized.xml")
    found = Customer.objects.get()
    assert (found.name, found.kind) == ("", "residential")
    assert found.address_lines == ["123 Test Street", "Test City, Test State 12345-6789"]
    assert found.identity == "urn:uuid:88888888-8888-8888-8888-888888888888"
