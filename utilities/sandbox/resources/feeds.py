"""What a token opens, as entries and as documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, islice

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from greenbutton.espi import Entry
from greenbutton.espi.local_time_parameters import LocalTimeParameters
from greenbutton.espi.reading_type import ReadingType
from greenbutton.espi.scope import Scope
from utilities.sandbox import documents
from utilities.sandbox.documents.branch import Branch
from utilities.sandbox.documents.certificate import CERTIFICATE
from utilities.sandbox.documents.window import EVERYTHING, Window
from utilities.sandbox.faults.scenarios import refusal_of
from utilities.sandbox.households import midnight
from utilities.sandbox.models import RESOURCES, Clock, Grant, Registration
from utilities.sandbox.refusals import Refusal
from utilities.sandbox.resources.bearer import Bearer
from utilities.sandbox.resources.query import Query, QueryError
from utilities.sandbox.resources.responses import Version, streamed
from utilities.sandbox.resources.tree import CUSTOMER, USAGE, Address, NoSuchAddress, Tree


@dataclass(frozen=True)
class OpenTree:
    """One of the trees of a grant, as far as an access token opens it."""

    grant: Grant
    scope: Scope
    root: str
    tree: Tree
    now: datetime

    @classmethod
    def by(cls, bearer: Bearer, root: str, tree: Tree) -> OpenTree:
        """The tree below this root of the grant whose token it is."""
        assert bearer.grant
        return cls(bearer.grant, bearer.scope, f"{RESOURCES}{root}", tree, Clock.now())

    def address(self, below: str) -> Address:
        """An address below the root that there is, and that the scope opens. Raises Refusal."""
        try:
            address = Address.read(self.root, self.tree, below)
        except NoSuchAddress as e:
            raise Refusal.not_there() from e
        if not address.is_open(self.scope.function_blocks):
            says = f"The customer does not share any {address.names[-1]} with you."
            raise Refusal(403, "insufficient_scope", says)
        owner = address.href if address.is_entry else address.parent
        if owner and self.entry(owner) is None:
            raise Refusal.not_there()
        return address

    def entry(self, href: str) -> Entry | None:
        """The entry at this address, if there is one."""
        return next(self.entries(Branch(href, levels=1), EVERYTHING), None)

    def entries(self, branch: Branch, window: Window) -> Iterator[Entry]:
        """What of the tree is in the branch; the database is read here, and not while they are."""
        if self.tree is CUSTOMER:
            return documents.customer_entries(self.grant, self.scope, branch)
        return documents.usage_entries(self.grant, self.scope, window, branch, self.now)

    def feed(
        self, request: HttpRequest, query: Query, branch: Branch, title: str
    ) -> HttpResponseBase:
        """The branch as a document."""
        registration, changed = self.grant.registration, _changed(self.grant, self.now)
        return _feed(
            request,
            query,
            registration,
            self.entries(branch, query.window),
            title=f"{title}, {registration.programme.name}",
            updated=changed,
            facts=(self.scope, *_facts(registration, [self.grant])),
            # Of a narrower token not by a date: the next one may open more of what is older.
            modified=changed if self.scope == self.grant.granted else None,
        )


def bulk(request: HttpRequest, query: Query, registration: Registration) -> HttpResponseBase:
    """The usage of every customer of a company, as a document (FB 35)."""
    now = Clock.now()
    grants = registration.grants.filter(revoked_at=None).select_related("registration", "account")
    active = [grant for grant in grants if grant.is_active_at(now) and not refusal_of(grant)]
    Grant.were_read(active)
    # A list: all is read from the database before the first piece goes out.
    parts = [
        documents.usage_entries(
            grant, grant.granted, query.window, _usage_branch(grant, query.depth), now
        )
        for grant in active
    ]
    changed = max((_changed(grant, now) for grant in active), default=registration.created_at)
    return _feed(
        request,
        query,
        registration,
        _each_once(chain.from_iterable(parts)),
        title=f"Usage shared by customers of {registration.programme.name}",
        updated=changed,
        # Not by a date: when a grant ends, the rest may be older than what there was.
        facts=_facts(registration, active),
    )


def read_query(request: HttpRequest) -> Query:
    """The parameters of the request. Raises Refusal."""
    try:
        return Query.read(request.GET)
    except QueryError as e:
        raise Refusal(400, "invalid_request", str(e)) from e


def _usage_branch(grant: Grant, depth: int | None) -> Branch:
    (top,) = USAGE
    return Branch(f"{RESOURCES}/Subscription/{grant.uid}/{top}", depth, companions=True)


def _changed(grant: Grant, now: datetime) -> datetime:
    """When what the grant opens last changed: with the grant itself, or when a day was over."""
    zone = grant.registration.programme.zone
    day = datetime.fromtimestamp(midnight(now.astimezone(zone).date(), zone), UTC)
    return max(grant.updated_at, day)


def _facts(registration: Registration, grants: Iterable[Grant]) -> tuple[object, ...]:
    """What a document follows from, besides its address and what was published when."""
    of_grants = [(grant.uid, grant.updated_at) for grant in grants]
    return settings.VERSION, registration.profile, registration.faults, *of_grants


def _feed(
    request: HttpRequest,
    query: Query,
    registration: Registration,
    entries: Iterator[Entry],
    *,
    title: str,
    updated: datetime,
    facts: tuple[object, ...],
    modified: datetime | None = None,
) -> HttpResponseBase:
    """So many of the entries as the query wants, streamed."""
    href = f"{settings.SANDBOX_URL}{request.path}"
    first, most = query.start_index - 1, query.max_results
    pieces = documents.write_feed(
        registration,
        islice(entries, first, None if most is None else first + most),
        self_href=href,
        title=title,
        updated=updated,
        id=documents.entry_id(href),
        related=[CERTIFICATE],
    )
    version = Version((request.get_full_path(), updated, *facts), modified)
    return streamed(request, pieces, version)


def _each_once(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The same, without what several customers have in common and one of them brought already."""
    seen: set[str | None] = set()
    for entry in entries:
        if isinstance(entry.resource, ReadingType | LocalTimeParameters):
            if entry.self_href in seen:
                continue
            seen.add(entry.self_href)
        yield entry
