"""`manage.py demo`: run everything on this machine; with --check, play the main job and end."""

from __future__ import annotations

import json
import os
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.test.utils import override_settings
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from portal.processes import ProcessError
from portal.rehearsal import rows
from portal.rehearsal.play import Outcome, play_all
from portal.stack import Stack, StackError

# Only the demo's own children get these: a laptop's visitors come from one address, and a
# customer who waits at a screen is shown the first readings within a second or two.
DEMO_SETTINGS = {
    "DISPATCH_SECONDS": "1",
    "CONNECTS_AN_HOUR_PER_ADDRESS": "10000",
    "PASSCODES_AN_HOUR_PER_ADDRESS": "10000",
    "LOOKUPS_AN_HOUR_PER_ADDRESS": "10000",
}


# No table is wider.
WIDEST = 500


class Command(BaseCommand):
    """Portal, sandbox, a worker and beat, on the embedded servers or on those of the settings."""

    help = "Run portal and sandbox with all that stands behind them; Ctrl-C stops everything."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """--check plays every test row and ends; --json keeps the details."""
        parser.add_argument(
            "--check",
            action="store_true",
            help="play every test account of both programmes, print a line for each, and end",
        )
        parser.add_argument("--json", type=Path, metavar="FILE", help="with --check: the details")

    def handle(self, *args: Any, check: bool, json: Path | None, **options: Any) -> None:
        """Start the stack; then play, or show the way and wait."""
        if settings.IS_SANDBOX:
            raise CommandError("The demo runs both sites itself: start it without SITE=sandbox.")
        if json and not check:
            raise CommandError("--json goes with --check.")
        console = Console(highlight=False, soft_wrap=True)
        started = time.monotonic()
        try:
            stack = _stack(console, quiet=check)
            addresses = {"PORTAL_URL": stack.portal.url, "SANDBOX_URL": stack.sandbox.url}
            with override_settings(DEMO=True, **addresses), stack:
                seconds = time.monotonic() - started
                if check:
                    self._check(console, json, seconds)
                else:
                    _show_the_way(stack, console, seconds)
                    stack.watch()
        except (ProcessError, StackError) as e:
            raise CommandError(str(e)) from e
        except KeyboardInterrupt:
            console.print("\nStopped: no process is left.")

    def _check(self, console: Console, file: Path | None, seconds: float) -> None:
        console.print(f"Both sites answer after {seconds:.1f} s. Playing {len(rows.ALL)} rows.")
        outcomes = []
        for outcome in play_all(rows.ALL):
            outcomes.append(outcome)
            console.print(_line(outcome))
        typed = [outcome for outcome in outcomes if outcome.row in rows.TYPED]
        invented = [outcome for outcome in outcomes if outcome.row in rows.DEMO]
        others = [outcome for outcome in outcomes if outcome.row in rows.PREFILLED + rows.FALLBACK]
        console.print(f"{_held(typed)} rows of the programmes' test tables hold,")
        console.print(f"{_held(others)} rows with a prefill,")
        console.print(f"{_held(invented)} rows of Demo Utility.")
        if file:
            file.write_text(_as_json(outcomes, seconds), encoding="utf-8")
        if not all(outcome.ok for outcome in outcomes):
            raise CommandError("Not every row holds.")


def _stack(console: Console, *, quiet: bool) -> Stack:
    def say(name: str, line: str) -> None:
        if not quiet:
            console.print(f"[dim]{name:>8}[/dim] ", end="")
            console.print(line, markup=False)

    return Stack(
        settings.VAR_DIR,
        environment={**os.environ, **DEMO_SETTINGS},
        say=say,
        tell=lambda sentence: console.print(f"[yellow]{sentence}[/yellow]"),
        portal_here=True,
    )


def _line(outcome: Outcome) -> str:
    mark = "[green]ok  [/green]" if outcome.ok else "[red]FAIL[/red]"
    times = f"{outcome.total_seconds:5.1f} s"
    return f"{mark} {times}  {outcome.row.title}: {outcome.detail}"


def _held(outcomes: list[Outcome]) -> str:
    return f"{sum(outcome.ok for outcome in outcomes)} of {len(outcomes)}"


def _as_json(outcomes: list[Outcome], seconds: float) -> str:
    details = {
        "start_seconds": round(seconds, 3),
        "ok": all(outcome.ok for outcome in outcomes),
        "rows": [outcome.as_json() for outcome in outcomes],
    }
    return json.dumps(details, indent=2, ensure_ascii=False) + "\n"


def _show_the_way(stack: Stack, console: Console, seconds: float) -> None:
    """Where to go, as whom, and with which test accounts."""
    seeded = json.loads(stack.portal.manage("seed_demo", "--json"))
    console.print(f"\n[bold]Ready after {seconds:.1f} s.[/bold] Ctrl-C stops everything.\n")
    console.print(f"  Portal    {stack.portal.url}/")
    console.print(f"  Sandbox   {stack.sandbox.url}/")
    console.print(f"  Demo site {stack.portal.url}/demo/  [dim]any client, step by step[/dim]")
    console.print(f"  Staff     {stack.portal.url}/staff/")
    console.print(f"            {seeded['staff_email']} / {seeded['staff_password']}")
    for member in stack.utility_staff:
        console.print(f"  {member['utility']:<9} {member['url']}  [dim]reviews companies[/dim]")
        console.print(f"            {member['email']} / {member['password']}")
    for link in seeded["share_links"]:
        console.print(f"  Link      {link['url']}  [dim]{link['note']}[/dim]")
    console.print()
    # As wide as it is, also where the terminal is narrow: an address that is cut cannot be typed.
    table = _test_accounts()
    width = Measurement.get(console, console.options.update(width=WIDEST), table).maximum
    Console(highlight=False, width=max(console.width, width)).print(table)
    console.print("[dim]E-mails and the log follow.[/dim]\n")


def _test_accounts() -> Table:
    table = Table(title="Test accounts", title_justify="left", box=SIMPLE_HEAD)
    for heading in ("Utility", "Way", "Type in", "Last bill", "What it plays"):
        table.add_column(heading, no_wrap=True)
    for row in [*rows.TYPED, *rows.DEMO_TYPED, *rows.SOLAR]:
        bill = f"{row.bill_amount} on {row.bill_date}" if row.bill_amount else ""
        table.add_row(row.utility, row.way, row.value, bill, row.scenario)
    return table
