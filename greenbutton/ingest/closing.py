"""Meters that the utility no longer sends: closed, never deleted, and opened when they return."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from authorizations.models import Authorization
from greenbutton.ingest import lease
from greenbutton.ingest.lease import LeaseLostError
from greenbutton.models import UsagePoint

# Missing once may be a utility's bad day; a customer is told that a meter is gone only when it was
# missing in so many pulls running.
MISSED_PULLS = 2


def note_listed(authorization: Authorization, lease_id: str, listed: Collection[int]) -> None:
    """Count what a complete pull's documents did not name, though they listed other meters.

    Without anything listed nobody is missed: an empty feed, or one of new readings alone, says
    nothing of which meters there are. Whoever has lost the lease has nothing to say.
    """
    if not listed:
        return
    with suppress(LeaseLostError), transaction.atomic():
        row = lease.locked(authorization, lease_id)
        shared = row.usage_points.shared()
        for usage_point in shared.filter(pk__in=listed).exclude(closed_at=None):
            reopen(usage_point)
        shared.filter(pk__in=listed, missed_pulls__gt=0).update(missed_pulls=0)
        missing = shared.filter(closed_at=None).exclude(pk__in=listed)
        missing.update(missed_pulls=F("missed_pulls") + 1)
        for usage_point in missing.filter(missed_pulls__gte=MISSED_PULLS):
            usage_point.closed_at = timezone.now()
            usage_point.save(update_fields=["closed_at"])
            usage_point.tell("meter_closed")


def reopen(usage_point: UsagePoint) -> None:
    """A document has it again; belongs into a transaction that holds the authorization's row."""
    if usage_point.closed_at is None:
        return
    usage_point.closed_at, usage_point.missed_pulls = None, 0
    usage_point.save(update_fields=["closed_at", "missed_pulls"])
    usage_point.tell("meter_reopened")
