from collections.abc import Iterable
from dataclasses import replace

import pytest

from greenbutton.espi import Entry
from greenbutton.espi.customer.customer import Customer
from greenbutton.espi.customer.customer_account import CustomerAccount
from greenbutton.espi.customer.customer_agreement import CustomerAgreement
from greenbutton.espi.customer.end_device import EndDevice
from greenbutton.espi.customer.meter import Meter
from greenbutton.espi.customer.program_date_id_mappings import ProgramDateIdMappings
from greenbutton.espi.customer.service_location import ServiceLocation
from greenbutton.espi.customer.service_supplier import ServiceSupplier
from greenbutton.espi.customer.statement import Statement
from greenbutton.espi.customer_links import CustomerLinker, CustomerTree, Stored, named
from greenbutton.espi.interval_block import IntervalBlock
from greenbutton.espi.resources import Resource
from greenbutton.espi.usage_point import UsagePoint

ONE = "urn:uuid:11111111-1111-4111-8111-111111111111"
TWO = "urn:uuid:22222222-2222-4222-8222-222222222222"


def one(
    resource: Resource,
    self_href: str | None = None,
    up: str | None = None,
    related: Iterable[str] = (),
    id: str | None = None,  # noqa: A002 (named as in Atom)
) -> Entry:
    return Entry(self_href=self_href, up=up, related=tuple(related), id=id, resource=resource)


def tree(*entries: Entry, stored: Iterable[Stored] = ()) -> CustomerTree:
    linker = CustomerLinker()
    for ordinal, entry in enumerate(entries, 1):
        linker.add(replace(entry, ordinal=ordinal))
    return linker.resolve(stored)


def codes(linked: CustomerTree) -> list[str]:
    return [finding.code for finding in linked.findings]


def parents(linked: CustomerTree, kind: type) -> dict[str, dict[type, str]]:
    return {identity: dict(it.parents) for identity, it in linked.linked[kind].items()}


OTHER = one(Customer(), "d", related=["d/CustomerAccount"])


@pytest.mark.parametrize(
    ("customer", "account"),
    [
        (one(Customer(), "c", related=["x/A"]), one(CustomerAccount(), "y/1", up="x/A")),
        (one(Customer(), "c", related=["x/1"]), one(CustomerAccount(), "x/1")),
        (one(Customer(), "c"), one(CustomerAccount(), "a", up="c")),
        (one(Customer(), "c"), one(CustomerAccount(), "c/A/1", up="elsewhere")),
    ],
    ids=["up is related", "self is related", "up is self", "self continues self"],
)
def test_each_matching_rule_finds_the_parent(customer: Entry, account: Entry) -> None:
    linked = tree(OTHER, account, customer)
    assert parents(linked, CustomerAccount) == {account.self_href: {Customer: "c"}}
    assert codes(linked) == []


def test_the_whole_tree_hangs_together_in_any_order() -> None:
    c, a, g, location = "c", "c/A/1", "c/A/1/G/1", "c/A/1/G/1/L/1"
    entries = [
        one(Meter(serial_number="7"), f"{location}/Meter/1"),
        one(EndDevice(), f"{location}/EndDevice/1"),
        one(ServiceLocation(), location),
        one(ServiceSupplier(kind="utility"), f"{g}/ServiceSupplier/1"),
        one(ProgramDateIdMappings(), f"{g}/ProgramDateIdMappings/1"),
        one(CustomerAgreement(), g),
        one(CustomerAccount(), a),
        one(Statement(), f"{c}/Statement/1"),
        one(Customer(), c),
    ]
    for linked in (tree(*entries), tree(*reversed(entries))):
        assert codes(linked) == []
        assert parents(linked, EndDevice) == {
            f"{location}/Meter/1": {ServiceLocation: location},
            f"{location}/EndDevice/1": {ServiceLocation: location},
        }
        assert parents(linked, ServiceLocation) == {location: {CustomerAgreement: g}}
        assert parents(linked, ServiceSupplier) == {
            f"{g}/ServiceSupplier/1": {CustomerAgreement: g}
        }
        assert parents(linked, CustomerAgreement) == {g: {CustomerAccount: a}}
        assert parents(linked, CustomerAccount) == {a: {Customer: c}}
        assert parents(linked, Statement) == {f"{c}/Statement/1": {Customer: c}}


def test_what_is_not_of_the_customers_side_is_passed_over() -> None:
    linker = CustomerLinker()
    linker.add(one(UsagePoint(), "u"))
    linker.add(one(IntervalBlock(), "b"))
    assert linker.is_empty()
    assert codes(linker.resolve()) == []


def test_the_only_one_adopts_what_names_no_parent() -> None:
    linked = tree(one(CustomerAccount(), "a"), one(CustomerAgreement(), "g", up="z"))
    assert parents(linked, CustomerAgreement) == {"g": {CustomerAccount: "a"}}
    assert codes(linked) == ["link.no_parent", "link.adopted"]


def test_one_of_two_adopts_nothing() -> None:
    linked = tree(OTHER, one(Customer(), "c"), one(CustomerAccount(), "a", up="z"))
    assert parents(linked, CustomerAccount) == {"a": {}}
    assert codes(linked) == ["link.no_parent"]


def test_a_meter_below_the_agreement_is_at_the_agreements_only_place() -> None:
    """As SCE has it."""
    linked = tree(
        one(CustomerAgreement(), "g/1", up="a"),
        one(CustomerAgreement(), "g/2", up="a"),
        one(CustomerAccount(), "a"),
        one(ServiceLocation(), "g/1/L/1"),
        one(ServiceLocation(), "g/2/L/1"),
        one(Meter(), "g/2/Meter/1"),
    )
    assert parents(linked, EndDevice) == {
        "g/2/Meter/1": {CustomerAgreement: "g/2", ServiceLocation: "g/2/L/1"}
    }
    assert codes(linked) == ["link.no_parent", "link.adopted"]


def test_a_meter_below_an_agreement_with_two_places_is_at_neither() -> None:
    linked = tree(
        one(CustomerAgreement(), "g"),
        one(ServiceLocation(), "g/L/1"),
        one(ServiceLocation(), "g/L/2"),
        one(Meter(), "g/Meter/1"),
    )
    assert parents(linked, EndDevice) == {"g/Meter/1": {CustomerAgreement: "g"}}
    assert codes(linked) == ["link.no_parent"]


def test_what_two_parents_claim_goes_to_the_first_with_a_finding() -> None:
    linked = tree(
        one(Customer(), "c", related=["a"]),
        one(Customer(), "d", related=["a"]),
        one(CustomerAccount(), "a/1", up="a"),
    )
    assert parents(linked, CustomerAccount) == {"a/1": {Customer: "c"}}
    assert codes(linked) == ["link.ambiguous"]


def test_a_repeated_entry_is_one_the_last_with_all_their_links() -> None:
    first = one(Customer(customer_name="Old"), "c", related=["x"], id=ONE)
    last = one(Customer(customer_name="New"), "c", related=["y"], id=ONE)
    linked = tree(first, one(CustomerAccount(), "a", up="x"), last)
    (customer,) = linked.linked[Customer].values()
    assert customer.entry is not None
    assert customer.entry.resource == Customer(customer_name="New")
    assert customer.identity == ONE
    assert parents(linked, CustomerAccount) == {"a": {Customer: ONE}}


# -- with what a store has already ----------------------------------------------------------------


def test_a_parent_that_is_stored_is_found() -> None:
    customer = Stored(7, ONE, one(Customer(), "c", related=["c/A"]))
    linked = tree(one(CustomerAccount(), "a", up="c/A"), stored=[customer])
    assert parents(linked, CustomerAccount) == {"a": {Customer: ONE}}
    assert (linked.linked[Customer][ONE].row, linked.linked[Customer][ONE].entry) == (7, None)
    assert codes(linked) == []


def test_a_stored_child_is_found_by_its_parent() -> None:
    account = Stored(7, "a", one(CustomerAccount(), "a", up="c/A"))
    linked = tree(one(Customer(), "c", related=["c/A"]), stored=[account])
    assert parents(linked, CustomerAccount) == {"a": {Customer: "c"}}
    assert codes(linked) == []


def test_what_hangs_on_something_already_is_neither_adopted_nor_told_on() -> None:
    account = Stored(7, "a", one(CustomerAccount(), "a", up="z"), hangs_on=frozenset({Customer}))
    linked = tree(one(CustomerAccount(), "a", up="z"), one(Customer(), "c"), stored=[account])
    assert parents(linked, CustomerAccount) == {"a": {}}
    assert codes(linked) == []


def test_a_stored_orphan_is_not_told_on_again() -> None:
    account = Stored(7, "a", one(CustomerAccount(), "a", up="z"))
    assert codes(tree(OTHER, one(Customer(), "c"), stored=[account])) == []


@pytest.mark.parametrize(
    ("stored", "persistent", "name", "row"),
    [
        ("c", ONE, ONE, 7),
        (ONE, None, ONE, 7),
        (ONE, ONE, ONE, 7),
        (ONE, TWO, TWO, None),
    ],
    ids=["gets its UUID", "is known by its link", "is the same", "is another"],
)
def test_a_uuid_is_the_name_and_else_the_self_link(
    stored: str, persistent: str | None, name: str, row: int | None
) -> None:
    there = Stored(7, stored, one(Customer(), "c"))
    linked = tree(one(Customer(), "c", id=persistent), stored=[there])
    (here,) = (it for it in linked.linked[Customer].values() if it.entry)
    assert (here.identity, here.row) == (name, row)


# -- the bridge -----------------------------------------------------------------------------------


def test_usage_points_are_named_as_written_or_by_their_uuid() -> None:
    points = {ONE: 1, "u/1": 1, "u/2": 2}
    assert named(["u/2", "u/1", "u/2"], points) == ([2, 1], [])
    assert named([ONE.upper().replace("URN:UUID", "urn:uuid")], points) == ([1], [])


@pytest.mark.parametrize("link", ["u/1/", "U/1", "./u/1", "https://utility.example/u/1", TWO])
def test_nothing_else_names_them(link: str) -> None:
    assert named([link], {ONE: 1, "u/1": 1}) == ([], [link])
