"""Spoil documents for some minutes; what is found is made small, saved and printed."""

# ruff: noqa: T201 (a command speaks by printing)

import argparse
import hashlib
import sys
import traceback
from collections import Counter
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic, process_time

from tests.fuzz.documents import originals
from tests.fuzz.minimise import minimised
from tests.fuzz.mutations import spoilt
from tests.fuzz.reading import check

FOLDER = Path(__file__).parents[2] / "var" / "fuzz"
# No mutation is larger than 3 MB, which takes well under a second to read thrice.
SLOW_SECONDS = 8
HUNG_SECONDS = 60
MEMORY_BYTES = 3 * 2**30

Outcome = tuple[int, str]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    documents = originals()
    counts, finds = run(documents, given.seed, given.minutes * 60)
    total = sum(counts.values())
    print(
        f"{total:,} mutations of {len(documents)} documents (seed {given.seed}): "
        f"{counts['accepted']:,} accepted, {counts['refused']:,} refused, "
        f"{len(finds)} kinds of finds."
    )
    sys.exit(bool(finds))


def run(documents: list[bytes], seed: int, seconds: float) -> tuple[Counter[str], set[str]]:
    """The outcomes, and the kinds of finds. A worker that hangs or dies is a find, and replaced."""
    counts: Counter[str] = Counter()
    finds: set[str] = set()
    end, number = monotonic() + seconds, 0
    while monotonic() < end:
        ours, theirs = Pipe(duplex=False)
        worker = Process(target=_work, args=(theirs, documents, seed, number, end), daemon=True)
        worker.start()
        theirs.close()
        try:
            while ours.poll(HUNG_SECONDS):
                number, outcome = ours.recv()
                number += 1
                counts[outcome if outcome in ("accepted", "refused") else "find"] += 1
                _keep(documents, seed, number - 1, outcome, finds)
            outcome = "hung"
        except EOFError:
            worker.join()
            outcome = "died"
        if monotonic() < end or worker.is_alive():
            worker.kill()
            _keep(documents, seed, number, outcome, finds)
            number += 1
    return counts, finds


def _work(results: Connection, documents: list[bytes], seed: int, number: int, end: float) -> None:
    _limit_memory()
    while monotonic() < end:
        results.send((number, outcome_of(spoilt(documents, seed, number))))
        number += 1


def outcome_of(document: bytes) -> str:
    """accepted, refused, or what went wrong and where."""
    began = process_time()
    try:
        says = "accepted" if check(document) else "refused"
    except Exception as error:
        places = traceback.extract_tb(error.__traceback__)
        place = f"{Path(places[-1].filename).name}:{places[-1].name}"
        return f"{type(error).__name__} in {place}: {error}"
    return "slow" if process_time() - began > SLOW_SECONDS else says


def _kind(outcome: str) -> str:
    return outcome.partition(": ")[0] + (
        ": " + outcome.partition(": ")[2][:30] if outcome.startswith("Wrong") else ""
    )


def _keep(documents: list[bytes], seed: int, number: int, outcome: str, finds: set[str]) -> None:
    """Save and print the first find of its kind."""
    kind = _kind(outcome)
    if outcome in ("accepted", "refused") or kind in finds:
        return
    finds.add(kind)
    document = spoilt(documents, seed, number)
    if outcome not in ("slow", "hung", "died"):
        document = minimised(document, lambda smaller: _kind(outcome_of(smaller)) == kind)
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{hashlib.sha256(document).hexdigest()[:12]}.xml"
    path.write_bytes(document)
    print(f"\n#{number}: {outcome[:600]}\n  saved as var/fuzz/{path.name} ({len(document)} bytes)")
    print(f"  {document[:300]!r}", flush=True)


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # not on every system
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


if __name__ == "__main__":
    main()
