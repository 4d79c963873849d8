"""One-time passcodes: shown for test identifiers, sent to everybody else."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from datetime import timedelta

from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone

from utilities.sandbox import rate_limits
from utilities.sandbox.authenticating import text_messages
from utilities.sandbox.authenticating.contacts import Contact
from utilities.sandbox.models import (
    COUNTED_FOR,
    PASSCODE_LIFETIME,
    ConsentRequest,
    OneTimeCode,
    UtilityAccount,
)
from utilities.sandbox.programmes import Programme

logger = logging.getLogger(__name__)

RESEND_AFTER = timedelta(seconds=30)
CODES_AN_HOUR = 5


class NotSentError(Exception):
    """No passcode goes out now. The text tells the customer what to do."""

    def __init__(self, code: str, says: str, status: int = 429) -> None:
        super().__init__(says)
        self.code = code
        self.says = says
        self.status = status


@dataclass(frozen=True)
class Message:
    """A passcode as it reads at the customer's."""

    sender: str
    subject: str
    email: str
    text_message: str


def is_shown(asking: ConsentRequest) -> bool:
    """Whether the page shows the passcode: to test identifiers, but not to a tester's contact."""
    return asking.account is not None and asking.account.is_test and not asking.own_contact


def show(asking: ConsentRequest) -> OneTimeCode:
    """A passcode for the page, as often as anybody likes."""
    assert asking.account
    OneTimeCode.forget_old()
    return OneTimeCode.objects.create(request=asking, account=asking.account, is_shown=True)


def send(asking: ConsentRequest, contact: Contact, address: str) -> OneTimeCode:
    """Make a passcode and send it to the contact. Raises NotSentError.

    1. One at a time for an account, so that many clicks at once are still one passcode.
    2. The customer's own pace, then what a browser and a network address (`address`) may cause.
    3. The message leaves after the row is there, and the row goes if the message cannot.
    """
    assert asking.account
    OneTimeCode.forget_old()
    with transaction.atomic():
        account = UtilityAccount.objects.select_for_update().get(pk=asking.account.pk)
        _keep_pace(asking, account)
        if not rate_limits.allow_sending(contact.value.casefold(), asking.browser, address):
            raise _too_many()
        passcode = OneTimeCode.objects.create(
            request=asking, account=account, sent_by=contact.kind, sent_to=contact.masked
        )
    company = asking.registration.company_name if asking.registration else ""
    try:
        _hand_over(write(asking.programme, company, passcode), contact)
    except OSError as e:
        logger.exception("A passcode could not be sent by %s", contact.kind)
        passcode.delete()
        raise NotSentError(
            "not_sent",
            f"We could not reach {contact.masked} at the moment. Please try again in a minute, or "
            "choose another contact.",
            503,
        ) from e
    return passcode


def write(programme: Programme, company: str, passcode: OneTimeCode) -> Message:
    """The words of the e-mail and of the text message. The utility writes, not the company.

    Without a company, a customer wants to see their own authorizations.
    """
    minutes = int(PASSCODE_LIFETIME.total_seconds() // 60)
    name = programme.name
    return Message(
        sender=programme.sender,
        subject=f"Your {programme.short_name} passcode",
        email=(
            f"{passcode.code} is your passcode for {name}. It works for {minutes} minutes.\n\n"
            f"{_why(company)}\n\n"
            f"If that was not you, you need not do anything. {name} never asks for this code on "
            "the telephone.\n"
        ),
        text_message=(
            f"{passcode.code} is your {programme.short_name} passcode. It works for {minutes} "
            "minutes. We never ask for it on the telephone."
        ),
    )


def _why(company: str) -> str:
    if not company:
        return "You asked to see with whom you share your energy data."
    return (
        f"{company} asked you to share your energy data. "
        "Nothing is shared before you agree to it on our page."
    )


def _keep_pace(asking: ConsentRequest, account: UtilityAccount) -> None:
    """30 seconds from one passcode to the next, and five an hour. Raises NotSentError.

    Counted for a customer; for a test account, which many testers share, within one request.
    """
    sent = OneTimeCode.objects.filter(
        account=account, is_shown=False, created_at__gt=timezone.now() - COUNTED_FOR
    )
    if account.is_test:
        sent = sent.filter(request=asking)
    latest = sent.first()
    if latest is None:
        return
    wait = (latest.created_at + RESEND_AFTER - timezone.now()).total_seconds()
    if wait > 0:
        raise NotSentError(
            "too_soon",
            "We sent a passcode a moment ago; it may take a little to arrive. You can ask for a "
            f"new one in {math.ceil(wait)} seconds.",
        )
    if sent.count() >= CODES_AN_HOUR:
        raise _too_many()


def _too_many() -> NotSentError:
    return NotSentError(
        "too_many_codes",
        "Several passcodes were sent already. Please use the latest one, or try again in an hour.",
    )


def _hand_over(message: Message, contact: Contact) -> None:
    if contact.kind == "phone":
        text_messages.send(contact.value, message.text_message)
    else:
        send_mail(message.subject, message.email, message.sender, [contact.value])
