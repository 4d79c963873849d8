"""By the latest bill: account number, amount and date."""

from __future__ import annotations

from django.http import QueryDict

from utilities.sandbox.authenticating import identifiers, prefill
from utilities.sandbox.models import WrongTries
from utilities.sandbox.programmes import Programme, Way
from utilities.sandbox.views.authenticating.finding import Found, NotFoundError, locked, not_found


def find(programme: Programme, way: Way, form: QueryDict) -> Found:
    """The customer whose bill it is. A wrong amount reads like a wrong account number."""
    number = identifiers.key(way.type, form.get("value", ""), programme)
    if not number:
        raise NotFoundError("incomplete", "Please enter the account number from your bill.")
    amount = identifiers.amount(form.get("bill_amount", ""))
    if amount is None:
        raise NotFoundError("bad_amount", "Please enter the amount of your bill, like 104.50.")
    day = identifiers.day(form.get("bill_date", ""))
    if day is None:
        raise NotFoundError("bad_date", "Please enter the date of your bill, like 2026-01-31.")
    account, tried = prefill.find(programme, way, number), f"bill:{number}"
    is_test = account is not None and account.is_test
    if not is_test and not WrongTries.add(programme.slug, tried):
        raise locked()
    if (
        account is None
        or not account.can_be_found
        or (account.bill_amount, account.bill_date) != (amount, day)
    ):
        raise not_found(way)
    WrongTries.forget(programme.slug, tried)
    return Found(account, needs_passcode=False)
