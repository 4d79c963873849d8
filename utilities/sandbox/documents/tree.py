"""Resources as a tree, of which only what is asked for is worked out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from greenbutton.espi import Entry
from utilities.sandbox.documents.branch import Branch


@dataclass(frozen=True, slots=True)
class Node:
    """A resource that can be had: its address, how it is made, and what hangs on it."""

    href: str
    make: Callable[[], Entry]
    collections: tuple[Collection, ...] = ()


@dataclass(frozen=True, slots=True)
class Collection:
    """The address that resources have as their `up` link, and how they are found."""

    href: str
    nodes: Callable[[], Iterable[Node]]


def walk(collections: Iterable[Collection], branch: Branch) -> Iterator[Entry]:
    """The entries of a branch, parents first; of nothing else anything is made."""
    for collection in collections:
        if branch.enters(collection.href):
            for node in collection.nodes():
                if branch.holds(node.href):
                    yield node.make()
                yield from walk(node.collections, branch)
