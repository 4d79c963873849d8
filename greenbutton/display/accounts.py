"""Whose account it is, as the customer's side of the feeds tells it: for the page and for staff."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from authorizations.connecting import prefill
from authorizations.models import Authorization
from greenbutton.display.meters import KINDS, OTHER
from greenbutton.models import (
    Customer,
    CustomerAccount,
    CustomerAgreement,
    Meter,
    ServiceLocation,
    UsagePoint,
)


@dataclass(frozen=True, slots=True)
class Place:
    """A service address, or an agreement of which no address is known, with its meters."""

    services: tuple[str, ...] = ()
    address: tuple[str, ...] = ()
    agreement: str = ""
    suppliers: tuple[str, ...] = ()
    tariffs: tuple[str, ...] = ()
    meters: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()

    def says_something(self) -> bool:
        """Whether there is anything to show of it."""
        return any(
            (self.address, self.agreement, self.suppliers, self.meters, self.devices, self.tariffs)
        )

    def masked(self) -> Place:
        """The same with each number and the street masked, as everywhere in staff pages."""
        return replace(
            self,
            address=(prefill.mask("address", ", ".join(self.address)),) if self.address else (),
            agreement=_masked(self.agreement),
            meters=tuple(map(_masked, self.meters)),
            devices=tuple(map(_masked, self.devices)),
        )


@dataclass(frozen=True, slots=True)
class Account:
    """What is billed together, and for whom. An address of its own only where no place has one."""

    customer: str = ""
    number: str = ""
    address: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()

    def says_something(self) -> bool:
        """Whether there is anything to show of it."""
        return bool(self.customer or self.number or self.address or self.places)

    def masked(self) -> Account:
        """The same with each number and the street masked, as everywhere in staff pages."""
        return replace(
            self,
            number=_masked(self.number),
            address=(prefill.mask("address", ", ".join(self.address)),) if self.address else (),
            places=tuple(place.masked() for place in self.places),
        )


def accounts_of(authorization: Authorization) -> list[Account]:
    """The accounts of an authorization; what belongs to none comes last, together."""
    return _Tree(authorization).accounts()


class _Tree:
    """The rows of an authorization by the key of their parent, None where that is not known."""

    def __init__(self, authorization: Authorization) -> None:
        of = {"authorization": authorization}
        self.customers = {row.pk: row for row in Customer.objects.filter(**of)}
        self.agreements = defaultdict[int | None, list[CustomerAgreement]](list)
        self.locations = defaultdict[int | None, list[ServiceLocation]](list)
        self.meters = defaultdict[int | None, list[Meter]](list)
        # Meters of which only the agreement is known.
        self.loose_meters = defaultdict[int | None, list[Meter]](list)
        self.usage_points = defaultdict[int | None, list[UsagePoint]](list)
        self.account_rows = list(CustomerAccount.objects.filter(**of))
        for agreement in CustomerAgreement.objects.filter(**of):
            self.agreements[agreement.account_id].append(agreement)
        for location in ServiceLocation.objects.filter(**of):
            self.locations[location.agreement_id].append(location)
        for meter in Meter.objects.filter(**of):
            if meter.service_location_id is not None:
                self.meters[meter.service_location_id].append(meter)
            else:
                self.loose_meters[meter.agreement_id].append(meter)
        for point in authorization.usage_points.exclude(service_location=None):
            self.usage_points[point.service_location_id].append(point)

    def accounts(self) -> list[Account]:
        found = [self._account(row) for row in self.account_rows]
        with_account = {row.customer_id for row in self.account_rows}
        found += [
            _account(customer, "", ())
            for customer in self.customers.values()
            if customer.pk not in with_account
        ]
        places = [*self._places_of(self.agreements[None]), *self._places_below(None)]
        found.append(_account(None, "", places))
        return [account for account in found if account.says_something()]

    def _account(self, row: CustomerAccount) -> Account:
        customer = self.customers.get(row.customer_id) if row.customer_id else None
        return _account(customer, row.number, self._places_of(self.agreements[row.pk]))

    def _places_of(self, agreements: Iterable[CustomerAgreement]) -> list[Place]:
        return [place for agreement in agreements for place in self._places_below(agreement)]

    def _places_below(self, agreement: CustomerAgreement | None) -> list[Place]:
        key = agreement.pk if agreement else None
        places = [self._place(location) for location in self.locations[key]]
        loose = self.loose_meters[key]
        if loose or (agreement and not places):
            meters, devices = _numbers(loose)
            places.append(Place(meters=meters, devices=devices))
        if agreement:
            suppliers = _each(one.get("name", "") for one in agreement.suppliers.values())
            places = [
                replace(place, agreement=agreement.number, suppliers=suppliers) for place in places
            ]
        return [place for place in places if place.says_something()]

    def _place(self, location: ServiceLocation) -> Place:
        points = self.usage_points[location.pk]
        kinds = (OTHER if one.kind is None else KINDS.get(one.kind, OTHER) for one in points)
        meters, devices = _numbers(self.meters[location.pk])
        return Place(
            services=_each(label for _, label in kinds),
            address=tuple(location.address_lines),
            tariffs=_each(point.tariff_profile for point in points),
            meters=meters,
            devices=devices,
        )


def _account(customer: Customer | None, number: str, places: Iterable[Place]) -> Account:
    shown = tuple(places)
    has_address = any(place.address for place in shown)
    return Account(
        customer=customer.name if customer else "",
        number=number,
        address=tuple(customer.address_lines) if customer and not has_address else (),
        places=shown,
    )


def _numbers(meters: Iterable[Meter]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The numbers on meters, and on devices that are none; a meter often comes as both."""
    rows = list(meters)
    found = _each(row.serial_number for row in rows if row.is_meter)
    others = _each(row.serial_number for row in rows if not row.is_meter)
    return found, tuple(one for one in others if one not in found)


def _each(words: Iterable[str]) -> tuple[str, ...]:
    """Each word once, in order, without the empty one."""
    return tuple(word for word in dict.fromkeys(words) if word)


def _masked(number: str) -> str:
    return prefill.mask("account", number) if number else ""
