"""Bulk feeds, which hold what several customers share."""

from __future__ import annotations

from datetime import datetime

from django.db import models, transaction
from django.utils import timezone

from authorizations.models import LEASE, PullTrigger, next_turn
from utilities.models import Client, new_uid


class BulkCollection(models.Model):
    """One registration's Bulk address, when it is to be read again, and how that went last.

    A Bulk feed holds what several customers share (FB 35). It is work of the registration: what
    goes wrong with it says nothing of any customer's consent.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        DELAYED = "delayed", "Utility is preparing"
        GONE = "gone", "Gone"
        FAILED = "failed", "Failed"

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="bulk_collections")
    # Without a query: what is asked for follows from what was collected before.
    uri = models.CharField(max_length=500)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    due_at = models.DateTimeField(null=True)
    # Why: who brought it forward, or else that an earlier reading goes on.
    trigger = models.CharField(
        max_length=16, choices=PullTrigger, default=PullTrigger.RESUMED, editable=False
    )
    # When it was, or is to be, read because somebody said that there is something new.
    brought_forward_to = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)
    run_id = models.CharField(max_length=32, blank=True)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    # Up to when all that was published is stored.
    collected_to = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    # What the last one held: {"stored", "entries", "unknown", "disputed", …}.
    counts = models.JSONField(default=dict)
    # What went wrong, in words for staff; never a token, never a customer's data.
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-due_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["client", "uri"], name="one_bulk_collection_an_address")
        ]
        indexes = [
            models.Index(
                fields=["due_at"], name="due_bulks", condition=models.Q(due_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"Bulk of {self.client.client_id} ({self.get_state_display()})"

    @classmethod
    def bring_forward(cls, client: Client, uri: str, trigger: PullTrigger) -> BulkCollection:
        """Have this address read now, or as soon as its last bringing forward is 15 minutes old.

        Whoever calls it knows the address: as this registration's own, and as the utility's.
        """
        address = uri.partition("#")[0].partition("?")[0]
        with transaction.atomic():
            cls.objects.get_or_create(client=client, uri=address)
            row = cls.objects.select_for_update(of=("self",)).get(client=client, uri=address)
            turn = next_turn(row.brought_forward_to, timezone.now())
            # One that waits for its turn has it already, and says why.
            if turn != row.brought_forward_to:
                row.trigger = trigger
            row.brought_forward_to, row.due_at = turn, min(turn, row.due_at or turn)
            row.save(update_fields=["brought_forward_to", "due_at", "trigger"])
        return row

    def from_the_beginning(self) -> None:
        """Read all of it, and now: it was told of a customer of whom nothing was stored so far.

        A run that is on now is of the time before, so its end no longer counts.
        """
        now = timezone.now()
        fresh = {"collected_to": None, "run_id": "", "claimed_until": None, "due_at": now}
        BulkCollection.objects.filter(pk=self.pk).update(**fresh)

    @classmethod
    def go_back(cls, client: Client, to: datetime) -> None:
        """Read what a registration's addresses have published since then again, and now.

        As with `from_the_beginning`, a run that is on now no longer counts.
        """
        fresh = {"run_id": "", "claimed_until": None, "due_at": timezone.now()}
        with transaction.atomic():
            rows = cls.objects.filter(client=client).exclude(state=cls.State.GONE)
            rows.update(**fresh)
            # Without a cursor all of it is read anyway.
            rows.filter(collected_to__gt=to).update(collected_to=to)

    def take(self, run_id: str) -> bool:
        """Begin to read it, unless somebody else is at it, or has been since it was queued."""
        now = timezone.now()
        # Whoever queued it has claimed it for a moment, without a run.
        free = models.Q(run_id="") | models.Q(claimed_until=None) | models.Q(claimed_until__lte=now)
        mine = BulkCollection.objects.filter(free, pk=self.pk, due_at__lte=now)
        return bool(
            mine.update(
                run_id=run_id,
                claimed_until=now + LEASE,
                started=now,
                finished=None,
                state=self.State.RUNNING,
            )
        )

    def renew(self, run_id: str) -> bool:
        """Keep it for as long again; False if somebody else is at it by now."""
        mine = BulkCollection.objects.filter(pk=self.pk, run_id=run_id)
        return bool(mine.update(claimed_until=timezone.now() + LEASE))

    def ended(
        self,
        run_id: str,
        state: State,
        *,
        due_at: datetime | None = None,
        error: str = "",
        counts: dict[str, int] | None = None,
        **fields: object,
    ) -> None:
        """Say how it went, and when it is read again; news that came meanwhile keep their time.

        Where there is nothing to count, what the last one held stays.
        """
        with transaction.atomic():
            rows = BulkCollection.objects.select_for_update(of=("self",))
            row = rows.filter(pk=self.pk, run_id=run_id).first()
            if row is None:
                return
            news, started = row.brought_forward_to, row.started
            news = news if news and started and news > started else None
            BulkCollection.objects.filter(pk=row.pk).update(
                state=state,
                error=error,
                finished=timezone.now(),
                due_at=min((at for at in (due_at, news) if at), default=None),
                trigger=row.trigger if news else PullTrigger.RESUMED,
                counts=row.counts if counts is None else counts,
                claimed_until=None,
                run_id="",
                **fields,
            )
