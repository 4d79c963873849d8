"""`manage.py soak`: many customers through everything that can happen, and a table of the rows."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from collections import deque
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from portal.processes import ProcessError
from portal.soak import scenarios
from portal.soak.checking import secrets_of_all
from portal.soak.run import as_json, chosen, play
from portal.soak.stage import set_up
from portal.soak.table import table_of
from portal.stack import StackError

WIDTH = 180


class Log:
    """What all processes wrote; kept, to be searched for what must not stand there."""

    def __init__(self, file: TextIO | None) -> None:
        self.lines: deque[str] = deque(maxlen=500_000)
        self.file = file

    def __call__(self, name: str, line: str) -> None:
        self.lines.append(line)
        if self.file:
            print(f"{name:>8} {line}", file=self.file, flush=True)

    def leaks(self) -> bool:
        """Whether a token or a secret stands in it."""
        text = "\n".join(self.lines)
        return any(secret in text for secret in secrets_of_all())


class Command(BaseCommand):
    """A stack of its own, on this machine only, which is gone at the end."""

    help = (
        "Have many customers of the sandbox consent, let everything go wrong that can, and hold "
        "each row against what must come of it. Ends with an error if one is wrong."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How many, which, and where the details go."""
        parser.add_argument(
            "--authorizations", type=int, default=200, metavar="N", help="customers in all (200)"
        )
        parser.add_argument(
            "--only",
            action="append",
            default=[],
            metavar="SCENARIO",
            help="only this one, beside the happy ones; may be given several times",
        )
        parser.add_argument("--list", action="store_true", help="name the scenarios, and end")
        parser.add_argument("--json", type=Path, metavar="FILE", help="keep the details")
        parser.add_argument("--log", type=Path, metavar="FILE", help="keep what processes write")

    def handle(self, *args: Any, **options: Any) -> None:
        """Set up, play, judge, and show."""
        if settings.IS_SANDBOX:
            raise CommandError("The soak runs both sites itself: start it without SITE=sandbox.")
        console = Console(highlight=False, soft_wrap=True)
        if options["list"]:
            for scenario in scenarios.ALL:
                console.print(scenario.name)
            return
        try:
            wanted = chosen(options["only"])
        except KeyError as e:
            raise CommandError(f"There is no scenario {e}; --list names them.") from e
        if options["log"]:
            with options["log"].open("w", encoding="utf-8") as file:
                self._soak(console, wanted, options, Log(file))
        else:
            self._soak(console, wanted, options, Log(None))

    def _soak(
        self, console: Console, wanted: list[scenarios.Scenario], options: dict[str, Any], log: Log
    ) -> None:
        began = time.monotonic()
        try:
            with set_up(log, console.print) as world:
                console.print(f"Both sites answer after {time.monotonic() - began:.0f} s.")
                result = play(world, wanted, options["authorizations"], console.print)
                if log.leaks():
                    result.troubles.append("A token or a secret stands in a log.")
        except (ProcessError, StackError) as e:
            raise CommandError(str(e)) from e
        except KeyboardInterrupt:
            console.print("\nStopped: no process is left.")
            raise
        Console(highlight=False, width=max(console.width, WIDTH)).print(table_of(result))
        for trouble in result.troubles:
            console.print(f"[red]{trouble}[/red]")
        right = sum(row.is_right for row in result.rows)
        seconds = time.monotonic() - began
        console.print(f"{right} of {len(result.rows)} rows are right, after {seconds:.0f} s.")
        if options["json"]:
            text = json.dumps(as_json(result), indent=2, ensure_ascii=False)
            options["json"].write_text(f"{text}\n", encoding="utf-8")
        if not result.is_right:
            raise CommandError("Not every row is right.")
