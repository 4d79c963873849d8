"""Expiring: what is going to end is told of before it does, to its customer too."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from authorizations import emails
from authorizations.links.renewal import renewal_link
from authorizations.models import Authorization
from utilities.encrypted import WrongKeyError

logger = logging.getLogger(__name__)

REMINDER = "expiring_soon"


def warn() -> int:
    """Tell of each that ends so soon, once for each of EXPIRING_SOON_DAYS; returns how many.

    The nearest comes first, so that one which was overlooked for days is told of once.
    """
    return sum(_warn_of(days) for days in sorted(settings.EXPIRING_SOON_DAYS))


def ending_within(days: int) -> QuerySet[Authorization]:
    """Those that end in so many days and were not told so.

    One that lasts no longer than that as a whole is no news to whoever has just agreed to it.
    """
    now, ahead = timezone.now(), timedelta(days=days)
    consented = Authorization.objects.annotate(consented=Coalesce("renewed_at", "created"))
    return consented.filter(
        Q(expiry_told_days=None) | Q(expiry_told_days__gt=days),
        status=Authorization.Status.ACTIVE,
        expires_at__gt=now,
        expires_at__lte=now + ahead,
        consented__lte=F("expires_at") - ahead,
    )


def _warn_of(days: int) -> int:
    count = 0
    for key, uid in list(ending_within(days).values_list("pk", "uid")):
        try:
            count += _warn_one(key, days)
        except WrongKeyError:
            # The others are told all the same.
            logger.error("authorization %s: no key opens the address of its customer", uid)
    return count


def _warn_one(key: int, days: int) -> bool:
    with transaction.atomic():
        due = ending_within(days).select_for_update(of=("self",), skip_locked=True)
        row = due.select_related("utility").filter(pk=key).first()
        if row is None:
            return False
        row.tell_of_end(days)
        _remind(row, days)
    return True


def _remind(authorization: Authorization, days: int) -> None:
    """Write to the customer who gave an address, with a link to go on sharing."""
    if not authorization.customer_email or authorization.utility is None:
        return
    context = {
        "authorization": authorization,
        "days": days,
        "link": renewal_link(authorization),
    }
    emails.send_if_possible(
        REMINDER, authorization.customer_email, context, authorization=authorization
    )
