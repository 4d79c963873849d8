"""Going on by a new consent: which earlier one it was given for, and what came of that."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models, transaction
from django.utils import timezone

from authorizations.models.authorizations.ending import Ending
from authorizations.models.authorizations.granted import Granted
from authorizations.models.authorizations.owner import Owned
from authorizations.models.events import EventType
from authorizations.models.triggers import PullTrigger

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

    from authorizations.models.authorizations import Authorization

# What a consent brings with it; the rest of a row is what became of it.
OF_THE_GRANT = (
    *("client", "scope", "asked_scope", "expires_at"),
    *("access_token", "refresh_token", "access_expires_at"),
    *("resource_uri", "authorization_uri", "customer_uri"),
)


class Renewed(Granted, Ending, Owned):
    """A candidate, until it was compared with the earlier one; then merged into it, or kept apart.

    `authorizations.links.renewal` and `greenbutton.ingest.renewing` tell the whole way.
    """

    class Renewal(models.TextChoices):
        """Of a consent that was given to go on with an earlier one: what becomes of it."""

        WAITING = "waiting", "Being compared with the earlier one"
        MERGED = "merged", "The earlier one goes on with it"
        APART = "apart", "Kept apart from the earlier one"

    # The earlier authorization that its customer meant to go on with, and what came of that: in
    # words for staff, without anything personal.
    renews = models.ForeignKey(
        "authorizations.Authorization",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="renewals",
    )
    renewal = models.CharField(max_length=8, choices=Renewal, blank=True)
    renewal_said = models.CharField(max_length=500, blank=True)
    # When the consent that it lives by was given, where that is not the first one.
    renewed_at = models.DateTimeField(null=True, blank=True)

    # The other end of `renews`.
    renewals: RelatedManager[Authorization]

    class Meta:
        abstract = True

    @property
    def consented_at(self) -> datetime:
        """When the consent that it lives by was given."""
        return self.renewed_at or self.created

    def can_be_renewed(self) -> bool:
        """Whether its customer may go on with it by a new consent."""
        has_utility = self.utility_id is not None and not self.is_from_file()
        return has_utility and self.can_be_stopped()

    def is_candidate(self) -> bool:
        """Whether it has yet to be compared with the one that its customer meant to renew."""
        return self.renewal == self.Renewal.WAITING

    def is_being_renewed(self) -> bool:
        """Whether a new consent for it is here, and has yet to be compared."""
        waiting = self.renewals.filter(renewal=self.Renewal.WAITING)
        return waiting.filter(status=self.Status.ACTIVE).exists()

    @property
    def merged_into(self) -> Authorization | None:
        """The earlier one that goes on with this consent, if it was taken into one."""
        return self.renews if self.renewal == self.Renewal.MERGED else None

    def return_to_browser(self, browser: str) -> None:
        """The same; nor do the cookies of browsers in which it was renewed open it from now on."""
        with transaction.atomic():
            self.renewals.filter(renewal=self.Renewal.MERGED).update(browser_hash="")
            super().return_to_browser(browser)

    def take_grant_of(self, candidate: Self) -> None:
        """Go on by a new consent of the same customer; both rows are locked.

        What was collected, the cursor and a hold stay. A worker that is at it by the old grant has
        lost its lease, and stores nothing more.
        """
        for name in OF_THE_GRANT:
            setattr(self, name, getattr(candidate, name))
        self.origin, self.status = self.Origin.CONNECT, self.Status.ACTIVE
        self.renewed_at = candidate.created
        self.archived_at = self.expiry_told_days = None
        self.refresh_id, self.refreshing_until, self.refreshing_since = "", None, None
        self.lease_id, self.leased_until, self.claimed_until = "", None, None
        self.failures = self.delays = 0
        self.standing_at, self.standing_said = None, ""
        self.browser_hash = self.browser_hash or candidate.browser_hash
        self._comes_due(timezone.now(), PullTrigger.CUSTOMER)
        self.save()

    def mark_merged(self, earlier: Self, said: str, before: Self) -> None:
        """The earlier one goes on with this consent: here, nothing of it is left to collect with.

        The row stays, as a signpost, and for the grant that the earlier one had `before`: where
        that may still live it is ended at the utility, from here.
        """
        now = timezone.now()
        is_alive = before.status in {self.Status.ACTIVE, self.Status.NEEDS_CONSENT}
        is_other = before.authorization_uri not in {"", earlier.authorization_uri}
        is_to_be_told = is_alive and is_other
        self._end(
            self.Status.REVOKED,
            EventType.MERGED,
            {"into": earlier.uid},
            client=before.client,
            renewal=self.Renewal.MERGED,
            renewal_said=said,
            revoked_at=now,
            revoked_by="renewal",
            archived_at=now,
            tell_utility_at=now if is_to_be_told else None,
            authorization_uri=before.authorization_uri if is_to_be_told else "",
            resource_uri="",
            customer_uri="",
            customer_email="",
            customer_email_digest="",
            feed_key="",
        )

    def keep_apart(self, said: Iterable[str]) -> None:
        """It is not the earlier one's customer, or nobody can tell: it goes on by itself."""
        reasons = list(said)
        now = timezone.now()
        self._write(
            EventType.NOT_MERGED,
            {"reasons": reasons, **({"other": self.renews.uid} if self.renews else {})},
            {
                "renewal": self.Renewal.APART,
                "renewal_said": " ".join(reasons)[:500],
                "next_pull_at": now,
                "pull_trigger": PullTrigger.FIRST,
                "somebody_waits": True,
            },
        )
