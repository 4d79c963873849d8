"""The sandbox's own clock, which `manage.py sandbox_advance` moves.

Data appear, push notices fall due and consents end by it. Codes, tokens and passcodes live by the
real clock: somebody waits for those.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import F
from django.utils import timezone

ONLY = 1


class Clock(models.Model):
    """How far the sandbox is ahead of the world; one row, made when it is first moved."""

    ahead = models.DurationField(default=timedelta(0))

    def __str__(self) -> str:
        return f"{self.ahead} ahead"

    @classmethod
    def now(cls) -> datetime:
        """The sandbox's time."""
        ahead = cls.objects.filter(pk=ONLY).values_list("ahead", flat=True).first()
        return timezone.now() + (ahead or timedelta(0))

    @classmethod
    def advance(cls, by: timedelta) -> None:
        """Move it on; it never goes back, since what was published stays published."""
        if by < timedelta(0):
            raise ValueError("The clock only goes forward.")
        cls.objects.get_or_create(pk=ONLY)
        cls.objects.filter(pk=ONLY).update(ahead=F("ahead") + by)
