"""What became of a registration, step by step: who did what, when and why."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from utilities.sandbox.models.registrations import Registration


class ReviewStep(models.Model):
    """One step in the history of a registration. Steps are added, never changed."""

    class Action(models.TextChoices):
        REGISTERED = "registered", "Registered"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        HELD = "held", "Put on hold"
        REVOKED = "revoked", "Revoked"
        ASKED_AGAIN = "asked_again", "Asked for another review"
        WENT_LIVE = "went_live", "Switched to live"
        WENT_BACK = "went_back", "Switched back to sandbox"
        REMOVED = "removed", "Taken off the list"
        RESTORED = "restored", "Put back on the list"
        CHANGED = "changed", "Details changed"
        SECRET_ROTATED = "secret_rotated", "Client secret rotated"
        TOKEN_ROTATED = "token_rotated", "Registration token rotated"

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="steps")
    action = models.CharField(max_length=20, choices=Action.choices)
    # Nobody in particular where a program came with the registration token.
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    # Whether that was the utility, rather than the company.
    by_staff = models.BooleanField(default=False)
    reason = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.registration}"
