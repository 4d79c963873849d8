"""What a feed says of itself, wherever in the document it says it."""

from datetime import UTC, datetime

from greenbutton.espi import Feed
from greenbutton.espi.feed import FeedHead
from tests.greenbutton.espi.documents import ATOM, entry, feed, opened

ID = "<id>urn:uuid:feed</id>"
TITLE = "<title> Readings </title>"
UPDATED = "<updated>2026-01-02T03:04:05Z</updated>"
LINKS = '<link rel="up" href="/up"/><link rel = " self " href=" /me "/>'
WHOLE = FeedHead("urn:uuid:feed", "Readings", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "/me")


def read(document: bytes) -> Feed:
    it = opened(document)
    for _ in it:
        pass
    return it


def test_the_head_stands_before_the_entries() -> None:
    assert read(feed(ID, TITLE, UPDATED, LINKS, entry(""), entry(""))).head == WHOLE


def test_its_parts_may_stand_between_the_entries_and_after_them() -> None:
    assert read(feed(entry(""), TITLE, ID, entry(""), LINKS, UPDATED)).head == WHOLE


def test_a_feed_without_entries_has_one() -> None:
    assert read(feed(ID, TITLE, UPDATED, LINKS)).head == WHOLE


def test_what_a_feed_does_not_say_is_none() -> None:
    assert read(feed(entry(""), "<title/>")).head == FeedHead()


def test_what_an_entry_says_of_itself_is_not_the_feeds() -> None:
    own = entry("", links="self=/mine", around="<id>urn:uuid:entry</id><title>Mine</title>")
    assert read(feed(own)).head == FeedHead()


def test_an_unreadable_date_is_a_finding() -> None:
    it = read(feed("<updated>yesterday</updated>"))
    assert it.head == FeedHead()
    assert [finding.code for finding in it.findings] == ["date.unreadable"]


def test_what_is_no_feed_has_none() -> None:
    assert read(f'<entry xmlns="{ATOM}"><id>urn:uuid:entry</id></entry>'.encode()).head is None
    assert read(b'<BatchList xmlns="http://naesb.org/espi"/>').head is None


def test_an_element_of_a_feed_that_is_not_atoms_is_said_to_be_passed_over() -> None:
    around = "<generator>G</generator><espi:mood>7</espi:mood>"
    found = read(feed(around, entry(""), around))
    strangers = [one for one in found.findings if one.code == "element.unknown"]
    assert [(one.where, one.count) for one in strangers] == [(None, 2)]
