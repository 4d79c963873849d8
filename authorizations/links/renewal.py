"""Going on with a consent that ends, ended or shrank: by a new one, on the same authorization.

A renewal link says which. What comes of it is an authorization of its own, a candidate, until
what it brings was compared with what is there (greenbutton.ingest.renewing); then the earlier one
goes on with it, or both stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from authorizations.models import (
    Authorization,
    ConnectAttempt,
    ConsentRecord,
    Event,
    EventType,
    ShareLink,
)
from greenbutton.espi import scope as espi_scope

# How long after the end the link stays open: people read their mail late.
OPEN_AFTER_END = timedelta(days=30)
# How long a customer who presses a button has, until the page is to be opened again.
OPEN_FOR_CUSTOMER = timedelta(hours=1)


class CannotRenewError(Exception):
    """It came from a file, or sharing was stopped: there is nothing to go on with."""


def renewal_link(
    authorization: Authorization, *, expires_at: datetime | None = None, by: User | None = None
) -> ShareLink:
    """A new link for the same utility that asks for the same, and for as long again.

    Whoever consents by it goes on with this authorization, if they turn out to be its customer.
    """
    if not authorization.can_be_renewed():
        raise CannotRenewError
    utility, first = authorization.utility, authorization.share_link
    with transaction.atomic():
        link = ShareLink.objects.create(
            utility=utility,
            renews=authorization,
            scope=renewed_scope(authorization),
            note=f"To renew {authorization.uid}",
            reference=authorization.reference,
            expected_account=first.expected_account if first else "",
            expected_address=first.expected_address if first else "",
            language=first.language if first else ShareLink.Language.ENGLISH,
            expires_at=expires_at or _open_until(authorization),
            created_by=by,
        )
        Event.objects.create(type=EventType.FORM_CREATED, utility=utility, share_link=link)
    return link


def customers_link(authorization: Authorization) -> ShareLink:
    """The link of a customer who presses the button; pressed again, the same while it lasts."""
    now = timezone.now()
    open_ones = authorization.renewal_links.filter(
        created_by=None,
        disabled_at=None,
        expires_at__gt=now,
        expires_at__lte=now + OPEN_FOR_CUSTOMER,
    )
    if link := open_ones.order_by("-expires_at").first():
        return link
    return renewal_link(authorization, expires_at=now + OPEN_FOR_CUSTOMER)


def renewed_scope(authorization: Authorization) -> str:
    """What was asked for, with an end that lies as far ahead as the last one did."""
    if not authorization.asked_scope:
        return ""
    asked = espi_scope.parse(authorization.asked_scope)
    if asked.end_date:
        last_end = datetime.fromtimestamp(asked.end_date, UTC)
        lasted = last_end - authorization.consented_at
        end = max(last_end, timezone.now()) + lasted
        asked = asked.with_option(espi_scope.END_DATE, str(int(end.timestamp())))
    return espi_scope.build(asked)


def _open_until(authorization: Authorization) -> datetime | None:
    if authorization.expires_at is None:
        return None
    return max(authorization.expires_at, timezone.now()) + OPEN_AFTER_END


def why_not(earlier: Authorization, candidate: Authorization) -> str:
    """Why this candidate cannot be taken in, whatever it brings; empty where it can.

    What an account has never becomes another account's, nor nobody's who could look at it; and
    test data stays test data.
    """
    if not earlier.can_be_renewed():
        return "The customer has stopped sharing the earlier one, and its data is deleted."
    if earlier.is_test != candidate.is_test:
        return "One of the two is test data, and the other is not."
    if earlier.is_claimed() and earlier.owner_id is None:
        return "The account that had the earlier one is gone."
    if earlier.is_claimed() and candidate.is_claimed() and earlier.owner_id != candidate.owner_id:
        return "The earlier one is in another customer's account."
    return ""


def is_same_person(earlier: Authorization, candidate: Authorization) -> bool:
    """Whether both were given in one browser that still speaks for both, or are one account's."""
    if earlier.is_claimed():
        return earlier.owner_id is not None and earlier.owner_id == candidate.owner_id
    return bool(earlier.browser_hash) and earlier.browser_hash == candidate.browser_hash


def take_in(earlier: Authorization, candidate: Authorization, reasons: Sequence[str]) -> None:
    """The earlier one goes on with the candidate's grant. Both rows are locked.

    1. The grant, and what was agreed to, become the earlier one's.
    2. The candidate stays as a signpost, and for the old grant, which is ended at the utility.
    3. Who may see it: whoever could, and who consented now, since the utility knew both as the same
       customer. So a guest's goes on to be the old browser's, and is the new one's, too; if the
       candidate is in an account by now, it is that account's. One that is in an account stays
       there: the new browser is asked to sign in, and is shown nothing of it.
    """
    before = copy(earlier)
    earlier.take_grant_of(candidate)
    ConnectAttempt.objects.filter(authorization=candidate).update(authorization=earlier)
    ConsentRecord.objects.filter(authorization=candidate).update(authorization=earlier)
    address, owner = candidate.customer_email, candidate.owner
    candidate.mark_merged(earlier, " ".join(reasons)[:500], before)
    earlier.tell(EventType.RENEWED, reasons=list(reasons), by=candidate.uid)
    if earlier.is_claimed():
        return
    if owner is not None:
        earlier.claim(owner)
    elif address and not earlier.customer_email:
        earlier.give_email(address)


def keep_apart(earlier: Authorization | None, candidate: Authorization, why: Sequence[str]) -> None:
    """The candidate goes on by itself; staff see why on both. Both rows are locked."""
    candidate.keep_apart(why)
    if earlier is None or not earlier.can_be_renewed():
        return
    earlier.tell(EventType.NOT_MERGED, reasons=list(why), other=candidate.uid)
    # Asked while the two were compared, a revocation there was not followed.
    Authorization.objects.filter(pk=earlier.pk).ask_standing()
