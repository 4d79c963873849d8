"""What tokens open of a customer's data: each resource, and all of them in one document."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase

from utilities.sandbox import documents
from utilities.sandbox.documents.branch import Branch
from utilities.sandbox.faults import scenarios
from utilities.sandbox.refusals import Refusal, accepts
from utilities.sandbox.resources import feeds
from utilities.sandbox.resources.bearer import Bearer, takes
from utilities.sandbox.resources.feeds import OpenTree, read_query
from utilities.sandbox.resources.responses import whole
from utilities.sandbox.resources.tree import COMPANIONS, CUSTOMER, USAGE


@takes("access")
@accepts("GET")
def usage(request: HttpRequest, bearer: Bearer, uid: str, below: str) -> HttpResponseBase:
    """One resource of a customer's usage, or a collection."""
    return _resource(request, _usage_of(bearer, uid), below)


@takes("access")
@accepts("GET")
def usage_batch(
    request: HttpRequest, bearer: Bearer, uid: str, below: str = "UsagePoint"
) -> HttpResponseBase:
    """A customer's usage and bills in one document: all of them, or of one usage point."""
    return _batch(request, _usage_of(bearer, uid), below, "Usage shared by a customer")


@takes("access")
@accepts("GET")
def customer(request: HttpRequest, bearer: Bearer, uid: str, below: str) -> HttpResponseBase:
    """One resource of a customer's account, or a collection."""
    return _resource(request, _account_of(bearer, uid), below)


@takes("access")
@accepts("GET")
def customer_batch(
    request: HttpRequest, bearer: Bearer, uid: str, below: str = "Customer"
) -> HttpResponseBase:
    """A customer's account details in one document, or a part of them."""
    return _batch(request, _account_of(bearer, uid), below, "Account shared by a customer")


@takes("access")
@accepts("GET")
def companion(request: HttpRequest, bearer: Bearer, below: str) -> HttpResponseBase:
    """What several usage points share: reading types and local times."""
    return _resource(request, OpenTree.by(bearer, "", COMPANIONS), below)


@takes("client")
@accepts("GET")
def bulk(request: HttpRequest, bearer: Bearer, uid: str) -> HttpResponseBase:
    """The usage of all customers of a company in one document."""
    if uid != bearer.registration.bulk_uid:
        raise Refusal.not_there()
    return feeds.bulk(request, read_query(request), bearer.registration)


def _usage_of(bearer: Bearer, uid: str) -> OpenTree:
    _check_owner(bearer, uid)
    return OpenTree.by(bearer, f"/Subscription/{uid}", USAGE)


def _account_of(bearer: Bearer, uid: str) -> OpenTree:
    _check_owner(bearer, uid)
    return OpenTree.by(bearer, f"/RetailCustomer/{uid}", CUSTOMER)


def _check_owner(bearer: Bearer, uid: str) -> None:
    if bearer.grant is None or bearer.grant.uid != uid:
        raise Refusal.not_there()


def _resource(request: HttpRequest, tree: OpenTree, below: str) -> HttpResponseBase:
    """An entry, or the feed of a collection: its own entries, unless more levels are asked for."""
    query, address = read_query(request), tree.address(below)
    if len(address.names) > 1 or (query.depth or 1) > 1:
        scenarios.check_collecting(tree.grant)
    tree.grant.was_read()
    if address.is_entry:
        entry = tree.entry(address.href)
        assert entry is not None
        return whole(request, documents.write_entry(tree.grant.registration, entry))
    branch = Branch(address.href, query.depth or 1)
    return tree.feed(request, query, branch, address.names[-1])


def _batch(request: HttpRequest, tree: OpenTree, below: str, title: str) -> HttpResponseBase:
    """A feed of all that is at an address or below it."""
    query, address = read_query(request), tree.address(below)
    scenarios.check_collecting(tree.grant)
    tree.grant.was_read()
    branch = Branch(address.href, query.depth, companions=True)
    return tree.feed(request, query, branch, title)
