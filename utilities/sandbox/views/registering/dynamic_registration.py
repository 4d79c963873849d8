"""Registering by a program (RFC 7591), and keeping the registration by its token (RFC 7592)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from utilities.sandbox import rate_limits
from utilities.sandbox.models import Registration
from utilities.sandbox.oauth.errors import NO_STORE, OAuthError
from utilities.sandbox.programmes import Programme
from utilities.sandbox.refusals import Refusal, accepts
from utilities.sandbox.registering import client_metadata, reviewing
from utilities.sandbox.registering.client_metadata import MetadataError
from utilities.sandbox.registering.forms import Metadata, first_error
from utilities.sandbox.resources.bearer import Bearer, takes

JSON = "application/json"


@csrf_exempt  # no cookie opens this address
@accepts("POST")
def register(request: HttpRequest, programme: Programme) -> HttpResponse:
    """RFC 7591 §3.1. Whoever registers accepts the programme's terms."""
    if not rate_limits.allow_registration(request):
        says = "Very many companies were registered from this network. Try again in an hour."
        raise Refusal(429, "too_many_requests", says, **{"Retry-After": "3600"})
    registration = Registration(
        utility=programme.slug, client_id=Registration.new_client_id(programme)
    )
    try:
        form = _read(request, registration)
    except MetadataError as e:
        return _refused(e)
    step = reviewing.register(form.instance, owner=None)
    reviewing.tell(step)
    return _answer(step.registration, status=201)


@takes("registration")
@accepts("GET", "PUT", "DELETE")
def configuration(
    request: HttpRequest, bearer: Bearer, programme: Programme, uid: str
) -> HttpResponseBase:
    """RFC 7592 §2: read, replace or delete the registration whose token it is."""
    registration = bearer.registration
    if registration.application_uid != uid or registration.utility != programme.slug:
        # RFC 7592 §2.1: a token for another client.
        raise Refusal(403, "access_denied", "This token is another registration's.")
    if registration.removed_at is not None:
        # §2.3: gone, as far as this protocol goes. An ApplicationInformation can bring it back.
        raise Refusal(401, "invalid_token", "This registration was deleted.")
    match request.method:
        case "PUT":
            return _replace(request, registration)
        case "DELETE":
            return _delete(registration)
    return _answer(registration)


def _replace(request: HttpRequest, registration: Registration) -> HttpResponse:
    if refusal := reviewing.why_not_changed(registration):
        raise Refusal(403, "access_denied", refusal)
    try:
        form = _read(request, registration)
        client_metadata.check_same_client(request.body, registration)
    except MetadataError as e:
        return _refused(e)
    return _answer(reviewing.change(form, None).registration)


def _delete(registration: Registration) -> HttpResponse:
    try:
        reviewing.remove(registration, None)
    except reviewing.ReviewError as e:
        raise Refusal(403, "access_denied", str(e)) from e
    return HttpResponse(status=204, headers=NO_STORE)


def _read(request: HttpRequest, registration: Registration) -> Metadata:
    """A form that is valid. Raises MetadataError."""
    if request.content_type != JSON:
        raise MetadataError(f"The body must be {JSON}.")
    if len(request.body) > client_metadata.MAX_BYTES:
        raise MetadataError(f"The body may have {client_metadata.MAX_BYTES:,} bytes at most.")
    form = Metadata(client_metadata.read(request.body, registration), registration)
    if not form.is_valid():
        raise _as_metadata_error(*first_error(form))
    return form


def _as_metadata_error(field: str, says: str) -> MetadataError:
    """What is wrong, by the program's own name for it."""
    name = client_metadata.NAMES.get(field, field)
    error = "invalid_redirect_uri" if field == "redirect_uris" else "invalid_client_metadata"
    return MetadataError(f"{name}: {says}", error)


def _refused(error: MetadataError) -> JsonResponse:
    return OAuthError(error.error, str(error)).response()


def _answer(registration: Registration, status: int = 200) -> JsonResponse:
    return JsonResponse(client_metadata.describe(registration), status=status, headers=NO_STORE)
