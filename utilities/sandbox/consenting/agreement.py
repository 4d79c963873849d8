"""The consent itself: what the customer agreed to, kept as a grant."""

from __future__ import annotations

from django.db import transaction

from utilities.sandbox.consenting.terms import Choice, Terms, until_of
from utilities.sandbox.models import Clock, Fault, Grant, Registration, Service, UtilityAccount
from utilities.sandbox.push import notices


@transaction.atomic
def agree(
    registration: Registration,
    account: UtilityAccount,
    terms: Terms,
    choice: Choice,
    services: list[Service],
) -> Grant:
    """Make the grant, and tell the company of it."""
    if registration.has(Fault.NARROWER_SCOPE):
        choice = choice.narrower()
    now = Clock.now()
    grant = Grant.objects.create(
        registration=registration,
        account=account,
        scope=terms.granted(choice, services),
        until=until_of(choice),
        created_at=now,
        updated_at=now,
    )
    grant.services.set(services)
    grant.tell()
    notices.new_data(grant, after=notices.FIRST_DATA_AFTER)
    return grant
