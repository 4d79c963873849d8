"""Finding a utility by what people call it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from utilities.models import Client, Utility

LONGEST_QUERY = 100


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a search: what can be connected, and what cannot, which is only named."""

    query: str
    utilities: list[Utility]
    unavailable: list[Utility]

    @property
    def is_empty(self) -> bool:
        return not self.utilities and not self.unavailable


def find(query: str) -> Found:
    """The utilities in whose names, programme or places all of the words stand, the nearest first.

    Without a word these are all that can be connected.
    """
    query = " ".join("".join(c for c in query if c.isprintable()).split())[:LONGEST_QUERY]
    words = plain(query).split()
    in_use = Client.objects.filter(utility=OuterRef("pk"), retired_at=None, paused_at=None)
    usable = Utility.objects.enabled().filter(Exists(in_use))
    matching = [utility for utility in Utility.objects.all() if _matches(utility, words)]
    matching.sort(key=lambda utility: _distance(utility, plain(query)))
    keys = set(usable.values_list("pk", flat=True))
    ready = [utility for utility in matching if utility.pk in keys]
    # Who looks for nothing in particular is not told of what they cannot have.
    others = [utility for utility in matching if utility not in ready] if words else []
    return Found(query, ready, others)


def plain(text: str) -> str:
    """Without case, accents and punctuation: `St-Jérôme` as `st jerome`."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    kept = (c for c in letters if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in kept).split())


def _matches(utility: Utility, words: list[str]) -> bool:
    text = plain(
        " ".join(
            (
                utility.name,
                utility.short_name,
                utility.utility_id,
                utility.programme,
                utility.description,
                *utility.services,
            )
        )
    )
    # A word counts from its beginning: “rest” is not in “forest”.
    return all(f" {word}" in f" {text}" for word in words)


def _distance(utility: Utility, query: str) -> tuple[int, str]:
    names = (plain(utility.short_name), plain(utility.utility_id), plain(utility.name))
    if query in names:
        return 0, utility.name
    return (1 if any(name.startswith(query) for name in names) else 2), utility.name
