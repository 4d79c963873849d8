"""What happens once, to a whole group: at the utility, in the office, and to our own servers."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from authorizations.models import ForeignAuthorization, PullTrigger, Reconciliation
from greenbutton import adoption
from greenbutton.ingest import bulk
from greenbutton.models import Pull
from portal.soak.plays import Group, Turn, WentOtherwise
from portal.soak.stage import forget_keys
from utilities.models import Client

# Both workers have as many hands, and every one is to be busy when something happens to them.
HANDS = 4


# -- at the utility ------------------------------------------------------------------------------


def goes_wrong(fault: str) -> Turn:
    """From now on the utility goes wrong in this way for the group's registration."""
    return lambda group: _serve_under(group, [fault])


def is_mended(group: Group) -> None:
    """Nothing goes wrong any more."""
    _serve_under(group, [])


def a_day_passes_there(group: Group) -> None:
    """The utility has another day of readings, and its clerk tells those who are to be told."""
    group.world.stack.sandbox.manage("sandbox_advance", "--days", "1")


# -- in the office -------------------------------------------------------------------------------


def lists_are_compared(group: Group) -> None:
    """The nightly comparison of the registration's list at the utility with what is here."""
    asked = Reconciliation.ask(group.client)
    rows = Reconciliation.objects.filter(pk=asked.pk)
    waiting = rows.filter(state=Reconciliation.State.WAITING)
    group.wait(lambda: not waiting.exists(), "the comparison of the lists")


def strangers_are_adopted(group: Group) -> None:
    """Staff adopt what the comparison found; each customer's play goes on with one of them."""
    found = list(ForeignAuthorization.objects.filter(client=group.client))
    if len(found) != len(group.plays):
        raise WentOtherwise(f"the list shows {len(found)} consents that are unknown here")
    for play, foreign in zip(group.plays, found, strict=True):
        adopted = adoption.adopt(foreign)
        adopted.share_link = play.link
        adopted.save(update_fields=["share_link"])


def bulk_is_asked_for(group: Group) -> None:
    """Have the registration's Bulk feed read."""
    if bulk.ask_for(group.client, PullTrigger.STAFF) is None:
        raise WentOtherwise("the utility names no Bulk feed")


def a_wrong_secret_is_noted(group: Group) -> None:
    """Somebody in the office types the wrong client secret: the utility answers invalid_client."""
    _client(group).replace_secret(secrets.token_urlsafe(24), None, "Soak: a wrong one")


def client_is_paused(group: Group) -> None:
    """Wait until the utility's refusal has paused the registration."""
    paused = Client.objects.filter(pk=group.client.pk, paused_at__isnull=False)
    group.wait(paused.exists, "the registration to be paused")


def secret_is_put_right(group: Group) -> None:
    """The right one again, and the registration is resumed. Its customers notice nothing."""
    client = _client(group)
    client.replace_secret(group.client.client_secret, None, "Soak: the right one")
    client.resume(None, "Soak: its secret was wrong")


# -- to our own servers --------------------------------------------------------------------------


def a_worker_is_killed(group: Group) -> None:
    """One of two workers dies in the middle of pulls, with no chance to clean up; another comes."""
    _everybody_is_busy(group)
    stack = group.world.stack
    stack.children.kill(group.world.workers()[0])
    stack.start_worker()


def redis_is_emptied(group: Group) -> None:
    """Queues, counters and whatever else Redis has of this stack are gone, in the middle."""
    _everybody_is_busy(group)
    forget_keys(settings.REDIS_PREFIX)


def connections_are_cut(group: Group) -> None:
    """PostgreSQL ends every connection of the portal's but this one, in the middle."""
    _everybody_is_busy(group)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def _everybody_is_busy(group: Group) -> None:
    hands = min(HANDS, len(group.plays))
    running = _running(group)
    group.wait(lambda: running.count() >= hands, f"{hands} pulls that run at once")


def _running(group: Group) -> QuerySet[Pull]:
    return Pull.objects.filter(
        authorization__in=group.keys(), state=Pull.State.RUNNING, requests__gt=0
    )


def _serve_under(group: Group, faults: list[str]) -> None:
    group.world.serve_under(group.programme, group.client.client_id, group.profile, faults)


def _client(group: Group) -> Client:
    return Client.objects.get(pk=group.client.pk)
