"""What fuzzing has found, so that it stays mended.

Each of these took time with the square of a document's size: minutes, or hours, for a few
megabytes. The bound is CPU time, and many times what is needed now.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from time import process_time
from zoneinfo import ZoneInfo

import pytest

from greenbutton.espi import Entry
from greenbutton.espi.links import Linker, Tree
from greenbutton.espi.local_time_parameters import LocalTimeParameters
from greenbutton.espi.meter_reading import MeterReading
from greenbutton.espi.reading_type import ReadingType
from greenbutton.espi.usage_point import UsagePoint
from greenbutton.ingest.read import InMemory, read
from tests.fuzz.hostile import SHAPES

MANY = 10_000


@contextmanager
def in_step_with_the_size(seconds: float = 2) -> Iterator[None]:
    began = process_time()
    yield
    assert process_time() - began < seconds


def linked(*groups: list[Entry]) -> Tree:
    linker = Linker()
    for group in groups:
        for entry in group:
            linker.add(entry)
    with in_step_with_the_size():
        return linker.resolve()


def types(self_href: str, up: str = "") -> list[Entry]:
    """Many reading types that differ; `#` in a link is the number of each."""
    return [
        Entry(
            self_href=self_href.replace("#", str(number)),
            up=up.replace("#", str(number)) or None,
            resource=ReadingType(tou=number),
        )
        for number in range(MANY)
    ]


def meter_readings(*related: str) -> list[Entry]:
    return [
        Entry(
            self_href=f"m{number}",
            related=tuple(link.replace("#", str(number)) for link in related),
            resource=MeterReading(),
        )
        for number in range(MANY)
    ]


def tou_of(tree: Tree, number: int) -> int | None:
    reading_type = tree.meter_readings[f"m{number}"].reading_type
    return None if reading_type is None else reading_type.tou


def test_a_usage_point_may_come_many_times_with_other_links() -> None:
    one = [
        Entry(self_href="u", related=(f"m{number}",), resource=UsagePoint())
        for number in range(MANY)
    ]
    tree = linked(one, meter_readings())
    (usage_point,) = tree.usage_points.values()
    assert usage_point.entry is not None
    assert len(usage_point.entry.related) == MANY


def test_many_usage_points_may_have_a_local_time_each() -> None:
    usage_points = [
        Entry(self_href=f"u{number}", related=(f"l{number}",), resource=UsagePoint())
        for number in range(MANY)
    ]
    local_times = [
        Entry(self_href=f"l{number}", resource=LocalTimeParameters(tz_offset=number))
        for number in range(MANY)
    ]
    tree = linked(usage_points, local_times)
    assert tree.usage_points["u7"].local_time == LocalTimeParameters(tz_offset=7)


def test_many_meter_readings_may_have_a_reading_type_each() -> None:
    assert tou_of(linked(meter_readings("r#"), types(self_href="r#")), 7) == 7
    assert tou_of(linked(meter_readings(), types(self_href="r#", up="m#")), 7) == 7
    assert tou_of(linked(meter_readings(), types(self_href="m#/ReadingType/1")), 7) == 7


def test_many_reading_types_may_belong_to_many_meter_readings() -> None:
    tree = linked(meter_readings("x"), types(self_href="r#", up="x"))
    assert tou_of(tree, 7) is None
    assert "meter_reading.several_reading_types" in {finding.code for finding in tree.findings}


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        # A link that is nothing but slashes, each of which may end a parent's link.
        ("slashes", 1_000_000),
        # Each of a meter reading of its own.
        ("blocks without times", 10_000),
        ("qualities of a reading", 60_000),
    ],
)
def test_a_document_that_is_large_in_one_way_is_read_soon(shape: str, size: int) -> None:
    document = SHAPES[shape](size)
    with in_step_with_the_size(seconds=5):
        read(BytesIO(document), InMemory(), ZoneInfo("America/Toronto"), max_bytes=2**26)
