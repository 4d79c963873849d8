"""What this company's staff do to one authorization."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from authorizations.models import Authorization
from greenbutton import flows
from greenbutton.ingest import history
from portal.soak.plays import Play

TIMES = 5


def asks_many_times(play: Play) -> None:
    """Press “Collect now” again and again: two workers, and one pull at a time."""
    for _ in range(TIMES):
        play.row().collect_now()


def holds(play: Play) -> None:
    play.row().hold()


def releases(play: Play) -> None:
    flows.release(play.row())


def archives(play: Play) -> None:
    play.row().archive()


def asks_for_history(play: Play) -> None:
    """Have everything collected once more."""
    history.ask(play.row(), why="Soak")


def another_try_is_due(play: Play) -> None:
    """As after some minutes: the utility, which did not answer, is told again."""
    rows = Authorization.objects.filter(pk=play.row().pk, tell_utility_at__isnull=False)
    rows.update(tell_utility_at=timezone.now() - timedelta(seconds=1))
