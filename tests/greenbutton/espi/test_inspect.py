from dataclasses import asdict
from io import BytesIO

import pytest

from greenbutton.espi import EspiError
from greenbutton.espi.inspect import Inspection, inspect
from tests.greenbutton.espi.documents import MEGABYTE, at, block, entry, feed


def inspected(document: bytes) -> Inspection:
    return inspect(BytesIO(document), max_bytes=MEGABYTE)


def test_a_reading_that_comes_again_counts_once_with_its_last_value() -> None:
    found = inspected(
        feed(
            entry(block(at("0", value="5"), at("3600", value="6")), links="self=b/1 up=b"),
            entry(block(at("0", value="7")), links="self=b/2 up=b"),
            entry(block(at("0", value="8")), links="self=c/1 up=c"),
            entry(block(at("0", duration="900", value="9")), links="self=c/1 up=c"),
        )
    )
    assert (found.readings, found.value_sum) == (5, 35)
    assert (found.distinct_readings, found.distinct_value_sum) == (4, 6 + 7 + 8 + 9)
    assert (found.min_start, found.max_start) == (0, 3600)
    assert found.types == {"IntervalBlock": 4}


def test_readings_without_a_time_are_each_distinct() -> None:
    timeless = "<espi:value>5</espi:value>"
    found = inspected(feed(entry(block(timeless, timeless), links="up=b")))
    assert (found.distinct_readings, found.distinct_value_sum) == (2, 10)
    assert found.min_start is None


def test_the_findings_of_reading_and_of_linking_come_together() -> None:
    found = inspected(feed(entry(block(at("1.5")), links="self=b/1 up=b")))
    assert [finding.code for finding in found.findings] == [
        "time.fraction",
        "link.no_meter_reading",
        "link.no_usage_point",
    ]
    assert asdict(found)["findings"][0]["count"] == 1


def test_a_document_that_is_refused_gives_no_half_counts() -> None:
    with pytest.raises(EspiError):
        inspected(feed(entry(block(at("1")))) + b"x")
