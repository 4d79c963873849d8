"""What a company asks for, what the customer may choose, and what is granted in the end."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from greenbutton.espi import ScopeError
from greenbutton.espi import scope as scopes
from greenbutton.espi.scope import Option, Scope
from utilities.sandbox.documents.function_blocks import (
    BILLS,
    CUSTOMER,
    INTERVALS,
    claimed,
    durations,
)
from utilities.sandbox.households import midnight
from utilities.sandbox.models import Clock, Service
from utilities.sandbox.programmes import get_programme

DAY = 86_400
LONGEST_HISTORY = scopes.DEFAULT_HISTORY_LENGTH
# What a request means that does not say when sharing ends.
DEFAULT_LENGTH = timedelta(days=3 * 365)

DATA_WORDS = {
    4: ("Use by the hour", "What each meter measured, hour by hour or finer, and what it cost"),
    16: ("Bills", "Each bill’s period, consumption, charges and total"),
    39: ("Notices", "A message to the company whenever there is new data"),
    51: ("Account details", "Your name, service address and account number"),
}
HISTORY_WORDS = {
    0: "No history: only from today on",
    31 * DAY: "The last month",
    92 * DAY: "The last 3 months",
    183 * DAY: "The last 6 months",
    365 * DAY: "The last 12 months",
    LONGEST_HISTORY: "The last 2 years",
}


class TermsError(ValueError):
    """A choice that cannot be granted; the text tells the customer what to change."""

    def __init__(self, code: str, says: str) -> None:
        super().__init__(says)
        self.code = code
        self.says = says


@dataclass(frozen=True)
class Choice:
    """What the customer chose on the consent page."""

    data: Collection[int]
    history: int
    # The end in UTC seconds; 0 is until revoked.
    until: int

    def narrower(self) -> Choice:
        """Less of the same: without the bills, or with half the history where that is all."""
        without_bills = [block for block in self.data if block != BILLS]
        if BILLS in self.data and set(without_bills) & {INTERVALS, CUSTOMER}:
            return replace(self, data=without_bills)
        return replace(self, history=self.history // 2)


@dataclass(frozen=True)
class Terms:
    """The request in the customer's terms. Raises ScopeError for one that nobody could grant."""

    asked: Scope
    zone: ZoneInfo

    def __post_init__(self) -> None:
        if not self.data:
            raise ScopeError("The scope asks for no data: it needs one of FB 4, 16, 39 and 51.")
        if 0 < self.latest <= Clock.now().timestamp():
            raise ScopeError(f"{scopes.END_DATE} has passed already.")

    @property
    def data(self) -> list[int]:
        """The requestable function blocks that are asked for."""
        return [block for block in scopes.REQUESTABLE if block in self.asked.function_blocks]

    @property
    def history(self) -> int:
        """Seconds of history that may be granted at most."""
        asked = self.asked.history_length
        return min(LONGEST_HISTORY if asked is None else asked, LONGEST_HISTORY)

    @cached_property
    def latest(self) -> int:
        """When sharing ends at the latest, in UTC seconds; 0 where the customer may say never."""
        if self.asked.end_date is not None:
            return self.asked.end_date
        today = Clock.now().astimezone(self.zone).date()
        return midnight(today + DEFAULT_LENGTH, self.zone)

    @property
    def last_day(self) -> date | None:
        """The last day of sharing, as the page's calendar offers it."""
        if not self.latest:
            return None
        return (datetime.fromtimestamp(self.latest, self.zone) - timedelta(seconds=1)).date()

    def history_choices(self) -> list[tuple[int, str]]:
        """What is asked for, and everything shorter, in plain words."""
        choices = {
            seconds: words for seconds, words in HISTORY_WORDS.items() if seconds <= self.history
        }
        days = self.history // DAY
        choices.setdefault(self.history, f"The last {days:,} days" if days > 1 else "The last day")
        return sorted(choices.items(), reverse=True)

    def read(self, data: Iterable[str], history: str, until: str) -> Choice:
        """The customer's choice out of the form. Raises TermsError for more than was asked."""
        return Choice(self._read_data(data), self._read_history(history), self._read_until(until))

    def _read_data(self, given: Iterable[str]) -> list[int]:
        chosen = set(given)
        if not chosen:
            raise TermsError("nothing_chosen", "Please choose at least one kind of data to share.")
        if not chosen <= {str(block) for block in self.data}:
            raise TermsError("too_wide", "You can share less than was asked for, but not more.")
        return [block for block in self.data if str(block) in chosen]

    def _read_history(self, given: str) -> int:
        if not (given.isascii() and given.isdecimal() and len(given) < 12):
            raise TermsError("bad_history", "Please choose how far back your data may be shared.")
        if int(given) > self.history:
            raise TermsError("too_wide", "You can share less history than was asked for, not more.")
        return int(given)

    def _read_until(self, given: str) -> int:
        if not given.strip():
            if self.latest:
                raise TermsError("too_wide", f"Sharing has to end by {self._last_day_words()}.")
            return 0
        try:
            day = date.fromisoformat(given.strip())
        except ValueError:
            raise TermsError(
                "bad_date", "Please give the last day of sharing as a date, like 2027-06-30."
            ) from None
        return self._end_of(day)

    def _end_of(self, day: date) -> int:
        today = Clock.now().astimezone(self.zone).date()
        if day < today:
            raise TermsError("past_date", "That day is over. Please choose a day to come.")
        if self.last_day and day > self.last_day:
            raise TermsError("too_wide", f"Sharing has to end by {self._last_day_words()}.")
        if day.year >= today.year + 100:
            raise TermsError("bad_date", "Please choose a day within the next hundred years.")
        end = midnight(day + timedelta(days=1), self.zone)
        return min(end, self.latest) if self.latest else end

    def _last_day_words(self) -> str:
        assert self.last_day
        return f"{self.last_day:%B} {self.last_day.day}, {self.last_day.year}"

    def granted(self, choice: Choice, services: Collection[Service]) -> str:
        """The scope string that comes back with the token.

        What the customer kept, and what the platform adds: how it is measured and delivered. The
        way to authenticate is no part of it: it may hold personal data.
        """
        profiles = [service.profile for service in services]
        options = [
            Option(scopes.HISTORY_LENGTH, str(choice.history)),
            Option(scopes.FREQUENCY, self.asked.subscription_frequency or scopes.DEFAULT_FREQUENCY),
            Option(scopes.ACCOUNTS, str(len(services))),
        ]
        if 4 in choice.data:
            lengths = "_".join(str(seconds) for seconds in durations(profiles))
            options[:0] = [Option("IntervalDuration", lengths), Option("BlockDuration", "daily")]
        if choice.until:
            options.append(Option(scopes.END_DATE, str(choice.until)))
        utilities = {service.account.utility for service in services}
        has_programme = any(get_programme(utility).demand_response for utility in utilities)
        blocks = claimed(choice.data, profiles, has_programme=has_programme)
        return scopes.build(Scope(tuple(sorted(blocks)), tuple(options)))


def granted_words(granted: Scope) -> list[str]:
    """What a consent shares, in the words of the page on which it was given."""
    lines = [
        f"{name}: {words[:1].lower()}{words[1:]}"
        for block, (name, words) in DATA_WORDS.items()
        if block in granted.function_blocks
    ]
    days = (granted.history_length or 0) // DAY
    history = HISTORY_WORDS.get(days * DAY, f"The last {days:,} days")
    if days:
        history += " before you agreed"
    return [*lines, history]


def until_of(choice: Choice) -> datetime | None:
    """When the grant ends by itself."""
    return datetime.fromtimestamp(choice.until, UTC) if choice.until else None
