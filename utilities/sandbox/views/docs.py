"""The programme in words, for developers."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from utilities.sandbox.models import RESOURCES
from utilities.sandbox.programmes import AccountData, Programme
from utilities.sandbox.views.pages import page

IDENTIFIERS = {
    "account": "number",
    "phone": "phone",
    "email": "email",
    "address": "address",
    "test": "test_name",
}


@require_safe
def docs(request: HttpRequest, programme: Programme) -> HttpResponse:
    """Scope strings, test accounts, addresses, and what automated clients can rely on."""
    tests = [account for account in programme.accounts if account.test]
    return page(
        request,
        "docs",
        programme,
        resources=RESOURCES,
        portal_url=settings.PORTAL_URL,
        bill_accounts=[account for account in tests if account.bill_date],
        tables=[
            (way, rows)
            for way in programme.ways
            if way.type in IDENTIFIERS and (rows := _rows(tests, IDENTIFIERS[way.type]))
        ],
    )


def _rows(accounts: list[AccountData], attribute: str) -> list[tuple[str, str, str]]:
    """Identifier, scenario and description of the accounts that have one."""
    rows = ((getattr(a, attribute), a.scenario, a.description) for a in accounts)
    return [row for row in rows if row[0]]
