"""What a contender's process is told, and how it measures itself."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from greenbutton.bench.feed import Sums
from greenbutton.bench.sizes import SIZES, Size

MEBIBYTE = 2**20


class WrongResult(Exception):  # noqa: N818 (what it is)
    """A contender did other work than it should have: its time says nothing."""


@dataclass(frozen=True, slots=True)
class Job:
    """A feed, what is in it, and the address of a database that is the bench's own."""

    size: Size
    feed: Path
    sums: Sums
    database: str

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """As `to_json` gave it."""
        sums = Sums(**data["sums"])
        return cls(SIZES[data["size"]], Path(data["feed"]), sums, data["database"])

    def to_json(self) -> dict[str, Any]:
        """For the other process."""
        return {
            "size": self.size.name,
            "feed": str(self.feed),
            "sums": asdict(self.sums),
            "database": self.database,
        }

    def check(self, **found: int) -> None:
        """Compare with the sums of the feed, by name. Raises WrongResult."""
        for name, value in found.items():
            agree(name, value, getattr(self.sums, name))


def agree(name: str, found: int, expected: int) -> None:
    """Raise WrongResult where they differ."""
    if found != expected:
        raise WrongResult(f"{name} is {found:,} and should be {expected:,}")


class Stopwatch:
    """Takes the time of what runs inside `with`; several are added up."""

    seconds = 0.0

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.seconds += time.perf_counter() - self._began


def peak_mb(process: int | None = None) -> float:
    """The most memory that a process has had, in MiB: this one, or the one of that number.

    From /proc where there is one: getrusage's ru_maxrss begins, on Linux, with the size of the
    process that started this one.
    """
    status = Path(f"/proc/{process or 'self'}/status")
    if status.exists():
        lines = status.read_text(encoding="ascii").splitlines()
        [peak] = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
        return int(peak) * 1024 / MEBIBYTE
    if process is not None:
        return psutil.Process(process).memory_info().rss / MEBIBYTE
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MEBIBYTE


def pieces(path: Path, size: int = 2**16) -> Iterator[bytes]:
    """A file bit by bit."""
    with path.open("rb") as file:
        while piece := file.read(size):
            yield piece
