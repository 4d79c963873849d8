from datetime import UTC, datetime

from greenbutton.espi import Entry
from greenbutton.espi.meter_reading import MeterReading
from greenbutton.espi.resources import EMPTY
from greenbutton.espi.usage_point import UsagePoint
from tests.greenbutton.espi.documents import entry, feed, opened, read_all

DATES = "<published>2024-01-01T00:00:00Z</published><updated>2024-01-02T00:00:00Z</updated>"
TIDY = f"<id>urn:uuid:1</id>{DATES}"
KIND = "<espi:ServiceCategory><espi:kind>0</espi:kind></espi:ServiceCategory>"
KNOWN = f"<espi:UsagePoint>{KIND}</espi:UsagePoint>"


def oddities(*entries: str) -> list[tuple[str, str]]:
    read = opened(feed(*entries))
    for _ in read:
        pass
    return [(finding.code, finding.detail) for finding in read.findings]


def test_nothing_about_a_tidy_entry_is_odd() -> None:
    assert oddities(entry(KNOWN, around=TIDY)) == []


def test_a_missing_id_is_said() -> None:
    assert oddities(entry(KNOWN, around=DATES)) == [("entry.no_id", "The entry has no id.")]


def test_missing_dates_are_said_one_by_one() -> None:
    around = "<id>i</id><published>2024-01-01T00:00:00Z</published>"
    assert oddities(entry(KNOWN, around=around)) == [
        ("entry.no_date", "The entry has no updated date.")
    ]
    assert len(oddities(entry(KNOWN, around="<id>i</id>"))) == 2


def test_dates_inside_the_content_are_read_there_and_that_is_said() -> None:
    payload = f"<espi:MeterReading/>{DATES}"
    (found,) = read_all(feed(entry(payload, around="<id>i</id>")))
    assert found.resource == MeterReading()
    assert found.updated == datetime(2024, 1, 2, tzinfo=UTC)
    assert [code for code, _ in oddities(entry(payload, around="<id>i</id>"))] == [
        "entry.misplaced_date",
        "entry.misplaced_date",
    ]


def test_a_date_in_its_place_is_truer_than_one_inside_the_content() -> None:
    payload = "<espi:MeterReading/><updated>1999-01-01T00:00:00Z</updated>"
    (found,) = read_all(feed(entry(payload, around=TIDY)))
    assert found.updated == datetime(2024, 1, 2, tzinfo=UTC)


def test_several_resources_in_one_content_are_each_an_entry_and_that_is_said() -> None:
    one = entry(f"{KNOWN}<espi:MeterReading/>", around=TIDY)
    found = read_all(feed(one))
    assert [type(each.resource) for each in found] == [UsagePoint, MeterReading]
    assert [each.ordinal for each in found] == [1, 2]
    assert found[0].id == found[1].id
    assert [code for code, _ in oddities(one)] == ["entry.several_resources"]


def test_an_entry_of_an_empty_content_is_kept_and_that_is_said() -> None:
    assert [one.resource for one in read_all(feed(entry("", around=TIDY)))] == [EMPTY]
    assert [code for code, _ in oddities(entry("", around=TIDY))] == ["entry.empty"]
    assert [code for code, _ in oddities(entry("no XML", around=TIDY))] == ["content.unreadable"]


def test_a_date_without_a_zone_is_taken_as_utc_and_that_is_said() -> None:
    around = "<id>i</id><published>2024-01-01</published><updated>2024-01-02T03:04:05</updated>"
    one = entry(KNOWN, around=around)
    (found,) = read_all(feed(one))
    assert found.updated == datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert [code for code, _ in oddities(one)] == ["date.no_zone", "date.no_zone"]


def test_an_entry_is_found_by_its_link_or_its_id_or_its_number() -> None:
    assert Entry(self_href="s", id="i").where == "s"
    assert Entry(id="i").where == "i"
    assert Entry(ordinal=3).where == "entry 3"


def test_an_element_beside_the_content_that_is_not_atoms_is_said_to_be_passed_over() -> None:
    around = f"{TIDY}<author><name>A</name></author><espi:batchItemInfo/><espi:mood>7</espi:mood>"
    assert oddities(entry(KNOWN, around=around)) == [
        (
            "element.batch_item_info",
            "batchItemInfo, which says what came of a request, was passed over.",
        ),
        (
            "element.unknown",
            "mood is an element that is not read at its place; it was passed over.",
        ),
    ]


def test_a_name_of_any_length_is_said_in_part() -> None:
    ((_, detail),) = oddities(entry(KNOWN, around=f"{TIDY}<espi:{'x' * 9_000}/>"))
    assert len(detail) < 150
