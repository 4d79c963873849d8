"""FB_37: which part of a document is wanted."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from greenbutton.espi.interval_block import IntervalBlock
from tests.conformance.reading import entries
from tests.conformance.target import Target

CHAPTER = "FB_37"
MALFORMED = [
    (name, value)
    for name in ("published-min", "published-max", "updated-min", "updated-max")
    for value in ("All", "03/01/2016")
] + [(name, "All") for name in ("max-results", "start-index", "depth")]
BY_MONTH = "export: a real export cuts blocks by the month, and a window cuts them anew"


def iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def starts(target: Target, answer: dict[str, str], **query: str) -> Counter[int]:
    """How many interval blocks begin at each moment, in all series."""
    feed = entries(target.get(answer["resourceURI"], answer["access_token"], **query))
    blocks = [entry.resource for entry in feed if isinstance(entry.resource, IntervalBlock)]
    return Counter(
        min(reading.start for reading in block.readings if reading.start is not None)
        for block in blocks
    )


@pytest.mark.conformance(CHAPTER, "QRY001")
def test_qry001(target: Target) -> None:
    """From the start of the second block to the end of the last but one, all others come."""
    if not target.is_certified:
        pytest.skip(BY_MONTH)
    answer = target.consent("FB=4;HistoryLength=1728000")
    everything = starts(target, answer)
    moments = sorted(everything)
    assert len(moments) > 10
    # A block ends where the next one begins.
    window = {"published-min": iso(moments[1]), "published-max": iso(moments[-1])}
    assert starts(target, answer, **window) == Counter(
        {moment: everything[moment] for moment in moments[1:-1]}
    )


@pytest.mark.conformance(CHAPTER, "QRY002")
@pytest.mark.parametrize(("name", "value"), MALFORMED)
def test_qry002(target: Target, name: str, value: str) -> None:
    """A parameter that cannot be read is answered by 400."""
    answer = target.consent()
    response = target.get(answer["resourceURI"], answer["access_token"], **{name: value})
    assert response.status_code == 400
    assert name in response.json()["error_description"]
