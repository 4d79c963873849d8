"""What is odd about a document, as values: never guess silently, never stop for a trifle."""

from collections.abc import Iterator
from dataclasses import dataclass

# A feed of a million readings can be odd a million times; beyond this many places they are
# counted together, without the place.
MAX_PLACES = 500

SENTENCES = {
    "date.unreadable": "{what} is not a date; it was left out.",
    "link.ambiguous": "{what} belongs to several parents by its links; the first was taken.",
    "link.adopted": "{what} names no parent in the document; its only {parent} took it.",
    "link.no_meter_reading": "The meter reading of {what} is not in the document; "
    "one was made from its link.",
    "link.no_usage_point": "The usage point of {what} is not in the document; "
    "one was made from its link.",
    "meter_reading.no_reading_type": "The meter reading has no reading type: its unit is unknown.",
    "number.not_whole": "{what} is not a whole number; it was left out.",
    "number.out_of_range": "{what} is too large a number; it was left out.",
    "number.unreadable": "{what} is not a number; it was left out.",
    "reading.no_duration": "A reading lasts 0 seconds; "
    "the interval length of its reading type applies.",
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

    def note(self, code: str, what: str = "", **words: str) -> None:
        """Count one oddity of the entry that is being read."""
        says = SENTENCES[code].format(what=what, **words)
        key: tuple[str, str | None, str] = (code, self.where, says)
        if key not in self._counts and len(self._counts) >= MAX_PLACES:
            key = (code, None, says)
        self._counts[key] = self._counts.get(key, 0) + 1

    def __iter__(self) -> Iterator[Finding]:
        # A copy, so that a consumer may look while the document is still being read.
        return iter([Finding(*key, count) for key, count in self._counts.items()])

    def __len__(self) -> int:
        return len(self._counts)
