"""Function block 01, Common: the feed, its usage points and its local time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from greenbutton.espi.feed import FeedHead
from greenbutton.espi.local_time_parameters import LocalTimeParameters
from greenbutton.espi.usage_point import UsagePoint
from greenbutton.espi.validate.atom import around, present
from greenbutton.espi.validate.document import Document, repeated
from greenbutton.espi.validate.rule import (
    DocumentRule,
    EntryRule,
    Place,
    Rule,
    Severity,
    about,
)

BLOCK = 1


def _not_a_feed(document: Document) -> Iterator[Place]:
    if document.head is None:
        yield Place()


def _head_lacks(document: Document, name: str) -> Iterator[Place]:
    head: FeedHead | None = document.head
    if head is not None and getattr(head, name) is None:
        yield Place()


def _repeated_ids(document: Document) -> Iterator[Place]:
    for name, count in repeated(document.ids):
        yield Place(name, f"{count} entries have it.")


def _without_one_local_time(document: Document) -> Iterator[Place]:
    links = document.self_links(LocalTimeParameters)
    for entry in document.of(UsagePoint):
        count = len(links.intersection(entry.related))
        if count != 1:
            yield Place(entry.where, f"It relates to {count or 'none'}.")


def _unused_local_times(document: Document) -> Iterator[Place]:
    for entry in document.of(LocalTimeParameters):
        if entry.self_href and not document.related_to(UsagePoint, entry.self_href):
            yield Place(entry.where)


RULES: tuple[Rule, ...] = (
    DocumentRule(
        id="D000",
        block=BLOCK,
        severity=Severity.ERROR,
        says="The document is no feed, but a single entry or object.",
        broken=_not_a_feed,
    ),
    DocumentRule(
        id="D001",
        block=BLOCK,
        severity=Severity.ERROR,
        says="The feed has no id.",
        broken=partial(_head_lacks, name="id"),
    ),
    DocumentRule(
        id="D002",
        block=BLOCK,
        severity=Severity.WARNING,
        says="The feed has no title, or an empty one.",
        broken=partial(_head_lacks, name="title"),
    ),
    DocumentRule(
        id="D003",
        block=BLOCK,
        severity=Severity.ERROR,
        says="The feed does not say when it was updated.",
        broken=partial(_head_lacks, name="updated"),
    ),
    DocumentRule(
        id="D004",
        block=BLOCK,
        severity=Severity.ERROR,
        says="Several entries have the same id.",
        broken=_repeated_ids,
    ),
    DocumentRule(
        id="D006",
        block=BLOCK,
        severity=Severity.ERROR,
        says="The document has no usage point.",
        broken=partial(present, kind=UsagePoint),
    ),
    DocumentRule(
        id="D007",
        block=BLOCK,
        severity=Severity.WARNING,
        says="The usage point does not relate to exactly one LocalTimeParameters of the document.",
        broken=_without_one_local_time,
    ),
    about(
        UsagePoint,
        lambda usage_point: usage_point.kind is None,
        id="D008",
        block=BLOCK,
        severity=Severity.ERROR,
        says="The usage point does not say which service it is (ServiceCategory/kind).",
    ),
    *around(
        UsagePoint,
        "usage point",
        BLOCK,
        published="D009",
        updated="D010",
        id="D011",
        title="D012",
        self_link="D013",
        unique="D014",
        up="D015",
    ),
    EntryRule(
        id="D016",
        block=BLOCK,
        severity=Severity.ERROR,
        says="The usage point relates to nothing: no link leads to its meter readings.",
        kind=UsagePoint,
        broken=lambda entry: not entry.related,
    ),
    DocumentRule(
        id="D135",
        block=BLOCK,
        severity=Severity.WARNING,
        says="No usage point relates to the LocalTimeParameters.",
        broken=_unused_local_times,
    ),
    DocumentRule(
        id="D136",
        block=BLOCK,
        severity=Severity.WARNING,
        says="The document has no LocalTimeParameters.",
        broken=partial(present, kind=LocalTimeParameters),
    ),
    *around(
        LocalTimeParameters,
        "LocalTimeParameters",
        BLOCK,
        title="D137",
        id="D138",
        self_link="D139",
        up="D140",
        published="D141",
        updated="D142",
        unique="D143",
    ),
)
