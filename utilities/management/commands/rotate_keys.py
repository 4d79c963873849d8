"""`manage.py rotate_keys`: what older keys encrypted is written anew with the newest one."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import Progress

from utilities.rotation import BATCH, encrypted_models, rotate


class Command(BaseCommand):
    """`manage.py rotate_keys [--check]`."""

    help = (
        "Write everything that is encrypted anew with the newest of FIELD_KEYS, so that the older "
        "ones can be taken away. First put the new key in front and start every process again: one "
        "that does not know it goes on writing with the old one, and cannot read what is written "
        "here. It may be stopped and run again at any time, beside running workers."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check",
            action="store_true",
            help="Change nothing; say how much still needs an older key (the exit code is 1 then).",
        )
        parser.add_argument(
            "--batch", type=int, default=BATCH, metavar="ROWS", help="Rows that are locked at once."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through all tables, and say at the end what no key opens."""
        only_count, batch = options["check"], max(1, options["batch"])
        values, unreadable = 0, []
        # Django's OutputWrapper has all that rich asks of a file, but is none by its type.
        console = Console(file=cast("Any", self.stdout))
        with Progress(console=console, disable=not console.is_terminal) as bars:
            for model, names in encrypted_models():
                label = model._meta.label
                bar = bars.add_task(label, total=model._base_manager.count())
                done = rotate(
                    model,
                    names,
                    only_count=only_count,
                    batch=batch,
                    progress=partial(bars.advance, bar),
                )
                values += done.values
                unreadable += done.unreadable
                if done.values:
                    verb = "in need of an older key" if only_count else "written anew"
                    self.stdout.write(f"{label}: {done.values:,} {verb}.")
        self.conclude(values, unreadable, only_count=only_count)

    def conclude(self, values: int, unreadable: list[str], *, only_count: bool) -> None:
        """Say whether the older keys can go; raises CommandError where they cannot."""
        for row in unreadable:
            self.stderr.write(f"{row} cannot be read with any of FIELD_KEYS.")
        if unreadable:
            raise CommandError(
                f"Written with a key that FIELD_KEYS does not hold: {len(unreadable):,}. "
                "Put it back behind the others and run this again."
            )
        if only_count and values:
            raise CommandError(
                f"Still in need of an older key: {values:,}. “manage.py rotate_keys” renews them."
            )
        self.stdout.write("Everything opens with the newest key. The older ones are not needed.")
