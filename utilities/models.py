"""Utilities (data custodians), and this company's registrations with them."""

from __future__ import annotations

from datetime import datetime, timedelta
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
# The addresses of a utility that its own ApplicationInformation may correct.
TAKEN_OVER = ("authorize_url", "token_url", "resource_url")


def new_uid() -> str:
    """An opaque name for a row in addresses and APIs: 95 random bits as letters and digits.

    No `-`: in front it would be read as an option on a command line, and at the end of an address
    mail programs leave it out of the link.
    """
    return get_random_string(16)


def origin_of(url: str) -> str | None:
    """Scheme, host and port of an absolute http(s) address, spelt one way; None for anything else.

    An address that carries a user name is none: `https://utility.example@evil.example/` is made to
    be misread. Nor is one with line breaks and the like, which `urlsplit` passes over.
    """
    if not url.isprintable():
        return None
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
    # Why it cannot be connected; empty for one that can.
    unavailable = models.CharField(max_length=300, blank=True)

    # Empty for one that cannot be connected; `resource_url` also where only its answers tell.
    authorize_url = models.URLField(max_length=500, blank=True)
    token_url = models.URLField(max_length=500, blank=True)
    resource_url = models.URLField(max_length=500, blank=True)
    # Where tokens are taken back (RFC 7009); empty where it has no such address.
    revocation_url = models.URLField(max_length=500, blank=True)
    # What it calls itself in its answers (RFC 9207); empty where it is not known to do so.
    issuer = models.CharField(max_length=500, blank=True)
    origins = ArrayField(models.CharField(max_length=200), default=list)
    # Where a program gets the consent of a test customer; empty where that takes a person.
    test_submit_url = models.URLField(max_length=500, blank=True)
    # The addresses that staff took over from the utility's own word, by field: they outlast the
    # next reading of the registry.
    taken_over = models.JSONField(default=dict, blank=True)

    # Ways to authenticate, as `utilities.registry` reads them: see `AuthenticationWay`.
    authentication_ways = models.JSONField(default=list)
    # As `utilities.quirks` reads them, and why we think so of each.
    quirks = models.JSONField(default=dict, blank=True)
    evidence = models.JSONField(default=dict, blank=True)

    objects = UtilityQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "utilities"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(enabled=False) | models.Q(unavailable=""),
                name="unavailable_never_enabled",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Staff are told in words what the database would refuse anyhow."""
        if self.enabled and self.unavailable:
            raise ValidationError(
                {"enabled": f"{self.name} cannot be connected, so customers cannot choose it."}
            )

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which this utility's days and bills are cut."""
        return ZoneInfo(self.time_zone)

    @property
    def behaviour(self) -> Quirks:
        """How this utility deviates from the standard."""
        return Quirks.read(self.quirks, f"{self.slug}, quirks")

    @property
    def callback_url(self) -> str:
        """The redirect URI that this portal registers with the utility."""
        return settings.PORTAL_URL + reverse("connect-callback", args=[self.slug])

    @property
    def notify_url(self) -> str:
        """Where the utility is to tell us of news (FB 39), as this portal registers it."""
        return f"{settings.PORTAL_URL}/espi/{self.slug}/notify/"

    @property
    def scope_selection_url(self) -> str:
        """Where the utility sends a customer who begins there and is to choose what to share."""
        return f"{settings.PORTAL_URL}/connect/{self.slug}/scope/"

    @property
    def portal_url(self) -> str:
        """Where the utility sends a customer who begins there."""
        return f"{settings.PORTAL_URL}/connect/{self.slug}/"

    def take_over(self, field: str, url: str) -> None:
        """Use this address from now on, whatever the registry says; tokens may go to its origin.

        `field` is one of TAKEN_OVER. Whoever calls has asked whether that is what is wanted.
        """
        assert field in TAKEN_OVER, field
        self.taken_over = {**self.taken_over, field: url}
        for name, value in self.outlasting({field: url, "origins": self.origins}).items():
            setattr(self, name, value)
        self.save(update_fields=["taken_over", "origins", field])

    def outlasting(self, described: dict[str, Any]) -> dict[str, Any]:
        """What the registry describes, with the addresses that staff took over in their places."""
        origins = [*described["origins"]]
        known = {origin_of(origin) for origin in origins}
        for url in self.taken_over.values():
            origin = origin_of(url)
            if origin is not None and origin not in known:
                known.add(origin)
                origins.append(origin)
        return {**described, **self.taken_over, "origins": origins}

    def give_back(self) -> None:
        """Forget what was taken over: the next reading of the registry decides again."""
        self.taken_over = {}
        self.save(update_fields=["taken_over"])

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


class ClientQuerySet(models.QuerySet["Client"]):
    """How rows are got hold of."""

    def locked(self, client: Client) -> Client:
        """The row as it is now, and nobody else's to change until the transaction ends.

        Customers go on connecting with it: what refers to a row waits for no such lock.
        """
        rows = self.select_for_update(of=("self",), no_key=True).select_related("utility")
        return rows.get(pk=client.pk)


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
    # RFC 7591 §3.2.1; null where it never expires, or nobody said.
    secret_expires_at = models.DateTimeField(null=True, blank=True)
    registration_token = EncryptedTextField(blank=True)
    # PEM; sent only where the utility's quirks say so. See `utilities.certificates`.
    certificate = EncryptedTextField(blank=True)
    certificate_key = EncryptedTextField(blank=True)
    redirect_uris = ArrayField(models.URLField(max_length=500), default=list)
    default_scope = models.CharField(max_length=1000, default="FB=4_16_51")
    notify_url = models.URLField(max_length=500, blank=True)
    status = models.CharField(max_length=8, choices=Status, default=Status.SANDBOX, editable=False)
    public = models.BooleanField(default=False, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    approved_at = models.DateTimeField(null=True, editable=False)
    paused_at = models.DateTimeField(null=True, editable=False)
    paused_reason = models.CharField(max_length=300, blank=True, editable=False)
    # Paused because the utility's own document said so; what paused it so may resume it so.
    paused_by_utility = models.BooleanField(default=False, editable=False)
    retired_at = models.DateTimeField(null=True, editable=False)

    # How the utility sees the registration, as `utilities.registration` reads it there.
    application_url = models.URLField(max_length=500, blank=True, editable=False)
    # When it is to be read next; a new registration at once, one without a time never.
    look_at = models.DateTimeField(null=True, default=timezone.now, editable=False)
    looked_at = models.DateTimeField(null=True, editable=False)
    # Why the latest look came to nothing, in words for staff.
    look_error = models.CharField(max_length=500, blank=True, editable=False)
    # The fields of `utilities.registration.Standing`; never a secret.
    standing = models.JSONField(default=dict, editable=False)

    objects = ClientQuerySet.as_manager()

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

    def secret_ends_within(self, days: int) -> bool:
        """Whether the client secret must be replaced within so many days, or is over."""
        ends = self.secret_expires_at
        return ends is not None and ends < timezone.now() + timedelta(days=days)

    def is_usable(self) -> bool:
        """Whether customers can be sent to the utility with it."""
        return self.paused_at is None and self.retired_at is None

    def approve(self, by: User | None, why: str) -> None:
        """The utility said yes: from now on the client may be switched to live."""
        if self.public:
            raise ValidationError("A public client is for the sandbox only and cannot be approved.")
        self._change("approved", by, why, approved_at=timezone.now())

    def check_may_go_live(self) -> None:
        """Raise a ValidationError, with a sentence, where real customers may not authorize it."""
        if self.public:
            raise ValidationError("A public client stays in the sandbox for ever.")
        if self.approved_at is None:
            raise ValidationError(
                f"{self.utility} has not approved this client yet. Approve it once they tell you."
            )

    def go_live(self, by: User | None, why: str) -> None:
        """Let real customers authorize: after the utility's approval, never for a public client."""
        self.check_may_go_live()
        self._change("live", by, why, status=self.Status.LIVE)

    def back_to_sandbox(self, by: User | None, why: str) -> None:
        """Take the client back from live; what was authorized before stays as it is."""
        self._change("sandbox", by, why, status=self.Status.SANDBOX)

    def pause(self, why: str, by: User | None = None, *, by_utility: bool = False) -> None:
        """Stop using the client, as when the utility answers `invalid_client`; consents stay.

        `by_utility` is for what its ApplicationInformation says, which may end the pause as well.
        """
        self._change(
            "paused",
            by,
            why,
            paused_at=timezone.now(),
            paused_reason=why[:300],
            paused_by_utility=by_utility,
        )

    def resume(self, by: User | None, why: str) -> None:
        """Use a paused client again."""
        self._change("resumed", by, why, paused_at=None, paused_reason="", paused_by_utility=False)

    def retire(self, by: User | None, why: str) -> None:
        """Put the client away for good; its history stays."""
        self._change("retired", by, why, retired_at=timezone.now())

    def replace_secret(self, secret: str, by: User | None, why: str) -> None:
        """Use another client secret from now on; whoever calls has tried it."""
        self._change("new secret", by, why, client_secret=secret)

    def replace_registration_token(self, token: str, by: User | None, why: str) -> None:
        """Use another registration token from now on; whoever calls has tried it."""
        self._change("new reg. token", by, why, registration_token=token)

    def take_over(self, subject: str, by: User | None, why: str, **fields: Any) -> None:
        """Have what the utility has; what is no field of ours is noted all the same."""
        self._change("took over", by, f"{subject}: {why}", **fields)

    def told_utility(self, by: User | None, why: str, **fields: Any) -> None:
        """The utility has taken our details from us."""
        self._change("told the utility", by, why, **fields)

    def seen(
        self, standing: dict[str, Any], application_url: str, secret_ends: datetime | None
    ) -> None:
        """Keep how the utility sees it, where that was read, and when the secret ends by it."""
        self._set(
            standing=standing,
            application_url=application_url,
            secret_expires_at=secret_ends,
            looked_at=timezone.now(),
            look_error="",
        )

    def not_seen(self, why: str) -> None:
        """Keep why the utility's view could not be read; what was seen before stays."""
        self._set(look_error=why[:500])

    def _set(self, **fields: Any) -> None:
        for name, value in fields.items():
            setattr(self, name, value)
        self.save(update_fields=list(fields))

    def _change(self, what: str, by: User | None, why: str, **fields: Any) -> None:
        with transaction.atomic():
            if fields:
                self._set(**fields)
            self.changes.create(what=what, by=by, why=why[:300])


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
