"""Look into Green Button files, check them, turn them into rows, and make some."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console, RenderableType
from rich.progress import Progress

from greenbutton.display.inspection import add_breaches, report_tree, shown, tree_of
from greenbutton.espi import EspiError, Finding, read_feed
from greenbutton.espi.convert import KINDS, as_csv, as_json
from greenbutton.espi.describe import as_json as description_as_json
from greenbutton.espi.describe import describe
from greenbutton.espi.generator import ODDITIES, SERVICES, Plan, PlanError, generate
from greenbutton.espi.readable import Readable
from greenbutton.espi.validate import FUNCTION_BLOCKS, Report, schema, validate
from greenbutton.ingest.read import SENTENCES, InMemory, read
from greenbutton.ingest.unpack import unpacked

# Exit codes: a rule is broken; a file could not be read as Green Button data.
BROKEN, REFUSED = 1, 2

UNWRAPPED = 10_000

# A file that breaks its schema with each reading is told so not a million times.
MAX_BREACHES = 1_000

# What a look at a file gives: for programs, and for people.
Seen = tuple[dict[str, Any], RenderableType]


class Command(BaseCommand):
    """`manage.py espi inspect|validate|convert|generate`; none of them needs a database."""

    help = "Look into Green Button (ESPI) files, check, convert and generate them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        _add_inspect(actions.add_parser("inspect", help="Show what is in files, as a tree."))
        _add_validate(
            actions.add_parser(
                "validate",
                help="Check files against the content rules of the Green Button certification.",
                epilog="The exit code is 1 if a rule of severity error is broken, and 2 if a file "
                "cannot be read as Green Button data.",
            )
        )
        _add_convert(
            actions.add_parser(
                "convert",
                help="Write readings or bills as rows. What a file repeats is repeated.",
            )
        )
        _add_generate(
            actions.add_parser("generate", help="Make a feed. Equal options make equal bytes.")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        actions = {
            "inspect": self._inspect,
            "validate": self._validate,
            "convert": self._convert,
            "generate": self._generate,
        }
        try:
            actions[options["action"]](options)
        except BrokenPipeError:
            # Whoever read what is printed has had enough, as `head` has. Python would complain once
            # more when it flushes at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(BROKEN)

    def _inspect(self, options: dict[str, Any]) -> None:
        def look(path: Path) -> Seen:
            with self._opened(path) as file:
                described = describe(file, max_bytes=settings.FEED_MAX_BYTES)
            with self._opened(path) as file:
                described.findings += _found_when_joined(file)
            personal = options["personal"]
            tree = tree_of(path.name, described, personal=personal)
            return description_as_json(described, personal=personal), tree

        self._look_at_each(options, look)

    def _validate(self, options: dict[str, Any]) -> None:
        def look(path: Path) -> Seen:
            with self._opened(path) as file:
                feed = read_feed(file, max_bytes=settings.FEED_MAX_BYTES)
                report = Report(validate(feed, options["blocks"]))
            result, picture = report.as_json(), report_tree(path.name, report)
            if options["schema"]:
                with self._opened(path) as file:
                    breaches = list(islice(schema.check(file), MAX_BREACHES))
                result["schema"] = [asdict(breach) for breach in breaches]
                add_breaches(picture, breaches)
            return result, picture

        results = self._look_at_each(options, look)
        if any(result.get("errors") or result.get("schema") for result in results):
            sys.exit(BROKEN)

    def _look_at_each(
        self, options: dict[str, Any], look: Callable[[Path], Seen]
    ) -> list[dict[str, Any]]:
        """Print what is seen in each file; a file that is refused does not stop the others."""
        results: list[dict[str, Any]] = []
        console = self._console()
        for path in options["files"]:
            try:
                result, picture = look(path)
            except (EspiError, OSError) as e:
                results.append({"file": str(path), "refused": _words(e)})
                continue
            results.append({"file": str(path), **result})
            if not options["json"]:
                console.print(picture)
        if options["json"]:
            self.stdout.write(json.dumps(results if len(results) > 1 else results[0], indent=1))
        refused = [result for result in results if "refused" in result]
        for result in refused:
            self.stderr.write(f"{shown(result['file'])}: {shown(result['refused'])}")
        if refused:
            sys.exit(REFUSED)
        return results

    def _console(self) -> Console:
        # Lines are wrapped for a person only; a program that reads them wants them whole.
        width = None if self.stdout.isatty() else UNWRAPPED
        # Django's OutputWrapper has all that rich asks of a file, but is none by its type.
        return Console(file=self.stdout, width=width)  # type: ignore[arg-type]  # writes text

    def _convert(self, options: dict[str, Any]) -> None:
        path, output = options["file"], options["output"]
        kind, rows_of = KINDS[options["what"]]
        # A bar among the rows on one terminal would be neither.
        opens = partial(self._opened, path, quietly=output is None and self.stdout.isatty())
        try:
            if output is not None and output.exists() and output.samefile(path):
                raise CommandError("The output would replace the file that is being converted.")
            rows = rows_of(opens, max_bytes=settings.FEED_MAX_BYTES)
            lines = as_csv(kind, rows) if options["to"] == "csv" else as_json(rows)
            self._write(output, (line.encode() for line in lines))
        except BrokenPipeError:
            raise
        except (EspiError, OSError) as e:
            self.stderr.write(f"{shown(str(path))}: {shown(_words(e))}")
            sys.exit(REFUSED)

    def _generate(self, options: dict[str, Any]) -> None:
        try:
            pieces = generate(_plan_of(options))
            self._write(options["output"], pieces)
        except PlanError as e:
            raise CommandError(str(e)) from e

    def _write(self, output: Path | None, pieces: Iterable[bytes]) -> None:
        if output is None:
            for piece in pieces:
                self._print(piece)
            return
        was_there = output.exists()
        try:
            with output.open("wb") as file:
                file.writelines(pieces)
        except BaseException as e:
            if not was_there:
                output.unlink(missing_ok=True)
            if isinstance(e, OSError):
                raise CommandError(f"{output} cannot be written: {e.strerror}.") from e
            raise

    def _print(self, piece: bytes) -> None:
        # As bytes where that can be: a generated feed may be in another encoding than the terminal.
        buffer = getattr(self.stdout, "buffer", None)
        if buffer is None:
            self.stdout.write(piece.decode(), ending="")
        else:
            buffer.write(piece)

    @contextmanager
    def _opened(self, path: Path, *, quietly: bool = False) -> Iterator[Readable]:
        """The document in a file, unpacked, with a bar that says how far it was read."""
        console = Console(stderr=True)
        with (
            path.open("rb") as file,
            Progress(
                console=console, transient=True, disable=quietly or not console.is_terminal
            ) as progress,
        ):
            total = path.stat().st_size
            counted = progress.wrap_file(file, total=total, description=path.name)
            with unpacked(counted) as document:
                yield document


def _found_when_joined(file: Readable) -> Iterator[Finding]:
    """What shows only when readings are put together, as they are when a file is stored."""
    # In which zone days are cut makes no difference to what is repeated.
    found = read(file, InMemory(), ZoneInfo("UTC"), max_bytes=settings.FEED_MAX_BYTES)
    for one in found.findings:
        if one["code"] in SENTENCES:
            yield Finding(one["code"], None, one["detail"], one["count"])


def _words(error: EspiError | OSError) -> str:
    if isinstance(error, OSError):
        return f"The file cannot be read: {error.strerror}."
    return str(error)


def _add_files(parser: ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="Print JSON instead of a tree.")


def _add_inspect(parser: ArgumentParser) -> None:
    _add_files(parser)
    parser.add_argument(
        "--personal", action="store_true", help="Show the customer's names and addresses too."
    )


def _add_validate(parser: ArgumentParser) -> None:
    _add_files(parser)
    parser.add_argument(
        "--blocks",
        type=_function_blocks,
        metavar="1,4,5,15",
        help="The function blocks to check; otherwise those that the content claims.",
    )
    parser.add_argument(
        "--schema",
        action="store_true",
        help="Check the names, order and types of elements too, as the schemas have them.",
    )


def _function_blocks(text: str) -> frozenset[int]:
    try:
        blocks = frozenset(int(number) for number in text.split(","))
    except ValueError:
        blocks = frozenset()
    if not blocks or blocks - FUNCTION_BLOCKS:
        known = ",".join(map(str, sorted(FUNCTION_BLOCKS)))
        raise ArgumentTypeError(f"these are the function blocks with content rules: {known}")
    return blocks


def _add_convert(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--to", choices=["csv", "json"], required=True)
    parser.add_argument("--what", choices=list(KINDS), default="readings")
    _add_output(parser)


def _add_generate(parser: ArgumentParser) -> None:
    plan = Plan()
    parser.add_argument("--usage-points", type=int, default=plan.usage_points, metavar="N")
    parser.add_argument(
        "--interval", type=int, default=plan.interval, metavar="SECONDS", help="Of one reading."
    )
    long = parser.add_mutually_exclusive_group()
    long.add_argument("--days", type=int, default=plan.days, metavar="N")
    long.add_argument("--years", type=int, metavar="N")
    parser.add_argument(
        "--start", type=date.fromisoformat, default=plan.start, metavar="YYYY-MM-DD"
    )
    parser.add_argument("--time-zone", default=plan.time_zone, metavar="NAME")
    parser.add_argument("--service", choices=list(SERVICES), default=plan.service.name)
    parser.add_argument(
        "--currency", type=int, default=int(plan.currency), metavar="NUMBER", help="ISO 4217."
    )
    parser.add_argument(
        "--oddity",
        action="append",
        default=[],
        dest="oddities",
        metavar="NAME",
        help="What is to be odd about it; may be given more than once.",
    )
    parser.add_argument("--seed", type=int, default=plan.seed, metavar="N")
    _add_output(parser)


def _add_output(parser: ArgumentParser) -> None:
    parser.add_argument("--output", type=Path, metavar="FILE", help="Write there, print nothing.")


def _plan_of(options: dict[str, Any]) -> Plan:
    unknown = sorted(set(options["oddities"]) - ODDITIES.keys())
    if unknown:
        known = "".join(f"\n  {name:<24} {says}" for name, says in ODDITIES.items())
        raise CommandError(f"There is no oddity called {unknown[0]}. There are:{known}")
    start, days = options["start"], options["days"]
    if options["years"] is not None:
        days = _days_of_years(start, options["years"])
    return Plan(
        usage_points=options["usage_points"],
        interval=options["interval"],
        days=days,
        start=start,
        time_zone=options["time_zone"],
        service=SERVICES[options["service"]],
        currency=options["currency"],
        oddities=tuple(options["oddities"]),
        seed=options["seed"],
    )


def _days_of_years(start: date, years: int) -> int:
    try:
        # 29 February has an anniversary in leap years only.
        before = start if (start.month, start.day) != (2, 29) else start - timedelta(days=1)
        return (before.replace(year=before.year + years) - before).days
    except (ValueError, OverflowError) as e:
        raise CommandError("The feed must end before 2200.") from e
