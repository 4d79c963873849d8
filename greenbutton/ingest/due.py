"""What is due: claimed for a while, so that of several dispatchers one queues it."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from authorizations.models import CLAIM, Authorization

# As many as one look claims in one transaction.
BATCH = 100


def claim() -> list[int]:
    """Claim the authorizations that are due for a pull, the longest due first; returns their ids.

    A claim runs out by itself, so what was queued into a broker that lost it is claimed again.
    """
    claimed: list[int] = []
    while batch := _claim_some():
        claimed += batch
    return claimed


def _claim_some() -> list[int]:
    with transaction.atomic():
        due = (
            Authorization.objects.due()
            .select_for_update(of=("self",), skip_locked=True)
            .order_by("next_pull_at")
            .only("id")[:BATCH]
        )
        ids = [authorization.pk for authorization in due]
        until = timezone.now() + CLAIM
        Authorization.objects.filter(pk__in=ids).update(claimed_until=until)
    return ids


def expire() -> int:
    """Mark what the agreed end has passed; returns how many."""
    over = Authorization.objects.filter(
        status=Authorization.Status.ACTIVE, expires_at__lte=timezone.now()
    )
    count = 0
    while True:
        with transaction.atomic():
            row = over.select_for_update(of=("self",), skip_locked=True).first()
            if row is None:
                return count
            row.mark_expired()
            count += 1
