"""The bench's results for people and for programs."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from django.db import connection
from rich.table import Table

from greenbutton.bench.figures import FIGURES, Figure, Verdict
from greenbutton.bench.registry import CONTENDERS
from greenbutton.bench.rounds import Result
from greenbutton.bench.run import Run

PACKAGES = ("Django", "lxml", "psycopg", "greenbutton-objects")
COLOURS: dict[Verdict, str] = {"aim met": "green", "met": "yellow", "missed": "red"}


@dataclass(frozen=True, slots=True)
class Judged:
    """A figure at the size that it is for, else at the largest there is; `verdict` only there."""

    figure: Figure
    size: str
    value: float | None
    verdict: Verdict | None


def judged(runs: Iterable[Run]) -> list[Judged]:
    """Every figure, measured or not. `runs` have the largest size first."""
    by_size = {run.job.size.name: run.results for run in runs}
    return [judge(figure, by_size) for figure in FIGURES]


def judge(figure: Figure, by_size: Mapping[str, Mapping[str, Result]]) -> Judged:
    for size in (figure.holds_at, *by_size):
        value = figure.value(by_size.get(size, {}))
        if value is not None:
            verdict = figure.verdict(value) if size == figure.holds_at else None
            return Judged(figure, size, value, verdict)
    return Judged(figure, figure.holds_at, None, None)


def as_json(runs: Iterable[Run], rounds: int) -> dict[str, Any]:
    """Each figure by its name; beside them what they were worked out of, and where."""
    runs = list(runs)
    found = judged(runs)
    return {
        **{one.figure.name: one.value for one in found},
        "figures": [
            {
                "name": one.figure.name,
                "says": one.figure.says,
                "size": one.size,
                "value": one.value,
                "must": one.figure.must,
                "aim": one.figure.aim,
                "at_least": one.figure.is_least,
                "holds_at": one.figure.holds_at,
                "verdict": one.verdict,
            }
            for one in found
        ],
        "sizes": {run.job.size.name: of_size(run) for run in runs},
        "rounds": rounds,
        "machine": machine(),
        "versions": versions(),
    }


def of_size(run: Run) -> dict[str, Any]:
    return {
        **asdict(run.job.sums),
        "feed_bytes": run.feed_bytes,
        "contenders": {name: asdict(result) for name, result in run.results.items()},
        "figures": {figure.name: figure.value(run.results) for figure in FIGURES},
    }


def machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "system": platform.system(),
        "processor": platform.machine(),
    }


def versions() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (postgresql,) = cursor.fetchone()
    found = {"Python": platform.python_version(), "PostgreSQL": postgresql}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def contender_table(run: Run) -> Table:
    """The medians of a size, and how far the rounds were apart."""
    megabytes = run.feed_bytes / 1e6
    title = f"{run.job.size.name}: {run.job.sums.readings:,} readings, {megabytes:,.1f} MB"
    table = Table(title=title, title_justify="left")
    for name in ("", "contender", "what it does"):
        table.add_column(name)
    for name in ("seconds", "spread", "MiB"):
        table.add_column(name, justify="right")
    for one in CONTENDERS:
        if result := run.results.get(one.name):
            spread = max(result.all_seconds) - min(result.all_seconds)
            table.add_row(
                one.letter,
                one.name,
                one.says,
                f"{result.seconds:.3f}",
                f"{spread:.3f}",
                f"{result.peak_mb:.0f}",
            )
    return table


def figure_table(found: Iterable[Judged]) -> Table:
    """Every figure beside what it must reach and what it aims for."""
    table = Table(title="Figures", title_justify="left")
    for name in ("figure", "how", "size"):
        table.add_column(name, no_wrap=True)
    for name in ("", "must", "aim"):
        table.add_column(name, justify="right")
    table.add_column("verdict")
    for one in found:
        sign = "≥" if one.figure.is_least else "≤"
        table.add_row(
            one.figure.name,
            one.figure.says,
            one.size,
            "-" if one.value is None else f"{one.value:,.2f}",
            f"{sign} {one.figure.must:g}",
            f"{sign} {one.figure.aim:g}",
            verdict_words(one),
        )
    return table


def verdict_words(one: Judged) -> str:
    """A figure at another size than its own is there to be compared with others of that size."""
    if one.verdict is None:
        return "[dim]not run[/]" if one.value is None else f"[dim]for {one.figure.holds_at}[/]"
    return f"[{COLOURS[one.verdict]}]{one.verdict}[/]"


def missed(found: Iterable[Judged]) -> list[str]:
    """A sentence for each figure that had to reach more."""
    return [
        f"{one.figure.name} is {one.value:,.2f} at {one.size} and must be at "
        f"{'least' if one.figure.is_least else 'most'} {one.figure.must:g}."
        for one in found
        if one.verdict == "missed"
    ]
