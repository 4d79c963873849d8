"""The customer's side of a document: who, under which contract, where, and at which meter.

The same rules as for the usage (parents.py): rows are made or filled in, never blanked. A level
that has not come yet is left out, and joined once it comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from authorizations.models import Authorization
from greenbutton import expectation
from greenbutton.espi import Entry, Finding
from greenbutton.espi.customer.customer import Customer as EspiCustomer
from greenbutton.espi.customer.customer_account import CustomerAccount as EspiAccount
from greenbutton.espi.customer.customer_agreement import CustomerAgreement as EspiAgreement
from greenbutton.espi.customer.end_device import EndDevice as EspiEndDevice
from greenbutton.espi.customer.meter import Meter as EspiMeter
from greenbutton.espi.customer.service_location import ServiceLocation as EspiServiceLocation
from greenbutton.espi.customer.service_supplier import ServiceSupplier as EspiServiceSupplier
from greenbutton.espi.customer.street_address import StreetAddress, TownDetail
from greenbutton.espi.customer_links import (
    CustomerLinker,
    CustomerTree,
    LinkedCustomerSide,
    Stored,
    named,
)
from greenbutton.ingest import days
from greenbutton.ingest.known import fitting
from greenbutton.ingest.parents import TITLE_LENGTH, fill
from greenbutton.models import (
    Address,
    Customer,
    CustomerAccount,
    CustomerAgreement,
    CustomerSide,
    Meter,
    ServiceLocation,
    UsagePoint,
)

KIND_LENGTH = 64
ADDRESS_COLUMNS = ("street", "city", "state", "postal_code")
SENTENCES = {
    "service_location.no_usage_point": "A service location names a usage point that has not been "
    "collected; it is joined to it once that comes.",
    "service_location.same_usage_point": "A usage point is named by several service locations; "
    "the first was taken.",
}

# What is kept, parents first. Statements are documents to fetch, and lists of programme dates
# explain codes: neither is kept.
TABLES: dict[type, type[CustomerSide]] = {
    EspiCustomer: Customer,
    EspiAccount: CustomerAccount,
    EspiAgreement: CustomerAgreement,
    EspiServiceLocation: ServiceLocation,
    EspiEndDevice: Meter,
}
# The column of a child that holds the key of a parent of each kind.
PARENT_COLUMNS: dict[type, str] = {
    EspiCustomer: "customer_id",
    EspiAccount: "account_id",
    EspiAgreement: "agreement_id",
    EspiServiceLocation: "service_location_id",
}


def keep_customers(
    authorization: Authorization,
    customers: CustomerLinker,
    without: Callable[[CustomerTree], CustomerTree] = lambda tree: tree,
) -> list[Finding]:
    """Keep what a document has of the customer's side; returns what is odd about it.

    1. Link its entries with each other and with what is stored; `without` leaves some out.
    2. Make or fill in the rows, parents first.
    3. Ask whether it is the account that the link was made for.
    4. Join service locations and usage points, of which either may have come later.

    It comes after the document's usage points, and belongs into a transaction that holds the
    authorization's row.
    """
    if customers.is_empty():
        _join_waiting(authorization)
        return []
    rows = {kind: _rows_of(authorization, kind) for kind in TABLES}
    tree = without(
        customers.resolve(
            _as_stored(kind, row) for kind, found in rows.items() for row in found.values()
        )
    )
    keys: dict[tuple[type, str], int] = {}
    locations: list[ServiceLocation] = []
    for kind, table in TABLES.items():
        # The store gives a name that is too long for its column as a digest, which names nothing
        # in the document.
        by_name = {row.identity: row for row in rows[kind].values()}
        for linked in tree.linked[kind].values():
            stored = rows[kind].get(linked.row) if linked.row else None
            row = stored or by_name.get(fitting(linked.identity))
            row = row or table(authorization=authorization)
            _keep(kind, row, linked, keys)
            keys[kind, linked.identity] = row.pk
            if linked.entry and isinstance(row, ServiceLocation):
                locations.append(row)
    _keep_suppliers(tree, keys)
    expectation.check(authorization)
    return [*tree.findings, *_join(authorization, locations)]


def _rows_of(authorization: Authorization, kind: type) -> dict[int, CustomerSide]:
    rows = TABLES[kind]._default_manager.filter(authorization=authorization)
    return {row.pk: row for row in rows}


def _as_stored(kind: type, row: CustomerSide) -> Stored:
    links = Entry(
        self_href=row.self_link or None,
        up=row.up_link or None,
        related=tuple(row.related_links),
        resource=kind(),
    )
    hangs_on = (
        parent
        for parent, column in PARENT_COLUMNS.items()
        if getattr(row, column, None) is not None
    )
    return Stored(row.pk, row.identity, links, frozenset(hangs_on))


def _keep(
    kind: type, row: CustomerSide, linked: LinkedCustomerSide, keys: Mapping[tuple[type, str], int]
) -> None:
    values: dict[str, Any] = {
        PARENT_COLUMNS[parent]: keys[parent, identity]
        for parent, identity in linked.parents.items()
        # A parent that was left out has no row.
        if (parent, identity) in keys
    }
    if linked.entry is not None:
        values |= {
            "identity": fitting(linked.identity),
            "self_link": linked.entry.self_href,
            "up_link": linked.entry.up,
            "related_links": list(linked.entry.related),
            **_said(linked.entry),
        }
    if isinstance(row, Address):
        _forget_another_address(row, values)
    fill(row, **values)
    if row.pk is None:
        row.save()


def _forget_another_address(row: Address, said: Mapping[str, Any]) -> None:
    """Where the entry gives another address, nothing of the old one may be left beside it."""
    known = {name: getattr(row, name) for name in ADDRESS_COLUMNS}
    if any(known[name] and said.get(name) not in (None, "", known[name]) for name in known):
        for name in ADDRESS_COLUMNS:
            setattr(row, name, "")
        if row.pk is not None:
            row.save(update_fields=ADDRESS_COLUMNS)


def _said(entry: Entry) -> dict[str, Any]:
    """What the entry says, by the columns that hold it."""
    match entry.resource:
        case EspiCustomer() as customer:
            company = customer.organisation
            name = company.organisation_name if company else None
            address = (company.street_address or company.postal_address) if company else None
            return {
                "name": customer.customer_name or name or customer.name,
                "kind": (customer.kind or "")[:KIND_LENGTH],
                **_address(address),
            }
        case EspiAccount() as account:
            return {"account_id": account.account_id, "name": account.name}
        case EspiAgreement() as agreement:
            return {"agreement_id": agreement.agreement_id, "name": agreement.name}
        case EspiServiceLocation() as location:
            links = list(dict.fromkeys(location.usage_points))
            return {"usage_point_links": links, **_address(location.main_address)}
        case EspiEndDevice() as device:
            return _device(device)
    return {}


def _device(device: EspiEndDevice) -> dict[str, Any]:
    installed = device.lifecycle.installation_date if device.lifecycle else None
    if installed is not None and not days.is_possible(installed):
        installed = None
    return {
        "is_meter": isinstance(device, EspiMeter),
        "serial_number": device.serial_number,
        "name": (device.name or "")[:TITLE_LENGTH],
        "type": (device.type or "")[:TITLE_LENGTH],
        "form_number": (device.form_number or "")[:TITLE_LENGTH]
        if isinstance(device, EspiMeter)
        else "",
        "installed": None if installed is None else datetime.fromtimestamp(installed, UTC),
    }


def _address(address: StreetAddress | None) -> dict[str, str | None]:
    """The columns of an address."""
    if address is None:
        return {}
    town = address.town_detail or TownDetail()
    return {
        "street": "\n".join(_street(address)),
        "city": town.name,
        "state": town.state_or_province,
        # PG&E has the ZIP code in the town's code.
        "postal_code": address.postal_code or town.code,
    }


def _street(address: StreetAddress) -> list[str]:
    """The lines of a street address, in the order of an envelope."""
    street = address.street_detail
    lines: list[str | None] = []
    if street is not None:
        parts = (street.number, street.prefix, street.name, street.type, street.suffix)
        suite = street.suite_number and f"Unit {street.suite_number}"
        general = (street.address_general, street.address_general2, street.address_general3)
        lines = [street.building_name, " ".join(part for part in parts if part), *general, suite]
    found = [" ".join(line.split()) for line in lines if line]
    if not found and address.po_box:
        found = [f"PO Box {address.po_box}"]
    return found


def _keep_suppliers(tree: CustomerTree, keys: Mapping[tuple[type, str], int]) -> None:
    """Keep who supplies what with the agreement."""
    found: dict[int, dict[str, dict[str, str]]] = {}
    for linked in tree.linked[EspiServiceSupplier].values():
        agreement = linked.parents.get(EspiAgreement)
        if agreement is None or linked.entry is None:
            continue
        if (EspiAgreement, agreement) not in keys:
            continue
        supplier = linked.entry.resource
        assert isinstance(supplier, EspiServiceSupplier)
        company = supplier.organisation and supplier.organisation.organisation_name
        name = company or supplier.name or supplier.issuer_identification_number
        said = {"kind": supplier.kind or "", "name": name or ""}
        found.setdefault(keys[EspiAgreement, agreement], {})[fitting(linked.identity)] = said
    for row in CustomerAgreement.objects.filter(pk__in=found):
        fill(row, suppliers=row.suppliers | found[row.pk])


# -- the bridge to the usage ----------------------------------------------------------------------


def _join(authorization: Authorization, locations: Iterable[ServiceLocation]) -> list[Finding]:
    """Join the service locations of a document with the usage points that they name."""
    usage_points = _by_name(authorization)
    odd: list[Finding] = []
    taken: set[int] = set()
    for location in locations:
        found, unknown = named(location.usage_point_links, usage_points)
        where = location.self_link or None
        odd += [_finding("service_location.no_usage_point", where) for _ in unknown]
        for usage_point in found:
            if usage_point.pk in taken:
                odd.append(_finding("service_location.same_usage_point", where))
                continue
            taken.add(usage_point.pk)
            fill(usage_point, service_location_id=location.pk)
    _join_waiting(authorization)
    return odd


def _join_waiting(authorization: Authorization) -> None:
    """Join usage points that came after the service location that names them."""
    waiting = ServiceLocation.objects.filter(authorization=authorization).exclude(
        usage_point_links=[]
    )
    links = list(waiting.order_by("pk").values_list("pk", "usage_point_links"))
    if not links:
        return
    usage_points = _by_name(authorization)
    for location, names in links:
        for usage_point in named(names, usage_points)[0]:
            if usage_point.service_location_id is None:
                fill(usage_point, service_location_id=location)


def _by_name(authorization: Authorization) -> dict[str, UsagePoint]:
    """The usage points by what a service location may call them: identity, or self link."""
    rows = list(UsagePoint.objects.filter(authorization=authorization).order_by("pk"))
    by_link = {row.links[0]: row for row in rows if row.links}
    return by_link | {row.identity: row for row in rows}


def _finding(code: str, where: str | None) -> Finding:
    return Finding(code, where, SENTENCES[code])
