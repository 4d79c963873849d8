"""What the company filled in for its customer: `AdditionalScope=auth-{type}[-{value}]`."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from greenbutton.espi.scope import Scope
from utilities.sandbox import identifiers
from utilities.sandbox.models import UtilityAccount
from utilities.sandbox.programmes import Programme, Way

KEYS = {
    "lastbill": "account_key",
    "account": "account_key",
    "test": "test_key",
    "phone": "phone_key",
    "email": "email_key",
    "address": "address_key",
}


@dataclass(frozen=True)
class Prefill:
    """How the form opens, and whom the value names, if anybody."""

    way: Way
    value: str = ""
    account: UtilityAccount | None = None

    @property
    def names_nobody(self) -> bool:
        """Whether it is a test identifier for which no customer is found."""
        return self.account is not None and not self.account.can_be_found


def find(programme: Programme, way: Way, value: str) -> UtilityAccount | None:
    """The customer whom this identifier names, those that "cannot be found" among them."""
    key = identifiers.key(way.type, value, programme)
    if not key:
        return None
    accounts = UtilityAccount.objects.filter(utility=programme.slug, **{KEYS[way.type]: key})
    return accounts.order_by("id").first()


def read(programme: Programme, asked: Scope) -> Prefill:
    """The prefill of a request. An unknown way or value opens the form as if there were none."""
    ordinary = Prefill(programme.default_way)
    if asked.authentication is None:
        return ordinary
    way = programme.way(asked.authentication.type)
    if way is None:
        return ordinary
    value = asked.authentication.value or ""
    # Some companies percent-encode the value, and then the scope around it.
    for candidate in dict.fromkeys([value, unquote(value)]):
        if account := find(programme, way, candidate):
            return Prefill(way, candidate, account)
    if way.type == "lastbill" or not value:
        # Whether an account number exists is not told before the bill is known.
        return Prefill(way, unquote(value))
    return ordinary
