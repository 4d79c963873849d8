"""The consents themselves, as a company's client token opens them (FB 3, FB 41)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase

from greenbutton.espi import write_entry, write_feed
from greenbutton.espi.authorization import Authorization
from greenbutton.espi.enums import AuthorizationStatus
from utilities.sandbox import documents
from utilities.sandbox.documents.certificate import CERTIFICATE
from utilities.sandbox.models import RESOURCES, Grant
from utilities.sandbox.refusals import Refusal, accepts
from utilities.sandbox.resources.bearer import Bearer, takes
from utilities.sandbox.resources.responses import whole
from utilities.sandbox.resources.sent import read_sent

# Hundreds of times what there is to say.
LARGEST = 64 * 1024


@takes("client")
@accepts("GET")
def authorizations(request: HttpRequest, bearer: Bearer) -> HttpResponseBase:
    """Every consent that the company was given, ended ones among them."""
    registration, href = bearer.registration, f"{RESOURCES}/Authorization"
    grants = list(registration.grants.select_related("registration"))
    pieces = write_feed(
        documents.authorization_entries(grants),
        self_href=href,
        title="Authorizations",
        updated=max((grant.updated_at for grant in grants), default=registration.created_at),
        # Everybody's feed is at this address, and each is another one.
        id=documents.entry_id(f"{href}#{registration.client_id}"),
        related=[CERTIFICATE],
    )
    return whole(request, b"".join(pieces))


@takes("client")
@accepts("GET", "PUT", "DELETE")
def authorization(request: HttpRequest, bearer: Bearer, uid: str) -> HttpResponseBase:
    """One consent: read it, end it, or take it back that it was ended."""
    grant = Grant.objects.filter(uid=uid, registration=bearer.registration).first()
    if grant is None:
        raise Refusal.not_there()
    if request.method == "DELETE":
        grant.revoke(Grant.Party.COMPANY)
    elif request.method == "PUT":
        sent, _ = read_sent(request, Authorization, most=LARGEST)
        _put(grant, sent)
    return whole(request, write_entry(documents.authorization_entry(grant)))


def _put(grant: Grant, sent: Authorization) -> None:
    """Bring the grant to the status that was sent: the one thing that a company may change."""
    if sent.scope not in {None, grant.scope}:
        raise Refusal(400, "invalid_request", "Only the customer can change what is shared.")
    if sent.status == AuthorizationStatus.REVOKED:
        grant.revoke(Grant.Party.COMPANY)
    elif sent.status != AuthorizationStatus.ACTIVE:
        raise Refusal(400, "invalid_request", "The status must be 0, revoked, or 1, active.")
    elif not grant.restore():
        says = "This authorization is over. Only the customer can give another one."
        raise Refusal(403, "access_denied", says)
