"""The tokens that a consent gave, the addresses that they open, and whose turn it is to refresh."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import models
from django.utils import timezone

from authorizations.models.authorizations.consent import Consent
from utilities.encrypted import EncryptedTextField

if TYPE_CHECKING:
    from utilities.client import Token

REFRESHING = ("refresh_id", "refreshing_until", "refreshing_since")


class WithTokens(Consent):
    """What opens the customer's data; `authorizations.tokens` says how it is kept fresh."""

    access_token = EncryptedTextField(blank=True)
    refresh_token = EncryptedTextField(blank=True)
    access_expires_at = models.DateTimeField(null=True)
    # A refresh: whose turn it is, until when; and since when nobody knows whether the utility has
    # traded the refresh token that stands here.
    refresh_id = models.CharField(max_length=32, blank=True)
    refreshing_until = models.DateTimeField(null=True)
    refreshing_since = models.DateTimeField(null=True)
    resource_uri = models.URLField(max_length=500, blank=True)
    authorization_uri = models.URLField(max_length=500, blank=True)
    customer_uri = models.URLField(max_length=500, blank=True)

    class Meta:
        abstract = True

    def token_expires_within(self, seconds: int) -> bool:
        """Whether the access token is gone, or will be in so many seconds."""
        soon = timezone.now() + timedelta(seconds=seconds)
        return self.access_expires_at is None or self.access_expires_at <= soon

    def is_refreshing(self) -> bool:
        """Whether it is somebody's turn to refresh its tokens."""
        return self.refreshing_until is not None and self.refreshing_until > timezone.now()

    def begin_refresh(self, refresh_id: str, lasts: timedelta) -> None:
        """Take the turn to refresh. The old refresh token stays until a new one is here."""
        now = timezone.now()
        self.refresh_id, self.refreshing_until = refresh_id, now + lasts
        self.refreshing_since = self.refreshing_since or now
        self.save(update_fields=REFRESHING)

    def end_refresh(self, *, is_known: bool, since: datetime | None) -> None:
        """Give the turn back without a new token; `is_known` says that the old one is as it was.

        `since` is when an earlier turn began that was not known to end.
        """
        self.refresh_id, self.refreshing_until = "", None
        if is_known:
            self.refreshing_since = since
        self.save(update_fields=REFRESHING)

    def keep_token(self, token: Token) -> None:
        """Save refreshed tokens before anything uses them (style rule 17)."""
        self.access_token = token.access_token
        # RFC 6749 §6: a new refresh token is optional; without one the old stays good.
        self.refresh_token = token.refresh_token or self.refresh_token
        self.access_expires_at = token.expires_at
        self.refresh_id, self.refreshing_until, self.refreshing_since = "", None, None
        tokens = ("access_token", "refresh_token", "access_expires_at")
        self.save(update_fields=[*tokens, *REFRESHING])
