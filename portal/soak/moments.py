"""What is waited for, and time that passes: only for the row that it is about."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import Max
from django.utils import timezone

from authorizations.models import Authorization, Event, PullTrigger
from greenbutton.models import Pull
from portal.soak.plays import Act, Group, Play, WentOtherwise

State = Pull.State
ENDED = (State.DONE, State.FAILED, State.WAITING, State.ABANDONED)


def is_collected(play: Play) -> None:
    """Wait for the next pull that brings everything; others may fail before."""
    _next_pull(play, State.DONE)


def is_collected_in_bulk(play: Play) -> None:
    """Wait for what a Bulk feed brings."""
    _next_pull(play, State.DONE, source=Pull.Source.BULK)


def is_put_off(state: str, *, bare: bool = True) -> Act:
    """Wait for a pull that comes to nothing, `failed` or `waiting`; `bare` wants nothing stored."""
    return partial(_is_put_off, state=state, bare=bare)


def _is_put_off(play: Play, state: str, bare: bool) -> None:
    _next_pull(play, state)
    row = play.row()
    if bare and (row.reading_days.exists() or row.pulled_to is not None):
        raise WentOtherwise("a feed that could not be had left readings")


def becomes(status: str) -> Act:
    """Wait until it has this status."""
    return lambda play: play.wait(lambda: play.row().status == status, f"status {status}")


def is_told(event: str) -> Act:
    """Wait until its timeline has an event of this type."""

    def act(play: Play) -> None:
        told = Event.objects.filter(authorization__share_link=play.link, type=event)
        play.wait(told.exists, f"the event {event}")

    return act


def was_asked_for_there(play: Play) -> None:
    """Wait until the utility, whose first notice tells of the consent, was asked how it stands."""
    play.wait(lambda: play.row().standing_asked_at is not None, "the utility to be asked")


def nothing_is_collected(play: Play) -> None:
    """See that several looks of the dispatcher pass, and no pull begins."""
    before = play.row().pulls.count()
    looked = timezone.now() + timedelta(seconds=6)
    play.wait(lambda: timezone.now() > looked, "the dispatcher to look")
    if play.row().pulls.count() != before:
        raise WentOtherwise("it was collected all the same")


def comes_due(play: Play) -> None:
    """As after a day, or after however long it was put off."""
    _passes(play, next_pull_at=timezone.now(), brought_forward_to=None)


def token_ends(play: Play) -> None:
    """As after an hour: the access token is over, and only a refresh gets another."""
    _passes(play, access_expires_at=_ago(seconds=1))


def token_is_lost(play: Play) -> None:
    """As if the utility no longer knew the refresh token: only the customer can mend that."""
    row = play.row()
    row.refresh_token, row.access_expires_at = "lost", _ago(seconds=1)
    row.save(update_fields=["refresh_token", "access_expires_at"])


def ends_in(**ahead: float) -> Act:
    """As if so much of the agreed time were left."""

    def act(play: Play) -> None:
        began = timezone.now() - timedelta(days=10)
        _passes(play, created=began, expires_at=timezone.now() + timedelta(**ahead))

    return act


def is_taken_in(play: Play) -> None:
    """Wait until the new consent was compared, and this goes on with it."""
    is_told("authorization_renewed")(play)
    play.wait(lambda: play.row().status == Authorization.Status.ACTIVE, "it to go on")


def is_kept_apart(play: Play) -> None:
    """Wait until the new consent was compared, and goes on by itself with data of its own."""
    is_told("authorization_not_merged")(play)
    its = Pull.objects.filter(authorization__share_link=play.renewal, state=State.DONE)
    play.wait(its.filter(first=True).exists, "the history of the new consent")
    other = Authorization.objects.get(share_link=play.renewal)
    if other.status != Authorization.Status.ACTIVE or not other.reading_days.exists():
        raise WentOtherwise("the new consent does not go on by itself")


def a_quarter_passes(play: Play) -> None:
    """As after 15 minutes, within which news bring nothing forward twice."""
    _passes(play, brought_forward_to=_ago(minutes=16), standing_asked_at=_ago(minutes=16))


def leases_end(group: Group) -> None:
    """As after ten minutes: whoever had a lease or a claim and is dead has them no more."""
    running = Pull.objects.filter(authorization__in=group.keys(), state=State.RUNNING)
    rows = Authorization.objects.filter(pk__in=running.values("authorization"))
    rows.update(claimed_until=_ago(seconds=1), leased_until=_ago(seconds=1))


def a_notice_brought_it(play: Play) -> None:
    """Wait for the pull that the utility's first notice brings: its data can be had."""
    _next_pull(play, State.DONE, trigger=PullTrigger.NOTIFICATION)


def brings_another_day(play: Play) -> None:
    """Wait for the pull that a notice brings, with a day of readings that was not there."""
    row = play.row()
    before = row.reading_days.aggregate(latest=Max("day"))["latest"]

    def is_later() -> bool:
        return row.reading_days.filter(day__gt=before).exists()

    play.wait(is_later, f"readings after {before}")
    _next_pull(play, State.DONE, trigger=PullTrigger.NOTIFICATION)


def _next_pull(play: Play, state: str, **fields: Any) -> None:
    pulls = Pull.objects.filter(authorization__share_link=play.link, **fields)
    newer = pulls.filter(pk__gt=play.seen_pull, state=state)

    def is_there() -> bool:
        # The lease is given back last of all.
        return newer.filter(authorization__lease_id="").exists()

    try:
        play.wait(is_there, f"a pull that is {state}")
    except WentOtherwise as e:
        told = ", ".join(f"{one.state} ({one.error})" for one in pulls.order_by("pk"))
        raise WentOtherwise(f"{e}; its pulls: {told or 'none'}") from e
    play.seen_pull = newer.latest("pk").pk


def _passes(play: Play, **fields: Any) -> None:
    Authorization.objects.filter(pk=play.row().pk).update(**fields)


def _ago(**span: float) -> datetime:
    return timezone.now() - timedelta(**span)
