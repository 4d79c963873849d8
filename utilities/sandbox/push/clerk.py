"""Makes the notices that the calendar brings, and posts what is due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q

from greenbutton.espi import scope as scopes
from utilities.sandbox.households import PROFILES, Meter, billing_periods, midnight
from utilities.sandbox.models import Clock, Grant, Notice, Service
from utilities.sandbox.push import notices, posting

# How many are posted at once.
AT_ONCE = 20
# Data are published by the day, so nothing comes more often.
DAYS_OF = {"daily": 1, "hourly": 1, "weekly": 7}
LONGEST = 3650
# A consent that ended before then, as while no clerk ran, is no news.
OLD_NEWS = timedelta(days=3)
# Longer than any two billing periods.
TWO_PERIODS = timedelta(days=70)


def one_pass() -> int:
    """Make what is to be told, post what is due, and return how many posts that were."""
    make_notices()
    return deliver()


def deliver() -> int:
    """Post every due notice once."""
    posted = 0
    while claimed := Notice.claim(AT_ONCE):
        outcomes = posting.post_all([(each.uri, each.notice.address) for each in claimed])
        for delivery, outcome in zip(claimed, outcomes, strict=True):
            delivery.ended(outcome.status, outcome.trouble, outcome.seconds)
        posted += len(claimed)
    return posted


def make_notices() -> list[Notice]:
    """Of each grant whose company is to be told of new data by now, and of each that ended."""
    return [*_of_new_data(), *_of_endings()]


def _of_new_data() -> Iterator[Notice]:
    now = Clock.now()
    listening = (
        Grant.objects.exclude(registration__notify_uri="")
        .filter(Q(until=None) | Q(until__gt=now), revoked_at=None)
        .select_related("registration")
        .prefetch_related("services__account")
        .annotate(told=Max("notices__told_until"))
    )
    for grant in listening:
        # Most are not due: only for those that are is the row locked, against another clerk.
        if _is_due(grant, grant.told, now):
            with transaction.atomic():
                locked = _lock(grant)
                due = locked is not None and _is_due(locked, notices.told_until(locked), now)
                notice = notices.new_data(locked) if locked and due else None
            if notice:
                yield notice


def _is_due(grant: Grant, told: datetime | None, now: datetime) -> bool:
    if not notices.includes_notices(grant):
        return False
    due = next_notice(grant, told or grant.created_at)
    return due is not None and due <= now


def _of_endings() -> Iterator[Notice]:
    told = Notice.objects.filter(
        grant=OuterRef("pk"), kind=Notice.Kind.AUTHORIZATION, made_at__gte=OuterRef("until")
    )
    now = Clock.now()
    ended = Q(until__lte=now, until__gt=now - OLD_NEWS, revoked_at=None) & ~Exists(told)
    for grant in Grant.objects.exclude(registration__notify_uri="").filter(ended):
        with transaction.atomic():
            locked = _lock(grant)
            is_untold = Grant.objects.filter(ended, pk=grant.pk).exists()
            notice = locked.tell() if locked and is_untold else None
        if notice:
            yield notice


def _lock(grant: Grant) -> Grant | None:
    """The grant, for the length of the transaction; None while another clerk has it."""
    return (
        Grant.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("registration")
        .filter(pk=grant.pk)
        .first()
    )


def next_notice(grant: Grant, told: datetime) -> datetime | None:
    """When a company that was told of everything until then is told again.

    SubscriptionFrequency is whole days or a name; one that we do not know is taken as the default,
    the billing period. None is not within sight.
    """
    frequency = grant.granted.subscription_frequency or scopes.DEFAULT_FREQUENCY
    zone = grant.registration.programme.zone
    if frequency.isascii() and frequency.isdecimal():
        days = max(1, min(int(frequency[:9]), LONGEST))
    elif frequency.lower() == "monthly":
        return _start_of(_next_month(told.astimezone(zone).date()), zone)
    else:
        days = DAYS_OF.get(frequency.lower(), 0)
    if days:
        return _start_of(told.astimezone(zone).date() + timedelta(days=days), zone)
    ends = (_bill_after(service, zone, told) for service in grant.services.all())
    return min((end for end in ends if end), default=None)


def _bill_after(service: Service, zone: ZoneInfo, told: datetime) -> datetime | None:
    """When the service's next billing period is over."""
    meter = Meter(service.seed, PROFILES[service.profile], zone)
    start, end = told - TWO_PERIODS, told + TWO_PERIODS
    for _, after in billing_periods(meter, int(start.timestamp()), int(end.timestamp())):
        if (over := _start_of(after, zone)) > told:
            return over
    return None


def _start_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(midnight(day, zone), UTC)


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
