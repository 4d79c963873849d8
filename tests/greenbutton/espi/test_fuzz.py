"""A few hundred spoilt documents; `python -m tests.fuzz` takes as many as there is time for."""

import pytest

from tests.fixtures.espi import FOLDER
from tests.fuzz.minimise import minimised
from tests.fuzz.mutations import spoilt
from tests.fuzz.reading import check

SEED = 3
ROUNDS = 4
EACH = 40


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_spoilt_document_is_read_or_refused(number: int) -> None:
    # Our own files only: the same everywhere, with or without the shared corpus.
    originals = [path.read_bytes() for path in sorted(FOLDER.glob("*.xml"))]
    outcomes = {check(spoilt(originals, SEED, number * EACH + each)) for each in range(EACH)}
    assert outcomes == {True, False}


def test_the_same_seed_spoils_in_the_same_way() -> None:
    originals = [b"<a>1</a>", b"<b>2</b>"]
    one = [spoilt(originals, SEED, number) for number in range(50)]
    assert one == [spoilt(originals, SEED, number) for number in range(50)]
    assert one != [spoilt(originals, SEED + 1, number) for number in range(50)]


def test_a_find_is_made_small() -> None:
    document = b"<feed>\n" + b"<entry/>\n" * 200 + b"<bad/>\n" + b"<entry/>\n" * 200 + b"</feed>"
    assert minimised(document, lambda smaller: b"bad" in smaller) == b"bad"
