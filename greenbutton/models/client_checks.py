"""Registrations that are tested."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from authorizations.models import Authorization, ConnectAttempt
from utilities.models import Client, new_uid


class ClientCheck(models.Model):
    """A registration that is tested: a test customer goes the whole way, and each step is told.

    It is what a worker needs to go on with what another one began.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting for a worker"
        RUNNING = "running", "Running"
        PASSED = "passed", "Passed"
        FAILED = "failed", "Failed"

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="checks")
    asked_by = models.ForeignKey("auth.User", on_delete=models.SET_NULL, null=True)
    asked = models.DateTimeField(default=timezone.now)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    # [{"name", "state": ok, failed or skipped, "words", "seconds"}], those that are over.
    steps = models.JSONField(default=list)
    # The test customer's way to the utility, which is forgotten with the data, and what came of it.
    attempt = models.ForeignKey(
        ConnectAttempt, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    authorization = models.ForeignKey(
        Authorization, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    # When a worker is to take it, or to go on with it; null when it is over.
    due_at = models.DateTimeField(null=True, default=timezone.now)
    # Until when the worker that has it may keep it without a word.
    taken_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-asked", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["client"],
                name="one_check_a_client_at_a_time",
                condition=models.Q(state__in=["waiting", "running"]),
            )
        ]

    def __str__(self) -> str:
        return f"check of {self.client.client_id}, {self.asked:%Y-%m-%d %H:%M}"

    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in {self.State.PASSED, self.State.FAILED}
