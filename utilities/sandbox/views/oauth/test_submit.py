"""A code without any page, for test scenarios only: automated tests need no browser."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from utilities.sandbox.consenting.agreement import agree
from utilities.sandbox.consenting.terms import Choice, Terms
from utilities.sandbox.faults.scenarios import breakdown_of
from utilities.sandbox.models import (
    AuthorizationCode,
    ConsentRequest,
    Registration,
    UtilityAccount,
)
from utilities.sandbox.oauth import authorization_request
from utilities.sandbox.oauth.authorization_response import return_address
from utilities.sandbox.oauth.client_authentication import (
    FORM,
    JSON,
    Params,
    for_clients,
    required,
)
from utilities.sandbox.oauth.errors import OAuthError


@for_clients(FORM, JSON)
def test_submit(client: Registration, params: Params) -> dict[str, Any]:
    """Everything that is asked for, as if the scenario's customer had agreed to it."""
    redirect_uri = required(params, "redirect_uri")
    if redirect_uri not in client.redirect_uris:
        raise OAuthError("invalid_request", "The redirect_uri is not registered.")
    account = _account(client, required(params, "scenario"))
    asking = authorization_request.read(client, redirect_uri, params)
    if not account.can_be_found:
        raise _end(asking, "access_denied", "The utility cannot find this customer.")
    if breakdown := breakdown_of(account):
        raise _end(asking, breakdown.error, breakdown.description)
    return _returned(asking, code=_code(asking, account))


def _account(client: Registration, scenario: str) -> UtilityAccount:
    """The utility's first test account of the scenario."""
    accounts = UtilityAccount.objects.filter(utility=client.utility, is_test=True).order_by("id")
    found = next((account for account in accounts if account.scenario == scenario), None)
    if found is None:
        known = ", ".join(sorted({account.scenario for account in accounts}))
        raise OAuthError("invalid_request", f"The scenarios of this utility are: {known}.")
    return found


@transaction.atomic
def _code(asking: ConsentRequest, account: UtilityAccount) -> str:
    terms = Terms(asking.asked, asking.programme.zone)
    everything = Choice(terms.data, terms.history, terms.latest)
    services = list(account.services.all())
    grant = agree(asking.company, account, terms, everything, services)
    return AuthorizationCode.issue(
        grant, redirect_uri=asking.redirect_uri, code_challenge=asking.code_challenge
    )


def _end(asking: ConsentRequest, error: str, says: str) -> OAuthError:
    told = _returned(asking, error=error, error_description=says)
    return OAuthError(error, says, more=told)


def _returned(asking: ConsentRequest, **answer: str) -> dict[str, str]:
    """What the browser would have brought, piece by piece and as the whole address."""
    state = {"state": asking.state} if asking.has_state else {}
    whole = return_address(asking, **answer)
    return {**answer, **state, "redirect_uri": whole, "iss": asking.programme.issuer}
