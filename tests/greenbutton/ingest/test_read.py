"""Findings as they are kept with a Pull. What is read is held by the tests of store.py."""

from greenbutton.espi import Finding
from greenbutton.espi.findings import MORE
from greenbutton.ingest.read import MAX_SENTENCES, add_up, grouped


def test_each_sentence_is_counted_by_itself_with_its_first_place() -> None:
    found = [
        Finding("enum.unknown", "a", "quality is 99.", 8),
        Finding("enum.unknown", "b", "timeAttribute is 7."),
        Finding("enum.unknown", "c", "quality is 99.", 3),
    ]
    assert grouped(found) == [
        {"code": "enum.unknown", "count": 11, "where": "a", "detail": "quality is 99."},
        {"code": "enum.unknown", "count": 1, "where": "b", "detail": "timeAttribute is 7."},
    ]


def test_sentences_of_one_code_stay_few_however_many_feeds_are_added_up() -> None:
    feeds = [
        grouped(Finding("enum.unknown", None, f"uom is {number}.") for number in range(n, n + 60))
        for n in (0, 1_000, 2_000)
    ]
    together = add_up(item for items in feeds for item in items)
    assert len(together) == MAX_SENTENCES + 1
    assert together[-1]["detail"] == MORE
    assert sum(item["count"] for item in together) == 180
