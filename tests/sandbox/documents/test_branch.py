import pytest

from utilities.sandbox.documents.branch import Branch

POINTS = "r/UsagePoint"
POINT = f"{POINTS}/1"
READINGS = f"{POINT}/MeterReading"
READING = f"{READINGS}/1"
BLOCKS = f"{READING}/IntervalBlock"
BLOCK = f"{BLOCKS}/1"
ENTRIES = (POINT, READING, BLOCK)
COLLECTIONS = (POINTS, READINGS, BLOCKS)


@pytest.mark.parametrize(
    ("branch", "held"),
    [
        (Branch(POINTS), ENTRIES),
        (Branch(POINTS, 1), (POINT,)),
        (Branch(POINTS, 2), (POINT, READING)),
        (Branch(POINTS, 3), ENTRIES),
        (Branch(POINT, 1), (POINT,)),
        (Branch(POINT, 2), (POINT, READING)),
        (Branch(READINGS), (READING, BLOCK)),
        (Branch(READINGS, 1), (READING,)),
        (Branch(BLOCK), (BLOCK,)),
        (Branch("r/UsagePoint/12"), ()),
        (Branch("r/UsagePoint/1/MeterReading/11"), ()),
        (Branch("r/Usage"), ()),
    ],
)
def test_a_branch_holds_what_is_at_its_address_or_below_as_deep_as_it_says(
    branch: Branch, held: tuple[str, ...]
) -> None:
    assert tuple(entry for entry in ENTRIES if branch.holds(entry)) == held


@pytest.mark.parametrize(
    ("branch", "entered"),
    [
        (Branch(POINTS), COLLECTIONS),
        (Branch(POINTS, 1), (POINTS,)),
        (Branch(POINT, 1), (POINTS,)),
        (Branch(POINT, 2), (POINTS, READINGS)),
        (Branch(READINGS, 1), (POINTS, READINGS)),
        (Branch(BLOCK), COLLECTIONS),
        (Branch("r/UsagePoint/2"), (POINTS,)),
    ],
)
def test_only_collections_on_the_way_or_inside_are_entered(
    branch: Branch, entered: tuple[str, ...]
) -> None:
    assert tuple(each for each in COLLECTIONS if branch.enters(each)) == entered


def test_what_lies_on_the_way_is_reached_and_what_lies_beside_is_not() -> None:
    assert Branch(BLOCK).reaches(POINT)
    assert Branch(BLOCK).reaches(READING)
    assert not Branch(BLOCK).reaches("r/UsagePoint/11")
    assert not Branch(BLOCK).reaches(f"{POINT}/UsageSummary/1")
