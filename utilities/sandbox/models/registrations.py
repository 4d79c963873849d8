"""The companies that registered with a utility."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from greenbutton.espi import scope as scopes
from greenbutton.espi.enums import ThirdPartyApplicationType, ThirdPartyApplicationUse
from utilities.sandbox.models.accounts import UtilityAccount
from utilities.sandbox.models.faults import Fault
from utilities.sandbox.models.naming import RESOURCES, derive, digest, spell
from utilities.sandbox.programmes import Programme, get_programme

# An address in an ApplicationInformation has no length of its own; nobody's is longer.
LONGEST_ADDRESS = 2000


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
    # Further people to write to (RFC 7591 §2, contacts).
    more_contacts = models.JSONField(default=list, blank=True)
    phone = models.CharField(max_length=32, blank=True)
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
    # What espi.xsd ApplicationInformation and RFC 7591 let a company say besides.
    software_id = models.CharField(max_length=256, blank=True)
    software_version = models.CharField(max_length=32, blank=True)
    application_type = models.PositiveSmallIntegerField(
        choices=[(kind.value, kind.text) for kind in ThirdPartyApplicationType],
        null=True,
        blank=True,
    )
    application_use = models.PositiveSmallIntegerField(
        choices=[(use.value, use.text) for use in ThirdPartyApplicationUse], null=True, blank=True
    )
    logo_uri = models.URLField(max_length=LONGEST_ADDRESS, blank=True)
    tos_uri = models.URLField(max_length=LONGEST_ADDRESS, blank=True)
    policy_uri = models.URLField(max_length=LONGEST_ADDRESS, blank=True)
    scope_selection_uri = models.URLField(max_length=LONGEST_ADDRESS, blank=True)
    user_portal_uri = models.URLField(max_length=LONGEST_ADDRESS, blank=True)
    # A code is then only given for a code_challenge (RFC 7636).
    requires_pkce = models.BooleanField(default=False)
    profile = models.CharField(max_length=20, choices=Profile.choices, default=Profile.CERTIFIED)
    # Values of `faults.Fault`.
    faults = models.JSONField(default=list)
    default_scope = models.CharField(max_length=scopes.MAX_LENGTH)
    # Rotating a credential is counting on.
    secret_version = models.PositiveIntegerField(default=1)
    token_version = models.PositiveIntegerField(default=1)
    # Of the registration token, which is looked up by it.
    token_digest = models.CharField(max_length=64, db_index=True, default="")
    updated_at = models.DateTimeField(default=timezone.now)
    # When the company took itself off the list; it can come back.
    removed_at = models.DateTimeField(null=True)

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

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the row to be found by its registration token, and by no older one."""
        self.token_digest = digest(self.registration_access_token)
        super().save(*args, **kwargs)

    @property
    def selection_url(self) -> str:
        """Where a customer who starts here is sent: the company's scope selection screen."""
        parts = urlsplit(self.scope_selection_uri)
        offered = {
            "scope": self.default_scope,
            "DataCustodianID": self.programme.utility_id,
            "ThirdPartyID": self.client_id,
        }
        query = "&".join(filter(None, (parts.query, urlencode(offered, quote_via=quote))))
        return parts._replace(query=query).geturl()

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
    def application_uid(self) -> str:
        """The name of its ApplicationInformation, in the platform's way: opaque, and for good."""
        return f"{derive('application', self.client_id).hex()[:12]}_{self.client_id}"

    @property
    def bulk_uid(self) -> str:
        """The name of everything that it may read, as in `Batch/Bulk/{bulk}` and `BR=` (FB 35)."""
        return derive("bulk", self.client_id)[:17].hex()

    @property
    def bulk_uri(self) -> str:
        """Where a client token reads all of it."""
        return f"{RESOURCES}/Batch/Bulk/{self.bulk_uid}"

    @property
    def settings_url(self) -> str:
        """Where its owner changes it."""
        return f"{settings.SANDBOX_URL}/{self.utility}/registrations/{self.client_id}/"

    @property
    def docs_url(self) -> str:
        """What a third party reads first."""
        return f"{settings.SANDBOX_URL}/{self.utility}/docs/"

    @property
    def application_url(self) -> str:
        """Its ApplicationInformation, which the registration token opens."""
        return f"{RESOURCES}/ApplicationInformation/{self.application_uid}"

    @property
    def client_configuration_url(self) -> str:
        """The same as JSON (RFC 7592 §2)."""
        return f"{self.programme.registration_url}/{self.application_uid}"

    @property
    def contacts(self) -> list[str]:
        """Whom the utility writes to; a public client has nobody."""
        return [self.email, *self.more_contacts] if self.email else []

    @property
    def is_usable(self) -> bool:
        """Whether it may ask customers and fetch data at all, test accounts' included."""
        stopped = {self.Review.HELD, self.Review.REVOKED}
        return self.review not in stopped and self.removed_at is None

    @property
    def is_live(self) -> bool:
        """Whether everybody can authorize it."""
        return self.status == self.Status.LIVE and self.is_usable

    @property
    def may_go_live(self) -> bool:
        """Whether it can be switched to live: approved, and not the client that everybody knows."""
        return self.review == self.Review.APPROVED and self.is_usable and not self.is_public

    def has_secret(self, secret: str) -> bool:
        """Whether this is the client's secret; takes as long for a wrong one."""
        return constant_time_compare(secret, self.client_secret)

    def has(self, fault: Fault) -> bool:
        """Whether the utility goes wrong in this way for this client."""
        return fault.value in self.faults

    def serve_under(self, profile: str, faults: Collection[str]) -> None:
        """Set how its documents are written and what goes wrong for it, and nothing else."""
        self.profile = profile
        # In the order of their list, each once.
        self.faults = [value for value in Fault.values if value in faults]
        self.save(update_fields=["profile", "faults"])

    def may_serve(self, account: UtilityAccount) -> bool:
        """Whether this customer can authorize the company: in sandbox status only test accounts."""
        return self.is_usable and (account.is_test or self.is_live)

    def rotate_secret(self) -> None:
        """The older secret ends; what was authorized with it stays."""
        self.secret_version += 1
        self.save(update_fields=["secret_version"])

    def rotate_token(self) -> None:
        """The older registration token ends."""
        self.token_version += 1
        self.save(update_fields=["token_version", "token_digest"])

    @classmethod
    def new_client_id(cls, programme: Programme) -> str:
        """An id as the platform makes them, of 80 random bits."""
        return f"{programme.utility_id}_{secrets.token_hex(10)}"

    @classmethod
    def of_registration_token(cls, token: str) -> Registration | None:
        """The registration whose token this is."""
        return cls.objects.filter(token_digest=digest(token)).first()

    @classmethod
    def renew_digests(cls) -> None:
        """Find every registration by its token again after the installation got another key."""
        for registration in cls.objects.all():
            registration.save(update_fields=["token_digest"])

    @classmethod
    def directory(cls, programme: Programme) -> models.QuerySet[Registration]:
        """The companies that every customer can share with, as the utility lists them."""
        return cls.objects.filter(
            utility=programme.slug,
            status=cls.Status.LIVE,
            review=cls.Review.APPROVED,
            removed_at=None,
        ).order_by("company_name", "id")
