"""Grants of which nothing was kept here, and which may still stand at the utility."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from authorizations.models.hashing import grant_digest
from utilities.models import Client


class UntoldGrant(models.Model):
    """A grant that was to be given back at once, and of whose end the utility does not know.

    Its customer was told that nothing was kept, so there is no authorization of it. By this row it
    is known again in the registration's list, and ended there; nobody adopts it.
    """

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="untold_grants")
    grant_digest = models.CharField(max_length=64)
    noted = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-noted", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client", "grant_digest"], name="one_untold_grant_an_address"
            )
        ]

    def __str__(self) -> str:
        return f"{self.client.utility.short_name}, noted {self.noted:%Y-%m-%d}"

    @classmethod
    def note(cls, client: Client, authorization_uri: str) -> UntoldGrant:
        """Keep that this grant is to be ended; told again, the same row."""
        digest = grant_digest(authorization_uri)
        return cls.objects.get_or_create(client=client, grant_digest=digest)[0]
