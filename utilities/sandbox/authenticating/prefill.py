"""Whom an identifier names, and what the company filled in for its customer.

`AdditionalScope=auth-{type}[-{value}]` names a way, and maybe an identifier.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from django.db.models import Q

from greenbutton.espi.scope import Scope
from utilities.sandbox.authenticating import contacts, identifiers
from utilities.sandbox.authenticating.contacts import Contact, OwnContact
from utilities.sandbox.models import UtilityAccount
from utilities.sandbox.programmes import Programme, Way

KEYS = {
    "lastbill": "account_key",
    "account": "account_key",
    "test": "test_key",
    "username": "username_key",
    "phone": "phone_key",
    "email": "email_key",
    "address": "address_key",
}

# What is filled in is half of what these ask for. Whether anybody has it is not told before the
# other half, the bill or the password, is known.
PROVED_BY_FORM = {"lastbill", "username"}


@dataclass(frozen=True)
class Named:
    """Whom an identifier names, if anybody; and where a tester wants the passcode."""

    account: UtilityAccount | None = None
    contact: Contact | None = None


@dataclass(frozen=True)
class Prefill:
    """How the form opens, and whom the value names, if anybody."""

    way: Way
    value: str = ""
    account: UtilityAccount | None = None
    contact: Contact | None = None

    @property
    def names_nobody(self) -> bool:
        """Whether it is a test identifier for which no customer is found."""
        return self.account is not None and not self.account.can_be_found


def find(programme: Programme, way: Way, value: str, more: str = "") -> UtilityAccount | None:
    """The customer whom this identifier names, those that "cannot be found" among them.

    None if it names nobody, and also if it names several: a household or an office may share a
    phone number, and then one more fact (`more`: any other identifier) has to tell them apart. A
    fact that is given must be right, also where it was not needed.
    """
    key = identifiers.key(way.type, value, programme)
    if not key:
        return None
    accounts = UtilityAccount.objects.filter(utility=programme.slug, **{KEYS[way.type]: key})
    if more.strip():
        accounts = accounts.filter(_any_identifier(programme, more))
    first, second = [*accounts[:2], None, None][:2]
    return None if second else first


def _any_identifier(programme: Programme, text: str) -> Q:
    """Whoever has this on file, whatever kind of identifier it is."""
    fits = Q(pk__in=[])
    for way in programme.ways:
        if way.is_lookup and (key := identifiers.key(way.type, text, programme)):
            fits |= Q(**{KEYS[way.type]: key})
    return fits


def whom(programme: Programme, way: Way, value: str, more: str = "") -> Named:
    """Whom a look-up's identifier names: an account, or a test account by `TEST_…`."""
    if way.type in {"phone", "email"} and (own := contacts.read_own(value, programme)):
        return _tester(programme, own)
    return Named(find(programme, way, value, more))


def _tester(programme: Programme, own: OwnContact) -> Named:
    if not own.is_usable:
        return Named()
    tests = UtilityAccount.objects.filter(utility=programme.slug, is_test=True)
    return Named(tests.filter(scenario=own.scenario).order_by("id").first(), own.contact)


def read(programme: Programme, asked: Scope) -> Prefill:
    """The prefill of a request. An unknown way or value opens the form as if there were none."""
    ordinary = Prefill(programme.default_way)
    if asked.authentication is None:
        return ordinary
    way = programme.way(asked.authentication.type)
    if way is None:
        return ordinary
    value = asked.authentication.value or ""
    if way.type == "sso":
        return Prefill(way, unquote(value))
    # Some companies percent-encode the value, and then the scope around it.
    for candidate in dict.fromkeys([value, unquote(value)]):
        named = whom(programme, way, candidate)
        if named.account:
            return Prefill(way, candidate, named.account, named.contact)
    if way.type in PROVED_BY_FORM or not value:
        return Prefill(way, unquote(value))
    return ordinary
