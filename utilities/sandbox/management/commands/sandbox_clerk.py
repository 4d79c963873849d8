"""The process that tells companies of what is new (FB 39)."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from utilities.sandbox.models import Clock, Notice
from utilities.sandbox.push import clerk

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 1
# The calendar brings something a few times a day; what is due is looked for with each pass.
PASSES_A_CALENDAR = 10
LATE = timedelta(minutes=10)


class Command(BaseCommand):
    help = "Posts the sandbox's push notices as they fall due, until it is stopped."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="post what is due now, say how much, and end"
        )
        parser.add_argument(
            "--check", action="store_true", help="fail if a clerk should long have posted something"
        )

    def handle(self, *args: Any, once: bool, check: bool, **options: Any) -> None:
        """One pass, or one a second."""
        if check:
            if Notice.objects.filter(due_at__lt=Clock.now() - LATE).exists():
                raise CommandError("Notices are due and nobody posts them: is the clerk running?")
            return
        if once:
            self.stdout.write(f"{clerk.one_pass()} posted.")
            return
        passes = 0
        while True:
            try:
                if passes % PASSES_A_CALENDAR == 0:
                    clerk.make_notices()
                clerk.deliver()
            except (InterfaceError, OperationalError) as e:
                # The rows are still due when the database is back.
                logger.warning("The clerk waits for the database: %s", e)
                connection.close()
            close_old_connections()
            passes += 1
            time.sleep(PAUSE_SECONDS)
