"""The companies that registered with a utility."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from greenbutton.espi import scope as scopes
from utilities.sandbox.faults import Fault
from utilities.sandbox.models.accounts import UtilityAccount
from utilities.sandbox.models.naming import RESOURCES, derive, spell
from utilities.sandbox.programmes import Programme, get_programme


class Registration(models.Model):
    """A company that registered with a utility: the utility's side of a GBC client."""

    class Status(models.TextChoices):
        # Only test accounts can authorize it.
        SANDBOX = "sandbox"
        LIVE = "live"

    class Review(models.TextChoices):
        """What the utility makes of it; anything but approval keeps it from going live."""

        WAITING = "waiting", "In review"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        HELD = "held", "On hold"
        REVOKED = "revoked", "Revoked"

    class Profile(models.TextChoices):
        """How its documents are written."""

        CERTIFIED = "certified", "Certified: every content rule of the certification holds"
        EXPORT = "export", "Export: the quirks of a real export"

    utility = models.CharField(max_length=40)
    client_id = models.CharField(max_length=64, unique=True)
    # Whoever registered it and may change it; a public client has nobody.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="registrations", null=True
    )
    created_at = models.DateTimeField(default=timezone.now)
    company_name = models.CharField(max_length=200)
    website = models.URLField(blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    # What the data is for, as the company says.
    purpose = models.CharField(max_length=256, blank=True)
    review = models.CharField(max_length=20, choices=Review.choices, default=Review.WAITING)
    review_reason = models.CharField(max_length=500, blank=True)
    reviewed_at = models.DateTimeField(null=True)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.SANDBOX)
    # Everybody may use its credentials, so it never sees a real customer's data.
    is_public = models.BooleanField(default=False)
    redirect_uris = models.JSONField(default=list)
    # Where push notices go (FB 39); none without one.
    notify_uri = models.URLField(max_length=2000, blank=True)
    # A code is then only given for a code_challenge (RFC 7636).
    requires_pkce = models.BooleanField(default=False)
    profile = models.CharField(max_length=20, choices=Profile.choices, default=Profile.CERTIFIED)
    # Values of `faults.Fault`.
    faults = models.JSONField(default=list)
    default_scope = models.CharField(max_length=scopes.MAX_LENGTH)
    # Rotating a credential is counting on.
    secret_version = models.PositiveIntegerField(default=1)
    token_version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(is_public=False) | Q(status="sandbox"),
                name="sandbox_public_client_is_never_live",
            ),
            models.CheckConstraint(
                condition=Q(review__in=["approved", "held", "revoked"]) | Q(status="sandbox"),
                name="sandbox_live_needs_approval",
            ),
        ]

    def __str__(self) -> str:
        return self.client_id

    @property
    def programme(self) -> Programme:
        """The utility that it registered with."""
        return get_programme(self.utility)

    @property
    def client_secret(self) -> str:
        """Derived, so that it can be shown again, and differs on every installation."""
        return spell(derive("client_secret", f"{self.client_id}:{self.secret_version}"))

    @property
    def registration_access_token(self) -> str:
        """The token that opens the registration's own endpoints; derived like the secret."""
        return spell(derive("registration_token", f"{self.client_id}:{self.token_version}"))

    @property
    def bulk_uid(self) -> str:
        """The name of everything that it may read, as in `Batch/Bulk/{bulk}` and `BR=` (FB 35)."""
        return derive("bulk", self.client_id)[:17].hex()

    @property
    def bulk_uri(self) -> str:
        """Where a client token reads all of it."""
        return f"{RESOURCES}/Batch/Bulk/{self.bulk_uid}"

    def has_secret(self, secret: str) -> bool:
        """Whether this is the client's secret; takes as long for a wrong one."""
        return constant_time_compare(secret, self.client_secret)

    def has(self, fault: Fault) -> bool:
        """Whether the utility goes wrong in this way for this client."""
        return fault.value in self.faults

    def may_serve(self, account: UtilityAccount) -> bool:
        """Whether this customer can authorize the company: in sandbox status only test accounts."""
        return account.is_test or self.status == self.Status.LIVE

    @classmethod
    def of_registration_token(cls, token: str) -> Registration | None:
        """The registration whose token this is. There are few, and nothing to look it up by."""
        for registration in cls.objects.all():
            if constant_time_compare(token, registration.registration_access_token):
                return registration
        return None
