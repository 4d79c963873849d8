"""What is due, uploaded or asked for: claimed, so that of several dispatchers one queues it."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Case, Q, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from authorizations.models import Authorization
from greenbutton.models import BulkCollection, Pull, Recutting
from utilities.models import Client
from utilities.pace import free_downloads

# What was queued into a broker that lost it is claimed again after so much time.
CLAIM = timedelta(seconds=60)
# As many as one look claims in one transaction.
BATCH = 100
# What a pull asks for at least, under a pace: the usage, and whose account it is.
PULL_REQUESTS = 2
# Among a client's turns.
HAD, TO_COME = 0, 1


def claim(*, waiting: bool, room: int) -> list[int]:
    """Claim authorizations that are due, `waiting` ones or the others; returns at most `room` ids.

    Clients take turns, and within a client the longest due comes first.
    """
    if room <= 0:
        return []
    with transaction.atomic():
        candidates = _in_turn(waiting, room)
        # What another dispatcher has at this moment is left to it.
        free = (
            Authorization.objects.due()
            .filter(pk__in=candidates)
            .select_for_update(of=("self",), skip_locked=True)
            .values_list("pk", flat=True)
        )
        mine = set(free)
        until = timezone.now() + CLAIM
        Authorization.objects.filter(pk__in=mine).update(claimed_until=until)
    return [pk for pk in candidates if pk in mine]


def _in_turn(waiting: bool, room: int) -> list[int]:
    """Those that are due, the first of each client before the second of any.

    What a client has queued or under way counts as turns that it has had: else whoever has
    thousands due, and longest, would get each place that falls free. Of a client with a pace no
    more come than it may ask for.
    """
    now = timezone.now()
    due = Authorization.objects.due().filter(somebody_waits=waiting)
    under_way = Q(claimed_until__gt=now) | Q(leased_until__gt=now)
    turns = (
        Authorization.objects.filter(Q(pk__in=due.values("pk")) | under_way)
        .annotate(place=Case(When(under_way, then=Value(HAD)), default=Value(TO_COME)))
        .annotate(
            turn=Window(
                RowNumber(), partition_by=["client_id"], order_by=["place", "next_pull_at", "pk"]
            )
        )
    )
    for client in Client.objects.filter(pk__in=due.values("client")).select_related("utility"):
        free = free_downloads(client, requests_each=PULL_REQUESTS)
        if free is not None:
            # Who is set to work and may not ask takes a worker from who may, and comes again.
            turns = turns.exclude(client=client, turn__gt=free)
    # Those under way are sorted behind the others, not filtered out: a WHERE comes before a window.
    in_turn = turns.order_by("-place", "turn", "next_pull_at", "pk").values_list("pk", "place")
    return [pk for pk, place in in_turn[:room] if place == TO_COME]


def queued(*, waiting: bool) -> int:
    """How many due ones are claimed, and no worker is at them yet."""
    now = timezone.now()
    return Authorization.objects.filter(
        Q(leased_until=None) | Q(leased_until__lte=now),
        status=Authorization.Status.ACTIVE,
        somebody_waits=waiting,
        next_pull_at__lte=now,
        claimed_until__gt=now,
    ).count()


def claim_uploads() -> list[int]:
    """Claim the authorizations that have an upload to be read; returns their ids.

    One whose worker died while it read has such an upload again when that worker's lease runs out.
    """
    to_read = Pull.objects.filter(source=Pull.Source.UPLOAD, state=Pull.State.RUNNING)
    return _claim_free(
        Authorization.objects.filter(
            pk__in=to_read.values("authorization"), status=Authorization.Status.ACTIVE
        )
    )


def claim_replays() -> list[int]:
    """Claim the authorizations of which something kept is to be read again; returns their ids.

    Whatever became of them: what nobody can do any more is to be said, too.
    """
    asked = Pull.objects.filter(source=Pull.Source.REPLAY, state=Pull.State.RUNNING)
    return _claim_free(Authorization.objects.filter(pk__in=asked.values("authorization")))


def claim_recuttings() -> list[int]:
    """Claim the authorizations whose days are to be cut anew; returns their ids.

    Whatever became of them: what nobody can do any more is to be said, too.
    """
    waiting = Recutting.objects.filter(state=Recutting.State.WAITING)
    return _claim_free(Authorization.objects.filter(pk__in=waiting.values("authorization")))


def claim_bulks() -> list[int]:
    """Claim the Bulk addresses that are to be read; returns their ids.

    What is being read is claimed by its worker, for longer.
    """
    now = timezone.now()
    with transaction.atomic():
        due = (
            BulkCollection.objects.filter(
                Q(claimed_until=None) | Q(claimed_until__lte=now),
                due_at__lte=now,
                client__paused_at=None,
                client__retired_at=None,
            )
            .select_for_update(of=("self",), skip_locked=True)
            .order_by("due_at")
            .only("id")[:BATCH]
        )
        ids = [bulk.pk for bulk in due]
        # A run that ended without a word is over with its claim.
        BulkCollection.objects.filter(pk__in=ids).update(claimed_until=now + CLAIM, run_id="")
    return ids


def _claim_free(waiting: QuerySet[Authorization]) -> list[int]:
    """Claim some that nobody is at."""
    now = timezone.now()
    with transaction.atomic():
        free = (
            waiting.filter(
                Q(claimed_until=None) | Q(claimed_until__lte=now),
                Q(leased_until=None) | Q(leased_until__lte=now),
            )
            .select_for_update(of=("self",), skip_locked=True)
            .order_by("pk")
            .only("id")[:BATCH]
        )
        ids = [authorization.pk for authorization in free]
        Authorization.objects.filter(pk__in=ids).update(claimed_until=now + CLAIM)
    return ids


def expire() -> int:
    """Mark what the agreed end has passed; returns how many."""
    over = Authorization.objects.filter(
        status=Authorization.Status.ACTIVE, expires_at__lte=timezone.now()
    )
    count = 0
    while True:
        with transaction.atomic():
            # Nothing that is encrypted is read: what no key opens must not keep the others here.
            rows = over.select_for_update(of=("self",), skip_locked=True)
            row = rows.only("uid").first()
            if row is None:
                return count
            row.mark_expired()
            count += 1
