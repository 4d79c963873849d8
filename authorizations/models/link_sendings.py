"""Who sent a link to its customer, and when."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils import timezone

from authorizations.models.share_links import ShareLink

A_DAY = timedelta(days=1)


class LinkSending(models.Model):
    """A link that was handed to the outbox, without the address; rows are only ever added."""

    link = models.ForeignKey(ShareLink, on_delete=models.CASCADE, related_name="sendings")
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey("auth.User", on_delete=models.SET_NULL, null=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["by", "at"], name="link_sendings_of_staff")]

    def __str__(self) -> str:
        return f"{self.link} on {self.at:%Y-%m-%d}"

    @classmethod
    def of_today(cls) -> models.QuerySet[LinkSending]:
        """Those of the last 24 hours."""
        return cls.objects.filter(at__gt=timezone.now() - A_DAY)
