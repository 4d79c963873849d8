"""When it is collected, by whom, how far that came, and what opens what was kept."""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography.fernet import Fernet
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from authorizations.models.authorizations.consent import Consent
from authorizations.models.triggers import PullTrigger, next_turn
from utilities.encrypted import EncryptedTextField

# How long a worker has it without saying that it is still at it.
LEASE = timedelta(minutes=10)

# What says when it is collected, and what bringing forward looks at.
WHEN_DUE = ("next_pull_at", "brought_forward_to", "pull_trigger", "somebody_waits")
BROUGHT_FORWARD = ("status", "origin", "next_pull_at", "brought_forward_to")


def new_feed_key() -> str:
    """A key for one authorization's raw feeds: destroying it destroys them, backups included."""
    return Fernet.generate_key().decode("ascii")


class Collected(Consent):
    """A due time (style rule 20), a dispatcher's claim, a worker's lease, a cursor.

    Only what is active and not held is ever collected.
    """

    held_at = models.DateTimeField(null=True, blank=True)
    next_pull_at = models.DateTimeField(null=True, blank=True)
    # Why it comes due then, and whether somebody waits for it, so that it goes before the others.
    pull_trigger = models.CharField(max_length=16, choices=PullTrigger, default=PullTrigger.NIGHTLY)
    somebody_waits = models.BooleanField(default=False)
    # When it was, or is, due because somebody asked or the utility told: a pull that began before
    # that moment has not served it.
    brought_forward_to = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True)
    lease_id = models.CharField(max_length=32, blank=True)
    leased_until = models.DateTimeField(null=True)
    pulled_to = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    # How often in a row the utility asked to come later, and nothing came between.
    delays = models.PositiveIntegerField(default=0)
    feed_key = EncryptedTextField(default=new_feed_key)
    # How many of its meters are no longer shared. Raw feeds hold all meters, so they are kept only
    # while it is 0; and a worker that finds it changed has read a document that holds too much.
    meters_stopped = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True

    def is_due(self) -> bool:
        """Whether its time to be collected has come."""
        return self.next_pull_at is not None and self.next_pull_at <= timezone.now()

    def keeps_raw_feeds(self) -> bool:
        """Whether feeds may be kept as they came: not once a meter is no longer shared."""
        return self.meters_stopped == 0

    def hold(self) -> None:
        """Collect nothing until released; a pull that runs already comes to its end."""
        self._write("authorization_held", {}, {"held_at": timezone.now()})

    def release(self) -> None:
        """Collect again; what came due meanwhile is due now."""
        self._write("authorization_released", {}, {"held_at": None})

    def collect_now(self, trigger: str = PullTrigger.STAFF) -> None:
        """Make it due at once, for `staff` or `customer`; refuses what no worker would take."""
        if self.status != self.Status.ACTIVE:
            raise ValidationError("Only an active authorization can be collected.")
        if self.held_at is not None:
            raise ValidationError("This authorization is on hold. Release it first.")
        if self.is_from_file():
            raise ValidationError("This came from a file: there is no utility to ask.")
        if not self.is_pulled():
            raise ValidationError("This comes with the Bulk feed of its registration.")
        self._comes_due(timezone.now(), PullTrigger(trigger))

    def bring_forward(self, trigger: str = PullTrigger.NOTIFICATION) -> datetime | None:
        """Make it due now, or as soon as its last bringing forward is 15 minutes old.

        Returns when it is due; None for what is not active or has no utility to ask. News that come
        while a pull runs are not lost: that pull leaves the time as it was set here.
        """
        now = timezone.now()
        with transaction.atomic():
            row = type(self).objects.select_for_update().only(*BROUGHT_FORWARD).get(pk=self.pk)
            if row.status != self.Status.ACTIVE or not row.is_pulled():
                return None
            turn = next_turn(row.brought_forward_to, now)
            due = min(turn, row.next_pull_at or turn)
            self._comes_due(due, PullTrigger(trigger), brought_forward_to=turn)
        return due

    def _comes_due(
        self, at: datetime, trigger: PullTrigger, brought_forward_to: datetime | None = None
    ) -> None:
        self.next_pull_at, self.brought_forward_to = at, brought_forward_to or at
        self.pull_trigger, self.somebody_waits = trigger, trigger.somebody_waits
        self.save(update_fields=WHEN_DUE)

    def comes_due_again(
        self, at: datetime, trigger: PullTrigger, *, began: datetime, somebody_waits: bool
    ) -> None:
        """After a pull that began at `began`: what was brought forward since then stays so."""
        wish = self.brought_forward_to
        if wish is not None and began < wish:
            self.next_pull_at = min(at, wish)
        else:
            self.next_pull_at = at
            self.pull_trigger, self.somebody_waits = trigger, somebody_waits
        self.save(update_fields=WHEN_DUE)

    def meter_stopped(self) -> None:
        """One of its meters is no longer shared: what is kept of raw feeds cannot be read again.

        Belongs into a transaction that holds the row.
        """
        self.meters_stopped += 1
        self.feed_key = new_feed_key()
        self.save(update_fields=["meters_stopped", "feed_key"])
