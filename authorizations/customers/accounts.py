"""Customers' accounts: an e-mail address that was proved by a code. Each flow top to bottom.

A customer needs none. With one, connections can be seen from any device, and no longer by whoever
sits down at the browser that made them. Staff accounts are never entered from here.
"""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase
from django.template import Context, Engine
from django.urls import reverse

from authorizations import access, flows
from authorizations.customers import addresses
from authorizations.models import CODE_LIFETIME, Authorization, EmailCode, email_digest
from utilities.models import new_uid

logger = logging.getLogger(__name__)


class AccountError(Exception):
    """Why it cannot go on: a sentence for the customer, and a status."""

    status = 422

    def __init__(self, to_customer: str) -> None:
        super().__init__(to_customer)
        self.to_customer = to_customer


class MailNotSentError(AccountError):
    """The mail server does not take it."""

    status = 503

    def __init__(self) -> None:
        super().__init__(
            "We could not send you an e-mail. Please look whether the address is right, and try "
            "again in a few minutes."
        )


class WrongCodeError(AccountError):
    """Not the code, and there are tries left."""

    def __init__(self, tries_left: int) -> None:
        left = "once more" if tries_left == 1 else f"{tries_left} more times"
        super().__init__(f"This is not the code that we sent. You can try {left}.")


class CodeOverError(AccountError):
    """Not asked for in this browser, spent, stale, or guessed at too often: one answer for all."""

    status = 410

    def __init__(self) -> None:
        super().__init__(
            "This browser is not waiting for a code any more. A code works once, for "
            f"{CODE_LIFETIME.seconds // 60} minutes, and only where it was asked for. "
            "Please ask for a new one."
        )


class AddressTakenError(AccountError):
    """Another account has the address that this one wanted. Who hears it has proved the address."""

    status = 409

    def __init__(self) -> None:
        super().__init__(
            "There is another account with this address. Sign out here, and sign in with that "
            "address to see what is in it."
        )


class Reader(Enum):
    """Who is known to read an address; the value names the e-mail that they get."""

    CUSTOMER = "code"
    STAFF = "staff_sign_in"
    CLOSED = "account_closed"


def ask_code(
    browser: str,
    address: str,
    *,
    account: User | None = None,
    is_offered: bool = False,
    next_path: str = "",
) -> None:
    """Send a code to the address; raises MailNotSentError.

    Whose address it is, and whether anybody's, shows in the e-mail only: each way takes the same
    steps, and ends on the same page.

    1. Find out who reads it. Staff are told where they sign in; a code opens nothing of theirs.
    2. Let the browser wait for the code, and for none before it.
    3. Send it.
    """
    reader, _ = _reader_of(address)
    code = get_adapter().generate_login_code()
    EmailCode.replace(
        browser,
        address,
        code if reader is Reader.CUSTOMER else "",
        account_id=account.pk if account else None,
        is_offered=is_offered,
        next_path=next_path,
    )
    _send(reader.value, address, {"code": code, "minutes": CODE_LIFETIME.seconds // 60})


def ask_again(browser: str) -> None:
    """Send another code for what the browser waits for; raises CodeOverError, MailNotSentError."""
    waiting = awaited(browser)
    ask_code(
        browser,
        waiting.address,
        account=waiting.account,
        is_offered=waiting.is_offered,
        next_path=waiting.next_path,
    )


def awaited(browser: str) -> EmailCode:
    """What the browser waits for; raises CodeOverError."""
    waiting = EmailCode.awaited_by(browser)
    if waiting is None:
        raise CodeOverError
    return waiting


@dataclass(frozen=True)
class Proved:
    """What came of a right code."""

    user: User
    is_new: bool
    claimed: int
    changed_address: bool
    next_path: str


def prove(request: HttpRequest, typed: str) -> Proved:
    """Take the code that the customer typed; raises AccountError.

    1. Spend a try of what this browser waits for.
    2. Make the account, find it, or give it its new address.
    3. Give it what customers said this address may have, in whichever browser they said so; and
       that on whose page in this browser the address was offered.
    """
    browser = access.known_browser(request)
    waiting, is_right = EmailCode.try_code(browser, typed)
    if waiting is None:
        raise CodeOverError
    if not is_right:
        if not waiting.tries_left:
            raise CodeOverError
        raise WrongCodeError(waiting.tries_left)
    is_new = False
    if waiting.account_id is not None:
        user = _move(request, waiting)
    else:
        user, is_new = _account_of(waiting.address)
    claimed = _claim_given(user, waiting.address)
    if waiting.is_offered:
        claimed += _claim_offered(request, user, waiting)
    return Proved(user, is_new, claimed, waiting.account_id is not None, waiting.next_path)


def sign_in(request: HttpRequest, user: User, redirect_to: str) -> HttpResponseBase:
    """Sign in who proved the address: a new session, and a second factor where there is one."""
    assert not user.is_staff
    response: HttpResponseBase = perform_login(request, user, redirect_url=redirect_to)
    return response


def keep_for_signed_in(request: HttpRequest, authorization: Authorization) -> bool:
    """Put what this browser just made into the account that is signed in there, if one is."""
    user = access.customer_of(request)
    if user is None or not access.is_guest(request, authorization):
        return False
    return authorization.claim(user)


def note_address(user: User) -> None:
    """Write the account's address, which has changed, to what it shares."""
    owned = Authorization.objects.filter(owner=user)
    owned.exclude(status=Authorization.Status.REVOKED).update(
        customer_email=user.email, customer_email_digest=email_digest(user.email)
    )


@dataclass(frozen=True)
class Ended:
    """What became of an account's connections when it was deleted."""

    stopped: int
    kept: int
    # Utilities that could not be told.
    unreached: list[str]


def delete(request: HttpRequest, user: User, *, stop: bool) -> Ended:
    """Delete an account, as its owner, who is signed in, wants it.

    1. Stop what it shares, or leave it, as a guest's, to the browser where the owner is now.
       Nothing stops silently, and nothing goes on unseen.
    2. Receipts of what had been stopped belong to nobody any more.
    3. Sign out, and delete the account with its address.
    """
    browser = access.browser_of(request)
    mine = Authorization.objects.filter(owner=user).exclude(status=Authorization.Status.REVOKED)
    count, unreached = 0, []
    while True:
        for authorization in mine.select_related("utility"):
            count += 1
            if not stop:
                authorization.return_to_browser(browser)
            elif not flows.disconnect(authorization, "customer"):
                unreached.append(authorization.source_name)
        with transaction.atomic():
            # Nobody can put anything into the account from here on; what came meanwhile goes too.
            User.objects.select_for_update().get(pk=user.pk)
            if not mine.exists():
                EmailCode.forget(email_digest(user.email))
                get_adapter().logout(request)
                user.delete()
                return Ended(count if stop else 0, 0 if stop else count, unreached)


def _reader_of(address: str) -> tuple[Reader, User | None]:
    """Who reads the address, and the customer's account if there is one.

    Staff are recognized in any spelling, since a mistake there only refuses. A customer's account
    is the one with exactly this address: the database folds letters that are not the same.
    """
    verified = Q(emailaddress__email__iexact=address, emailaddress__verified=True)
    found = User.objects.filter(Q(email__iexact=address) | verified).distinct().order_by("pk")
    people = list(found)
    if any(person.is_staff or person.is_superuser for person in people):
        return Reader.STAFF, None
    exact = [one for one in people if one.email.isascii() and one.email.lower() == address]
    if any(not person.is_active for person in exact):
        return Reader.CLOSED, None
    return Reader.CUSTOMER, exact[0] if exact else None


def _account_of(address: str) -> tuple[User, bool]:
    """The account whose address was just proved, and whether it is new; raises CodeOverError.

    It is made only now, so that addresses which nobody proves leave no account behind.
    """
    reader, user = _reader_of(address)
    if reader is not Reader.CUSTOMER:  # became so while the code was on its way
        raise CodeOverError
    if user is not None:
        return user, False
    try:
        with transaction.atomic():
            # Without a password: nothing but a code opens it.
            user = User.objects.create_user(new_uid(), address)
            _keep_address(user)
    except IntegrityError:  # proved in two browsers at once: the other one made it
        _, user = _reader_of(address)
        if user is None:
            logger.error("an account cannot be made: its address is verified for another one")
            raise CodeOverError from None
        return user, False
    return user, True


def _move(request: HttpRequest, waiting: EmailCode) -> User:
    """Give the account that is signed in the address that it proved; raises AccountError."""
    user = access.customer_of(request)
    if user is None or user.pk != waiting.account_id:
        raise CodeOverError
    reader, other = _reader_of(waiting.address)
    if reader is not Reader.CUSTOMER or (other is not None and other.pk != user.pk):
        raise AddressTakenError
    old = user.email
    try:
        with transaction.atomic():
            user.email = waiting.address
            user.save(update_fields=["email"])
            _keep_address(user)
            note_address(user)
    except IntegrityError:
        raise AddressTakenError from None
    _tell_old_address(old, user.email)
    return user


def _keep_address(user: User) -> None:
    """Have the address as the account's only one, proved; IntegrityError if another has it."""
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)


def _tell_old_address(old: str, new: str) -> None:
    if old == new:
        return
    try:
        _send("address_changed", old, {"masked": addresses.masked(new)})
    except MailNotSentError:
        logger.warning("an old address could not be told that its account has another one")


def _claim_given(user: User, address: str) -> int:
    given = Authorization.objects.given_to(address)
    return sum(authorization.claim(user) for authorization in given)


def _claim_offered(request: HttpRequest, user: User, waiting: EmailCode) -> int:
    guests = access.guests_authorizations(request).unclaimed()
    # The code was asked for on the page of one, and leads back there.
    meant = (one for one in guests if reverse("usage", args=[one.uid]) == waiting.next_path)
    return sum(authorization.claim(user) for authorization in meant)


def _send(kind: str, address: str, context: Mapping[str, object]) -> None:
    """Send an e-mail at once, since somebody waits for it; raises MailNotSentError."""
    known = {
        "company_name": settings.COMPANY_NAME,
        "support_email": settings.SUPPORT_EMAIL,
        "portal_url": settings.PORTAL_URL,
        **context,
    }
    message = EmailMessage(
        " ".join(_render(f"{kind}_subject.txt", known).split()),
        _render(f"{kind}.txt", known).strip() + "\n",
        to=[address],
        # RFC 3834 §5: nobody's holiday notice is to answer.
        headers={"Auto-Submitted": "auto-generated"},
    )
    try:
        message.send()
    except (OSError, smtplib.SMTPException) as e:
        # Only the kind of error: the server's words quote the address.
        logger.error("an e-mail (%s) could not be sent: %s", kind, type(e).__name__)
        raise MailNotSentError from None


def _render(name: str, context: Mapping[str, object]) -> str:
    template = Engine.get_default().get_template(f"authorizations/mail/{name}")
    return template.render(Context(dict(context), autoescape=False))
