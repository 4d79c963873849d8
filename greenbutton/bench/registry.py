"""Which contenders there are, and what each needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contender:
    """A module of `greenbutton.bench.contenders`.

    `letter` is its short name on the command line. `after` names those that must have run before
    it in the same round. A slow one is left out of the largest size. `package` is what has to be
    installed for it alone.
    """

    letter: str
    name: str
    says: str
    after: tuple[str, ...] = ()
    django: bool = False
    slow: bool = False
    package: str | None = None


# In the order of a round.
CONTENDERS = (
    Contender("i", "idle", "imports the store, does nothing", django=True),
    Contender("a", "floor", "the XML parser alone"),
    Contender("b", "reader", "our reader, all fields"),
    Contender("c", "first", "our reader and store, first time", django=True),
    Contender("c2", "again", "the same feed again, unchanged", after=("first",), django=True),
    Contender("d", "rows", "COPY of one row a reading"),
    Contender("y", "year", "a year of one meter into Python", after=("first", "rows"), django=True),
    Contender("g", "elements", "lxml writing elements that stand ready"),
    Contender("h", "writer", "our writer, the same entries"),
    Contender("s", "sandbox", "two years of 15 minutes over HTTP", django=True),
    Contender("e", "peer", "greenbutton-objects", slow=True, package="greenbutton_objects"),
    Contender("f", "bulk", "bulk_create, one row a reading", django=True, slow=True),
)


def chosen(names: Iterable[str]) -> list[Contender]:
    """The contenders of these names or letters, and those that must run before them.

    Raises KeyError.
    """
    known = {one.name: one for one in CONTENDERS} | {one.letter: one for one in CONTENDERS}
    wanted: set[str] = set()
    for name in names:
        wanted |= {known[name].name, *known[name].after}
    return [one for one in CONTENDERS if one.name in wanted]
