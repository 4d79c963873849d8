"""How the collecting goes, in words for the customer who watches it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.utils import timezone

from authorizations.models import Authorization
from greenbutton.models import Pull, ReadingDay, Recutting
from greenbutton.zones import label_of

State = Literal["queued", "running", "waiting", "failed", "paused", "done"]

STAYS = "We are asking your utility for what is new. What you see below stays as it is."
# How long what came of a wish is news.
NEWS = timedelta(minutes=15)
QUICK_SECONDS, SLOW_SECONDS = 2, 10


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the collecting stands; `next_at` is when it is tried again, if that is known."""

    state: State
    headline: str
    words: str = ""
    done: int = 0
    planned: int = 0
    readings: int = 0
    bills: int = 0
    next_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing is to be waited for, so that the page need not ask again."""
        return self.state == "done"

    @property
    def counts(self) -> str:
        """`17,520 readings so far, 24 bills`."""
        readings = f"{self.readings:,} {'reading' if self.readings == 1 else 'readings'} so far"
        bills = f", {self.bills:,} {'bill' if self.bills == 1 else 'bills'}" if self.bills else ""
        return readings + bills

    @property
    def ask_again_seconds(self) -> int:
        return QUICK_SECONDS if self.state in {"queued", "running"} else SLOW_SECONDS


def progress_of(authorization: Authorization) -> Progress:
    """What the latest pull says, unless nothing is collected any more."""
    if authorization.status != Authorization.Status.ACTIVE:
        return Progress("done", "Nothing is collected any more.")
    if authorization.is_from_file():
        return reading_of(authorization)
    pull = authorization.pulls.filter(source=Pull.Source.UTILITY).first()
    if is_held_up(authorization):
        return paused(authorization)
    if pull is None or pull.state == Pull.State.ABANDONED:
        return queued(authorization)
    if pull.state == Pull.State.RUNNING:
        return running(pull)
    if pull.state == Pull.State.WAITING:
        return waiting(authorization, pull)
    if pull.state == Pull.State.FAILED:
        return failed(authorization, pull)
    if is_due(authorization):
        return Progress("queued", "Looking for new readings.", STAYS)
    if authorization.is_candidate():
        # What it collected is compared a moment after its pull is done, and the page then is
        # another one's.
        headline = "Comparing it with what you shared before."
        return with_counts("running", headline, "This takes a moment.", pull)
    return Progress("done", "All readings are here.", readings=pull.readings, bills=pull.bills)


def reading_of(authorization: Authorization) -> Progress:
    """What becomes of the customer's own files."""
    at_work = authorization.pulls.filter(state=Pull.State.RUNNING)
    leased_until = authorization.leased_until
    if leased_until is None or leased_until <= timezone.now():
        # Workers read an upload again whose worker died; a command that was killed stays so.
        at_work = at_work.filter(source=Pull.Source.UPLOAD)
    pull = at_work.first()
    words = "You can leave this page: it goes on without you."
    if pull is not None:
        return with_counts("running", "We are reading your file.", words, pull)
    asked = authorization.recuttings.filter(state=Recutting.State.WAITING).first()
    if asked is not None:
        name = asked.time_zone or authorization.zone.key
        headline = f"We are sorting your readings into days of {label_of(name)}."
        return Progress("running", headline, words)
    return Progress("done", "Your file was read.")


def recut_failed(authorization: Authorization) -> bool:
    """Whether the days stayed as they were when they were last to be cut anew."""
    last = authorization.recuttings.first()
    return last is not None and last.state == Recutting.State.FAILED


def recut_lately(authorization: Authorization) -> bool:
    """Whether the days were cut anew a moment ago, for those who wait for it."""
    since = timezone.now() - NEWS
    done = authorization.recuttings.filter(state=Recutting.State.DONE, finished__gte=since)
    return done.exists()


def is_held_up(authorization: Authorization) -> bool:
    """Whether a person must act before anything that is due is collected."""
    client = authorization.client
    client_is_out = client is not None and not client.is_usable()
    return is_due(authorization) and (authorization.held_at is not None or client_is_out)


def is_due(authorization: Authorization) -> bool:
    return authorization.next_pull_at is not None and authorization.next_pull_at <= timezone.now()


def paused(authorization: Authorization) -> Progress:
    words = (
        f"We have paused collecting from {authorization.source_name} until something is put "
        "right on our side. You need do nothing; what is here stays."
    )
    return Progress("paused", "Collecting is paused.", words)


def queued(authorization: Authorization) -> Progress:
    """Due, and no worker has taken it yet."""
    if authorization.next_pull_at is None:
        return Progress("done", "Nothing is being collected.")
    words = f"In a moment we ask {authorization.source_name} for your readings."
    return Progress("queued", "You are connected. Collecting starts now.", words)


def running(pull: Pull) -> Progress:
    words = (
        "The newest readings come first, the history after them. You can leave this page."
        if pull.first
        else STAYS
    )
    headline = "Your readings are arriving." if pull.first else "Looking for new readings."
    return with_counts("running", headline, words, pull)


def waiting(authorization: Authorization, pull: Pull) -> Progress:
    """The utility answered "come later" (HTTP 202 or 429), which is no error."""
    words = pull.message or "It asked us to come back a little later. You need do nothing."
    headline = "Your utility is preparing your data."
    return with_counts("waiting", headline, words, pull, authorization.next_pull_at)


def failed(authorization: Authorization, pull: Pull) -> Progress:
    words = pull.message or f"{authorization.source_name} could not give us your readings."
    headline = "This time it did not work."
    return with_counts("failed", headline, words, pull, authorization.next_pull_at)


def with_counts(
    state: State, headline: str, words: str, pull: Pull, next_at: datetime | None = None
) -> Progress:
    """The state, with how far the pull came."""
    return Progress(
        state,
        headline,
        words,
        done=pull.windows_done,
        planned=pull.windows_planned,
        readings=pull.readings,
        bills=pull.bills,
        next_at=next_at,
    )


def has_readings(authorization: Authorization) -> bool:
    """Whether there is anything to draw yet."""
    return ReadingDay.objects.filter(authorization=authorization).exists()


def as_of(authorization: Authorization) -> datetime | None:
    """When the utility was last asked with success."""
    from_utility = (Pull.Source.UTILITY, Pull.Source.BULK)
    asked = authorization.pulls.filter(source__in=from_utility, state=Pull.State.DONE)
    last = asked.first()
    return last.finished if last else None
