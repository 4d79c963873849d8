"""What is due, uploaded or asked for: claimed, so that of several dispatchers one queues it."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from authorizations.models import CLAIM, Authorization
from greenbutton.models import BulkCollection, Pull, Recutting

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


def claim_uploads() -> list[int]:
    """Claim the authorizations that have an upload to be read; returns their ids.

    One whose worker died while it read has such an upload again when that worker's lease runs out.
    """
    to_read = Pull.objects.filter(source=Pull.Source.UPLOAD, state=Pull.State.RUNNING)
    return _claim_free(
        Authorization.objects.filter(
            pk__in=to_read.values("authorization"), status=Authorization.Status.ACTIVE
        )
    )


def claim_recuttings() -> list[int]:
    """Claim the authorizations whose days are to be cut anew; returns their ids.

    Whatever became of them: what nobody can do any more is to be said, too.
    """
    waiting = Recutting.objects.filter(state=Recutting.State.WAITING)
    return _claim_free(Authorization.objects.filter(pk__in=waiting.values("authorization")))


def claim_bulks() -> list[int]:
    """Claim the Bulk addresses that are to be read; returns their ids.

    What is being read is claimed by its worker, for longer.
    """
    now = timezone.now()
    with transaction.atomic():
        due = (
            BulkCollection.objects.filter(
                Q(claimed_until=None) | Q(claimed_until__lte=now),
                due_at__lte=now,
                client__paused_at=None,
                client__retired_at=None,
            )
            .select_for_update(of=("self",), skip_locked=True)
            .order_by("due_at")
            .only("id")[:BATCH]
        )
        ids = [bulk.pk for bulk in due]
        # A run that ended without a word is over with its claim.
        BulkCollection.objects.filter(pk__in=ids).update(claimed_until=now + CLAIM, run_id="")
    return ids


def _claim_free(waiting: QuerySet[Authorization]) -> list[int]:
    """Claim some that nobody is at."""
    now = timezone.now()
    with transaction.atomic():
        free = (
            waiting.filter(
                Q(claimed_until=None) | Q(claimed_until__lte=now),
                Q(leased_until=None) | Q(leased_until__lte=now),
            )
            .select_for_update(of=("self",), skip_locked=True)
            .order_by("pk")
            .only("id")[:BATCH]
        )
        ids = [authorization.pk for authorization in free]
        Authorization.objects.filter(pk__in=ids).update(claimed_until=now + CLAIM)
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
