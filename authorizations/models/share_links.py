"""Data-share links."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string

from authorizations.models.hashing import email_digest
from utilities.encrypted import EncryptedTextField
from utilities.models import Utility, new_uid, origin_of

REFERENCE_LENGTH = 120
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def new_code() -> str:
    """The secret of a share link: 130 random bits as letters and digits, as in `new_uid`."""
    return get_random_string(22)


class ShareLink(models.Model):
    """A data-share link that staff send to a customer; without a utility, the customer chooses."""

    class Language(models.TextChoices):
        ENGLISH = "en", "English"
        FRENCH = "fr", "Français"
        SPANISH = "es", "Español"

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    code = models.CharField(max_length=64, unique=True, default=new_code, editable=False)
    utility = models.ForeignKey(
        Utility, on_delete=models.PROTECT, null=True, blank=True, related_name="share_links"
    )
    scope = models.CharField(max_length=1000, blank=True)
    authentication_type = models.CharField(max_length=32, blank=True)
    authentication_value = EncryptedTextField(blank=True)
    # Whom it is sent to. It proves nothing (links are forwarded): it may be offered, masked.
    customer_email = EncryptedTextField(blank=True)
    customer_email_digest = models.CharField(
        max_length=64, blank=True, db_index=True, editable=False
    )
    note = models.CharField(max_length=300, blank=True)
    # The company's own name for the customer or the job, copied to what comes of the link.
    reference = models.CharField(max_length=REFERENCE_LENGTH, blank=True, db_index=True)
    # Whose account is meant to come of it; what arrives is compared with it.
    expected_account = EncryptedTextField(blank=True)
    expected_address = EncryptedTextField(blank=True)
    # What whoever consents by it goes on with, if they turn out to be its customer.
    renews = models.ForeignKey(
        "Authorization",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="renewal_links",
    )
    language = models.CharField(max_length=5, choices=Language, default=Language.ENGLISH)
    created = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        "auth.User", on_delete=models.SET_NULL, null=True, blank=True, editable=False
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    single_use = models.BooleanField("for one customer only", default=False)
    # When a link for one customer had its customer.
    used_at = models.DateTimeField(null=True, blank=True, editable=False)
    disabled_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        name = self.utility.short_name if self.utility else "Any utility"
        return self.note or f"{name} link {self.uid}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the digest by which the address can be searched."""
        self.customer_email_digest = email_digest(self.customer_email)
        super().save(*args, **kwargs)

    def is_open(self) -> bool:
        """Whether a customer may still use it."""
        return self.disabled_at is None and not self.is_expired() and not self.is_used_up()

    def is_expired(self) -> bool:
        """Whether its time has passed."""
        return self.expires_at is not None and self.expires_at <= timezone.now()

    def is_used_up(self) -> bool:
        """Whether it was for one customer, who has come."""
        return self.single_use and self.used_at is not None

    def expects_somebody(self) -> bool:
        """Whether staff said whose account is meant to come of it."""
        return bool(self.expected_account or self.expected_address)

    @property
    def url(self) -> str:
        """The whole address, as it is sent to a customer."""
        return settings.PORTAL_URL + reverse("share", args=[self.code])

    def take_use(self) -> bool:
        """Use it for one customer who consented; False where another one was first.

        One UPDATE decides, so of two customers who race on a link for one, one goes on.
        """
        mine = ShareLink.objects.filter(pk=self.pk)
        free = mine.filter(Q(single_use=False) | Q(used_at=None))
        if not free.update(used_at=timezone.now()):
            return False
        self.refresh_from_db(fields=["used_at"])
        return True

    def disable(self) -> None:
        """Close the link; authorizations that came of it stay."""
        self.disabled_at = timezone.now()
        self.save(update_fields=["disabled_at"])


class ReturnAddress(models.Model):
    """A page of the company's to which customers may be sent at the end; no other is ever used."""

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    url = models.CharField("address", max_length=500, unique=True)
    name = models.CharField(max_length=120)
    # Where customers go whose link names no page.
    is_default = models.BooleanField("for links that name none", default=False)
    created = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        "auth.User", on_delete=models.SET_NULL, null=True, blank=True, editable=False
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "return addresses"
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=Q(is_default=True, withdrawn_at=None),
                name="one_default_return_address",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """https, or this machine: a customer's browser is sent there. One is the usual one."""
        check_return_url(self.url)
        usual = ReturnAddress.default()
        if self.is_default and usual is not None and usual.pk != self.pk:
            raise ValidationError({"is_default": f"{usual} is the one for links that name none."})

    @classmethod
    def registered(cls, url: str) -> ReturnAddress | None:
        """The one that is this address to the letter (RFC 9700 §2.1), if it is in use."""
        if not url.isprintable():  # PostgreSQL takes no NUL, not even to compare with
            return None
        return cls.objects.filter(url=url, withdrawn_at=None).first()

    @classmethod
    def default(cls) -> ReturnAddress | None:
        """Where customers go whose link names no page; None for our own."""
        return cls.objects.filter(is_default=True, withdrawn_at=None).first()

    def withdraw(self) -> None:
        """Send nobody there any more."""
        self.withdrawn_at = timezone.now()
        self.save(update_fields=["withdrawn_at"])


def check_return_url(url: str) -> None:
    """Raise ValidationError, with a sentence, unless browsers may be sent to this address."""
    wrong = ValidationError({"url": "Type the whole address of a page, as in https://a.example/b/"})
    if not url.isascii() or not url.isprintable() or origin_of(url) is None:
        raise wrong
    parts = urlsplit(url)
    if parts.hostname in LOOPBACK and parts.scheme in {"http", "https"}:
        pass
    elif parts.scheme == "https":
        try:
            URLValidator(["https"])(url)
        except ValidationError:
            raise wrong from None
    else:
        raise ValidationError({"url": "The address must begin with https://."})
    if parts.fragment or "#" in url:
        raise ValidationError({"url": "The address may not have a fragment (#)."})
