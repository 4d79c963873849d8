"""Questions about many authorizations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest, Least, Now
from django.utils import timezone

from authorizations.models.hashing import email_digest
from authorizations.models.triggers import BRING_FORWARD_EVERY

if TYPE_CHECKING:
    from authorizations.models.authorizations import Authorization  # noqa: F401 (quoted below)


class AuthorizationQuerySet(models.QuerySet["Authorization"]):
    """Questions that tasks and pages ask."""

    def due(self) -> AuthorizationQuerySet:
        """What may be collected now: active, not held, its time come, nobody at it.

        A paused client's authorizations wait: asking with a client that the utility refuses helps
        nobody.
        """
        now = timezone.now()
        return self.filter(
            Q(claimed_until=None) | Q(claimed_until__lte=now),
            Q(leased_until=None) | Q(leased_until__lte=now),
            status=self.model.Status.ACTIVE,
            held_at=None,
            next_pull_at__lte=now,
            client__paused_at=None,
            client__retired_at=None,
        )

    def askable(self) -> AuthorizationQuerySet:
        """Those of which the utility can say how they stand, and whose standing may change yet."""
        standing = [self.model.Status.ACTIVE, self.model.Status.NEEDS_CONSENT]
        return self.filter(status__in=standing, client__isnull=False).exclude(authorization_uri="")

    def ask_standing(self) -> int:
        """Have the utility asked how they stand: now, or 15 minutes after it was asked last.

        Returns for how many. What is asked for meanwhile is answered then.
        """
        turn = Greatest(Now(), F("standing_asked_at") + BRING_FORWARD_EVERY)
        # PostgreSQL's LEAST and GREATEST pass over what is null.
        return self.askable().update(standing_at=Least("standing_at", turn), standing_tries=0)

    def unclaimed(self) -> AuthorizationQuerySet:
        """Guests', and not stopped: what an account may still have."""
        return self.filter(claimed_at=None).exclude(status=self.model.Status.REVOKED)

    def given_to(self, address: str) -> AuthorizationQuerySet:
        """Those that whoever proves this address may have, as their customers said."""
        return self.unclaimed().filter(customer_email_digest=email_digest(address))

    def for_figures(self) -> AuthorizationQuerySet:
        """What staff figures count: real customers, not put away."""
        return self.filter(is_test=False, archived_at=None)

    def being_collected(self) -> AuthorizationQuerySet:
        """Those a worker has its lease on."""
        return self.filter(leased_until__gt=timezone.now())

    def needing_attention(self) -> AuthorizationQuerySet:
        """Those whose data does not come as agreed, or is not whose it was meant to be.

        A hold is no fault: staff put it there.
        """
        stuck = Q(failures__gt=0) | Q(client__paused_at__isnull=False)
        # It may still let us in, for all its customer knows.
        untold = Q(tell_gave_up_at__isnull=False, utility_told_at=None)
        # What is left of a consent that was taken into an earlier one is put away at once.
        in_sight = Q(archived_at=None) | Q(renewal=self.model.Renewal.MERGED)
        not_expected = Q(expectation=self.model.Expectation.NOT_MET)
        return self.filter(
            in_sight,
            Q(status=self.model.Status.NEEDS_CONSENT)
            | Q(stuck | not_expected, status=self.model.Status.ACTIVE)
            | Q(untold, status=self.model.Status.REVOKED),
        )
