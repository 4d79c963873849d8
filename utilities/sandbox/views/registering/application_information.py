"""The registration as an ESPI resource, which the registration token opens."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone

from greenbutton.espi import write_entry
from greenbutton.espi.application_information import ApplicationInformation
from greenbutton.espi.enums import ThirdPartyApplicationStatus
from utilities.sandbox.models import Registration, ReviewStep
from utilities.sandbox.refusals import Refusal, accepts
from utilities.sandbox.registering import application_information as documents
from utilities.sandbox.registering import reviewing
from utilities.sandbox.registering.forms import Metadata, first_error
from utilities.sandbox.resources.bearer import Bearer, takes
from utilities.sandbox.resources.responses import ATOM, XML
from utilities.sandbox.resources.sent import read_sent

XML_TYPES = {ATOM, XML, "text/xml"}
NO_STORE = {"Cache-Control": "no-store"}
LIVE, REMOVE = ThirdPartyApplicationStatus.LIVE, ThirdPartyApplicationStatus.REMOVE


@takes("registration")
@accepts("GET")
def collection(request: HttpRequest, bearer: Bearer) -> HttpResponseBase:
    """The one registration that the token opens, as a feed."""
    pieces = documents.feed(bearer.registration, timezone.now())
    return HttpResponse(b"".join(pieces), content_type=ATOM, headers=NO_STORE)


@takes("registration")
@accepts("GET", "PUT", "DELETE")
def entry(request: HttpRequest, bearer: Bearer, uid: str) -> HttpResponseBase:
    """Read it, change it, or take it off the list."""
    registration = bearer.registration
    if registration.application_uid != uid:
        raise Refusal.not_there()
    match request.method:
        case "PUT":
            return _put(request, registration)
        case "DELETE":
            return _delete(registration)
    return _answer(registration)


def _put(request: HttpRequest, registration: Registration) -> HttpResponse:
    """Replace what the company may change; the rest of the document is passed over.

    The whole document is judged before anything is changed.
    """
    if refusal := reviewing.why_not_changed(registration):
        raise Refusal(403, "access_denied", refusal)
    if request.content_type not in XML_TYPES:
        raise Refusal(415, "unsupported_media_type", f"The body must be {ATOM}.")
    sent, findings = read_sent(request, ApplicationInformation, most=documents.MAX_BYTES)
    try:
        documents.check(findings)
        form = Metadata(documents.details(sent, registration), registration)
    except documents.DocumentError as e:
        raise Refusal(400, "invalid_request", str(e)) from e
    if not form.is_valid():
        raise Refusal(400, "invalid_request", ": ".join(first_error(form)))
    if sent.third_party_application_status == LIVE and not _can_be_live(registration):
        says = "The utility has not approved this company, so it cannot be live."
        raise Refusal(403, "access_denied", says)
    try:
        steps = _change(form, sent)
    except reviewing.ReviewError as e:  # the utility was quicker
        raise Refusal(403, "access_denied", str(e)) from e
    for step in steps:
        reviewing.tell(step)
    return _answer(steps[-1].registration)


def _can_be_live(registration: Registration) -> bool:
    """Whether it is, or may be, once it is back on the list."""
    approved = registration.review == Registration.Review.APPROVED
    return approved or registration.status == Registration.Status.LIVE


@transaction.atomic
def _change(form: Metadata, sent: ApplicationInformation) -> list[ReviewStep]:
    """Take every step from what is stored to what was sent. Raises ReviewError."""
    steps = [reviewing.change(form, None)]
    registration = steps[0].registration
    wanted = sent.third_party_application_status
    if wanted == REMOVE:
        return [*steps, reviewing.remove(registration, None)]
    if registration.removed_at is not None:
        steps.append(reviewing.restore(registration, None))
    is_live = registration.status == Registration.Status.LIVE
    if wanted == LIVE and not is_live:
        steps.append(reviewing.go_live(registration, None))
    if wanted not in {None, LIVE} and is_live:
        steps.append(reviewing.go_back(registration, None))
    return steps


def _delete(registration: Registration) -> HttpResponse:
    """Marked as removed; the token goes on to open it, so that a later PUT can bring it back."""
    try:
        return _answer(reviewing.remove(registration, None).registration)
    except reviewing.ReviewError as e:
        raise Refusal(403, "access_denied", str(e)) from e


def _answer(registration: Registration) -> HttpResponse:
    document = write_entry(documents.entry(registration))
    return HttpResponse(document, content_type=ATOM, headers=NO_STORE)
