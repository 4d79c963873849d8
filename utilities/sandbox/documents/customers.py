"""Who the customer is (FB 51 to 62): accounts, agreements, places, suppliers, meters.

All of it is personal, so it stays inside the content: no id, link or title tells anything. Parents
that are not shared are there all the same, and say nothing but what hangs on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial

from greenbutton.espi import Entry
from greenbutton.espi.customer.customer import Customer
from greenbutton.espi.customer.customer_account import AccountNotification, CustomerAccount
from greenbutton.espi.customer.customer_agreement import (
    CustomerAgreement,
    DemandResponseProgram,
    ProgramDate,
)
from greenbutton.espi.customer.electronic_address import ElectronicAddress
from greenbutton.espi.customer.end_device import EndDevice, LifecycleDate
from greenbutton.espi.customer.enums import (
    CustomerKind,
    MediaType,
    NotificationMethodKind,
    ProgramDateKind,
    SupplierKind,
)
from greenbutton.espi.customer.meter import Meter
from greenbutton.espi.customer.organisation import Organisation
from greenbutton.espi.customer.program_date_id_mappings import (
    ProgramDateIdMapping,
    ProgramDateIdMappings,
)
from greenbutton.espi.customer.service_location import ServiceLocation
from greenbutton.espi.customer.service_supplier import ServiceSupplier
from greenbutton.espi.customer.statement import Statement, StatementRef
from greenbutton.espi.customer.status import Status
from greenbutton.espi.customer.telephone_number import TelephoneNumber
from greenbutton.espi.enums import EnrollmentStatus
from greenbutton.espi.period import Period
from greenbutton.espi.scope import Scope
from utilities.sandbox.documents import bills, places
from utilities.sandbox.documents.bills import Agency
from utilities.sandbox.documents.branch import Branch
from utilities.sandbox.documents.function_blocks import (
    AGREEMENT,
    BASIC,
    BILLING,
    DEMOGRAPHIC,
    DEVICE,
    LOCATION,
    METER,
    PROGRAMMES,
    SUPPLIER,
)
from utilities.sandbox.documents.sharing import Sharing, opaque
from utilities.sandbox.documents.tree import Collection, Node, walk
from utilities.sandbox.documents.window import EVERYTHING
from utilities.sandbox.households import INSTALLED, midnight, reading_day
from utilities.sandbox.models import Clock, Grant, Service

ACTIVE = Status(value="active")
# What a watt-hour meter of a home, and of a business, is called.
HOME_FORM, BUSINESS_FORM = "2S", "9S"


def customer_entries(grant: Grant, scope: Scope, branch: Branch) -> Iterator[Entry]:
    """What the scope opens and the branch holds of the customer's side, parents first.

    The database is read here, not while the entries are.
    """
    sharing = Sharing.of(grant, scope, EVERYTHING, Clock.now())
    href = f"{sharing.customer_root}/Customer"
    nodes = [_customer(sharing, href)] if sharing.shares.customer else []
    return walk([Collection(href, lambda: nodes)], branch)


def _customer(sharing: Sharing, up: str) -> Node:
    account = sharing.account
    href = f"{up}/{opaque('customer', account.utility, account.number)}"
    collections = [
        Collection(
            f"{href}/CustomerAccount", lambda: [_account(sharing, f"{href}/CustomerAccount")]
        )
    ]
    if sharing.shares.has_part(BILLING) and sharing.shares.bills:
        statements = f"{href}/Statement"
        collections.append(Collection(statements, partial(_statements, sharing, statements)))
    return _node(sharing, href, "Customer", _customer_resource(sharing), *collections)


def _node(
    sharing: Sharing,
    href: str,
    title: str,
    resource: Customer
    | CustomerAccount
    | CustomerAgreement
    | ServiceLocation
    | ServiceSupplier
    | EndDevice
    | ProgramDateIdMappings,
    *collections: Collection,
) -> Node:
    """A resource that relates to the collections below it."""
    related = [collection.href for collection in collections]
    return Node(href, lambda: sharing.entry(href, title, resource, *related), collections)


def _customer_resource(sharing: Sharing) -> Customer:
    account, shares = sharing.account, sharing.shares
    basic, demographic = shares.has_part(BASIC), shares.has_part(DEMOGRAPHIC)
    return Customer(
        name=account.name if basic else None,
        organisation=_reached(sharing, is_named=_is_business(sharing)) if basic else None,
        kind=_kind(sharing) if demographic else None,
        vip=False if demographic else None,
        status=ACTIVE if demographic else None,
        locale=f"en-{sharing.programme.country}" if demographic else None,
        customer_name=account.name if basic else None,
    )


def _is_business(sharing: Sharing) -> bool:
    return any(sharing.profile(service).is_business for service in sharing.services)


def _kind(sharing: Sharing) -> CustomerKind:
    return CustomerKind.COMMERCIAL_INDUSTRIAL if _is_business(sharing) else CustomerKind.RESIDENTIAL


def _reached(sharing: Sharing, *, is_named: bool = False) -> Organisation:
    """How the customer is reached; only a business is an organisation with a name."""
    account = sharing.account
    address = places.parts(account.address, sharing.programme.country)
    return Organisation(
        street_address=address,
        postal_address=address,
        phone1=_telephone(account.phone_key),
        electronic_address=ElectronicAddress(email1=account.email) if account.email else None,
        organisation_name=account.name if is_named else None,
    )


def _telephone(digits: str) -> TelephoneNumber | None:
    """North America's numbers: an area of three digits, and seven more."""
    if len(digits) != 10:
        return None
    return TelephoneNumber(
        country_code="1",
        area_code=digits[:3],
        local_number=f"{digits[3:6]}-{digits[6:]}",
        itu_phone=f"+1{digits}",
    )


def _account(sharing: Sharing, up: str) -> Node:
    account = sharing.account
    href = f"{up}/{opaque('account', account.utility, account.number)}"
    agreements = f"{href}/CustomerAgreement"
    resource = _account_resource(sharing) if sharing.shares.has_part(BILLING) else CustomerAccount()
    return _node(
        sharing,
        href,
        "Account",
        resource,
        Collection(
            agreements,
            lambda: (_agreement(sharing, service, agreements) for service in sharing.services),
        ),
    )


def _account_resource(sharing: Sharing) -> CustomerAccount:
    account = sharing.account
    cycles = sorted({reading_day(sharing.meter(service)) for service in sharing.services})
    way = NotificationMethodKind.EMAIL if account.email else NotificationMethodKind.LETTER
    return CustomerAccount(
        name=account.number,
        type="utility account",
        created_date_time=midnight(_since(sharing), sharing.zone),
        status=ACTIVE,
        billing_cycle=", ".join(f"{cycle:02d}" for cycle in cycles),
        notifications=(AccountNotification(method_kind=way, customer_notification_kind="bill"),),
        contact_info=_reached(sharing),
        account_id=account.number,
    )


def _since(sharing: Sharing) -> date:
    """When the customer came to the utility: some years before the meters were changed."""
    seed = min(service.seed for service in sharing.services)
    return date(INSTALLED.year - 1 - seed % 12, 1 + seed % 11, 1 + seed % 27)


def _agreement(sharing: Sharing, service: Service, up: str) -> Node:
    href = f"{up}/{service.uid}"
    shares, profile = sharing.shares, sharing.profile(service)
    collections: list[Collection] = []
    if any(shares.has_part(block) for block in (LOCATION, METER, DEVICE)):
        places = f"{href}/ServiceLocation"
        collections.append(Collection(places, lambda: [_location(sharing, service, places)]))
    if shares.has_part(SUPPLIER):
        suppliers = f"{href}/ServiceSupplier"
        found = bills.agencies(sharing.programme, profile)
        collections.append(
            Collection(
                suppliers, lambda: (_supplier(sharing, service, it, suppliers) for it in found)
            )
        )
    if shares.has_part(PROGRAMMES) and _may_enrol(sharing, service):
        mappings = f"{href}/ProgramDateIdMappings"
        collections.append(Collection(mappings, lambda: [_programmes(sharing, service, mappings)]))
    resource = (
        _agreement_resource(sharing, service) if shares.has_part(AGREEMENT) else CustomerAgreement()
    )
    return _node(sharing, href, "Agreement", resource, *collections)


def _may_enrol(sharing: Sharing, service: Service) -> bool:
    commodity = sharing.profile(service).commodity
    return bool(sharing.programme.demand_response) and commodity.is_electricity


def _agreement_resource(sharing: Sharing, service: Service) -> CustomerAgreement:
    signed = midnight(_since(sharing), sharing.zone)
    number = f"{sharing.account.number}/{service.meter_number}"
    return CustomerAgreement(
        name=number,
        type=f"{sharing.profile(service).commodity.kind.text} service",
        created_date_time=signed,
        status=ACTIVE,
        sign_date=signed,
        validity_interval=Period(start=signed),
        is_pre_pay=False,
        demand_response_programs=_enrolment(sharing, service),
        currency=sharing.programme.currency,
        agreement_id=number,
    )


def _enrolment(sharing: Sharing, service: Service) -> tuple[DemandResponseProgram, ...]:
    """Every other customer takes part in the utility's programme, if it has one."""
    if not _may_enrol(sharing, service):
        return ()
    is_in = service.seed % 2 == 0
    enrolled = midnight(date(INSTALLED.year + 2, 6, 1), sharing.zone)
    return (
        DemandResponseProgram(
            program_name=sharing.programme.demand_response,
            enrollment_status=EnrollmentStatus.ENROLLED if is_in else EnrollmentStatus.UNENROLLED,
            program_dates=(ProgramDate(enrolled, ProgramDateKind.CUST_DR_PROGRAM_ENROLLMENT_DATE),)
            if is_in
            else (),
        ),
    )


def _programmes(sharing: Sharing, service: Service, up: str) -> Node:
    """What the dates of the programme mean."""
    name = sharing.programme.demand_response
    mapping = ProgramDateIdMapping(
        program_date_type=ProgramDateKind.CUST_DR_PROGRAM_ENROLLMENT_DATE,
        code="1",
        name=f"Enrolment in {name}",
        note="The first day on which the customer may be asked to use less.",
    )
    href = f"{up}/{opaque('programme', service.uid)}"
    return _node(sharing, href, "Programme dates", ProgramDateIdMappings(None, (mapping,)))


def _supplier(sharing: Sharing, service: Service, agency: Agency, up: str) -> Node:
    kind = SupplierKind.UTILITY if agency.meters else SupplierKind.LSE
    supplier = ServiceSupplier(
        name=agency.name,
        organisation=Organisation(organisation_name=agency.name),
        kind=kind,
        effective_date=midnight(_since(sharing), sharing.zone),
    )
    return _node(sharing, f"{up}/{opaque(kind, service.uid)}", "Supplier", supplier)


def _location(sharing: Sharing, service: Service, up: str) -> Node:
    href = f"{up}/{service.uid}"
    shares, profile = sharing.shares, sharing.profile(service)
    collections: list[Collection] = []
    if shares.has_part(METER):
        meters = f"{href}/Meter"
        collections.append(Collection(meters, lambda: [_meter(sharing, service, meters)]))
    if shares.has_part(DEVICE) and profile.device:
        devices = f"{href}/EndDevice"
        collections.append(Collection(devices, lambda: [_device(sharing, service, devices)]))
    location = ServiceLocation(
        type="business" if profile.is_business else "home",
        main_address=places.parts(service.address, sharing.programme.country),
        status=ACTIVE,
        access_method="From the street",
        needs_inspection=False,
        # The only bridge from here to the usage.
        usage_points=(sharing.written(sharing.point_href(service)),),
    )
    resource = location if shares.has_part(LOCATION) else ServiceLocation()
    return _node(sharing, href, "Service location", resource, *collections)


def _meter(sharing: Sharing, service: Service, up: str) -> Node:
    profile = sharing.profile(service)
    form = BUSINESS_FORM if profile.is_business else HOME_FORM
    meter = Meter(
        type=f"{profile.commodity.kind.text} meter",
        serial_number=service.meter_number,
        lifecycle=_lifecycle(sharing),
        status=ACTIVE,
        is_virtual=False,
        is_pan=False,
        amr_system="AMI",
        form_number=form if profile.commodity.is_electricity else None,
        interval_length=profile.seconds,
    )
    return _node(sharing, f"{up}/{service.uid}", "Meter", meter)


def _device(sharing: Sharing, service: Service, up: str) -> Node:
    """What hangs beside the meter: the module that sends its readings, or the panels' inverter."""
    profile = sharing.profile(service)
    device = EndDevice(
        name=profile.device,
        type=profile.device.lower(),
        serial_number=f"M{service.seed % 10**8:08d}",
        lifecycle=_lifecycle(sharing),
        status=ACTIVE,
        is_virtual=False,
        is_pan=not profile.solar,
    )
    return _node(sharing, f"{up}/{opaque('device', service.uid)}", "Device", device)


def _lifecycle(sharing: Sharing) -> LifecycleDate:
    return LifecycleDate(installation_date=midnight(INSTALLED, sharing.zone))


def _statements(sharing: Sharing, up: str) -> Iterator[Node]:
    """The bills as they were sent (ESPI 4.0), each with the summary that says the same."""
    for service in sharing.services:
        for first, end in bills.periods(sharing, service):
            for agency in bills.agencies(sharing.programme, sharing.profile(service)):
                summary = bills.summary_href(sharing, service, first, agency)
                href = f"{up}/{opaque('statement', summary)}"
                yield Node(href, partial(_statement, sharing, href, first, end, summary))


def _statement(sharing: Sharing, href: str, first: date, end: date, summary: str) -> Entry:
    issued, _ = sharing.span(end, end)
    statement = Statement(
        issue_date_time=issued,
        statement_refs=(
            StatementRef(
                file_name=f"bill-{first:%Y-%m-%d}.xml",
                media_type=MediaType.XML,
                statement_url=summary,
            ),
        ),
    )
    return sharing.entry(href, "Statement", statement, at=issued)
