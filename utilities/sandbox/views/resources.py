"""The ESPI resources that tokens open."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page

from greenbutton.espi import write_bare, write_entry, write_feed
from greenbutton.espi.service_status import ServiceStatus
from utilities.sandbox import documents
from utilities.sandbox.bearer import Bearer, json_error, takes
from utilities.sandbox.branch import Branch
from utilities.sandbox.certificate import CERTIFICATE
from utilities.sandbox.models import RESOURCES, Clock, Grant
from utilities.sandbox.query import Query, QueryError

ATOM = "application/atom+xml"
XML = "application/xml"
NO_STORE = {"Cache-Control": "no-store"}


@takes("registration", "client", "access")
def service_status(request: HttpRequest, bearer: Bearer) -> HttpResponseBase:
    """That the utility is up."""
    if response := _only(request, "GET"):
        return response
    return HttpResponse(write_bare(ServiceStatus(1)), content_type=XML, headers=NO_STORE)


@takes("client")
def authorizations(request: HttpRequest, bearer: Bearer) -> HttpResponseBase:
    """Every consent that the company was given."""
    if response := _only(request, "GET"):
        return response
    href = f"{RESOURCES}/Authorization"
    pieces = write_feed(
        [documents.authorization_entry(grant) for grant in bearer.registration.grants.all()],
        self_href=href,
        title="Authorizations",
        updated=timezone.now(),
        id=documents.entry_id(f"{href}#{bearer.registration.client_id}"),
        related=[CERTIFICATE],
    )
    return HttpResponse(b"".join(pieces), content_type=ATOM, headers=NO_STORE)


@takes("client")
def authorization(request: HttpRequest, bearer: Bearer, uid: str) -> HttpResponseBase:
    """One consent: read it, or end it."""
    if response := _only(request, "GET", "DELETE"):
        return response
    grant = Grant.objects.filter(uid=uid, registration=bearer.registration).first()
    if grant is None:
        return _not_there()
    if request.method == "DELETE":
        grant.revoke()
    entry = write_entry(documents.authorization_entry(grant))
    return HttpResponse(entry, content_type=ATOM, headers=NO_STORE)


@csrf_exempt
@gzip_page
@takes("access")
def subscription(request: HttpRequest, bearer: Bearer, uid: str) -> HttpResponseBase:
    """The usage and the bills of one consent."""
    if response := _only(request, "GET"):
        return response
    grant = bearer.grant
    if grant is None or grant.uid != uid:
        return _not_there()
    try:
        window = Query.read(request.GET).window
    except QueryError as e:
        return json_error(400, "invalid_request", str(e))
    branch = Branch(f"{RESOURCES}/Subscription/{uid}/UsagePoint", companions=True)
    now = Clock.now()
    pieces = documents.write_feed(
        grant.registration,
        documents.usage_entries(grant, grant.granted, window, branch, now),
        self_href=grant.resource_uri,
        title=f"Usage shared by a customer of {grant.registration.programme.name}",
        updated=now,
        id=documents.entry_id(grant.resource_uri),
        related=[CERTIFICATE],
    )
    return StreamingHttpResponse(pieces, content_type=ATOM, headers=NO_STORE)


@csrf_exempt
@gzip_page
@takes("access")
def retail_customer(request: HttpRequest, bearer: Bearer, uid: str) -> HttpResponseBase:
    """Who the customer is."""
    if response := _only(request, "GET"):
        return response
    grant = bearer.grant
    if grant is None or grant.uid != uid or 51 not in grant.granted.function_blocks:
        return _not_there()
    pieces = documents.write_feed(
        grant.registration,
        documents.customer_entries(
            grant, grant.granted, Branch(f"{RESOURCES}/RetailCustomer/{uid}/Customer")
        ),
        self_href=grant.customer_uri,
        title="Account details",
        updated=Clock.now(),
        id=documents.entry_id(grant.customer_uri),
        related=[CERTIFICATE],
    )
    return StreamingHttpResponse(pieces, content_type=ATOM, headers=NO_STORE)


def _only(request: HttpRequest, *methods: str) -> HttpResponse | None:
    if request.method in {*methods, *(["HEAD"] if "GET" in methods else [])}:
        return None
    allowed = ", ".join(methods)
    return json_error(405, "method_not_allowed", f"This address takes {allowed}.", Allow=allowed)


def _not_there() -> HttpResponse:
    """Not there or not yours: which of the two is not told."""
    return json_error(404, "not_found", "There is no such authorization, or it is not yours.")
