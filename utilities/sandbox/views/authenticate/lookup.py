"""By something that the utility has on file; a passcode then proves who it is."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import QueryDict

from utilities.sandbox import identifiers, prefill
from utilities.sandbox.models import UtilityAccount
from utilities.sandbox.passcodes import Contact
from utilities.sandbox.programmes import Programme, Way
from utilities.sandbox.views.authenticate.finding import Found, NotFoundError, not_found

# TEST_residential_<your own phone number or e-mail>: a test account whose passcode is really sent.
OWN_CONTACT = re.compile(r"TEST_(residential|commercial|badlogin)_(.+)", re.IGNORECASE)


def find(programme: Programme, way: Way, form: QueryDict) -> Found:
    """The customer whom the identifier names."""
    value = form.get("value", "").strip()
    if not identifiers.key(way.type, value, programme):
        raise NotFoundError("incomplete", f"Please enter your {way.field.lower()}.")
    if way.type in {"phone", "email"} and (match := OWN_CONTACT.fullmatch(value)):
        return _with_own_contact(programme, way, match[1].lower(), match[2])
    account = prefill.find(programme, way, value)
    if account is None or not account.can_be_found:
        raise not_found(way)
    return Found(account, needs_passcode=True)


def _with_own_contact(programme: Programme, way: Way, scenario: str, contact: str) -> Found:
    if scenario == UtilityAccount.Scenario.BADLOGIN or not _can_be_sent(way, contact):
        raise not_found(way)
    account = UtilityAccount.objects.filter(
        utility=programme.slug, is_test=True, scenario=scenario
    ).first()
    if account is None:
        raise not_found(way)
    return Found(account, needs_passcode=True, contact=Contact(way.type, contact))


def _can_be_sent(way: Way, contact: str) -> bool:
    if way.type == "phone":
        return 7 <= sum(character.isdecimal() for character in contact) <= 15
    try:
        validate_email(contact)
    except ValidationError:
        return False
    return True
