"""What a soak found, as a table: a line for each scenario and profile, and for each wrong row."""

from __future__ import annotations

from itertools import groupby

from rich.box import SIMPLE_HEAD
from rich.table import Table

from portal.soak.run import Result, Row

HEADINGS = ("Scenario", "Profile", "Rows", "Expected", "As found", "Its timeline says", "Seconds")


def table_of(result: Result) -> Table:
    """Rows of one scenario and profile that are right, and were found alike, share a line."""
    table = Table(title="Soak", title_justify="left", box=SIMPLE_HEAD)
    for heading in HEADINGS:
        table.add_column(heading, justify="right" if heading in {"Rows", "Seconds"} else "left")
    for _, rows in groupby(result.rows, key=lambda row: (row.scenario, row.profile)):
        _add(table, list(rows))
    return table


def _add(table: Table, rows: list[Row]) -> None:
    first, wrong = rows[0], [row for row in rows if not row.is_right]
    right = len(rows) - len(wrong)
    shown = next((row for row in rows if row.is_right), first)
    if right:
        table.add_row(
            first.scenario,
            first.profile,
            f"{right} of {len(rows)}",
            first.expected,
            shown.found,
            shown.explanation,
            _seconds(rows),
        )
    for row in wrong:
        table.add_row(
            f"[red]{row.scenario}[/red]",
            row.profile,
            f"no. {row.number}",
            row.expected,
            row.found,
            f"[red]{'; '.join(row.troubles)}[/red]",
            f"{row.seconds:.0f}",
        )


def _seconds(rows: list[Row]) -> str:
    least, most = min(row.seconds for row in rows), max(row.seconds for row in rows)
    return f"{least:.0f}" if round(least) == round(most) else f"{least:.0f}–{most:.0f}"
