"""Utilities (data custodians), and this company's registrations with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string

from utilities.encrypted import EncryptedTextField
from utilities.quirks import Quirks

if TYPE_CHECKING:
    from django.contrib.auth.models import User

DEFAULT_PORTS = {"http": 80, "https": 443}


def new_uid() -> str:
    """An opaque name for a row in addresses and APIs: 95 random bits as letters and digits.

    No `-`: in front it would be read as an option on a command line, and at the end of an address
    mail programs leave it out of the link.
    """
    return get_random_string(16)


def origin_of(url: str) -> str | None:
    """Scheme, host and port of an absolute http(s) address, spelt one way; None for anything else.

    An address that carries a user name is none: `https://utility.example@evil.example/` is made to
    be misread.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    if port is None or not parts.hostname or "@" in parts.netloc or "\\" in url:
        return None
    return f"{parts.scheme}://{parts.hostname}:{port}"


class UtilityQuerySet(models.QuerySet["Utility"]):
    """Questions that pages ask."""

    def enabled(self) -> UtilityQuerySet:
        """The utilities that customers may choose."""
        return self.filter(enabled=True)


class Utility(models.Model):
    """A data custodian, as its registry file describes it; `load_utilities` writes the rows."""

    slug = models.SlugField(unique=True)
    utility_id = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=120)
    short_name = models.CharField(max_length=60)
    description = models.TextField(blank=True)
    website = models.URLField(blank=True)
    programme = models.CharField(max_length=120, blank=True)
    services = ArrayField(models.CharField(max_length=32), default=list)
    time_zone = models.CharField(max_length=64)
    enabled = models.BooleanField(default=True)

    authorize_url = models.URLField(max_length=500)
    token_url = models.URLField(max_length=500)
    resource_url = models.URLField(max_length=500)
    # What it calls itself in its answers (RFC 9207); empty where it is not known to do so.
    issuer = models.CharField(max_length=500, blank=True)
    origins = ArrayField(models.CharField(max_length=200), default=list)

    # Ways to authenticate, as `utilities.registry` reads them: see `AuthenticationWay`.
    authentication_ways = models.JSONField(default=list)
    quirks = models.JSONField(default=dict, blank=True)

    objects = UtilityQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "utilities"

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which this utility's days and bills are cut."""
        return ZoneInfo(self.time_zone)

    @property
    def behaviour(self) -> Quirks:
        """How this utility deviates from the standard."""
        return Quirks.read(self.quirks)

    @property
    def callback_url(self) -> str:
        """The redirect URI that this portal registers with the utility."""
        return settings.PORTAL_URL + reverse("connect-callback", args=[self.slug])

    @property
    def portal_url(self) -> str:
        """Our page about this utility, for its list of third parties."""
        return settings.PORTAL_URL + reverse("connect-utility", args=[self.slug])

    @property
    def scope_selection_url(self) -> str:
        """Where the utility may send a customer who begins there (espi.xsd
        ApplicationInformation.thirdPartyScopeSelectionScreenURI)."""
        return settings.PORTAL_URL + reverse("scope-selection", args=[self.slug])

    def owns(self, url: str) -> bool:
        """Whether the address lies on one of this utility's origins, so a token may go there."""
        origin = origin_of(url)
        return origin is not None and origin in {origin_of(known) for known in self.origins}

    def may_have_answered(self, issuer: str | None) -> bool:
        """Whether a callback that names this issuer, or none, can be this utility's.

        RFC 9207 §2.4: where the issuer is known, it must be named and equal to the letter. Where it
        is not, one that is named lies at least on an origin of the utility's.
        """
        if self.issuer:
            return issuer == self.issuer
        return issuer is None or self.owns(issuer)

    def way_label(self, type: str) -> str:  # noqa: A002 (the platform's word)
        """What customers call this way to authenticate; empty for one that is not offered."""
        labels = {way["type"]: way["label"] for way in self.authentication_ways}
        return str(labels.get(type, ""))

    def client_for_customers(self) -> Client | None:
        """The registration through which a customer connects: live ones before sandbox ones."""
        usable = self.clients.filter(retired_at=None, paused_at=None)
        return usable.order_by(
            models.Case(models.When(status="live", then=0), default=1), "id"
        ).first()


class Client(models.Model):
    """A GBC registration of this company with one utility."""

    class Status(models.TextChoices):
        SANDBOX = "sandbox", "Sandbox"
        LIVE = "live", "Live"

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    utility = models.ForeignKey(Utility, on_delete=models.PROTECT, related_name="clients")
    client_id = models.CharField(max_length=200)
    company_name = models.CharField(max_length=200)
    client_secret = EncryptedTextField()
    registration_token = EncryptedTextField(blank=True)
    redirect_uris = ArrayField(models.URLField(max_length=500), default=list)
    default_scope = models.CharField(max_length=1000, default="FB=4_16_51")
    notify_url = models.URLField(max_length=500, blank=True)
    status = models.CharField(max_length=8, choices=Status, default=Status.SANDBOX, editable=False)
    public = models.BooleanField(default=False, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    approved_at = models.DateTimeField(null=True, editable=False)
    paused_at = models.DateTimeField(null=True, editable=False)
    paused_reason = models.CharField(max_length=300, blank=True, editable=False)
    retired_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["utility", "client_id"]
        constraints = [
            models.UniqueConstraint(
                fields=["utility", "client_id"], name="one_client_id_a_utility"
            ),
            models.CheckConstraint(
                condition=~models.Q(public=True, status="live"), name="public_client_never_live"
            ),
            models.CheckConstraint(
                condition=~models.Q(status="live", approved_at=None), name="live_needs_approval"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.client_id} ({self.get_status_display()})"

    @property
    def is_sandbox(self) -> bool:
        """Whether only the utility's test accounts can authorize this client."""
        return self.status == self.Status.SANDBOX

    def is_usable(self) -> bool:
        """Whether customers can be sent to the utility with it."""
        return self.paused_at is None and self.retired_at is None

    def approve(self, by: User | None, why: str) -> None:
        """The utility said yes: from now on the client may be switched to live."""
        if self.public:
            raise ValidationError("A public client is for the sandbox only and cannot be approved.")
        self._change("approved", by, why, approved_at=timezone.now())

    def go_live(self, by: User | None, why: str) -> None:
        """Let real customers authorize: after the utility's approval, never for a public client."""
        if self.public:
            raise ValidationError("A public client stays in the sandbox for ever.")
        if self.approved_at is None:
            raise ValidationError(
                f"{self.utility} has not approved this client yet. Approve it once they tell you."
            )
        self._change("live", by, why, status=self.Status.LIVE)

    def back_to_sandbox(self, by: User | None, why: str) -> None:
        """Take the client back from live; what was authorized before stays as it is."""
        self._change("sandbox", by, why, status=self.Status.SANDBOX)

    def pause(self, why: str, by: User | None = None) -> None:
        """Stop using the client, as when the utility answers `invalid_client`; consents stay."""
        self._change("paused", by, why, paused_at=timezone.now(), paused_reason=why[:300])

    def resume(self, by: User | None, why: str) -> None:
        """Use a paused client again."""
        self._change("resumed", by, why, paused_at=None, paused_reason="")

    def retire(self, by: User | None, why: str) -> None:
        """Put the client away for good; its history stays."""
        self._change("retired", by, why, retired_at=timezone.now())

    def _change(self, what: str, by: User | None, why: str, **fields: Any) -> None:
        with transaction.atomic():
            for name, value in fields.items():
                setattr(self, name, value)
            self.save(update_fields=list(fields))
            self.changes.create(what=what, by=by, why=why)


class ClientStatusChange(models.Model):
    """Who changed a client's status, when and why; rows are only ever added."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField(auto_now_add=True)
    what = models.CharField(max_length=20)
    by = models.ForeignKey("auth.User", on_delete=models.SET_NULL, null=True, blank=True)
    why = models.CharField(max_length=300)

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.client.client_id}: {self.what}"
