"""Which customer, account, agreement, service location and meter belong together.

The rules are those of matching.py. A level may be missing, and what is missing may come in a later
document; so a store says what it has already, and both are linked as if they were one document.
The only way from here to the usage is a service location's links to its usage points.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from greenbutton.espi.customer.customer import Customer
from greenbutton.espi.customer.customer_account import CustomerAccount
from greenbutton.espi.customer.customer_agreement import CustomerAgreement
from greenbutton.espi.customer.end_device import EndDevice
from greenbutton.espi.customer.program_date_id_mappings import ProgramDateIdMappings
from greenbutton.espi.customer.service_location import ServiceLocation
from greenbutton.espi.customer.service_supplier import ServiceSupplier
from greenbutton.espi.customer.statement import Statement
from greenbutton.espi.entry import Entry
from greenbutton.espi.findings import Finding, Findings
from greenbutton.espi.matching import Identities, Index, is_persistent

T = TypeVar("T")

# What each kind may belong to, the nearest first; parents stand before their children. A Meter is
# an EndDevice; SCE has it under the agreement.
PARENTS: dict[type, tuple[type, ...]] = {
    Customer: (),
    CustomerAccount: (Customer,),
    CustomerAgreement: (CustomerAccount,),
    ServiceLocation: (CustomerAgreement,),
    EndDevice: (ServiceLocation, CustomerAgreement),
    ServiceSupplier: (CustomerAgreement,),
    ProgramDateIdMappings: (CustomerAgreement,),
    Statement: (Customer, CustomerAccount),
}
WORDS: dict[type, str] = {
    Customer: "customer",
    CustomerAccount: "account",
    CustomerAgreement: "agreement",
    ServiceLocation: "service location",
    EndDevice: "meter",
    ServiceSupplier: "supplier",
    ProgramDateIdMappings: "list of programme dates",
    Statement: "statement",
}


@dataclass(frozen=True, slots=True)
class Stored:
    """What a store has: its key there, its links as an entry, the kinds that it hangs on by now."""

    row: int
    identity: str
    entry: Entry
    hangs_on: frozenset[type] = frozenset()


@dataclass(frozen=True, slots=True)
class LinkedCustomerSide:
    """One resource, and the identities of its parents by their kinds.

    `entry` is None where only the store has it, `row` where only the document has.
    """

    identity: str
    entry: Entry | None
    row: int | None
    parents: Mapping[type, str]


@dataclass(frozen=True, slots=True)
class CustomerTree:
    """How the customer's side hangs together: by kind (a Meter is an EndDevice), then identity."""

    linked: Mapping[type, Mapping[str, LinkedCustomerSide]]
    findings: tuple[Finding, ...]


class CustomerLinker:
    """Takes the entries of one document in any order, then says how they hang together."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def add(self, entry: Entry) -> None:
        """Remember an entry, if it is of the customer's side."""
        if kind_of(entry) in PARENTS:
            self._entries.append(entry)

    def is_empty(self) -> bool:
        """Whether the document has nothing of the customer's side."""
        return not self._entries

    def resolve(self, stored: Iterable[Stored] = ()) -> CustomerTree:
        return _Resolution(self._entries, list(stored)).tree()


def kind_of(entry: Entry) -> type:
    return EndDevice if isinstance(entry.resource, EndDevice) else type(entry.resource)


def named(links: Iterable[str], usage_points: Mapping[str, T]) -> tuple[list[T], list[str]]:
    """The usage points that a service location's links name, and the links that name none of them.

    `usage_points` has them by identity and by self link; links are compared as written.
    """
    found: list[T] = []
    unknown: list[str] = []
    for link in dict.fromkeys(links):
        name = link.lower() if is_persistent(link) else link
        if name in usage_points:
            found.append(usage_points[name])
        else:
            unknown.append(link)
    return found, unknown


@dataclass(slots=True)
class _Node:
    """A resource with all its links, wherever they come from."""

    links: Entry
    here: Entry | None = None
    row: int | None = None
    hangs_on: frozenset[type] = field(default_factory=frozenset)


class _Resolution:
    """The work of one `resolve`, from the customer down."""

    def __init__(self, entries: list[Entry], stored: list[Stored]) -> None:
        self._findings = Findings()
        self._nodes: dict[type, dict[str, _Node]] = {}
        identities = Identities(entries)
        for kind in PARENTS:
            here = [(identities.of(one), one) for one in entries if kind_of(one) is kind]
            there = [one for one in stored if kind_of(one.entry) is kind]
            self._nodes[kind] = _together(here, there)
        self._indexes = {
            kind: Index({identity: node.links for identity, node in nodes.items()})
            for kind, nodes in self._nodes.items()
        }
        self._linked: dict[type, dict[str, LinkedCustomerSide]] = {}
        # The identities of a kind below one parent.
        self._below: dict[tuple[type, type, str], list[str]] = defaultdict(list)

    def tree(self) -> CustomerTree:
        for kind, nodes in self._nodes.items():
            linked = self._linked[kind] = {}
            for identity, node in nodes.items():
                parents = self._parents(kind, node)
                linked[identity] = LinkedCustomerSide(identity, node.here, node.row, parents)
                for parent, above in parents.items():
                    self._below[kind, parent, above].append(identity)
        return CustomerTree(self._linked, tuple(self._findings))

    def _parents(self, kind: type, node: _Node) -> dict[type, str]:
        self._findings.where = node.links.where
        what = f"the {WORDS[kind]}"
        found: dict[type, str] = {}
        for parent in PARENTS[kind]:
            matches = self._indexes[parent].parents(node.links)
            if matches:
                found[parent] = matches[0]
                if len(matches) > 1 and node.here:
                    self._findings.note("link.ambiguous", what)
                break
        nearest = PARENTS[kind][:1]
        if node.here and not node.hangs_on.intersection(nearest):
            for parent in nearest:
                self._adopt(parent, found, what)
        return found

    def _adopt(self, parent: type, found: dict[type, str], what: str) -> None:
        """Hang what does not say its parent on the only one that it can be."""
        if parent in found:
            return
        # What is known to be under one agreement is at none of another's places.
        candidates: Collection[str] = self._linked[parent]
        for kind, above in found.items():
            candidates = self._below[parent, kind, above]
        if len(candidates) == 1:
            found[parent] = next(iter(candidates))
            self._findings.note("link.adopted", what, parent=WORDS[parent])
        elif not found:
            self._findings.note("link.no_parent", what, parent=WORDS[parent])


def _together(here: list[tuple[str, Entry]], there: list[Stored]) -> dict[str, _Node]:
    """The resources of one kind, of the document and of the store, each once."""
    by_identity = {one.identity: one for one in there}
    by_self = {one.entry.self_href: one for one in there if one.entry.self_href}
    nodes: dict[str, _Node] = {}
    taken: set[int] = set()
    for identity, entry in here:
        known = by_identity.get(identity) or by_self.get(entry.self_href or "")
        if known and known.identity != identity and _are_two(known.identity, identity):
            known = None
        name = known.identity if known and is_persistent(known.identity) else identity
        node = nodes.get(name)
        if node is None:
            node = nodes[name] = _Node(known.entry if known else entry)
        if known:
            taken.add(known.row)
            node.row, node.hangs_on = known.row, known.hangs_on
        # Of repeated ones the last, with all their links.
        node.here, node.links = entry, _with_links_of(entry, node.links)
    for one in there:
        if one.row not in taken:
            nodes[one.identity] = _Node(one.entry, row=one.row, hangs_on=one.hangs_on)
    return nodes


def _are_two(one: str, other: str) -> bool:
    """Whether two names of one self link are two things: each has a UUID of its own."""
    return is_persistent(one) and is_persistent(other)


def _with_links_of(entry: Entry, other: Entry) -> Entry:
    return replace(
        entry,
        self_href=entry.self_href or other.self_href,
        up=entry.up or other.up,
        related=tuple(dict.fromkeys((*other.related, *entry.related))),
    )
