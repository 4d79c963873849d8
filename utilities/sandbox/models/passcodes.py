"""How a customer proves who they are, and how guessing is stopped."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from utilities.sandbox.models.accounts import UtilityAccount
from utilities.sandbox.models.consents import ConsentRequest
from utilities.sandbox.models.naming import derive, new_uid

PASSCODE_LIFETIME = timedelta(minutes=10)
LOCK_TIME = timedelta(minutes=15)
# How long a passcode that was sent counts against the next one.
COUNTED_FOR = timedelta(hours=1)
TRIES = 5


class OneTimeCode(models.Model):
    """A passcode of six digits, for a customer. It follows from the uid, so it has no column."""

    uid = models.CharField(max_length=40, unique=True, default=new_uid)
    # The row outlives the request, or a customer could be sent any number of passcodes by requests
    # that are cancelled.
    request = models.ForeignKey(
        ConsentRequest, models.SET_NULL, related_name="passcodes", null=True
    )
    account = models.ForeignKey(UtilityAccount, models.CASCADE)
    # Shown on the page instead of being sent.
    is_shown = models.BooleanField(default=False)
    # Of which kind the contact was that it went to, and how the page names it: masked.
    sent_by = models.CharField(max_length=20, blank=True)
    sent_to = models.CharField(max_length=254, blank=True)
    tries = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"passcode of {self.account_id}"

    @property
    def code(self) -> str:
        """Six digits."""
        return f"{int.from_bytes(derive('passcode', self.uid)[:8]) % 1_000_000:06d}"

    @property
    def is_spent(self) -> bool:
        """Used, too old, or tried too often."""
        too_old = self.created_at + PASSCODE_LIFETIME <= timezone.now()
        too_often = self.tries >= TRIES and not self.account.is_test
        return self.used_at is not None or too_old or too_often

    @classmethod
    def forget_old(cls) -> None:
        """Delete what no longer counts for anything."""
        cls.objects.filter(created_at__lte=timezone.now() - COUNTED_FOR).delete()

    def try_with(self, given: str) -> bool:
        """Count a try, then say whether it is the code. A right one is used up."""
        # Without a join, which Django would make a sub-select: PostgreSQL does not look at that
        # again after it waited for another try.
        usable = type(self).objects.filter(
            Q() if self.account.is_test else Q(tries__lt=TRIES),
            id=self.id,
            used_at=None,
            created_at__gt=timezone.now() - PASSCODE_LIFETIME,
        )
        # Counted before it is compared, so that many tries at once do not get more than five.
        if not usable.update(tries=F("tries") + 1):
            return False
        if not constant_time_compare(given, self.code):
            return False
        return bool(
            type(self).objects.filter(id=self.id, used_at=None).update(used_at=timezone.now())
        )


class WrongTries(models.Model):
    """How often something wrong was said about an identifier, whether or not anybody has it.

    Counting unknown ones too keeps the lock from telling which account numbers exist.
    """

    utility = models.CharField(max_length=40)
    identifier = models.CharField(max_length=64)
    tries = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["utility", "identifier"], name="sandbox_tries_once_an_identifier"
            )
        ]

    def __str__(self) -> str:
        return f"{self.tries} tries"

    @classmethod
    def is_locked(cls, utility: str, identifier: str) -> bool:
        """Whether there were five wrong tries, the last one within 15 minutes."""
        return (
            cls._of(utility, identifier).filter(tries__gte=TRIES, last_at__gt=_unlocked()).exists()
        )

    @classmethod
    def add(cls, utility: str, identifier: str) -> bool:
        """Count one more; False, and not counted, where there were five already.

        Whoever counts before comparing gives no more than five tries to many requests at once.
        After a quarter of an hour without any, the count begins anew.
        """
        cls.objects.filter(last_at__lte=_unlocked()).delete()
        row, _ = cls.objects.get_or_create(utility=utility, identifier=_hidden(identifier))
        free = cls.objects.filter(id=row.id, tries__lt=TRIES)
        return bool(free.update(tries=F("tries") + 1, last_at=timezone.now()))

    @classmethod
    def forget(cls, utility: str, identifier: str) -> None:
        """The right answer was given."""
        cls._of(utility, identifier).delete()

    @classmethod
    def _of(cls, utility: str, identifier: str) -> models.QuerySet[WrongTries]:
        return cls.objects.filter(utility=utility, identifier=_hidden(identifier))


def _unlocked() -> datetime:
    return timezone.now() - LOCK_TIME


def _hidden(identifier: str) -> str:
    """An account number must not stand in a table of failures."""
    return derive("tries", identifier).hex()
