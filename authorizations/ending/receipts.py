"""The receipt of what has ended, by e-mail to the address that the customer gave."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from authorizations import emails
from authorizations.models import Authorization, OutgoingEmail

RECEIPT = "receipt"


def send(authorization: Authorization) -> OutgoingEmail | None:
    """Queue the receipt, in the transaction that ends it: its address is purged within a minute.

    What waits of other e-mails about it goes: nobody is to be reminded of what has ended.
    """
    authorization.outgoing_emails.all().delete()
    if not authorization.customer_email:
        return None
    context = {
        "authorization": authorization,
        "receipt_url": settings.PORTAL_URL + reverse("stopped", args=[authorization.uid]),
        "connect_url": settings.PORTAL_URL + reverse("connect"),
    }
    return emails.send_if_possible(
        RECEIPT, authorization.customer_email, context, authorization=authorization
    )
