from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from rich.console import Console
from rich.tree import Tree

from greenbutton.display.inspection import report_tree, shown, tree_of
from greenbutton.espi import EspiError, generator, read_feed
from greenbutton.espi.convert import KINDS, as_csv, as_json
from greenbutton.espi.describe import describe
from greenbutton.espi.validate import Report, validate
from tests.greenbutton.espi.documents import MEGABYTE, at, block, entry, feed

REFUSED = {"doctype", "wrong-namespace", "cut-off"}
USAGE_POINT = entry("<espi:UsagePoint/>", links="self=u related=u/m")
METER_READING = entry("<espi:MeterReading/>", links="self=u/m/1 up=u/m related=b related=t")


def printed(tree: Tree) -> str:
    out = io.StringIO()
    Console(file=out, width=1000).print(tree)
    return out.getvalue()


def inspected(document: bytes) -> str:
    described = describe(io.BytesIO(document), max_bytes=4 * MEGABYTE)
    return printed(tree_of("feed.xml", described, personal=True))


def validated(document: bytes) -> str:
    it = read_feed(io.BytesIO(document), max_bytes=4 * MEGABYTE)
    return printed(report_tree("feed.xml", Report(validate(it))))


@pytest.mark.parametrize("oddity", generator.ODDITIES)
def test_whatever_is_odd_about_a_feed_it_is_shown_checked_and_converted(oddity: str) -> None:
    plan = generator.Plan(days=2, oddities=(oddity,))
    document = b"".join(generator.generate(plan))

    @contextmanager
    def opens() -> Iterator[io.BytesIO]:
        yield io.BytesIO(document)

    if oddity in REFUSED:
        with pytest.raises(EspiError):
            inspected(document)
        with pytest.raises(EspiError):
            validated(document)
        return
    assert inspected(document).startswith("feed.xml: ")
    assert validated(document).startswith("feed.xml: ")
    for kind, rows_of in KINDS.values():
        rows = list(rows_of(opens, max_bytes=4 * MEGABYTE))
        assert len("".join(as_csv(kind, rows)).splitlines()) > len(rows)
        assert "".join(as_json(rows)).endswith("]\n")


@pytest.mark.parametrize("length", ["-5", "0", "2147483647"])
@pytest.mark.parametrize("start", ["0", "-62135596800", "253402300799"])
def test_times_that_cannot_be_are_shown_somehow(length: str, start: str) -> None:
    reading_type = entry(
        f"<espi:ReadingType><espi:intervalLength>{length}</espi:intervalLength>"
        "<espi:powerOfTenMultiplier>99999</espi:powerOfTenMultiplier></espi:ReadingType>",
        links="self=t",
    )
    local_time = (
        "<espi:LocalTimeParameters><espi:tzOffset>-86399</espi:tzOffset></espi:LocalTimeParameters>"
    )
    blocks = entry(block(at(start, "2147483647")), links="self=b/1 up=b")
    words = inspected(feed(USAGE_POINT, METER_READING, reading_type, entry(local_time), blocks))
    assert "1 reading in 1 block" in words
    assert "Sum 1 (unit unknown)" in words


def test_a_rule_that_is_broken_in_many_places_is_told_with_the_first() -> None:
    many = [entry("<espi:UsagePoint/>", links=f"self=/{number}") for number in range(9)]
    words = validated(feed(*many))
    assert "D008 error: The usage point does not say which service it is" in words
    assert "(9 times)" in words
    assert "/2\n" in words
    assert "/3\n" not in words
    assert "and elsewhere" in words


def test_a_document_of_something_else_is_said_to_be() -> None:
    words = validated(feed(entry("<espi:Authorization/>")))
    assert "it has nothing that these rules are about" in words
    assert "Function blocks checked: none" in words
    assert "Also: 1 Authorization" in inspected(feed(entry("<espi:Authorization/>")))


def test_letters_are_shown_and_what_acts_is_not() -> None:
    assert shown("Zoë\u00a0\u200b\x1b[1m\nü").plain == "Zoë\u00a0\ufffd\ufffd[1m\ufffdü"
