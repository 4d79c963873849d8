"""The people at the utility who review companies."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from utilities.sandbox.programmes import Programme, get_programme


class StaffMember(models.Model):
    """Somebody who works for one of the utilities."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="staff_member"
    )
    utility = models.CharField(max_length=40)

    def __str__(self) -> str:
        return f"{self.user} of {self.utility}"

    @property
    def programme(self) -> Programme:
        """The utility that they work for."""
        return get_programme(self.utility)
