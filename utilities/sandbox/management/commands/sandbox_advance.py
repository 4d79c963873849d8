"""Moves the sandbox's clock, as if time had passed."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from utilities.sandbox.models import Clock, Notice
from utilities.sandbox.push import clerk

LONGEST = timedelta(days=3660)
DAY = timedelta(days=1)


class Command(BaseCommand):
    help = (
        "Moves the sandbox's clock on: new readings and bills appear, consents end, and notices of "
        "all that are made, which the clerk posts."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=0)
        parser.add_argument("--hours", type=int, default=0)

    def handle(self, *args: Any, days: int, hours: int, **options: Any) -> None:
        """Day by day, so that each day's notices are made as they would be."""
        try:
            left = timedelta(days=days, hours=hours)
        except OverflowError:
            left = LONGEST + DAY
        if min(days, hours) < 0 or not timedelta(0) < left <= LONGEST:
            raise CommandError(f"Move it by 1 hour to {LONGEST.days} days: it never goes back.")
        made = clerk.make_notices()
        while left:
            step = min(left, DAY)
            Clock.advance(step)
            made += clerk.make_notices()
            left -= step
        self.stdout.write(f"The sandbox's clock says {Clock.now():%Y-%m-%d %H:%M} UTC.")
        for kind, count in sorted(Counter(notice.kind for notice in made).items()):
            self.stdout.write(f"{count} to tell: {Notice.Kind(kind).label.lower()}.")
