"""Read Green Button files, and store them unless it is a dry run."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError
from django.urls import reverse
from rich.console import Console
from rich.table import Table

from authorizations.models import Authorization
from greenbutton.espi import EspiError
from greenbutton.ingest.import_file import NotNowError, import_file
from greenbutton.ingest.read import GroupedFinding, InMemory, Tally, read
from greenbutton.ingest.store import limits
from greenbutton.ingest.unpack import unpacked
from utilities.models import Utility

# A dry run asks no database for the utility's zone; counts and sums are the same in any.
ANY_ZONE = ZoneInfo("UTC")
Report = dict[str, Any]


class Command(BaseCommand):
    """`manage.py import_espi FILE... [--authorization UID | --utility ID] [--dry-run] [--json]`."""

    help = "Read Green Button (ESPI) files and store their readings and bills."
    # A dry run needs no database; a real one finds out by itself whether it has one.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        where = parser.add_mutually_exclusive_group()
        where.add_argument("--authorization", metavar="UID", help="Add to this authorization.")
        where.add_argument(
            "--utility", metavar="ID", help="Make a new authorization, as with SSMPUC."
        )
        parser.add_argument("--dry-run", action="store_true", help="Look only, store nothing.")
        parser.add_argument("--json", action="store_true", help="Print JSON instead of tables.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read each file; the exit code is 1 if any was refused, and the others are stored."""
        authorization = None if options["dry_run"] else self._stored_with(options)
        reports = [self._report(file, authorization) for file in options["files"]]
        if options["json"]:
            self.stdout.write(json.dumps(reports if len(reports) > 1 else reports[0], indent=1))
        else:
            self._print(reports)
        refused = [report for report in reports if "error" in report]
        if authorization is not None and options["utility"] and len(refused) == len(reports):
            # It was made for these files, and nothing came of them.
            authorization.delete()
        elif authorization is not None:
            self._say_where(authorization, to_stderr=options["json"])
        for report in refused:
            self.stderr.write(f"{report['file']}: {report['error']}")
        if refused:
            sys.exit(1)

    def _stored_with(self, options: dict[str, Any]) -> Authorization:
        try:
            return self._authorization(options)
        except ProgrammingError as e:
            raise CommandError(
                "The database is not set up yet, or not up to date. Run `manage.py migrate` and "
                "`manage.py load_utilities`, then this again."
            ) from e

    def _authorization(self, options: dict[str, Any]) -> Authorization:
        if uid := options["authorization"]:
            found = Authorization.objects.select_related("utility").filter(uid=uid).first()
            if found is None:
                raise CommandError(f"There is no authorization {uid}. Staff pages list their uids.")
            return found
        if not (name := options["utility"]):
            raise CommandError(
                "Say where the readings belong: --authorization UID, or --utility ID for a new "
                "authorization. Or use --dry-run to look only."
            )
        utility = Utility.objects.filter(utility_id__iexact=name).first()
        if utility is None:
            known = ", ".join(Utility.objects.values_list("utility_id", flat=True)) or "none yet"
            raise CommandError(
                f"There is no utility {name} (known: {known}). "
                "`manage.py load_utilities` loads them."
            )
        return Authorization.objects.create(utility=utility, origin=Authorization.Origin.FILE)

    def _report(self, file: Path, authorization: Authorization | None) -> Report:
        try:
            with file.open("rb") as opened:
                if authorization is None:
                    return _looked_at(file, opened)
                imported = import_file(authorization, opened, file_name=file.name)
        except (EspiError, NotNowError) as e:
            return {"file": str(file), "error": str(e)}
        except OSError as e:
            return {"file": str(file), "error": f"The file cannot be read: {e.strerror}."}
        stored = imported.stored
        if stored is None:
            return {"file": str(file), "error": imported.pull.error}
        report = report_of(file, stored.tally, stored.distinct, stored.findings)
        return report | {"new": stored.new, "changed": stored.changed, "bills": stored.bills}

    def _print(self, reports: Iterable[Report]) -> None:
        # Django's OutputWrapper has all that rich asks of a file, but is none by its type.
        console = Console(file=self.stdout)  # type: ignore[arg-type]  # writes text, as it wants
        for report in reports:
            if "error" not in report:
                console.print(_table(report))

    def _say_where(self, authorization: Authorization, *, to_stderr: bool) -> None:
        url = settings.PORTAL_URL + reverse("usage", args=[authorization.uid])
        stream = self.stderr if to_stderr else self.stdout
        stream.write(f"Authorization {authorization.uid}: {url}", lambda text: text)


def _looked_at(file: Path, opened: BinaryIO) -> Report:
    seen = InMemory()
    with unpacked(opened) as document:
        found = read(
            document,
            seen,
            ANY_ZONE,
            max_bytes=settings.FEED_MAX_BYTES,
            limits=limits(),
            max_usage_points=settings.FEED_MAX_USAGE_POINTS,
        )
    return report_of(file, found.tally, seen.distinct(), found.findings)


def report_of(
    file: Path, tally: Tally, distinct: tuple[int, int], findings: list[GroupedFinding]
) -> Report:
    """What is said of a file; sums are of raw integers, starts are UTC seconds."""
    distinct_readings, distinct_value_sum = distinct
    return {
        "file": str(file),
        "entries": tally.entries,
        "types": dict(sorted(tally.types.items())),
        "readings": tally.readings,
        "value_sum": tally.value_sum,
        "cost_sum": tally.cost_sum,
        "distinct_readings": distinct_readings,
        "distinct_value_sum": distinct_value_sum,
        "min_start": tally.min_start,
        "max_start": tally.max_start,
        "findings": findings,
    }


def _table(report: Report) -> Table:
    table = Table(title=Path(report["file"]).name, show_header=False, title_justify="left")
    kinds = ", ".join(f"{count} {name}" for name, count in report["types"].items())
    rows = {
        "Entries": f"{report['entries']:,}",
        "Holding": kinds or "nothing",
        "Readings": f"{report['readings']:,}, of them {report['distinct_readings']:,} distinct",
        "Sum of values": f"{report['distinct_value_sum']:,}",
        "Sum of costs": f"{report['cost_sum']:,}",
        "First start": _moment(report["min_start"]),
        "Last start": _moment(report["max_start"]),
    }
    if "new" in report:
        rows["Stored"] = (
            f"{report['new']:,} new readings, {report['changed']:,} changed, "
            f"{report['bills']:,} new bills"
        )
    for name, value in rows.items():
        table.add_row(name, value)
    for finding in report["findings"]:
        table.add_row(f"{finding['count']:,} × {finding['code']}", finding["detail"])
    return table


def _moment(seconds: int | None) -> str:
    if seconds is None:
        return "none"
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
