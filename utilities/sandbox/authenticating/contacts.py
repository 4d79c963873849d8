"""Where a customer can be reached with a passcode, and how the pages name it without telling it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from utilities.sandbox.models import ConsentRequest, UtilityAccount
from utilities.sandbox.programmes import Programme

# What the programme's page lets testers put in front of a contact of their own.
SCENARIOS = ("residential", "commercial", "badlogin")
OWN = re.compile(r"TEST_([^_]*)_?(.*)", re.IGNORECASE | re.DOTALL)
# RFC 5321 §4.5.3.1.3; also what the column takes.
LONGEST = 254
# Not this machine either, to which Django's own validator would let mail through.
validate_email = EmailValidator(allowlist=[])


@dataclass(frozen=True)
class Contact:
    """An e-mail address, or a phone number as E.164 writes it."""

    kind: Literal["phone", "email"]
    value: str

    @property
    def masked(self) -> str:
        """Enough to recognize one's own: p•••@e•••.org, or a number's last two digits."""
        if self.kind == "phone":
            return f"•••-•••-••{self.value[-2:]}"
        name, _, host = self.value.rpartition("@")
        domain, _, top = host.rpartition(".")
        return f"{name[:1]}•••@{domain[:1]}•••.{top}"

    @property
    def words(self) -> str:
        """How a passcode goes there."""
        return "Text message" if self.kind == "phone" else "E-mail"


@dataclass(frozen=True)
class OwnContact:
    """`TEST_<scenario>_<phone number or e-mail>`: a test account whose passcode is really sent."""

    scenario: str
    contact: Contact | None

    @property
    def is_usable(self) -> bool:
        """Whether there is such a scenario, and something that can be sent to."""
        return self.scenario in SCENARIOS and self.contact is not None


def read(text: str, programme: Programme) -> Contact | None:
    """A contact as it is typed; None for what nothing can be sent to."""
    text = text.strip()
    if len(text) > LONGEST:
        return None
    if "@" in text:
        return _email(text)
    try:
        number = phonenumbers.parse(text, programme.country)
    except phonenumbers.NumberParseException:
        return None
    # Possible, not valid: 111-111-1111 is on file of a test account.
    if not phonenumbers.is_possible_number(number):
        return None
    return Contact("phone", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _email(text: str) -> Contact | None:
    try:
        validate_email(text)
    except ValidationError:
        return None
    # A bare IP address in brackets (RFC 5321 §4.1.3) is nobody's mailbox on file.
    return None if text.endswith("]") else Contact("email", text)


def read_own(text: str, programme: Programme) -> OwnContact | None:
    """A tester's own contact; None for an identifier of any other kind.

    To be asked before any number is read: the digits behind TEST_ are nobody's on file.
    """
    found = OWN.fullmatch(text.strip())
    if found is None:
        return None
    return OwnContact(found[1].lower(), read(found[2], programme))


def on_file(account: UtilityAccount, programme: Programme) -> list[Contact]:
    """Where the utility can reach the customer."""
    written = [account.phone_key, account.email]
    return [contact for text in written if text and (contact := read(text, programme))]


def choices(asking: ConsentRequest) -> list[Contact]:
    """Where the passcode may go: to the tester's own contact, or to what is on file."""
    assert asking.account
    if asking.own_contact:
        own = read(asking.own_contact, asking.programme)
        return [own] if own else []
    return on_file(asking.account, asking.programme)
