"""One contender, run once: `python -m greenbutton.bench.child NAME`, with its job on stdin.

The answer is the last line of its output, since a contender may print what it likes.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module

import django

from greenbutton.bench.job import Job, Stopwatch, WrongResult, peak_mb
from greenbutton.bench.registry import chosen


def main(name: str) -> None:
    """Do the job; the exit code is 1, and the reason on stderr, if it came out wrong."""
    job, timed = Job.from_json(json.load(sys.stdin)), Stopwatch()
    if chosen([name])[-1].django:
        django.setup()
    contender = import_module(f"greenbutton.bench.contenders.{name}")
    try:
        measured = contender.run(job, timed)
    except WrongResult as wrong:
        sys.exit(str(wrong))
    answer = {"seconds": timed.seconds, "peak_mb": peak_mb(), "measured": measured or {}}
    sys.stdout.write(f"\n{json.dumps(answer)}\n")


if __name__ == "__main__":
    main(sys.argv[1])
