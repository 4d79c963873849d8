"""How it ends, here and at the utility, and what the utility says of it until then."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone

from authorizations.models.authorizations.collecting import Collected
from authorizations.models.authorizations.consent import Consent
from authorizations.models.authorizations.tokens import WithTokens
from authorizations.models.hashing import grant_digest


class Ending(WithTokens, Collected):
    """Whatever ends it takes its tokens and its due time; only revoking takes the data, too."""

    # The fewest days before `expires_at` of which was told; none where nothing was.
    expiry_told_days = models.PositiveSmallIntegerField(null=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.CharField(max_length=16, blank=True)

    # Ending the grant at the utility, too: a due time, how often it was tried, and how it ended.
    tell_utility_at = models.DateTimeField(null=True, blank=True)
    tell_tries = models.PositiveSmallIntegerField(default=0)
    utility_told_at = models.DateTimeField(null=True, blank=True)
    # When we stopped trying; until somebody of the staff has told them, it needs attention.
    tell_gave_up_at = models.DateTimeField(null=True, blank=True)
    # Of a grant that may still stand there, so that nobody adopts what its customer has stopped.
    grant_digest = models.CharField(max_length=64, blank=True)
    # When what was collected is to be deleted.
    purge_at = models.DateTimeField(null=True, blank=True)

    # What the utility itself says of the consent: when it is to be asked, by whom that is claimed,
    # how often it failed in a row; and when it was asked last, and what came of it, in words.
    standing_at = models.DateTimeField(null=True, blank=True)
    standing_claimed_until = models.DateTimeField(null=True)
    standing_tries = models.PositiveSmallIntegerField(default=0)
    standing_asked_at = models.DateTimeField(null=True, blank=True)
    standing_said = models.CharField(max_length=300, blank=True)

    class Meta:
        abstract = True

    def is_being_told(self) -> bool:
        """Whether we are still trying to tell the utility that sharing has stopped."""
        return self.tell_utility_at is not None

    def could_not_be_told(self) -> bool:
        """Whether we gave up telling the utility, and nobody has told it since."""
        return self.tell_gave_up_at is not None and self.utility_told_at is None

    def is_deleted(self) -> bool:
        """Whether what was collected is gone: with the key of its raw feeds, last of all."""
        return not self.can_be_stopped() and not self.feed_key

    def mark_needs_consent(self, refresh_interrupted: datetime | None = None) -> None:
        """The utility no longer accepts our tokens: only the customer can mend that. Data stays.

        `refresh_interrupted` is when a refresh began whose answer we never saved. Perhaps the
        customer revoked it there: the utility is asked, since then data may not stay.
        """
        detail = {"reason": "needs_consent"}
        if refresh_interrupted:
            detail["refresh_interrupted"] = refresh_interrupted.isoformat()
        asked = {"standing_at": timezone.now(), "standing_tries": 0}
        self._end(
            self.Status.NEEDS_CONSENT,
            "authorization_update_finished_errored",
            detail,
            **(asked if self.authorization_uri else {}),
        )

    def tell_of_end(self, days: int) -> None:
        """Tell that it ends in so many days."""
        self._write("authorization_expiring_soon", {"days": days}, {"expiry_told_days": days})

    def mark_expired(self) -> None:
        """The agreed time is over: credentials go, data stays."""
        self._end(self.Status.EXPIRED, "authorization_expired")

    def mark_revoked(self, by: str) -> None:
        """Sharing was stopped by `customer`, `staff` or `utility`: tokens go now, data soon.

        Where the utility does not know of it, it is due to be told.
        """
        now = timezone.now()
        knows = by == "utility"
        is_to_be_told = self.client_id is not None and not knows
        self._end(
            self.Status.REVOKED,
            "authorization_revoked",
            {"by": by},
            revoked_at=now,
            revoked_by=by,
            purge_at=now,
            utility_told_at=now if knows else None,
            tell_utility_at=now if is_to_be_told else None,
            # The other two are of no use without a token. This one is where the grant is ended.
            resource_uri="",
            customer_uri="",
            authorization_uri=self.authorization_uri if is_to_be_told else "",
        )

    def mark_told(self) -> None:
        """The utility knows that sharing has stopped; its address of the grant is not needed."""
        told = {"utility_told_at": timezone.now(), "grant_digest": ""}
        self._telling_ends("authorization_utility_told", **told)

    def mark_untold(self) -> None:
        """The utility could not be told in all that time: staff have to."""
        known_by = grant_digest(self.authorization_uri)
        gave_up = {"tell_gave_up_at": timezone.now(), "grant_digest": known_by}
        self._telling_ends("authorization_utility_untold", **gave_up)

    def _telling_ends(self, event: str, **fields: Any) -> None:
        fields |= {"tell_utility_at": None, "authorization_uri": ""}
        self._write(event, {}, fields)

    def _end(
        self,
        status: Consent.Status,
        event: str,
        detail: dict[str, Any] | None = None,
        **fields: Any,
    ) -> None:
        """Leave `active`: without tokens and a due time nothing is collected any more."""
        gone: dict[str, Any] = {"access_token": "", "refresh_token": ""}
        gone |= {"next_pull_at": None, "standing_at": None}
        gone |= {"refresh_id": "", "refreshing_until": None, "refreshing_since": None}
        gone |= {"somebody_waits": False}
        self._write(event, detail or {}, {**gone, "status": status, **fields})
