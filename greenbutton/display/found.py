"""What files held, in words for the customer who brought them."""

from __future__ import annotations

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
    over = authorization.pulls.exclude(source=Pull.Source.UTILITY)
    files = over.exclude(state=Pull.State.RUNNING)
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
    groups: dict[str, list[Oddity]] = {}
    for finding in sorted(findings, key=lambda one: -one["count"]):
        about = ABOUT.get(finding["code"].partition(".")[0], OTHER)
        groups.setdefault(about, []).append(Oddity(finding["detail"], finding["count"]))
    ordered = sorted(groups, key=lambda about: about == OTHER)
    return [Oddities(about, tuple(groups[about])) for about in ordered]


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
