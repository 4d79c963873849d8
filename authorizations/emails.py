"""E-mails to customers: written now, sent by a worker, and not lost while no mail server answers.

`send` queues one as a row. `send_due`, which a task calls every few seconds, hands what is due to
the mail server and deletes the row. A worker that is killed in between sends it once more, under
the same Message-ID.
"""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Mapping
from datetime import timedelta
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F
from django.template import Context, Engine
from django.template.exceptions import TemplateDoesNotExist
from django.utils import timezone

from authorizations.models import EMAIL_KEPT_FOR, Authorization, Event, OutgoingEmail, ShareLink

logger = logging.getLogger(__name__)

# While a worker tries one, nobody else does; if it dies, another one takes over after this.
CLAIM = timedelta(minutes=5)
BACKOFF_FIRST = timedelta(seconds=30)
BACKOFF_LONGEST = timedelta(minutes=30)
# RFC 5321 §4.5.3.1.3, less the angle brackets.
ADDRESS_MAX_LENGTH = 254
# As long as mail readers show, and far below the line limit of RFC 5322 §2.1.1.
SUBJECT_MAX_LENGTH = 200

_ABOUT_THIS_EMAIL = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)


def send(
    kind: str,
    to: str,
    context: Mapping[str, Any],
    *,
    authorization: Authorization | None = None,
    link: ShareLink | None = None,
) -> OutgoingEmail:
    """Queue an e-mail; raises ValidationError if `to` is not one plain address.

    It is written at once from templates/authorizations/mail/: `<kind>_subject.txt`, `<kind>.txt`
    and, where there is one, `<kind>.html`. Besides the context, they know `company_name`,
    `support_email` and `portal_url`. Whoever calls in a transaction queues it with the rest of it.
    """
    to = checked_address(to)
    known = {
        "company_name": settings.COMPANY_NAME,
        "support_email": settings.SUPPORT_EMAIL,
        "portal_url": settings.PORTAL_URL,
        **context,
    }
    return OutgoingEmail.objects.create(
        kind=kind,
        authorization=authorization,
        share_link=link,
        to=to,
        subject=one_line(_render(f"{kind}_subject.txt", known))[:SUBJECT_MAX_LENGTH],
        text=_render(f"{kind}.txt", known).strip() + "\n",
        html=_render_if_there(f"{kind}.html", known),
    )


def send_if_possible(
    kind: str, to: str, context: Mapping[str, Any], *, authorization: Authorization
) -> OutgoingEmail | None:
    """As `send`; an address that none can be sent to stops nothing else, and is logged unnamed."""
    try:
        return send(kind, to, context, authorization=authorization)
    except ValidationError:
        logger.warning("%s: its customer's address cannot be used for a %s", authorization, kind)
        return None


def checked_address(address: str) -> str:
    """The address without blanks around it; raises ValidationError unless it is just one.

    Line breaks, a second address and display names would let a form write headers.
    """
    address = address.strip()
    if len(address) > ADDRESS_MAX_LENGTH:
        raise ValidationError("Enter a valid email address.")
    validate_email(address)
    return address


def one_line(text: str) -> str:
    """The text as a header can hold it: a line break in a name must not begin another header."""
    # str.split() knows all of Unicode's line breaks, the other control characters it does not.
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


def send_due() -> int:
    """Send what is due, the longest due first; returns how many went out.

    A mail server that does not answer ends the round: the others would only wait for it, too.
    """
    _give_up_old()
    sent, connection = 0, get_connection()
    try:
        while key := _claim():
            # Decrypted after the claim: one that no key opens must not stop the others for ever.
            email = OutgoingEmail.objects.filter(pk=key).first()
            if email is None:
                continue
            try:
                _deliver(email, connection)
            except (OSError, smtplib.SMTPException) as e:
                if not _failed(email, e):
                    return sent
            else:
                _done(email, "email_sent")
                sent += 1
    finally:
        connection.close()
    return sent


def _claim() -> int | None:
    """The longest due one, for this worker alone for a while."""
    now = timezone.now()
    with transaction.atomic():
        due = OutgoingEmail.objects.filter(due_at__lte=now)
        key = due.select_for_update(skip_locked=True).values_list("pk", flat=True).first()
        if key is not None:
            OutgoingEmail.objects.filter(pk=key).update(due_at=now + CLAIM, tries=F("tries") + 1)
    return key


def _deliver(email: OutgoingEmail, connection: BaseEmailBackend) -> None:
    sender_host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    message = EmailMultiAlternatives(
        email.subject,
        email.text,
        to=[email.to],
        connection=connection,
        headers={
            # RFC 3834 §5: nobody's holiday notice is to answer.
            "Auto-Submitted": "auto-generated",
            # The same each time it is tried, so that a second copy is known as one.
            "Message-ID": f"<{email.uid}@{sender_host or 'localhost'}>",
        },
    )
    if email.html:
        message.attach_alternative(email.html, "text/html")
    connection.open()
    message.send()


def _failed(email: OutgoingEmail, error: Exception) -> bool:
    """Note that it could not be sent; returns whether the server can be asked for others."""
    # Only the kind of error and its number: the server's words quote the address.
    said = f"{type(error).__name__} {_reply_code(error) or ''}".strip()
    if _is_refused_for_good(error):
        logger.warning("%s is refused: %s", email, said)
        _done(email, "email_undelivered")
        return True
    logger.warning("%s could not be sent, try %d: %s", email, email.tries, said)
    longer: int = 2 ** min(email.tries - 1, 16)
    wait = min(BACKOFF_FIRST * longer, BACKOFF_LONGEST)
    OutgoingEmail.objects.filter(pk=email.pk).update(due_at=timezone.now() + wait)
    # Else it is the server, or our sender's address, that no other e-mail gets past either.
    return isinstance(error, _ABOUT_THIS_EMAIL)


def _reply_code(error: Exception) -> int | None:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max((code for code, _ in error.recipients.values()), default=None)
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else None


def _is_refused_for_good(error: Exception) -> bool:
    """RFC 5321 §4.2.1: 5yz means "do not repeat this"; but only where this e-mail is meant.

    A server that does not know us, or wants a password, says 5yz to each e-mail until we mend that.
    """
    code = _reply_code(error)
    return isinstance(error, _ABOUT_THIS_EMAIL) and code is not None and 500 <= code < 600


def _done(email: OutgoingEmail, event: str) -> None:
    """The row goes, address and all; the timeline says what became of it."""
    with transaction.atomic():
        gone, _ = OutgoingEmail.objects.filter(pk=email.pk).delete()
        if gone and (email.authorization_id or email.share_link_id):
            Event.objects.create(
                type=event,
                authorization_id=email.authorization_id,
                share_link_id=email.share_link_id,
                detail={"kind": email.kind},
            )


def _give_up_old() -> None:
    """Drop what nobody could send for 72 hours."""
    old = OutgoingEmail.objects.filter(created__lte=timezone.now() - EMAIL_KEPT_FOR)
    for email in old.only("uid", "kind", "authorization", "share_link"):
        logger.error("%s is given up after %s", email, EMAIL_KEPT_FOR)
        _done(email, "email_undelivered")


def _render(name: str, context: Mapping[str, Any]) -> str:
    """A template as plain text, or HTML by its name; only HTML escapes."""
    template = Engine.get_default().get_template(f"authorizations/mail/{name}")
    escapes = name.endswith(".html")
    return template.render(Context(dict(context), autoescape=escapes))


def _render_if_there(name: str, context: Mapping[str, Any]) -> str:
    try:
        return _render(name, context)
    except TemplateDoesNotExist:
        return ""
