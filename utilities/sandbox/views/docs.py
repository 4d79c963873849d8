"""The programme in words, for developers."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from greenbutton.espi import scope as scopes
from utilities.sandbox.authenticating.contacts import SCENARIOS
from utilities.sandbox.models import RESOURCES, Fault, Registration
from utilities.sandbox.programmes import AccountData, Programme, Way
from utilities.sandbox.views.access import user_of
from utilities.sandbox.views.pages import page

IDENTIFIERS = {
    "account": "number",
    "phone": "phone",
    "email": "email",
    "address": "address",
    "test": "test_name",
    "username": "username",
}


@dataclass(frozen=True)
class Row:
    """A test account as a table has it, with the link that tries it, for whom there is one."""

    identifier: str
    account: AccountData
    link: str = ""


@require_safe
def docs(request: HttpRequest, programme: Programme) -> HttpResponse:
    """Everything that a company needs to know before it asks a customer."""
    tests = [account for account in programme.accounts if account.test]
    client = _own_client(request, programme)
    tables = [(way, _rows(way, tests, client)) for way in programme.ways]
    return page(
        request,
        "docs",
        programme,
        resources=RESOURCES,
        portal_url=settings.PORTAL_URL,
        client=client,
        share_link=share_link(client) if client else "",
        bill_rows=_bill_rows(programme, tests, client),
        tables=[(way, rows) for way, rows in tables if rows],
        scenarios=dict.fromkeys(account.scenario for account in tests),
        profiles=Registration.Profile,
        faults=Fault,
        typed_contacts=[(scenario, _first(tests, scenario)) for scenario in SCENARIOS],
        demo_clients=[
            (public, demo_link(public))
            for public in Registration.objects.filter(utility=programme.slug, is_public=True)
        ],
        demo_site_url=settings.DEMO_SITE_URL,
    )


def share_link(client: Registration, way: Way | None = None, value: str = "") -> str:
    """The client's authorize URL, with a way to authenticate filled in.

    Without a redirect URI the customer ends on our receipt: the company's own software has not
    asked, and would not know the answer.
    """
    scope = scopes.parse(client.default_scope)
    if way is not None:
        scope = scope.with_authentication(way.type, value or None)
    query = urlencode({"response_type": "code", "client_id": client.client_id})
    return f"{client.programme.authorize_url}?{query}&scope={scopes.quote(scopes.build(scope))}"


def demo_link(client: Registration) -> str:
    """The demo site, set up for a client."""
    chosen = {"utility": client.programme.utility_id, "client_id": client.client_id}
    return f"{settings.DEMO_SITE_URL}?{urlencode(chosen)}"


def _own_client(request: HttpRequest, programme: Programme) -> Registration | None:
    """The newest usable registration of whoever is signed in."""
    user = user_of(request)
    if user is None:
        return None
    mine = Registration.objects.filter(owner=user, utility=programme.slug).order_by("-created_at")
    return next((registration for registration in mine if registration.is_usable), None)


def _rows(way: Way, tests: list[AccountData], client: Registration | None) -> list[Row]:
    """The accounts that this way finds."""
    if way.type not in IDENTIFIERS:
        return []
    named = ((getattr(account, IDENTIFIERS[way.type]), account) for account in tests)
    return [
        Row(name, account, share_link(client, way, name) if client else "")
        for name, account in named
        if name
    ]


def _first(tests: list[AccountData], scenario: str) -> AccountData:
    return next(account for account in tests if account.scenario == scenario)


def _bill_rows(
    programme: Programme, tests: list[AccountData], client: Registration | None
) -> list[Row]:
    """The accounts that are found by their latest bill."""
    way = programme.way("lastbill")
    if way is None:
        return []
    return [
        Row(account.number, account, share_link(client, way, account.number) if client else "")
        for account in tests
        if account.bill_date
    ]
