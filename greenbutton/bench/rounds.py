"""The contenders in turns, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from django.conf import settings

from greenbutton.bench.database import settle
from greenbutton.bench.errors import BenchError
from greenbutton.bench.job import Job
from greenbutton.bench.registry import Contender

# What one process says of itself: "seconds", "peak_mb", and "measured" by name.
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """A contender's medians over the rounds; `measured` is what else it found out."""

    seconds: float
    peak_mb: float
    measured: dict[str, float]
    all_seconds: list[float]


def run_rounds(
    contenders: Sequence[Contender],
    job: Job,
    rounds: int,
    begins: Callable[[Contender, int], None],
) -> dict[str, Result]:
    """Run a b c, a b c, a b c: whatever else the machine does then hits all alike.

    `begins` is told who runs next, and in which round. Raises BenchError.
    """
    answers: dict[str, list[Answer]] = {one.name: [] for one in contenders}
    for number in range(1, rounds + 1):
        for one in contenders:
            begins(one, number)
            settle()
            answers[one.name].append(run_once(one, job))
    return {name: result_of(found) for name, found in answers.items()}


def run_once(contender: Contender, job: Job) -> Answer:
    """Raises BenchError when it fails, or did not do what it was to do."""
    done = subprocess.run(  # noqa: S603 (our own command)
        [sys.executable, "-m", "greenbutton.bench.child", contender.name],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": job.database},
        input=json.dumps(job.to_json()),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchError(f"{contender.name} failed at {job.size.name}:\n{done.stderr.strip()}")
    answer: Answer = json.loads(done.stdout.splitlines()[-1])
    return answer


def result_of(answers: Sequence[Answer]) -> Result:
    seconds = [answer["seconds"] for answer in answers]
    return Result(
        seconds=median(seconds),
        peak_mb=median(answer["peak_mb"] for answer in answers),
        measured={
            name: median(answer["measured"][name] for answer in answers)
            for name in answers[0]["measured"]
        },
        all_seconds=seconds,
    )
