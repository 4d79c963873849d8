from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeVar, cast

from greenbutton.espi.entry import Entry
from greenbutton.espi.validate.document import Document

R = TypeVar("R")


class Severity(StrEnum):
    """How much a broken rule matters.

    It is an error where the schemas (RFC 4287, atom.xsd, espi.xsd) demand the thing, or where
    readings or bills are lost, ambiguous or without a unit for want of it. It is a warning where
    certification asks for it, and everything can be read all the same.
    """

    ERROR = "error"
    WARNING = "warning"


class Place(NamedTuple):
    """Where a rule is broken: as Entry.where, None for the whole document; with more words."""

    where: str | None = None
    more: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """A rule that is broken `count` times at one place; `detail` is a sentence."""

    rule: str
    severity: Severity
    where: str | None
    detail: str
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One check of the certification suite, by its id there. `says` is what is wrong."""

    id: str
    block: int
    severity: Severity
    says: str

    def problem(self, where: str | None, *, more: str = "", count: int = 1) -> Problem:
        """The rule broken at one place."""
        return Problem(self.id, self.severity, where, f"{self.says} {more}".strip(), count)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRule(Rule):
    """A rule that each entry of a kind keeps or breaks alone; `broken` says how many times.

    `same` is what a Finding says where the reader found the thing, but not where it belongs.
    """

    kind: type
    broken: Callable[[Entry], int]
    same: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRule(Rule):
    """A rule that only the whole document keeps or breaks; `broken` says where."""

    broken: Callable[[Document], Iterable[Place]]


def about(
    kind: type[R],
    broken: Callable[[R], int],
    *,
    id: str,  # noqa: A002 (as the suite calls it)
    block: int,
    severity: Severity,
    says: str,
) -> EntryRule:
    """A rule about what a resource holds, whatever the entry around it."""
    return EntryRule(
        id=id,
        block=block,
        severity=severity,
        says=says,
        kind=kind,
        broken=lambda entry: broken(cast(R, entry.resource)),
    )
