"""What a scope means, in the language of the page.

`greenbutton.espi.scope` says it in English and knows no Django; its sentences are known here by
their pattern. One that is not known stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import get_language, gettext, gettext_noop, ngettext

from greenbutton.espi.scope import Scope

WHOLE = frozenset(
    {
        gettext_noop("Your energy use, by interval"),
        gettext_noop("Your gas use"),
        gettext_noop("Your water use"),
        gettext_noop("What each interval cost"),
        gettext_noop("Your use in each billing period"),
        gettext_noop("Your bills and what they cost"),
        gettext_noop("The quality of your power"),
        gettext_noop("A notice to us whenever there is new data"),
        gettext_noop("Your account details, such as name, address, account and meter numbers"),
        gettext_noop("No history, only what is new"),
        gettext_noop("Until you stop sharing"),
        gettext_noop("For up to 3 years, or until you stop sharing"),
        gettext_noop("New data every day"),
        gettext_noop("New data every week"),
        gettext_noop("New data every month"),
        gettext_noop("New data after each billing period"),
    }
)


def described(scope: Scope, *, granted: bool = False) -> list[str]:
    """`Scope.describe`, in the active language."""
    return [in_language(line) for line in scope.describe(granted=granted)]


def in_language(line: str) -> str:
    """A sentence of `Scope.describe` in the active language."""
    if (get_language() or "en").partition("-")[0] == "en":
        return line
    if line in WHOLE:
        return gettext(line)
    for pattern, words in _PATTERNS:
        if found := pattern.fullmatch(line):
            return words(*found.groups())
    return line


def _history(span: str) -> str:
    return gettext("Up to %(span)s of history") % {"span": _span(span)}


def _span(span: str) -> str:
    if span == "less than a day":
        return gettext("less than a day")
    about, number, unit = re.fullmatch(r"(about )?([\d,]+) (year|month|day)s?", span).groups()  # type: ignore[union-attr]  # the pattern below is the same
    count = int(number.replace(",", ""))
    known = {"number": number}
    if unit == "year":
        return ngettext("%(number)s year", "%(number)s years", count) % known
    if about:
        return ngettext("about %(number)s month", "about %(number)s months", count) % known
    return ngettext("%(number)s day", "%(number)s days", count) % known


def _until(day: str) -> str:
    date = datetime.strptime(day, "%d %B %Y")  # noqa: DTZ007 (a day as it was written)
    words = gettext("Until %(day)s, or until you stop sharing")
    return words % {"day": date_format(date, "DATE_FORMAT")}


def _every_so_many_days(number: str) -> str:
    words = ngettext("New data every %(number)s day", "New data every %(number)s days", int(number))
    return words % {"number": number}


def _as_often_as(name: str) -> str:
    return gettext("New data as often as “%(name)s”") % {"name": name}


def _services(number: str) -> str:
    count = int(number.replace(",", ""))
    return ngettext("For %(number)s service", "For %(number)s services", count) % {"number": number}


_PATTERNS: list[tuple[re.Pattern[str], Callable[..., str]]] = [
    (
        re.compile(r"Up to ((?:about )?[\d,]+ (?:year|month|day)s?|less than a day) of history"),
        _history,
    ),
    (re.compile(r"Until (\d{1,2} [A-Z][a-z]+ \d{4}), or until you stop sharing"), _until),
    (re.compile(r"New data every (\d+) days"), _every_so_many_days),
    (re.compile(r"New data as often as “(.*)”"), _as_often_as),
    (re.compile(r"For ([\d,]+) services?"), _services),
]
