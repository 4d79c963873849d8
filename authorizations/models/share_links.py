"""Data-share links."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string

from utilities.encrypted import EncryptedTextField
from utilities.models import Utility, new_uid


def new_code() -> str:
    """The secret of a share link: 130 random bits as letters and digits, as in `new_uid`."""
    return get_random_string(22)


class ShareLink(models.Model):
    """A data-share link that staff send to a customer."""

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    code = models.CharField(max_length=64, unique=True, default=new_code, editable=False)
    utility = models.ForeignKey(Utility, on_delete=models.PROTECT, related_name="share_links")
    scope = models.CharField(max_length=1000, blank=True)
    authentication_type = models.CharField(max_length=32, blank=True)
    authentication_value = EncryptedTextField(blank=True)
    # Whom it is sent to. It proves nothing (links are forwarded): it may be offered, masked.
    customer_email = EncryptedTextField(blank=True)
    note = models.CharField(max_length=300, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        "auth.User", on_delete=models.SET_NULL, null=True, blank=True, editable=False
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return self.note or f"{self.utility.short_name} link {self.uid}"

    def is_open(self) -> bool:
        """Whether a customer may still use it."""
        return self.disabled_at is None and not self.is_expired()

    def is_expired(self) -> bool:
        """Whether its time has passed."""
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def url(self) -> str:
        """The whole address, as it is sent to a customer."""
        return settings.PORTAL_URL + reverse("share", args=[self.code])

    def disable(self) -> None:
        """Close the link; authorizations that came of it stay."""
        self.disabled_at = timezone.now()
        self.save(update_fields=["disabled_at"])
