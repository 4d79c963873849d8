"""What somebody asked for and a worker does: days cut anew, a history collected once more."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone

from authorizations.models import Authorization
from greenbutton.models.usage import UsagePoint
from utilities.models import new_uid


class Recutting(models.Model):
    """Days that are to be cut anew, because somebody asked for it, and what came of it.

    While one waits, whoever asks again changes what it is for.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    authorization = models.ForeignKey(
        Authorization, on_delete=models.CASCADE, related_name="recuttings"
    )
    # The authorization's own from then on; blank where it keeps the one that it has.
    time_zone = models.CharField(max_length=64, blank=True)
    asked = models.DateTimeField(default=timezone.now)
    # How often a worker began it.
    tries = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    finished = models.DateTimeField(null=True)
    # What was cut, or why nothing was, in words for staff.
    words = models.TextField(blank=True)

    class Meta:
        ordering = ["-asked", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["authorization"],
                name="one_recutting_waits",
                condition=models.Q(state="waiting"),
            )
        ]

    def __str__(self) -> str:
        return f"days cut anew, asked {self.asked:%Y-%m-%d %H:%M} ({self.get_state_display()})"


class HistoricalCollection(models.Model):
    """A history that is to be asked for once more, for a whole authorization or for one meter.

    It goes through the windows of a first history, in as many pulls as it takes; the cursor of the
    ordinary collecting does not move.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    authorization = models.ForeignKey(
        Authorization, on_delete=models.CASCADE, related_name="histories"
    )
    # The only meter that it is about; null for all of them.
    usage_point = models.ForeignKey(
        UsagePoint, on_delete=models.SET_NULL, null=True, related_name="histories"
    )
    # Where its windows end; also which of several comes first.
    asked = models.DateTimeField(default=timezone.now)
    asked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    why = models.CharField(max_length=300, blank=True)
    # Null for all that was granted.
    since = models.DateTimeField(null=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    started = models.DateTimeField(null=True)
    windows_done = models.PositiveIntegerField(default=0)
    # How often it failed since a window was last stored.
    tries = models.PositiveSmallIntegerField(default=0)
    finished = models.DateTimeField(null=True)
    # Why it ended before it was done, in words for staff.
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-asked", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["authorization", "usage_point"],
                name="one_history_waits",
                condition=models.Q(state="waiting"),
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"history asked {self.asked:%Y-%m-%d %H:%M} ({self.get_state_display()})"
