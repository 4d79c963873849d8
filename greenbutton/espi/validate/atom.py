"""The checks that every kind of entry has: what Atom and ESPI put around a resource."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from greenbutton.espi.entry import Entry
from greenbutton.espi.findings import SENTENCES
from greenbutton.espi.validate.document import Document
from greenbutton.espi.validate.rule import DocumentRule, EntryRule, Place, Rule, Severity

# RFC 4287 §4.1.2 demands id, title and updated; atom.xsd of ESPI the links self and up. A title is
# only missed, since an empty one, which is allowed and frequent, looks the same to us. Published
# is optional in Atom.
FIELDS: dict[str, tuple[Severity, str, Callable[[Entry], bool]]] = {
    "id": (Severity.ERROR, "has no id", lambda entry: entry.id is None),
    "title": (Severity.WARNING, "has no title, or an empty one", lambda entry: entry.title is None),
    "self_link": (Severity.ERROR, "has no self link", lambda entry: entry.self_href is None),
    "up": (Severity.ERROR, "has no up link", lambda entry: entry.up is None),
    "published": (
        Severity.WARNING,
        "does not say when it was published",
        lambda entry: entry.published is None,
    ),
    "updated": (
        Severity.ERROR,
        "does not say when it was updated",
        lambda entry: entry.updated is None,
    ),
}


def around(kind: type, noun: str, block: int, *, unique: str, **ids: str) -> Iterator[Rule]:
    """The rules for the Atom fields of a kind of entry, with the id of each."""
    for field, rule_id in ids.items():
        severity, words, broken = FIELDS[field]
        yield EntryRule(
            id=rule_id,
            block=block,
            severity=severity,
            says=f"The {noun} {words}.",
            kind=kind,
            broken=broken,
            same=SENTENCES["entry.misplaced_date"].format(what=field),
        )
    yield DocumentRule(
        id=unique,
        block=block,
        severity=Severity.ERROR,
        says="Several entries of one kind have the same self link.",
        broken=partial(_repeated, kind=kind, noun=noun),
    )


def _repeated(document: Document, kind: type, noun: str) -> Iterator[Place]:
    for href, count in document.repeated_self_links(kind):
        yield Place(href, f"{count} {noun} entries have it.")


def present(document: Document, kind: type) -> Iterator[Place]:
    """The whole document, where it has no entry of a kind."""
    if not document.of(kind):
        yield Place()
