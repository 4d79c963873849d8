"""What must hold for every document, whatever is in it."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from random import Random
from zoneinfo import ZoneInfo

from greenbutton.espi import Entry, EspiError, Finding, convert, describe, read_feed, write_feed
from greenbutton.espi.customer_links import CustomerLinker
from greenbutton.espi.links import Linker
from greenbutton.espi.resources import Other
from greenbutton.espi.validate import Report, validate
from greenbutton.ingest.read import InMemory, read

ZONE = ZoneInfo("America/St_Johns")
MAX_BYTES = 8 * 2**20


class Wrong(AssertionError):  # noqa: N818 (what is wrong is the reader, not a call)
    """A document was read, but not as it must be."""


def check(document: bytes) -> bool:
    """Whether the document is accepted. Raises anything but EspiError for what must be mended.

    1. It is read, or refused with EspiError, and so are its days.
    2. It says the same without the quick path, or when its file gives a few bytes at a time.
    3. What was read can be written, and reads the same.
    4. It can be validated, described or converted.

    Where one of several things is named, the document's length says which: there is more to be
    found in another document than in another look at the same.
    """
    told = _read(BytesIO(document))
    if len(document) % 2:
        _compare(told, _read(_Slow(document)), "is read otherwise in pieces")
    else:
        _compare(told, _read(BytesIO(document), quick=False), "is read otherwise without haste")
    if told is None:
        return False
    _rewrite(told[0])
    _look(document)
    try:
        read(BytesIO(document), InMemory(), ZONE, max_bytes=MAX_BYTES)
    except EspiError:
        return False
    return True


Told = tuple[list[Entry], list[Finding]]


class _Slow(BytesIO):
    """A file that gives less than it is asked for, as a network does."""

    def __init__(self, document: bytes) -> None:
        super().__init__(document)
        self._random = Random(len(document))
        self._most = max(200, len(document) // 30)

    def read(self, size: int | None = -1) -> bytes:
        return super().read(self._random.randint(1, self._most))


def _read(file: BytesIO, *, quick: bool = True) -> Told | None:
    """What the document says; None if it is refused."""
    feed = read_feed(file, max_bytes=MAX_BYTES, quick=quick)
    linker, customers = Linker(), CustomerLinker()
    entries = []
    try:
        for entry in feed:
            linker.add(entry)
            customers.add(entry)
            entries.append(_without_text(entry))
    except EspiError:
        return None
    tree, customer_tree = linker.resolve(), customers.resolve()
    return entries, [*feed.findings, *tree.findings, *customer_tree.findings]


def _without_text(entry: Entry) -> Entry:
    """An unknown payload by name only: its text is kept where no quick path was taken."""
    resource = entry.resource
    return replace(entry, resource=Other(resource.name)) if isinstance(resource, Other) else entry


def _compare(told: Told | None, other: Told | None, what: str) -> None:
    if (told is None) != (other is None):
        raise Wrong(f"{what}: one is refused")
    if told is None or other is None:
        return
    if told[0] != other[0]:
        differs = next((a, b) for a, b in zip(*_padded(told[0], other[0]), strict=True) if a != b)
        raise Wrong(f"{what}: {differs[0]} is not {differs[1]}")
    if told[1] != other[1]:
        raise Wrong(f"{what}, its findings: {told[1]} is not {other[1]}")


def _padded(one: list[Entry], other: list[Entry]) -> tuple[list[Entry | None], list[Entry | None]]:
    length = max(len(one), len(other))
    return (
        [*one, *[None] * (length - len(one))],
        [*other, *[None] * (length - len(other))],
    )


def _rewrite(entries: list[Entry]) -> None:
    known = [entry for entry in entries if not isinstance(entry.resource, Other)]
    at = datetime(2025, 1, 1, tzinfo=UTC)
    pieces = write_feed(known, self_href="x", title="x", updated=at, id="x")
    again = _read(BytesIO(b"".join(pieces)))
    if again is None:
        raise Wrong("what was written is refused")
    for before, after in zip(known, again[0], strict=True):
        if (before.resource, before.type) != (after.resource, after.type):
            raise Wrong(f"written and read again: {before} is {after}")


def _look(document: bytes) -> None:
    """What one of the other readers makes of a document that is accepted."""
    looks: list[Callable[[bytes], object]] = [_validated, _described, _readings, _bills]
    looks[len(document) // 2 % len(looks)](document)


def _validated(document: bytes) -> object:
    return Report(validate(read_feed(BytesIO(document), max_bytes=MAX_BYTES))).as_json()


def _described(document: bytes) -> object:
    described = describe.describe(BytesIO(document), max_bytes=MAX_BYTES)
    return json.dumps(describe.as_json(described, personal=True))


def _readings(document: bytes) -> object:
    rows = convert.reading_rows(lambda: BytesIO(document), max_bytes=MAX_BYTES)
    return "".join(convert.as_csv(convert.ReadingRow, rows))


def _bills(document: bytes) -> object:
    rows = convert.bill_rows(lambda: BytesIO(document), max_bytes=MAX_BYTES)
    return json.loads("".join(convert.as_json(rows)))
