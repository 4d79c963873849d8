"""A document of many customers is sorted by whose its entries are."""

from __future__ import annotations

from io import BytesIO

import pytest

from greenbutton.espi import Entry, EspiError, read_feed
from greenbutton.espi.members import Limits
from greenbutton.espi.meter_reading import MeterReading
from greenbutton.espi.split import Split, every_spelling, split_feed
from greenbutton.espi.usage_point import UsagePoint
from tests.greenbutton.ingest.documents import MEGABYTE, bill, block, document, entry, hours, meter

HOMES = {"Subscription/1": 1, "Subscription/2": 2}


def below(home: str, *entries: Entry | list[Entry]) -> list[Entry]:
    """The same entries below somebody's address; what is shared stays where it is."""
    flat = [one for given in entries for one in ([given] if isinstance(given, Entry) else given)]
    return [moved(one, home) for one in flat]


def moved(one: Entry, home: str) -> Entry:
    def put(link: str | None) -> str | None:
        shared = link is None or link.startswith("ReadingType")
        return link if shared else f"{home}/{link}"

    return Entry(
        self_href=put(one.self_href),
        up=put(one.up),
        related=tuple(put(link) or "" for link in one.related),
        resource=one.resource,
        title=one.title,
    )


def split(*entries: list[Entry] | Entry, owners: dict[str, int] = HOMES) -> Split:
    return split_feed(document(*entries), owners, BytesIO(), max_bytes=MEGABYTE)


def part(found: Split, owner: int) -> list[Entry]:
    file = BytesIO()
    found.write(owner, file)
    file.seek(0)
    return list(read_feed(file, max_bytes=MEGABYTE))


def household(home: str, *values: int) -> list[Entry]:
    return below(home, meter(), block(*hours(values)), bill(0))


def test_each_gets_its_own_entries_and_nothing_of_the_others() -> None:
    found = split(household("Subscription/1", 1, 2), household("Subscription/2", 3))
    assert found.owners() == {1: 4, 2: 4}
    assert (found.unknown, found.disputed) == (0, 0)
    for owner in (1, 2):
        links = [one.self_href or "" for one in part(found, owner)]
        own = [link for link in links if not link.startswith("ReadingType")]
        assert len(own) == 4
        assert all(link.startswith(f"Subscription/{owner}/") for link in own)


def test_entries_keep_what_they_say() -> None:
    given = household("Subscription/1", 1, 2)
    (kept,) = [one for one in part(split(given), 1) if one.type == "IntervalBlock"]
    (was,) = [one for one in given if one.type == "IntervalBlock"]
    assert kept.resource == was.resource


def test_what_customers_have_in_common_goes_to_those_who_point_at_it() -> None:
    other = [moved(one, "Subscription/2") for one in meter("9")]
    found = split(household("Subscription/1", 1), other)
    types = {
        owner: {one.self_href for one in part(found, owner) if one.type == "ReadingType"}
        for owner in (1, 2)
    }
    assert types == {1: {"ReadingType/1"}, 2: {"ReadingType/9"}}


def test_customers_may_be_mixed_in_the_document() -> None:
    one, two = household("Subscription/1", 1), household("Subscription/2", 2)
    mixed = [entry for pair in zip(one, two, strict=True) for entry in pair]
    found = split(mixed)
    assert found.owners() == {1: 4, 2: 4}
    assert {one.self_href for one in part(found, 1)} == {entry.self_href for entry in one}


def test_what_belongs_to_nobody_known_is_counted_and_in_no_part() -> None:
    found = split(household("Subscription/1", 1), household("Subscription/12", 5))
    assert (found.owners(), found.unknown) == ({1: 4}, 4)
    assert not any("Subscription/12" in (one.self_href or "") for one in part(found, 1))


@pytest.mark.parametrize(
    ("own", "up", "related"),
    [
        ("Subscription/1/UsagePoint/1", "Subscription/2/UsagePoint", ()),
        ("Subscription/1/UsagePoint/1", "Subscription/1/UsagePoint", ("Subscription/2/X",)),
        ("elsewhere", "Subscription/1/UsagePoint", ("Subscription/2",)),
    ],
)
def test_an_entry_that_points_into_two_is_given_to_neither(
    own: str, up: str, related: tuple[str, ...]
) -> None:
    found = split(household("Subscription/2", 1), entry(UsagePoint(kind=0), own, up, related))
    assert (found.disputed, found.owners()) == (1, {2: 4})


def test_the_longest_address_decides() -> None:
    owners = {"S": 1, "S/1": 2}
    found = split(entry(MeterReading(), "S/1/M/1", "S/1/M"), owners=owners)
    assert found.owners() == {2: 1}


def test_a_document_that_breaks_off_is_refused() -> None:
    data = document(household("Subscription/1", 1)).getvalue()
    with pytest.raises(EspiError, match="cut off"):
        split_feed(BytesIO(data[:-20]), HOMES, BytesIO(), max_bytes=MEGABYTE)


def test_what_is_too_large_is_refused() -> None:
    data = document(household("Subscription/1", 1)).getvalue()
    with pytest.raises(EspiError, match="larger than"):
        split_feed(BytesIO(data), HOMES, BytesIO(), max_bytes=len(data) - 1)
    with pytest.raises(EspiError, match="more than 2 entries"):
        split_feed(BytesIO(data), HOMES, BytesIO(), max_bytes=MEGABYTE, limits=Limits(resources=2))


def test_a_document_with_entities_is_refused() -> None:
    lol = b'<!DOCTYPE feed [<!ENTITY a "b">]><feed xmlns="http://www.w3.org/2005/Atom">&a;</feed>'
    with pytest.raises(EspiError, match="DOCTYPE"):
        split_feed(BytesIO(lol), HOMES, BytesIO(), max_bytes=MEGABYTE)


def test_an_address_is_known_as_documents_may_write_it() -> None:
    spelt = every_spelling("https://u.example/espi/Subscription/1", "https://u.example/espi")
    assert [*spelt] == [
        "https://u.example/espi/Subscription/1",
        "/espi/Subscription/1",
        "Subscription/1",
    ]
    elsewhere = every_spelling("https://v.example/x/1", "https://u.example/espi")
    assert [*elsewhere] == ["https://v.example/x/1", "/x/1"]
