"""What files held, in words for the customer who brought them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from authorizations.models import Authorization
from greenbutton.display.meters import Service
from greenbutton.display.periods import long_date
from greenbutton.ingest.read import GroupedFinding
from greenbutton.models import Pull, UsageSummary

# The part of a Finding's code before the dot, and what it is about in a customer's words.
ABOUT = {
    "reading": "Readings",
    "block": "Readings",
    "day": "Readings",
    "bill": "Bills",
    "time": "Times",
    "date": "Times",
    "time_zone": "Time zone",
    "local_time": "Time zone",
    "usage_point": "Meters",
    "meter_reading": "Meters",
    "service_location": "Meters",
    "link": "What belongs to what",
}
# Staff read a Finding's own words, with the names of elements in them; a customer never saw these.
PLAIN = {
    "block.newest_first": "Readings are given newest first.",
    "block.no_interval": "A group of readings does not say which time it covers.",
    "boolean.unreadable": "Something that is to be yes or no is neither; it was left out.",
    "content.escaped": "A part of the file is wrapped in text; it was read all the same.",
    "content.unreadable": "A part of the file is text that we cannot read; it was left out.",
    "date.no_zone": "A date does not say in which time zone it is; it was taken as world time.",
    "date.unreadable": "A date cannot be read; it was left out.",
    "day.cumulative": "Readings are repeated with some added to them; each was taken once.",
    "element.repeated": "Something is given several times; the last was taken.",
    "entry.empty": "A part of the file has nothing in it.",
    "entry.misplaced_date": "A date is not where it belongs; it was read all the same.",
    "entry.no_date": "A part of the file does not say when it was written or changed.",
    "entry.no_id": "A part of the file has no name of its own.",
    "entry.several_resources": "Several things are put into one part of the file; each was read.",
    "entry.shared_id": "Several parts of the file have one name; they were told apart otherwise.",
    "enum.unknown": "A code stands for something that the standard does not know; it was kept.",
    "enum.unknown_word": "A word is one that the standard does not know; it was kept.",
    "hex.unreadable": "A code cannot be read; it was left out.",
    "link.adopted": "Something does not say what it belongs to; it could be one thing only.",
    "link.ambiguous": "Something could belong to several things; the first was taken.",
    "link.no_meter_reading": "Readings belong to something that is not in the file; "
    "they are shown all the same.",
    "link.no_parent": "Something belongs to nothing that we know; it was kept by itself.",
    "link.no_usage_point": "Readings or bills belong to a meter that is not in the file; "
    "they are shown all the same.",
    "local_time.rule_truncated": "The rule for when clocks change was cut short; it was not used.",
    "meter_reading.no_reading_type": "The file does not say in which unit readings are.",
    "meter_reading.no_unit": "The file does not say in which unit readings are.",
    "meter_reading.several_reading_types": "The file says several things about the unit that "
    "readings are in, so that we cannot know it.",
    "number.not_whole": "A number that must be whole is not; it was left out.",
    "number.out_of_range": "A number is beyond what it may be; it was left out.",
    "number.unreadable": "Something that is to be a number is none; it was left out.",
    "reading.no_duration": "A reading lasts 0 seconds; how long it lasts was taken from elsewhere.",
    "reading.outside_interval": "A reading lies outside the time that its group covers; "
    "it was taken.",
    "reading.same_place": "Readings that differ have the same start and length; all were kept.",
    "resource.unknown": "A part of the file is of a kind that we do not know; it was passed over.",
    "service_location.no_usage_point": "An address belongs to a meter that is not here yet; "
    "it is put beside it once that comes.",
    "service_location.same_usage_point": "A meter has several addresses; the first was taken.",
    "status.plain_text": "A status is plain text; it was kept.",
    "time.fraction": "A time has a fraction of a second; it was cut off.",
    "time.microseconds": "A time is given in millionths of a second; it was read as such.",
    "time.milliseconds": "A time is given in thousandths of a second; it was read as such.",
    "time.out_of_range": "A time is no possible one; it was left out.",
    "usage_point.no_service_kind": "The file does not say whether a meter is of electricity, gas "
    "or water.",
}
# Of no matter to anybody who reads a bill: what was passed over is neither readings nor bills.
UNSAID = {"element.unknown", "element.batch_item_info"}
# Anything else is about the document, which matters to its utility more than to its customer.
OTHER = "How the file is written"


@dataclass(frozen=True, slots=True)
class Oddity:
    """Findings of one kind: a sentence, and how often."""

    sentence: str
    count: int


@dataclass(frozen=True, slots=True)
class Oddities:
    """Findings about one thing, together."""

    about: str
    items: tuple[Oddity, ...]


@dataclass(frozen=True, slots=True)
class FileLine:
    """A file that was brought, and what came of it."""

    name: str
    at: datetime
    words: str
    problem: str
    oddities: tuple[Oddities, ...]

    @property
    def kinds(self) -> int:
        """How many kinds of oddities it has."""
        return sum(len(group.items) for group in self.oddities)


@dataclass(frozen=True, slots=True)
class Found:
    """The files of an authorization, the newest first, and what there is in all."""

    services: tuple[str, ...]
    files: tuple[FileLine, ...]

    @property
    def refused(self) -> FileLine | None:
        """The newest file, if it could not be read."""
        return self.files[0] if self.files and self.files[0].problem else None


def found_in(authorization: Authorization, services: Sequence[Service]) -> Found:
    """What the customer's files held."""
    brought = authorization.pulls.filter(source__in=[Pull.Source.UPLOAD, Pull.Source.COMMAND])
    files = brought.exclude(state=Pull.State.RUNNING)
    return Found(
        tuple(service_words(service) for service in services),
        tuple(file_line(pull) for pull in files),
    )


def service_words(service: Service) -> str:
    """`Electricity: 2 meters, 22 February 2023 to 6 March 2023, 12 bills`."""
    words = [counted(len(service.points), "meter")]
    if service.meters:
        extents = [meter.extent for meter in service.meters]
        first, last = min(one.first for one in extents), max(one.last for one in extents)
        words.append(
            f"{long_date(first)} to {long_date(last)}" if first < last else long_date(first)
        )
    else:
        words.append("no readings")
    bills = UsageSummary.objects.filter(usage_point__in=service.points).count()
    if bills:
        words.append(counted(bills, "bill"))
    return f"{service.label}: {', '.join(words)}"


def file_line(pull: Pull) -> FileLine:
    return FileLine(
        name=pull.file_name or "A file",
        at=pull.started,
        words=brought(pull) if pull.state == Pull.State.DONE else "",
        problem="" if pull.state == Pull.State.DONE else pull.message or "It was not read.",
        oddities=tuple(oddities_of(pull.findings)),
    )


def brought(pull: Pull) -> str:
    """`300 readings, all of them new, 2 bills`."""
    words = [counted(pull.readings, "reading")]
    if pull.readings:
        words.append(news(pull))
    if pull.bills:
        words.append(counted(pull.bills, "new bill"))
    return ", ".join(words)


def news(pull: Pull) -> str:
    """How many readings were not here before; what a file repeats in itself is new once."""
    if not pull.new and not pull.changed:
        return "nothing new"
    parts = [f"{pull.new:,} new" if pull.new < pull.readings else "all new"] if pull.new else []
    parts += [f"{pull.changed:,} corrected"] if pull.changed else []
    return ", ".join(parts)


def oddities_of(findings: Sequence[GroupedFinding]) -> list[Oddities]:
    """Findings by what they are about, the most frequent first, the document's form last."""
    counts: dict[str, Counter[str]] = {}
    for finding in findings:
        code, detail = str(finding["code"]), str(finding["detail"])
        if code in UNSAID:
            continue
        sentences = counts.setdefault(ABOUT.get(code.partition(".")[0], OTHER), Counter())
        sentences[PLAIN.get(code, detail)] += finding["count"]
    groups = {
        about: tuple(Oddity(sentence, count) for sentence, count in sentences.most_common())
        for about, sentences in counts.items()
    }
    ordered = sorted(groups, key=lambda about: (about == OTHER, -groups[about][0].count))
    return [Oddities(about, groups[about]) for about in ordered]


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
