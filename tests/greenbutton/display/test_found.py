"""What is odd about a file, as its customer reads it."""

import re

import pytest

from greenbutton.display.found import ABOUT, PLAIN, UNSAID, oddities_of
from greenbutton.espi import findings
from greenbutton.ingest import customers, read

SENTENCES = findings.SENTENCES | read.SENTENCES | customers.SENTENCES


@pytest.mark.parametrize("code", sorted(SENTENCES.keys() - UNSAID))
def test_a_customer_reads_no_name_of_an_element(code: str) -> None:
    says = PLAIN.get(code, SENTENCES[code])
    assert "{" not in says, "the words that come here are names of elements"
    jargon = r"usage point|meter reading|reading type|interval|schema|payload|entry|element|UTC"
    assert not re.search(jargon, says, re.IGNORECASE), says


def test_plain_words_are_for_what_can_be_found() -> None:
    assert PLAIN.keys() | UNSAID <= SENTENCES.keys()
    assert PLAIN.keys().isdisjoint(UNSAID)
    assert {code.partition(".")[0] for code in SENTENCES} | {"time_zone"} >= ABOUT.keys()


def found(code: str, count: int, detail: str = "As it is.") -> dict[str, object]:
    return {"code": code, "count": count, "where": "", "detail": detail}


def test_what_reads_alike_is_counted_together_the_most_frequent_first() -> None:
    odd = [
        found("enum.unknown", 2, "uom is 7."),
        found("enum.unknown", 3, "tou is 9."),
        found("reading.repeated", 4),
        found("usage_point.no_service_kind", 1),
        found("day.cumulative", 6),
    ]
    said = [(one.about, [item.count for item in one.items]) for one in oddities_of(odd)]
    assert said == [("Readings", [6, 4]), ("Meters", [1]), ("How the file is written", [5])]


def test_what_was_passed_over_and_is_no_reading_is_staffs_to_know() -> None:
    assert oddities_of([found("element.unknown", 3), found("element.batch_item_info", 9)]) == []
