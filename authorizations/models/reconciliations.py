"""What a utility lists as given to this company, beside what is known here."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from utilities.models import Client, new_uid

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# How long who compares has for it: a list of all customers may take minutes to come.
COMPARING_TIME = timedelta(minutes=15)
# How long staff can look back.
STAYS = timedelta(days=90)


class Reconciliation(models.Model):
    """One comparison of a registration's Authorization list at the utility with what is here.

    It changes nothing that a customer would see: what differs is asked for by itself, or shown.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="reconciliations")
    asked = models.DateTimeField(default=timezone.now)
    # Who of the staff wanted it; null for the nightly one.
    asked_by = models.ForeignKey(
        "auth.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    due_at = models.DateTimeField(default=timezone.now)
    claimed_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    finished = models.DateTimeField(null=True)
    # How many consents the utility lists as active, and how many of them are known here; found:
    # are not; missing: are active here and not there; lingering: ended here, but not there;
    # narrowed: share less there.
    listed = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    found = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)
    lingering = models.PositiveIntegerField(default=0)
    narrowed = models.PositiveIntegerField(default=0)
    # The uids of those that are missing, and of those that linger; the first of many.
    missing_uids = models.JSONField(default=list)
    lingering_uids = models.JSONField(default=list)
    # Why it could not be done, in words for staff.
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-asked", "-id"]
        verbose_name = "comparison"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client"],
                condition=Q(state="waiting"),
                name="one_waiting_reconciliation_a_client",
            )
        ]

    def __str__(self) -> str:
        return f"{self.client.client_id}, {self.asked:%Y-%m-%d %H:%M}"

    @classmethod
    def ask(
        cls, client: Client, by: User | None = None, after: timedelta = timedelta(0)
    ) -> Reconciliation:
        """Have a registration compared; one that waits already serves all who ask, the soonest."""
        now = timezone.now()
        with transaction.atomic():
            # Held until the end, so that of two who ask one makes the row.
            Client.objects.select_for_update(of=("self",), no_key=True).only("id").get(pk=client.pk)
            waiting = cls.objects.filter(client=client, state=cls.State.WAITING).first()
            if waiting is None:
                return cls.objects.create(client=client, asked=now, asked_by=by, due_at=now + after)
            waiting.due_at = min(waiting.due_at, now + after)
            waiting.asked_by = waiting.asked_by or by
            waiting.save(update_fields=["due_at", "asked_by"])
        return waiting

    @classmethod
    def claim(cls, most: int) -> list[int]:
        """Claim those that are due, the longest due first; returns their ids."""
        now = timezone.now()
        free = Q(claimed_until=None) | Q(claimed_until__lte=now)
        with transaction.atomic():
            due = (
                cls.objects.filter(free, state=cls.State.WAITING, due_at__lte=now)
                .filter(client__paused_at=None, client__retired_at=None)
                .select_for_update(of=("self",), skip_locked=True)
                .order_by("due_at")[:most]
            )
            ids = [row.pk for row in due]
            cls.objects.filter(pk__in=ids).update(claimed_until=now + COMPARING_TIME)
        return ids

    @classmethod
    def forget_old(cls) -> int:
        """Delete what was done long ago; returns how many."""
        return cls.objects.filter(finished__lte=timezone.now() - STAYS).delete()[0]

    def is_waiting(self) -> bool:
        """Whether it is still to be done."""
        return self.state == self.State.WAITING

    def begun(self) -> None:
        """Count a try, before it can end without a word."""
        self._keep(tries=self.tries + 1)

    def done(self, **counts: Any) -> None:
        """Keep what the comparison found."""
        self._ended(self.State.DONE, error="", **counts)

    def failed(self, why: str) -> None:
        """The list cannot be had; that is said, and nothing follows from it."""
        self._ended(self.State.FAILED, error=why[:300])

    def later(self, why: str, after: timedelta) -> None:
        """The utility could not be asked now."""
        self._keep(error=why[:300], due_at=timezone.now() + after, claimed_until=None)

    def _ended(self, state: State, **fields: Any) -> None:
        self._keep(state=state, finished=timezone.now(), claimed_until=None, **fields)

    def _keep(self, **fields: Any) -> None:
        for name, value in fields.items():
            setattr(self, name, value)
        self.save(update_fields=list(fields))


class ForeignAuthorization(models.Model):
    """A consent that the utility lists as given to this company and active, and that nobody here
    knows: made at another address of the same registration, or lost here.

    The row goes when the utility no longer lists it, and when it is adopted.
    """

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    client = models.ForeignKey(
        Client, on_delete=models.CASCADE, related_name="foreign_authorizations"
    )
    authorization_uri = models.CharField(max_length=500)
    resource_uri = models.CharField(max_length=500)
    customer_uri = models.CharField(max_length=500, blank=True)
    # As the utility lists it, without AdditionalScope; empty where it cannot be read.
    scope = models.CharField(max_length=1000, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    first_seen = models.DateTimeField(default=timezone.now)
    last_seen = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-first_seen", "-id"]
        verbose_name = "authorization found at a utility"
        verbose_name_plural = "authorizations found at utilities"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client", "authorization_uri"], name="one_foreign_authorization_an_address"
            )
        ]

    def __str__(self) -> str:
        return f"{self.client.utility.short_name}, found {self.first_seen:%Y-%m-%d}"

    @classmethod
    def seen(cls, client: Client, rows: list[Self]) -> None:
        """Keep these as what the registration's list has beyond what is known, and no others."""
        now = timezone.now()
        for row in rows:
            row.client, row.first_seen, row.last_seen = client, now, now
        told = ["resource_uri", "customer_uri", "scope", "ends_at", "last_seen"]
        with transaction.atomic():
            cls.objects.bulk_create(
                rows,
                update_conflicts=True,
                unique_fields=["client", "authorization_uri"],
                update_fields=told,
            )
            cls.objects.filter(client=client, last_seen__lt=now).delete()
