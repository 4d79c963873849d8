"""What there is to read with a client and a grant: the explorer's list."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.conf import settings
from django.urls import reverse

from greenbutton.espi import scope as espi_scope
from greenbutton.espi.addresses import COLLECTIONS
from greenbutton.espi.errors import ScopeError
from portal.demo_site.forms import QUERY
from portal.demo_site.models import Conversation, Visit
from portal.demo_site.steps import AddressError, Token, checked, token_for

# Of so many documents, the latest, the links are gathered.
GATHERED_FROM = 30

# What lies below a subscription and a retail customer, in the order of the ESPI resource tree.
USAGE = {
    "UsagePoint": "Meters",
    "MeterReading": "What a meter measures",
    "IntervalBlock": "Readings",
    "ReadingType": "What readings mean",
    "UsageSummary": "Bills",
    "ElectricPowerQualitySummary": "Quality of the power",
    "LocalTimeParameters": "Local time",
}
# ESPI 1.1 had another name for it.
OLD_NAMES = {"ElectricPowerUsageSummary": "UsageSummary"}
ACCOUNT = {
    "Customer": "Who the customer is",
    "CustomerAccount": "Accounts",
    "CustomerAgreement": "Agreements",
    "ServiceLocation": "Where the service is",
    "Meter": "Meters at a location",
    "EndDevice": "Other devices at a location",
    "ServiceSupplier": "Who supplies",
    "ProgramDateIdMappings": "Programs and their dates",
    "Statement": "Statements",
}


class Place(NamedTuple):
    """What there is, the address of all of it, and of one; both empty while nothing names them.

    `note` says what is in the way.
    """

    says: str
    name: str
    token: Token
    address: str = ""
    one: str = ""
    note: str = ""


class Group(NamedTuple):
    """What belongs together: what can be read, or says why not, and what was not named so far."""

    title: str
    places: list[Place]
    unnamed: list[Place]

    @classmethod
    def of(cls, title: str, places: Iterable[Place]) -> Group:
        """Sort out what nothing can be said of but its name."""
        known: list[Place] = []
        unnamed: list[Place] = []
        for place in places:
            (known if place.address or place.one or place.note else unnamed).append(place)
        return cls(title, known, unnamed)


class _Found:
    """The addresses that the documents of a visit name: a list, and one entry, for each kind."""

    def __init__(self, visit: Visit) -> None:
        self.lists: dict[str, str] = {}
        self.entries: dict[str, str] = {}
        read = visit.conversations.filter(step=Conversation.Step.EXPLORE, status=200)
        for talk in read[:GATHERED_FROM]:
            for entry in talk.parsed["entries"] if talk.parsed else []:
                for href in (entry["self"], *entry["links"]):
                    self._take(visit, href)

    def _take(self, visit: Visit, href: str) -> None:
        """Note what a link leads to by its last names; what is asked for is the link itself."""
        try:
            address = checked(visit, href) if href else ""
        except AddressError:
            return
        names = (OLD_NAMES.get(name, name) for name in urlsplit(address).path.split("/"))
        *_, before, last = ("", "", *names)
        if last in COLLECTIONS:
            self.lists.setdefault(last, address)
        elif before in COLLECTIONS:
            self.entries.setdefault(before, address)

    def place(self, name: str, says: str) -> Place:
        """All and one of a kind, as far as they were named."""
        one = self.entries.get(name, "")
        return _place(says, name, self.lists.get(name, ""), one=one)


def groups(visit: Visit) -> list[Group]:
    """The addresses that this visit can know, grouped as the API's documentation does.

    Those below a subscription are the batch's address without “Batch”, as the ESPI resource tree
    has it; deeper ones are links in what was read, whose spelling is the utility's own.
    """
    found = _Found(visit)
    return [
        Group.of("The service and our registration", _service(visit, found)),
        Group.of("Consents", _consents(visit)),
        Group.of("Usage and bills", _usage(visit, found)),
        Group.of("Account details", _account(visit, found)),
    ]


def _place(says: str, name: str, address: str, *, one: str = "", note: str = "") -> Place:
    """A note is about what is not there, so it goes where there is an address."""
    known = address or one
    return Place(says, name, token_for(known or name), address, one, "" if known else note)


def _service(visit: Visit, found: _Found) -> Iterator[Place]:
    base = visit.utility.resource_url
    status = _place("Is the service up?", "ReadServiceStatus", f"{base}/ReadServiceStatus")
    yield status._replace(token=visit.utility.behaviour.status_token)
    name = "ApplicationInformation"
    ours = _place(
        "What the utility knows of this client",
        name,
        f"{base}/{name}",
        one=found.entries.get(name, ""),
    )
    if not visit.registration_token:
        ours = ours._replace(note="No registration token was given, so it will be refused.")
    yield ours


def _consents(visit: Visit) -> Iterator[Place]:
    name = "Authorization"
    yield _place(
        "Consents given to this client",
        name,
        f"{visit.utility.resource_url}/{name}",
        one=visit.authorization_uri,
    )
    yield _place(
        "The usage of all consents at once",
        "Bulk",
        _bulk(visit),
        note="A client token comes with its address: get one above.",
    )


def _usage(visit: Visit, found: _Found) -> Iterator[Place]:
    yield from _tree(visit.resource_uri, "Batch/Subscription", "Everything of this consent")
    if not visit.resource_uri:
        return
    if one := found.entries.get("UsagePoint", ""):
        batch = one.replace("/Subscription/", "/Batch/Subscription/", 1)
        yield _place("Everything of one meter", "Batch/Subscription/…/UsagePoint", batch)
    if "/Batch/" in visit.resource_uri:
        below = visit.resource_uri.replace("/Batch/", "/", 1)
        found.lists.setdefault("UsagePoint", f"{below}/UsagePoint")
    for name, says in USAGE.items():
        yield found.place(name, says)


def _account(visit: Visit, found: _Found) -> Iterator[Place]:
    yield from _tree(visit.customer_uri, "Batch/RetailCustomer", "Everything about the account")
    if not visit.customer_uri:
        return
    if "/Batch/" in visit.customer_uri:
        below = visit.customer_uri.replace("/Batch/", "/", 1)
        found.lists.setdefault("Customer", f"{below}/Customer")
    for name, says in ACCOUNT.items():
        yield found.place(name, says)


def _tree(root: str, name: str, says: str) -> Iterator[Place]:
    """A batch; without a grant, or one of other data, there is none."""
    yield _place(says, name, root, note="The tokens of a consent come with its address.")


def _bulk(visit: Visit) -> str:
    """Where the data of all consents lies, as the granted scope or a client token's answer says."""
    try:
        granted = espi_scope.parse(visit.granted_scope) if visit.granted_scope else None
    except ScopeError:
        granted = None
    if granted and (bulk := granted.option("BR")):
        return f"{visit.utility.resource_url}/Batch/Bulk/{bulk}"
    return _told_with_a_client_token(visit)


def _told_with_a_client_token(visit: Visit) -> str:
    step = Conversation.Step.CLIENT_TOKEN
    talk = visit.conversations.filter(step=step, status=200).first()
    if talk is None:
        return ""
    try:
        answer = json.loads(talk.words["received"]["body"])
        return checked(visit, answer["resourceURI"])
    except (ValueError, TypeError, KeyError, AttributeError):
        # RFC 6749 §5.1 has no such member: it is ESPI's, and not every utility's.
        return ""


def in_explorer(visit: Visit, url: str) -> str:
    """The query of the workbench that fills an address into the explorer; empty for one it refuses.

    Of the address' own query the parts that the explorer has fields for come along.
    """
    address, _, query = url.partition("?")
    try:
        checked(visit, address)
    except AddressError:
        return ""
    parts = {name: value for name, value in parse_qsl(query) if name in QUERY}
    return urlencode({"address": address} | parts)


def redirect_uri() -> str:
    """Where utilities send customers back to: to be registered by whoever tries a client here."""
    return settings.PORTAL_URL + reverse("demo-callback")
