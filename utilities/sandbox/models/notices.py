"""What a company is told without asking (FB 39), and each try to tell it.

A notice is a row with a due time. The clerk (`manage.py sandbox_clerk`) posts what is due, and a
post that fails makes the notice due again in an hour. All times are the sandbox's own clock's.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import models, transaction

from utilities.sandbox.models.clock import Clock
from utilities.sandbox.models.naming import new_uid
from utilities.sandbox.models.registrations import Registration

if TYPE_CHECKING:  # a grant tells of its changes, and a notice may be about a grant
    from utilities.sandbox.models.consents import Grant

RETRY_EVERY = timedelta(hours=1)
RETRY_FOR = timedelta(hours=72)
# How long the clerk that took a notice has to post it, before another may: a killed one costs a
# delay, and at worst the company is told twice.
LEASE = timedelta(minutes=1)


class Notice(models.Model):
    """One thing to tell one company: that something is new at an address of ours."""

    class Kind(models.TextChoices):
        DATA = "data", "New data"
        READY = "ready", "A download is ready"
        AUTHORIZATION = "authorization", "An authorization began, changed or ended"
        REGISTRATION = "registration", "The registration changed"

    uid = models.CharField(max_length=40, unique=True, default=new_uid)
    registration = models.ForeignKey(Registration, models.CASCADE, related_name="notices")
    grant = models.ForeignKey("Grant", models.CASCADE, related_name="notices", null=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    # The resource of the BatchList.
    address = models.TextField()
    # Of new data: everything that was published by then has been told.
    told_until = models.DateTimeField(null=True)
    made_at = models.DateTimeField()
    # When to post it; null when it arrived, or was given up.
    due_at = models.DateTimeField(null=True, db_index=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-made_at", "-id"]

    def __str__(self) -> str:
        return f"{self.kind} notice {self.uid}"

    @property
    def is_given_up(self) -> bool:
        """It never arrived, and is not tried any more."""
        return self.due_at is None and self.delivered_at is None

    @classmethod
    def tell(
        cls,
        registration: Registration,
        kind: Kind,
        address: str,
        *,
        grant: Grant | None = None,
        told_until: datetime | None = None,
        after: timedelta = timedelta(0),
    ) -> Notice | None:
        """Make a notice, in the caller's transaction; None where nobody listens for any."""
        if not registration.notify_uri:
            return None
        now = Clock.now()
        return cls.objects.create(
            registration=registration,
            grant=grant,
            kind=kind,
            address=address,
            told_until=told_until,
            made_at=now,
            due_at=now + after,
        )

    @classmethod
    @transaction.atomic
    def claim(cls, most: int) -> list[Delivery]:
        """Take due notices off the table, the oldest first, each with a try that begins now."""
        now = Clock.now()
        due = (
            cls.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(due_at__lte=now)
            .select_related("registration")
            .order_by("due_at", "id")[:most]
        )
        claimed = []
        for notice in due:
            notice.due_at = now + LEASE
            notice.save(update_fields=["due_at"])
            claimed.append(notice.deliveries.create(at=now, uri=notice.registration.notify_uri))
        return claimed

    def delivered(self) -> None:
        """It arrived."""
        self.due_at, self.delivered_at = None, Clock.now()
        self.save(update_fields=["due_at", "delivered_at"])

    def failed(self) -> None:
        """It did not arrive: once more in an hour, for 72 hours."""
        now = Clock.now()
        self.due_at = now + RETRY_EVERY if now < self.made_at + RETRY_FOR else None
        self.save(update_fields=["due_at"])

    def again(self) -> Notice:
        """Tell the same once more, as a notice of its own, at once."""
        now = Clock.now()
        return type(self).objects.create(
            registration=self.registration,
            grant=self.grant,
            kind=self.kind,
            address=self.address,
            made_at=now,
            due_at=now,
        )


class Delivery(models.Model):
    """One try to post a notice; a row from the moment that it begins."""

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="deliveries")
    at = models.DateTimeField()
    # Where it went: the company's notify address of that moment.
    uri = models.CharField(max_length=2000)
    # What the company answered, or what went wrong, in words; neither while it is on its way.
    status = models.PositiveSmallIntegerField(null=True)
    trouble = models.CharField(max_length=300, blank=True)
    seconds = models.FloatField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"try of {self.notice_id} at {self.at}"

    @transaction.atomic
    def ended(self, status: int | None, trouble: str, seconds: float) -> None:
        """Note how it went down; the notice is delivered where there is no trouble."""
        self.status, self.trouble, self.seconds = status, trouble, seconds
        self.save(update_fields=["status", "trouble", "seconds"])
        if trouble:
            self.notice.failed()
        else:
            self.notice.delivered()
