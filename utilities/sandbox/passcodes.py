"""One-time passcodes: shown for test identifiers, sent to everybody else."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.mail import send_mail
from django.utils import timezone

from utilities.sandbox.models import (
    LOCK_TIME,
    PASSCODE_LIFETIME,
    TRIES,
    ConsentRequest,
    OneTimeCode,
    UtilityAccount,
)

# RFC 2606 §2: no such host can exist. The sandbox has no telephone line; a text message goes
# wherever its e-mails go, which is a terminal.
TEXT_MESSAGES = "text-messages.invalid"


@dataclass(frozen=True)
class Contact:
    """Where a passcode goes instead of to the contact on file."""

    kind: str
    value: str

    @property
    def address(self) -> str:
        """The e-mail address to which it is sent."""
        if self.kind == "email":
            return self.value
        digits = "".join(character for character in self.value if character.isdecimal())
        return f"{digits}@{TEXT_MESSAGES}"


class TooManyCodesError(Exception):
    """An account gets five passcodes in a quarter of an hour."""


def send(request: ConsentRequest, account: UtilityAccount, contact: Contact | None) -> OneTimeCode:
    """Make a passcode, and send it unless the page shows it. Raises TooManyCodesError."""
    is_shown = account.is_test and contact is None
    address = contact.address if contact else account.email
    if not account.is_test and _sent_lately(account) >= TRIES:
        raise TooManyCodesError
    passcode = OneTimeCode.objects.create(
        request=request,
        account=account,
        is_shown=is_shown,
        sent_to="" if is_shown else masked(address),
        contact_was_typed=contact is not None,
    )
    if not is_shown:
        send_mail(
            *_message(request, passcode), from_email=_sender(request), recipient_list=[address]
        )
    return passcode


def _sent_lately(account: UtilityAccount) -> int:
    since = timezone.now() - LOCK_TIME
    return OneTimeCode.objects.filter(account=account, created_at__gt=since).count()


def _sender(request: ConsentRequest) -> str:
    """The utility, not the company that asks; an address of no host that exists (RFC 2606 §2)."""
    programme = request.programme
    return f"{programme.name} <no-reply@{programme.slug}.invalid>"


def _message(request: ConsentRequest, passcode: OneTimeCode) -> tuple[str, str]:
    minutes = int(PASSCODE_LIFETIME.total_seconds() // 60)
    name = request.programme.name
    return (
        f"Your {request.programme.short_name} passcode",
        f"{passcode.code} is your passcode for {name}. It works for {minutes} minutes.\n\n"
        f"{request.registration.company_name} asked you to share your energy data. "
        "Nothing is shared before you agree to it on our page.\n\n"
        f"If that was not you, you need not do anything. {name} never asks for this code on the "
        "telephone.\n",
    )


def masked(address: str) -> str:
    """Enough of an address to recognize one's own: p•••@example.org, a number's last digits."""
    name, _, host = address.partition("@")
    if host == TEXT_MESSAGES:
        return f"the number that ends in {name[-2:]}"
    return f"{name[:1]}•••@{host}"
