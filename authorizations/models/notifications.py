"""What utilities tell us without being asked (FB 39), until it was read."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from utilities.models import Utility, new_uid

# How long who reads one has for it before another may: ten thousand addresses take seconds.
READING_TIME = timedelta(minutes=5)
# A body that ended its reader so often is not tried again.
MOST_TRIES = 3
# What is left of one after it was read are counts, for staff to see what a utility sends.
STAYS = timedelta(days=90)


class Notification(models.Model):
    """A body that was posted to a utility's notify address, and what came of it.

    Nobody signs it. It is a hint to look, so what it names is looked up and never fetched. The body
    names people's resources: it goes when it was read, and only counts stay.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting to be read"
        READING = "reading", "Being read"
        READ = "read", "Read"
        GARBLED = "garbled", "Could not be read"

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    utility = models.ForeignKey(Utility, on_delete=models.CASCADE, related_name="notifications")
    received = models.DateTimeField()
    # The same body came so often before it was read, the last time then.
    times = models.PositiveIntegerField(default=1)
    last_received = models.DateTimeField()
    sha256 = models.CharField(max_length=64, blank=True)
    body = models.BinaryField(default=bytes)

    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    claimed_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    read_at = models.DateTimeField(null=True)
    # How many addresses it named, and how many of them are known or unknown to us.
    named = models.PositiveIntegerField(default=0)
    matched = models.PositiveIntegerField(default=0)
    unknown = models.PositiveIntegerField(default=0)
    # What was brought forward, counted by kind: usage, consent, registration, bulk.
    brought = models.JSONField(default=dict)
    # Where the unknown addresses are, without what names anybody: {"place", "count"}.
    findings = models.JSONField(default=list)
    # Why it could not be read, in words for staff.
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-received", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["utility", "sha256"],
                condition=Q(state="waiting"),
                name="one_waiting_notification_a_body",
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["utility"], name="unread_notifications", condition=Q(read_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"notification {self.uid}"

    @classmethod
    def remember(cls, utility: Utility, body: bytes) -> bool:
        """Keep a body, or count it once more if the same waits already; False if too many wait.

        One INSERT, also when it is refused: whoever floods this address costs as little as can be.
        """
        now = timezone.now()
        values: dict[str, str | int | bytes | datetime] = {
            "uid": new_uid(),
            "utility": utility.pk,
            "now": now,
            "sha256": hashlib.sha256(body).hexdigest(),
            "body": body,
            "most": settings.NOTIFICATIONS_WAITING,
        }
        with connection.cursor() as cursor:
            cursor.execute(_REMEMBER, values)
            return bool(cursor.rowcount)

    @classmethod
    def claim(cls, most: int) -> list[Self]:
        """Take some to read, the oldest of each utility; what a reader that died left, too.

        From then on the same body is news again: it may be of what was read just before. Whichever
        ended its reader comes last, so that it does not hold up those that were claimed with it.
        """
        now = timezone.now()
        left_behind = Q(state=cls.State.READING, claimed_until__lte=now)
        waiting = cls.objects.filter(Q(state=cls.State.WAITING) | left_behind)
        # Each utility has its turn: another one's storm does not hold up what this one tells.
        turn = Window(RowNumber(), partition_by=F("utility"), order_by=[F("received"), F("id")])
        first = waiting.annotate(turn=turn).order_by("turn", "received", "id").values("pk")[:most]
        with transaction.atomic():
            claimed = list(
                waiting.filter(pk__in=first)
                .select_for_update(of=("self",), skip_locked=True)
                .select_related("utility")
                .order_by("tries", "received", "id")
            )
            cls.objects.filter(pk__in=[one.pk for one in claimed]).update(
                state=cls.State.READING, claimed_until=now + READING_TIME
            )
        for one in claimed:
            one.state = cls.State.READING
        return claimed

    @classmethod
    def forget_old(cls) -> int:
        """Delete what was read long ago; returns how many."""
        return cls.objects.filter(read_at__lte=timezone.now() - STAYS).delete()[0]

    def begins(self) -> None:
        """Count that it is read now: of those that are claimed together, one may end the reader."""
        self.tries += 1
        self.save(update_fields=["tries"])

    def was_read(self, **outcome: Any) -> None:
        """Keep what came of it, and no longer what it said."""
        self._ended(self.State.READ, **outcome)

    def was_garbled(self, why: str) -> None:
        """It cannot be read, and neither could it be later."""
        self._ended(self.State.GARBLED, error=why[:300])

    def _ended(self, state: State, **outcome: Any) -> None:
        outcome |= {"state": state, "read_at": timezone.now(), "claimed_until": None}
        # A hash would tell whoever knows an address that it was named here.
        outcome |= {"body": b"", "sha256": ""}
        for name, value in outcome.items():
            setattr(self, name, value)
        self.save(update_fields=list(outcome))


_TABLE = Notification._meta.db_table
# What is unread is bounded for each utility; of what waits already, one more is always counted.
_REMEMBER = f"""
    INSERT INTO {_TABLE} AS kept
        (uid, utility_id, received, last_received, times, sha256, body,
         state, tries, named, matched, unknown, brought, findings, error)
    SELECT %(uid)s, %(utility)s, %(now)s, %(now)s, 1, %(sha256)s, %(body)s,
           'waiting', 0, 0, 0, 0, '{{}}', '[]', ''
    WHERE %(most)s > (
            SELECT count(*) FROM {_TABLE} WHERE utility_id = %(utility)s AND read_at IS NULL
        )
        OR EXISTS (
            SELECT FROM {_TABLE}
            WHERE utility_id = %(utility)s AND sha256 = %(sha256)s AND state = 'waiting'
        )
    ON CONFLICT (utility_id, sha256) WHERE state = 'waiting'
        DO UPDATE SET times = kept.times + 1, last_received = excluded.last_received
"""  # noqa: S608 (only the table's name is put in)
