"""A whole bench: which contenders at which sizes, with its progress on stderr."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from greenbutton.bench import feed
from greenbutton.bench.database import bench_database
from greenbutton.bench.errors import BenchError
from greenbutton.bench.figures import FIGURES
from greenbutton.bench.job import Job
from greenbutton.bench.registry import CONTENDERS, Contender, chosen
from greenbutton.bench.rounds import Result, run_rounds
from greenbutton.bench.sizes import SIZES, Size


@dataclass(frozen=True, slots=True)
class Run:
    """One size with its results by contender."""

    job: Job
    feed_bytes: int
    results: Mapping[str, Result]


@dataclass(frozen=True, slots=True)
class Part:
    """What of a bench is run at one size."""

    size: Size
    contenders: Sequence[Contender]


def parts_of(size: Size, only: Sequence[Contender] | None) -> list[Part]:
    """What to run, the asked size first: those in `only`, else all.

    Slow contenders are not for the largest size; the figures that need them hold at a smaller one,
    which is then run as well, for these figures alone. Raises BenchError.
    """
    if only is not None:
        if absent := [one.name for one in only if not is_installed(one)]:
            raise BenchError(
                f"{', '.join(absent)} is not installed here; `make bench` installs it."
            )
        return [Part(size, only)]
    here = [one for one in CONTENDERS if is_installed(one)]
    if size.name != "large":
        return [Part(size, here)]
    needed = [name for one in FIGURES if one.holds_at != size.name for name in one.needs]
    elsewhere = [one for one in chosen(needed) if one in here]
    return [Part(size, [one for one in here if not one.slow]), Part(SIZES["medium"], elsewhere)]


def is_installed(contender: Contender) -> bool:
    """Whether the package that it alone needs, if any, is here."""
    return contender.package is None or find_spec(contender.package) is not None


def run_all(parts: Sequence[Part], rounds: int, folder: Path) -> list[Run]:
    """Run every part in a database of its own, its feeds in the folder. Raises BenchError."""
    total = sum(1 + rounds * len(part.contenders) for part in parts)
    console = Console(stderr=True)
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as progress:
        step = progress.add_task("Preparing a database", total=total, completed=-1)

        def begins(what: str) -> None:
            progress.update(step, advance=1, description=what)
            if not console.is_terminal:
                console.print(what)

        with bench_database() as database:
            return [run_part(part, rounds, folder, database, begins) for part in parts]


def run_part(
    part: Part, rounds: int, folder: Path, database: str, begins: Callable[[str], None]
) -> Run:
    size, path = part.size, folder / f"{part.size.name}.xml"
    begins(f"{size.name}: generating the feed")
    feed.write(size.plan, path)
    job = Job(size, path, feed.sums(size.plan), database)
    results = run_rounds(
        part.contenders,
        job,
        rounds,
        lambda one, number: begins(f"{size.name}: {one.name}, round {number} of {rounds}"),
    )
    return Run(job, path.stat().st_size, results)
