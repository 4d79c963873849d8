"""A scope out of what staff choose for a link: what, how far back, until when, how often."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone

from greenbutton.espi import scope as espi_scope
from greenbutton.espi.errors import ScopeError
from greenbutton.espi.scope import END_DATE, FREQUENCY, HISTORY_LENGTH, Scope

YEAR = 365 * 86_400
KINDS = [
    ("4", "Energy use, by interval"),
    ("16", "Bills and what they cost"),
    ("51", "Account details"),
    ("39", "A notice whenever there is new data"),
]
HISTORY = [
    ("", "As usual there: 2 years"),
    ("0", "None, only what is new"),
    (str(YEAR), "1 year"),
    (str(2 * YEAR), "2 years"),
    (str(3 * YEAR), "3 years"),
    (str(5 * YEAR), "5 years"),
]
ENDS = [
    ("", "As usual there: after 3 years"),
    ("never", "When the customer stops it"),
    ("year", "A year from today"),
    ("day", "On the day below"),
]
OFTEN = [
    ("", "As usual there"),
    ("daily", "Every day"),
    ("7", "Every 7 days"),
    ("billingPeriod", "After each billing period"),
]


@dataclass(frozen=True, slots=True)
class Wish:
    """What was chosen, in the values of the choices above; empty for no wish."""

    kinds: Collection[str] = ()
    history: str = ""
    ends: str = ""
    ends_on: date | None = None
    often: str = ""

    def is_empty(self) -> bool:
        """Whether nothing was chosen, so that the registration's own scope applies."""
        return not (self.kinds or self.history or self.ends or self.ends_on or self.often)


def scope_of(wish: Wish) -> str:
    """The scope string; empty for no wish. Raises ScopeError, with a sentence, for half a one."""
    if wish.is_empty():
        return ""
    if not wish.kinds:
        raise ScopeError("Tick at least one kind of data, or leave the other choices as they are.")
    blocks = sorted({int(block) for block in wish.kinds if block.isdecimal()})
    if not set(blocks) <= set(espi_scope.REQUESTABLE):
        raise ScopeError("This kind of data cannot be asked for.")
    scope = Scope(tuple(blocks))
    for name, value in (
        (HISTORY_LENGTH, wish.history),
        (END_DATE, _end(wish)),
        (FREQUENCY, wish.often),
    ):
        scope = scope.with_option(name, value or None)
    return espi_scope.build(scope)


def _end(wish: Wish) -> str:
    """UTC seconds at the end of the last day; "0" for never."""
    if wish.ends == "day":
        if wish.ends_on is None:
            raise ScopeError("Choose the day on which sharing ends.")
        day = wish.ends_on
    elif wish.ends == "year":
        day = timezone.now().date() + timedelta(days=365)
    else:
        return "0" if wish.ends == "never" else ""
    if day <= timezone.now().date():
        raise ScopeError("That day has passed; choose a later one.")
    return str(int(datetime.combine(day, time(23, 59, 59), UTC).timestamp()))
