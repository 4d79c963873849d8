"""What the portal's own reader makes of a document: entries, values and Findings."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import Any, BinaryIO

from greenbutton.espi import Entry, EspiError, read_feed
from greenbutton.espi.describe import values_of
from greenbutton.espi.interval_block import IntervalBlock

# As many as are looked at by a person; the rest is counted.
ENTRIES = 120
# Of each type, so that a thousand blocks of readings leave room for the bills behind them.
ENTRIES_OF_A_TYPE = 24
VALUES = 24
READINGS = 4
HIDDEN_VALUES = {"client_secret", "registration_access_token"}


def read(file: BinaryIO, *, max_bytes: int) -> dict[str, Any]:
    """The document as JSON takes it; one that cannot be read says why, and how far it was read."""
    types: Counter[str] = Counter()
    entries: list[dict[str, Any]] = []
    readings = 0
    feed = read_feed(file, max_bytes=max_bytes)
    refused = ""
    try:
        for entry in feed:
            types[entry.type] += 1
            if isinstance(entry.resource, IntervalBlock):
                readings += len(entry.resource.columns)
            if len(entries) < ENTRIES and types[entry.type] <= ENTRIES_OF_A_TYPE:
                entries.append(_entry(entry))
    except EspiError as e:
        refused = str(e)
    findings: Counter[tuple[str, str]] = Counter()
    for one in feed.findings:
        findings[one.code, one.detail] += one.count
    return {
        "types": dict(types.most_common()),
        "readings": readings,
        "entries": entries,
        "left_out": max(0, types.total() - len(entries)),
        "findings": [[code, says, count] for (code, says), count in findings.most_common()],
        "refused": refused,
    }


def _entry(entry: Entry) -> dict[str, Any]:
    values = [] if isinstance(entry.resource, IntervalBlock) else list(values_of(entry.resource))
    said = {
        "type": entry.type.removesuffix("@cust"),
        "title": entry.title or "",
        "self": entry.self_href or "",
        "links": list(entry.related[:VALUES]),
        "updated": entry.updated.isoformat() if entry.updated else "",
        "values": [
            [name, "•••" if name in HIDDEN_VALUES else value] for name, value in values[:VALUES]
        ],
        "more": max(0, len(values) - VALUES),
    }
    if isinstance(entry.resource, IntervalBlock):
        said["readings"] = len(entry.resource.columns)
        said["first"] = [
            [one.start, one.seconds, one.value, one.cost]
            for one in islice(iter(entry.resource.columns), READINGS)
        ]
    return said
