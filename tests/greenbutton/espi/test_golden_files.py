"""Feeds that were generated once, and what was read in them: neither may change unseen.

When something was changed on purpose, `python -m tests.fixtures.espi` writes them anew; look at
what git says has changed.
"""

import pytest

from greenbutton.espi.generator import ODDITIES
from tests.fixtures.espi import FOLDER, PLANS
from tests.fixtures.espi.twin import made


@pytest.mark.parametrize("name", PLANS)
def test_a_golden_file_and_its_twin_are_as_they_were(name: str) -> None:
    document, expected = made(PLANS[name])
    assert document == (FOLDER / f"{name}.xml").read_bytes()
    assert expected == (FOLDER / f"{name}.expected.txt").read_text(encoding="utf-8")


def test_every_oddity_has_a_golden_file_and_every_golden_file_a_plan() -> None:
    assert ODDITIES.keys() <= PLANS.keys()
    assert {path.stem for path in FOLDER.glob("*.xml")} == PLANS.keys()
    assert {
        path.name.removesuffix(".expected.txt") for path in FOLDER.glob("*.txt")
    } == PLANS.keys()
