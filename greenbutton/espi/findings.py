"""What is odd about a document, as values: never guess silently, never stop for a trifle."""

from collections.abc import Iterator
from dataclasses import dataclass

# A feed of a million readings can be odd a million times; beyond this many places they are
# counted together, without the place, and beyond so many details without those too.
MAX_PLACES = 500
MAX_DETAILS = 1_000

# No name in a schema is longer; a hostile one may be as long as the document.
MAX_NAME = 60

MORE = "This occurs in more places than are listed."
SENTENCES = {
    "block.newest_first": "The readings of an interval block are given newest first.",
    "block.no_interval": "An interval block does not say which time it covers.",
    "boolean.unreadable": "{what} is neither true nor false; it was left out.",
    "content.escaped": "The payload is given as text; it was read all the same.",
    "content.unreadable": "The content is text that is no XML; it was left out.",
    "date.no_zone": "{what} does not say in which time zone it is; it was taken as UTC.",
    "date.unreadable": "{what} is not a date; it was left out.",
    "element.batch_item_info": "batchItemInfo, which says what came of a request, was passed over.",
    "element.repeated": "{what} is given several times; the last was taken.",
    "element.unknown": "{what} is an element that is not read at its place; it was passed over.",
    "entry.empty": "The entry has nothing in its content.",
    "entry.misplaced_date": "{what} stands inside the content, not beside it; it was read there.",
    "entry.no_date": "The entry has no {what} date.",
    "entry.no_id": "The entry has no id.",
    "entry.several_resources": "The entry has several resources in its content; each was read.",
    "entry.shared_id": "Other entries have the same id; they were told apart by their links.",
    "enum.unknown": "{what} is {value}, which the schema does not know; it was kept.",
    "enum.unknown_word": "{what} is a word that the schema does not know; it was kept.",
    "hex.unreadable": "{what} is no hexadecimal number; it was left out.",
    "link.adopted": "{what} names no parent in the document; its only {parent} took it.",
    "link.ambiguous": "{what} belongs to several parents by its links; the first was taken.",
    "link.no_meter_reading": "The meter reading of {what} is not in the document; "
    "one was made from its link.",
    "link.no_parent": "The {parent} of {what} is not known; it was kept without one.",
    "link.no_usage_point": "The usage point of {what} is not in the document; "
    "one was made from its link.",
    "local_time.rule_truncated": "{what} was cut short; when clocks change is not known from it.",
    "meter_reading.no_reading_type": "The meter reading has no reading type: its unit is unknown.",
    "meter_reading.no_unit": "The reading type of the meter reading does not say a unit: "
    "it is unknown.",
    "meter_reading.several_reading_types": "The meter reading has several reading types that "
    "differ: its unit is unknown.",
    "number.not_whole": "{what} is not a whole number; it was left out.",
    "number.out_of_range": "{what} is beyond what such a number may be; it was left out.",
    "number.unreadable": "{what} is not a number; it was left out.",
    "reading.no_duration": "A reading lasts 0 seconds; its length was taken from its reading type, "
    "or else from the readings around it.",
    "reading.outside_interval": "A reading starts outside the time that its block says it covers; "
    "it was taken.",
    "resource.unknown": "{what} is a resource that is not known here; it was passed over.",
    "status.plain_text": "{what} is plain text, without the elements around it; it was kept.",
    "time.fraction": "{what} has a fraction of a second; it was cut off.",
    "time.microseconds": "{what} is in microseconds; it was divided by 1,000,000.",
    "time.milliseconds": "{what} is in milliseconds; it was divided by 1,000.",
    "time.out_of_range": "{what} is no possible time; it was left out.",
    "usage_point.no_service_kind": "The usage point does not say which service it is.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One oddity at one place. `where` is an entry's self link, else its id, else its number."""

    code: str
    where: str | None
    detail: str
    count: int = 1


class Findings:
    """The oddities of one document, equal ones at one place counted together."""

    def __init__(self) -> None:
        self.where: str | None = None
        self._counts: dict[tuple[str, str | None, str], int] = {}

    def note(self, code: str, what: str = "", *, times: int = 1, **words: str) -> None:
        """Count an oddity of the entry that is being read."""
        says = SENTENCES[code].format(what=what, **words)
        key: tuple[str, str | None, str] = (code, self.where, says)
        if key not in self._counts and len(self._counts) >= MAX_PLACES:
            key = (code, None, says)
        if key not in self._counts and len(self._counts) >= MAX_DETAILS:
            key = (code, None, MORE)
        self._counts[key] = self._counts.get(key, 0) + times

    def __iter__(self) -> Iterator[Finding]:
        # A copy, so that a consumer may look while the document is still being read.
        return iter([Finding(*key, count) for key, count in self._counts.items()])

    def __len__(self) -> int:
        return len(self._counts)
