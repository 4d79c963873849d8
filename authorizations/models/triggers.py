"""Why an authorization comes due."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models

# A storm of notices makes one pull in so much time.
BRING_FORWARD_EVERY = timedelta(minutes=15)


class PullTrigger(models.TextChoices):
    """What made somebody look at the utility; each Pull tells it."""

    FIRST = "first", "The customer has just connected"
    NIGHTLY = "nightly", "The daily run"
    NOTIFICATION = "notification", "The utility told of something new"
    STAFF = "staff", "Staff asked for it"
    CUSTOMER = "customer", "The customer asked for it"
    RESUMED = "resumed", "An earlier attempt goes on"
    HISTORY = "history", "Staff asked for the history again"

    @property
    def somebody_waits(self) -> bool:
        """Whether it goes before the daily run."""
        return self in {
            PullTrigger.FIRST,
            PullTrigger.NOTIFICATION,
            PullTrigger.STAFF,
            PullTrigger.CUSTOMER,
        }


def next_turn(before: datetime | None, now: datetime) -> datetime:
    """When what was brought forward to `before` may be due again because somebody asks."""
    if before is None:
        return now
    return before if before > now else max(now, before + BRING_FORWARD_EVERY)
