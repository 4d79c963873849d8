"""The scope of an authorization: `FB=4_16_51;HistoryLength=63072000;AdditionalScope=auth-test`.

`parse` and `build` are inverse. Function blocks come first; options keep their order and their
spelling, unknown ones too, since utilities differ; names are compared without regard to case.
"""

import re
import unicodedata
import urllib.parse
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple

from greenbutton.espi.element import LAST_TIME
from greenbutton.espi.errors import ScopeError

MAX_LENGTH = 4096
REQUESTABLE = (4, 16, 39, 51)
# What the platform assumes where a request does not say.
DEFAULT_HISTORY_LENGTH = 63_072_000
DEFAULT_FREQUENCY = "billingPeriod"

HISTORY_LENGTH = "HistoryLength"
END_DATE = "PreferredAuthEndDate"
FREQUENCY = "SubscriptionFrequency"
ADDITIONAL = "AdditionalScope"
ACCOUNTS = "AccountCollection"
_ONLY_ONCE = {name.lower() for name in (HISTORY_LENGTH, END_DATE, FREQUENCY, ADDITIONAL)}

_DAY = 86_400
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_BLOCK_ID = re.compile(r"[1-9][0-9]{0,3}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_WHOLE = re.compile(r"0|[1-9][0-9]{0,14}")
_AUTH_TYPE = re.compile(r"[A-Za-z0-9_.]{1,64}")
# XML 1.0 §2.2: besides control characters, these can stand in no document, and a scope does.
_NOT_IN_XML = "\ufffe\uffff"
# Options are joined by "_", which their values may hold too: only "auth-" tells them apart.
_NEXT_AUTH = re.compile(r"_(?=auth-)")

# The function blocks that mean data to a customer; the others are how machines talk.
_BLOCK_WORDS = {
    4: "Your energy use, by interval",
    10: "Your gas use",
    11: "Your water use",
    12: "What each interval cost",
    15: "Your use in each billing period",
    16: "Your bills and what they cost",
    17: "The quality of your power",
    39: "A notice to us whenever there is new data",
    51: "Your account details, such as name, address, account and meter numbers",
}


class Option(NamedTuple):
    name: str
    value: str


class Authentication(NamedTuple):
    """The preferred way to say who one is, and what to fill in: `auth-{type}[-{value}]`."""

    type: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Function block ids and options; seconds for the history, UTC seconds for the end."""

    function_blocks: tuple[int, ...]
    options: tuple[Option, ...] = ()

    def option(self, name: str) -> str | None:
        """The value of an option, by its name in any case."""
        found = (value for known, value in self.options if known.lower() == name.lower())
        return next(found, None)

    @property
    def history_length(self) -> int | None:
        return _whole(self, HISTORY_LENGTH)

    @property
    def end_date(self) -> int | None:
        """When sharing ends by itself; 0 is never, None is as the utility thinks fit."""
        return _whole(self, END_DATE)

    @property
    def subscription_frequency(self) -> str | None:
        return self.option(FREQUENCY)

    @property
    def additional(self) -> tuple[str, ...]:
        """The parts of AdditionalScope. A value may hold "_", so only auth- begins a new part."""
        value = self.option(ADDITIONAL)
        return tuple(_NEXT_AUTH.split(value)) if value else ()

    @property
    def authentication(self) -> Authentication | None:
        for part in self.additional:
            if part.startswith("auth-"):
                kind, _, value = part.removeprefix("auth-").partition("-")
                return Authentication(kind, value or None) if kind else None
        return None

    def with_option(self, name: str, value: str | None) -> "Scope":
        """The same with one option set, in its place and spelling if it is there; None drops it."""
        same = name.lower()
        if value is None:
            options = tuple(option for option in self.options if option.name.lower() != same)
        elif self.option(name) is None:
            options = (*self.options, Option(name, value))
        else:
            options = tuple(
                option._replace(value=value) if option.name.lower() == same else option
                for option in self.options
            )
        return replace(self, options=options)

    def with_authentication(self, kind: str, value: str | None = None) -> "Scope":
        """The same, asking for this way to sign in, prefilled with `value`."""
        auth = _auth(Authentication(kind, value))
        others = tuple(part for part in self.additional if not part.startswith("auth-"))
        return self.with_option(ADDITIONAL, "_".join((*others, auth)))

    def without_additional(self) -> "Scope":
        """The same without AdditionalScope, which may hold personal data."""
        return self.with_option(ADDITIONAL, None)

    def narrow(
        self,
        *,
        function_blocks: Collection[int] | None = None,
        history_length: int | None = None,
        end_date: int | None = None,
    ) -> "Scope":
        """The same or less. Raises ScopeError for anything more."""
        scope = self
        if function_blocks is not None:
            scope = replace(scope, function_blocks=_narrow_blocks(self, function_blocks))
        if history_length is not None:
            limit = self.history_length
            if not 0 <= history_length <= (DEFAULT_HISTORY_LENGTH if limit is None else limit):
                raise ScopeError("More history cannot be shared than was asked for.")
            scope = scope.with_option(HISTORY_LENGTH, str(history_length))
        if end_date is not None:
            _check_no_later(self, end_date)
            scope = scope.with_option(END_DATE, str(end_date))
        return scope

    def left_by(self, said: "Scope") -> "Scope":
        """What is left of this where the utility now says `said`: never more than this.

        Raises ScopeError where nothing is left. An option that `said` leaves out stays as it is.
        """
        scope = replace(self, function_blocks=_common_blocks(self, said))
        history, end = said.history_length, said.end_date
        if history is not None and (self.history_length is None or history < self.history_length):
            scope = scope.with_option(HISTORY_LENGTH, str(history))
        if end and (not self.end_date or end < self.end_date):
            scope = scope.with_option(END_DATE, str(end))
        return scope

    def describe(self, *, granted: bool = False) -> list[str]:
        """What sharing means, in words for a customer.

        What a request leaves out, the platform fills in; a granted scope means what it says.
        """
        lines = [_BLOCK_WORDS[block] for block in self.function_blocks if block in _BLOCK_WORDS]
        history, end = self.history_length, self.end_date
        if history is None and not granted:
            history = DEFAULT_HISTORY_LENGTH
        if history is not None:
            lines.append(_history_words(history))
        if end is not None:
            lines.append(_end_words(end))
        elif not granted:
            lines.append("For up to 3 years, or until you stop sharing")
        return lines + _frequency_words(self, granted) + _account_words(self)

    def granted_less_than(self, asked: "Scope") -> list[str]:
        """What of `asked` this granted scope leaves out, a sentence each.

        Only what was asked is compared: utilities add function blocks and options of their own.
        """
        sentences = [
            f"Not shared: {_lower_first(_BLOCK_WORDS[block])}."
            for block in REQUESTABLE
            if block in asked.function_blocks and block not in self.function_blocks
        ]
        wanted, got = asked.history_length, self.history_length
        if wanted is not None and got is not None and got < wanted:
            sentences.append(f"Less history: {_span(got)} instead of {_span(wanted)}.")
        wanted, got = asked.end_date, self.end_date
        if wanted is not None and got and (wanted == 0 or got < wanted):
            instead = f" instead of {_day(wanted)}" if wanted else ""
            sentences.append(f"Sharing ends sooner: on {_day(got)}{instead}.")
        return sentences


def parse(text: str) -> Scope:
    """Read a scope string, already percent-decoded. Raises ScopeError with a sentence."""
    _check_text(text)
    terms = text.removesuffix(";").split(";")  # other custodians end it with one
    first = _term(terms[0])
    if first.name.lower() != "fb":
        raise ScopeError("A scope begins with its function blocks, as in FB=4_16_51.")
    options = tuple(_term(term) for term in terms[1:])
    scope = Scope(_blocks(first.value), options)
    _check(scope)
    return scope


def build(scope: Scope) -> str:
    """Write a scope string, not yet percent-encoded. Raises ScopeError with a sentence."""
    _check(scope)
    blocks = "_".join(str(block) for block in scope.function_blocks)
    text = ";".join((f"FB={blocks}", *(f"{name}={value}" for name, value in scope.options)))
    _check_text(text)
    return text


def quote(text: str) -> str:
    """Percent-encode a scope as a query value: a space is %20, never +."""
    return urllib.parse.quote(text, safe="")


def _term(text: str) -> Option:
    name, equals, value = text.partition("=")
    if not equals or not _NAME.fullmatch(name):
        raise ScopeError("Each part of a scope reads Name=value, with ; between the parts.")
    return Option(name, value)


def _blocks(text: str) -> tuple[int, ...]:
    ids = text.split("_")
    if not all(_BLOCK_ID.fullmatch(one) for one in ids):
        raise ScopeError("Function blocks are whole numbers joined by _, as in FB=4_16_51.")
    return tuple(int(one) for one in ids)


def _check_text(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise ScopeError(f"The scope is longer than {MAX_LENGTH:,} characters.")
    if any(unicodedata.category(each) in ("Cc", "Cs") or each in _NOT_IN_XML for each in text):
        raise ScopeError("The scope holds control characters.")


def _check(scope: Scope) -> None:
    """What both directions insist on."""
    _check_blocks(scope.function_blocks)
    names = [name.lower() for name, _ in scope.options]
    if "fb" in names:
        raise ScopeError("The scope names its function blocks twice.")
    for name, value in scope.options:
        if not _NAME.fullmatch(name):
            raise ScopeError("The name of a scope option is letters and digits.")
        if ";" in value:
            raise ScopeError(f"The value of {name} may not hold a semicolon.")
        if name.lower() in _ONLY_ONCE and names.count(name.lower()) > 1:
            raise ScopeError(f"The scope says {name} twice.")
    for name in (HISTORY_LENGTH, END_DATE):
        _whole(scope, name)
    if (scope.end_date or 0) > LAST_TIME:
        raise ScopeError(f"{END_DATE} is no possible date.")


def _check_blocks(blocks: tuple[int, ...]) -> None:
    if not blocks:
        raise ScopeError("The scope has no function blocks.")
    if not all(0 < block < 10_000 for block in blocks):
        raise ScopeError("A function block is a number from 1 to 9999.")
    if len(set(blocks)) < len(blocks):
        raise ScopeError("The scope names a function block twice.")


def _whole(scope: Scope, name: str) -> int | None:
    value = scope.option(name)
    if value is None:
        return None
    if not _WHOLE.fullmatch(value):
        raise ScopeError(f"{name} is a whole number of seconds.")
    return int(value)


def _auth(authentication: Authentication) -> str:
    kind, value = authentication
    if not _AUTH_TYPE.fullmatch(kind) or "_auth-" in f"{kind}-":
        raise ScopeError("A way to sign in is named by letters and digits.")
    if value and ";" in value:
        raise ScopeError("A semicolon cannot be sent in a scope; please leave it out.")
    if value and "_auth-" in value:
        raise ScopeError("“_auth-” cannot be sent in a scope; please leave it out.")
    return f"auth-{kind}-{value}" if value else f"auth-{kind}"


def _narrow_blocks(scope: Scope, kept: Collection[int]) -> tuple[int, ...]:
    if not set(kept) <= set(scope.function_blocks):
        raise ScopeError("Other data cannot be shared than was asked for.")
    if not kept:
        raise ScopeError("Nothing would be shared: please choose at least one kind of data.")
    return tuple(block for block in scope.function_blocks if block in kept)


def _common_blocks(scope: Scope, said: Scope) -> tuple[int, ...]:
    common = tuple(block for block in scope.function_blocks if block in said.function_blocks)
    if not common:
        raise ScopeError("Nothing is shared any more.")
    return common


def _check_no_later(scope: Scope, end: int) -> None:
    limit = scope.end_date
    # 0 is for ever. A scope that does not say ends as the utility thinks fit, which is sooner.
    if end < 0 or end > LAST_TIME or (end == 0 and limit != 0) or (limit and end > limit):
        raise ScopeError("Sharing cannot last longer than was asked for.")


def _history_words(length: int) -> str:
    return f"Up to {_span(length)} of history" if length else "No history, only what is new"


def _end_words(end: int) -> str:
    return f"Until {_day(end)}, or until you stop sharing" if end else "Until you stop sharing"


def _frequency_words(scope: Scope, granted: bool) -> list[str]:
    frequency = scope.subscription_frequency
    if frequency is None:
        if granted or 39 not in scope.function_blocks:
            return []
        frequency = DEFAULT_FREQUENCY
    if _WHOLE.fullmatch(frequency):
        days = int(frequency)
        return [f"New data every {days} days" if days > 1 else "New data every day"]
    named = {"daily": "every day", "weekly": "every week", "monthly": "every month"}
    named["billingperiod"] = "after each billing period"
    return [f"New data {named.get(frequency.lower(), f'as often as “{frequency}”')}"]


def _account_words(scope: Scope) -> list[str]:
    count = scope.option(ACCOUNTS) or ""
    return [f"For {_count(int(count), 'service')}"] if _WHOLE.fullmatch(count) else []


def _span(length: int) -> str:
    """Seconds as people say them: whole years, about so many months, or days."""
    days = length // _DAY
    years, over = divmod(days, 365)
    if years and over <= years:  # each year may be a leap year
        return _count(years, "year")
    if days >= 60:
        return f"about {_count(round(days * 12 / 365), 'month')}"
    return _count(days, "day") if days else "less than a day"


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number:,} {unit}s"


def _day(end: int) -> str:
    day = datetime.fromtimestamp(end, UTC)
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _lower_first(words: str) -> str:
    return words[:1].lower() + words[1:]
