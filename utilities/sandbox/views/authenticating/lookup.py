"""By something that the utility has on file; a passcode then proves who it is."""

from __future__ import annotations

from django.http import QueryDict

from utilities.sandbox.authenticating import contacts, identifiers, prefill
from utilities.sandbox.programmes import Programme, Way
from utilities.sandbox.views.authenticating.finding import Found, NotFoundError, not_found


def find(programme: Programme, way: Way, form: QueryDict) -> Found:
    """The one customer whom the identifier names, or the identifier and one more fact.

    Several customers with one phone number, nobody with it, and a wrong further fact are answered
    alike, so that the answer tells nothing about who is on file.
    """
    value = form.get("value", "")
    if is_empty(programme, way, value):
        raise NotFoundError("incomplete", f"Please enter your {way.field.lower()}.")
    named = prefill.whom(programme, way, value, form.get("more", ""))
    account = named.account
    if account is None or not account.can_be_found:
        raise not_found(way)
    if not (named.contact or account.is_test or contacts.on_file(account, programme)):
        # Nothing to send a passcode to.
        raise not_found(way)
    return Found(account, needs_passcode=True, contact=named.contact)


def is_empty(programme: Programme, way: Way, value: str) -> bool:
    """Whether it says nothing. A tester's own contact is asked for first: it is no number."""
    if contacts.read_own(value, programme):
        return False
    return not identifiers.key(way.type, value, programme)


def is_test(programme: Programme, way: Way, value: str) -> bool:
    """Whether it is a test identifier: limits are for what could be somebody's."""
    account = prefill.whom(programme, way, value).account
    return account is not None and account.is_test
