"""Ways from the portal to a utility and back."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.db import models
from django.utils import timezone

from authorizations.models.authorizations import Authorization
from authorizations.models.hashing import digest
from authorizations.models.share_links import ShareLink
from utilities.encrypted import EncryptedTextField
from utilities.models import Client, Utility

ATTEMPT_LIFETIME = timedelta(minutes=60)  # people look for a bill
KEPT_IN_VAIN = timedelta(days=30)


class ConnectAttempt(models.Model):
    """One way from the portal to the utility and back: a state that is spent once."""

    state_hash = models.CharField(max_length=64, unique=True)
    browser_hash = models.CharField(max_length=64)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="attempts")
    share_link = models.ForeignKey(
        ShareLink, on_delete=models.SET_NULL, null=True, blank=True, related_name="attempts"
    )
    scope = models.CharField(max_length=1000)
    pkce_verifier = EncryptedTextField(blank=True)
    redirect_uri = models.URLField(max_length=500)
    # Where to on the company's own site at the end, and what is said there with it.
    return_url = models.CharField(max_length=500, blank=True)
    return_state = EncryptedTextField(blank=True)
    stays_here = models.BooleanField(default=False)
    # Whom whoever made the link says it is for. It proves nothing: it may be offered, masked.
    customer_email = EncryptedTextField(blank=True)
    # What our page said when its button was pressed; empty where no page was shown.
    text_version = models.CharField(max_length=20, blank=True)
    language = models.CharField(max_length=5, blank=True)
    sentences = models.JSONField(default=list)
    shown_at = models.DateTimeField(null=True)
    created = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    # Why it came to nothing, in words for staff; empty while open and after success.
    reason = models.CharField(max_length=500, blank=True)
    authorization = models.ForeignKey(
        "Authorization", on_delete=models.SET_NULL, null=True, related_name="attempts"
    )

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"attempt {self.pk} with {self.client}"

    @classmethod
    def begin(
        cls,
        browser: str,
        client: Client,
        scope: str,
        redirect_uri: str,
        link: ShareLink | None,
        pkce_verifier: str = "",
        **beside: Any,
    ) -> tuple[ConnectAttempt, str]:
        """A new attempt and its state, which is kept only as a hash; `beside` are more columns."""
        state = secrets.token_urlsafe(32)
        attempt = cls.objects.create(
            state_hash=digest(state),
            browser_hash=digest(browser),
            client=client,
            share_link=link,
            scope=scope,
            pkce_verifier=pkce_verifier,
            redirect_uri=redirect_uri,
            expires_at=timezone.now() + ATTEMPT_LIFETIME,
            **beside,
        )
        return attempt, state

    @classmethod
    def consume(cls, state: str, browser: str, utility: Utility) -> ConnectAttempt | None:
        """Spend the attempt, once; None if unknown, used, stale, or another browser's or utility's.

        One UPDATE decides, so of two callbacks with one state only one goes on.
        """
        mine = cls._of(state, browser, utility)
        now = timezone.now()
        if not mine.filter(used_at=None, expires_at__gt=now).update(used_at=now):
            return None
        return mine.select_related("client__utility", "share_link").get()

    @classmethod
    def made_before(cls, state: str, browser: str, utility: Utility) -> Authorization | None:
        """What this browser already made with this state, when a callback is repeated."""
        attempt = cls._of(state, browser, utility).select_related("authorization").first()
        return attempt.authorization if attempt else None

    @classmethod
    def _of(cls, state: str, browser: str, utility: Utility) -> models.QuerySet[ConnectAttempt]:
        # Without a join: Django would make it a sub-select of its own rows, which PostgreSQL does
        # not look at again after it waited for another callback's lock.
        clients = Client.objects.filter(utility=utility)
        return cls.objects.filter(
            state_hash=digest(state), browser_hash=digest(browser), client__in=clients
        )

    @property
    def offered_email(self) -> str:
        """The address that the link says it is for; never proof of anything."""
        return self.customer_email or (self.share_link.customer_email if self.share_link else "")

    @classmethod
    def forget_old(cls) -> int:
        """Delete those of which nothing came, some weeks after; returns how many.

        Staff read meanwhile why; whom they were for is forgotten after a day.
        """
        in_vain = cls.objects.filter(authorization=None)
        now = timezone.now()
        in_vain.filter(expires_at__lte=now - timedelta(days=1)).update(
            customer_email="", return_state=""
        )
        return in_vain.filter(expires_at__lte=now - KEPT_IN_VAIN).delete()[0]

    def failed(self, reason: str) -> None:
        """Keep why nothing came of it."""
        self.reason = reason[:500]
        self.save(update_fields=["reason"])
