"""How quick reading and storing are, measured side by side with what they are compared with."""

from __future__ import annotations

import json
import sys
import tempfile
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from greenbutton.bench import report
from greenbutton.bench.errors import BenchError
from greenbutton.bench.registry import Contender, chosen
from greenbutton.bench.run import parts_of, run_all
from greenbutton.bench.sizes import SIZES


class Command(BaseCommand):
    """`manage.py bench [--size SIZE] [--json FILE] [--rounds N] [--only a,b,...]`."""

    help = "Measure reading and storing beside the least that they could take, and beside others."
    # The bench has a database of its own.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--size", choices=SIZES, default="large", help="How large a feed.")
        parser.add_argument("--json", type=Path, metavar="FILE", help="Write all numbers there.")
        parser.add_argument(
            "--rounds", type=at_least_one, default=5, metavar="N", help="How often each runs."
        )
        parser.add_argument(
            "--only", type=contenders, metavar="a,b,…", help="Run these, and what they need."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """The exit code is 1 if a figure misses what it must reach."""
        rounds = options["rounds"]
        try:
            with tempfile.TemporaryDirectory(prefix="bench-") as folder:
                parts = parts_of(SIZES[options["size"]], options["only"])
                runs = run_all(parts, rounds, Path(folder))
        except BenchError as e:
            raise CommandError(str(e)) from e
        found = report.judged(runs)
        # Django's OutputWrapper has all that rich asks of a file, but is none by its type.
        console = Console(file=self.stdout)  # type: ignore[arg-type]  # writes text, as it wants
        for run in runs:
            console.print(report.contender_table(run))
        console.print(report.figure_table(found))
        if options["json"]:
            text = json.dumps(report.as_json(runs, rounds), indent=1)
            options["json"].write_text(f"{text}\n", encoding="utf-8")
        if missed := report.missed(found):
            self.stderr.write("\n".join(missed))
            sys.exit(1)


def at_least_one(text: str) -> int:
    if not text.isdecimal() or not (number := int(text)):
        raise ArgumentTypeError("must be a whole number of at least 1")
    return number


def contenders(text: str) -> list[Contender]:
    try:
        return chosen(text.split(","))
    except KeyError as e:
        raise ArgumentTypeError(f"there is no contender {e.args[0]!r}") from e
