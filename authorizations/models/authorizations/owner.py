"""Whose it is: a browser's, until an account has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from authorizations.models.authorizations.consent import Consent
from authorizations.models.hashing import digest, email_digest
from utilities.encrypted import EncryptedTextField

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class Owned(Consent):
    """Who may look and stop. Customers are guests first, and may claim what they connected."""

    # The guest's browser, hashed; until it is claimed, who holds its cookie may look and stop.
    browser_hash = models.CharField(max_length=64, blank=True)
    # The account that it belongs to. Once it was claimed no cookie opens it any more, not even when
    # the account is deleted: `claimed_at` stays then.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="authorizations",
    )
    claimed_at = models.DateTimeField(null=True, blank=True)
    # What the customer gave, or confirmed, after consenting: for receipts, reminders and coming
    # back. It goes with a revocation.
    customer_email = EncryptedTextField(blank=True)
    # The keyed hash of `customer_email`, by which whoever proves it finds this; stays, as proof.
    customer_email_digest = models.CharField(max_length=64, blank=True)

    class Meta:
        abstract = True

    def is_claimed(self) -> bool:
        """Whether an account has, or had, it, so that a browser's cookie no longer opens it."""
        return self.claimed_at is not None

    def give_email(self, address: str) -> bool:
        """Note the address that the customer gave, or confirmed, in the browser that consented.

        Whoever proves it may claim. Returns False where it is claimed or stopped by now.
        """
        return self._unless_claimed(
            customer_email=address, customer_email_digest=email_digest(address)
        )

    def claim(self, user: User) -> bool:
        """Give it to an account, once; False where another one has it, or it is stopped by now."""
        with transaction.atomic():
            claimed = self._unless_claimed(
                owner=user,
                claimed_at=timezone.now(),
                customer_email=user.email,
                customer_email_digest=email_digest(user.email),
            )
            if claimed:
                self.tell("authorization_claimed")
        return claimed

    def _unless_claimed(self, **values: Any) -> bool:
        """One UPDATE decides, so of two accounts that race for it one has it."""
        mine = type(self).objects.filter(pk=self.pk).unclaimed()
        if not mine.update(**values):
            return False
        for name, value in values.items():
            setattr(self, name, value)
        return True

    def return_to_browser(self, browser: str) -> None:
        """Its account goes, sharing goes on: from now on it is a guest's, in this browser."""
        self.owner, self.claimed_at = None, None
        self.browser_hash = digest(browser)
        self.customer_email = self.customer_email_digest = ""
        with transaction.atomic():
            self.save(
                update_fields=[
                    "owner",
                    "claimed_at",
                    "browser_hash",
                    "customer_email",
                    "customer_email_digest",
                ]
            )
            self.tell("authorization_unclaimed")
