"""What there is to read with a client and a grant: the explorer's list."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings
from django.urls import reverse

from greenbutton.espi import scope as espi_scope
from greenbutton.espi.errors import ScopeError
from portal.demo_site.models import Visit
from portal.demo_site.steps import Token, token_for


class Place(NamedTuple):
    """An address, what is there, and the class of token that opens it."""

    address: str
    says: str
    token: Token


class Group(NamedTuple):
    title: str
    places: list[Place]


def groups(visit: Visit) -> list[Group]:
    """The addresses that this visit can know, grouped as the API's documentation does.

    Those below a subscription are the batch's address without “Batch”, as the ESPI resource tree
    has it; where a utility spells them otherwise, the links in its feeds lead there.
    """
    base = visit.utility.resource_url
    found = [
        Group(
            "The service and our registration",
            [
                _place(f"{base}/ReadServiceStatus", "Is the service up?"),
                _place(f"{base}/ApplicationInformation", "What the utility knows of this client"),
            ],
        ),
        Group("Consents", _consents(visit, base)),
    ]
    if usage := _usage(visit):
        found.append(Group("Usage and bills", usage))
    if account := _account(visit):
        found.append(Group("Account details", account))
    return found


def _place(address: str, says: str) -> Place:
    return Place(address, says, token_for(address))


def _consents(visit: Visit, base: str) -> list[Place]:
    places = [_place(f"{base}/Authorization", "Every consent given to this client")]
    if visit.authorization_uri:
        places.append(_place(visit.authorization_uri, "This consent"))
    if bulk := _bulk(visit):
        places.append(_place(f"{base}/Batch/Bulk/{bulk}", "The data of all consents at once"))
    return places


def _usage(visit: Visit) -> list[Place]:
    if not visit.resource_uri:
        return []
    places = [_place(visit.resource_uri, "Everything: meters, readings and bills")]
    if "/Batch/" in visit.resource_uri:
        tree = visit.resource_uri.replace("/Batch/", "/", 1)
        places.append(_place(f"{tree}/UsagePoint", "The meters; their links lead on"))
    return places


def _account(visit: Visit) -> list[Place]:
    if not visit.customer_uri:
        return []
    places = [_place(visit.customer_uri, "Everything about the account")]
    if "/Batch/" in visit.customer_uri:
        tree = visit.customer_uri.replace("/Batch/", "/", 1)
        places.append(_place(f"{tree}/Customer", "Who the customer is; its links lead on"))
    return places


def _bulk(visit: Visit) -> str:
    try:
        granted = espi_scope.parse(visit.granted_scope) if visit.granted_scope else None
    except ScopeError:
        return ""
    return (granted.option("BR") or "") if granted else ""


def redirect_uri() -> str:
    """Where utilities send customers back to: to be registered by whoever tries a client here."""
    return settings.PORTAL_URL + reverse("demo-callback")
