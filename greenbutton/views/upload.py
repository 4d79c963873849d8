"""A Green Button file that a customer has, uploaded; and the time zone that it is in."""

from __future__ import annotations

import logging
from typing import BinaryIO, cast

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST, require_safe

from authorizations import guards
from authorizations.access import browser_of, get_authorization_for
from authorizations.customers.accounts import keep_for_signed_in
from authorizations.guards import RETRY_AFTER_SECONDS
from authorizations.models import Authorization
from greenbutton import zones
from greenbutton.espi import EspiError
from greenbutton.ingest.import_file import NotNowError, receive
from greenbutton.ingest.recut import settle
from greenbutton.ingest.unpack import unpacked
from greenbutton.models import Pull
from greenbutton.uploads import FORM_BYTES, UploadLimit, announced_bytes
from utilities.models import Utility

logger = logging.getLogger(__name__)

NO_FILE = "Choose a file first, then send it."
STOPPED = "Sharing was stopped while your file came in, so nothing of it was kept."
TOO_OFTEN = (
    "These were a lot of files in a short time. Nothing was kept of this one. "
    "Wait a while, then send it again."
)

NOT_NOW = (
    "We cannot take files for the moment, and kept nothing of this one. "
    "Send it again in a few minutes."
)


class UploadError(Exception):
    """Why a file was not taken: a sentence for the customer, and a status."""

    def __init__(self, to_customer: str, status: int = 422) -> None:
        super().__init__(to_customer)
        self.to_customer = to_customer
        self.status = status


@require_safe
@never_cache
def show(request: HttpRequest) -> HttpResponse:
    """The page that takes a file."""
    return _page(request, None)


@require_safe
@never_cache
def show_more(request: HttpRequest, uid: str) -> HttpResponse:
    """The page that takes another file for what is there."""
    return _page(request, _of_file(request, uid))


# Checking the CSRF token reads the whole body. So the limits come first, and the check after them.
@csrf_exempt
@require_POST
@never_cache
def send(request: HttpRequest) -> HttpResponseBase:
    """Take a file: it becomes an authorization of origin `file`."""
    return _limited(request, None)


@csrf_exempt
@require_POST
@never_cache
def send_more(request: HttpRequest, uid: str) -> HttpResponseBase:
    """Take another file for what is there."""
    return _limited(request, _of_file(request, uid))


@require_POST
@never_cache
def time_zone(request: HttpRequest, uid: str) -> HttpResponseBase:
    """The customer says which zone it is: a worker cuts the days anew where it is another one."""
    authorization = _of_file(request, uid)
    name = request.POST.get("time_zone", "")
    if not zones.is_zone(name):
        raise Http404
    if settle(authorization, name):
        messages.success(request, f"Days and times are those of {zones.label_of(name)} now.")
    return redirect("usage", authorization.uid)


def _of_file(request: HttpRequest, uid: str) -> Authorization:
    authorization = get_authorization_for(request, uid, staff_permission="change")
    if not authorization.is_from_file() or not authorization.can_be_stopped():
        raise Http404
    return authorization


def _limited(request: HttpRequest, authorization: Authorization | None) -> HttpResponseBase:
    """Refuse by what can be known before the body is read; then read it, and count."""
    announced = announced_bytes(request)
    if announced is None:
        problem = "Your browser did not say how large the file is, so we did not take it."
        return _told(request, authorization, UploadError(problem, 411))
    if announced > settings.UPLOAD_MAX_BYTES + FORM_BYTES:
        return _told(request, authorization, _too_large(announced))
    try:
        is_allowed = guards.allow_upload(browser_of(request), guards.address_of(request))
    except guards.CannotCountError:
        return _later(request, authorization, UploadError(NOT_NOW, 503), RETRY_AFTER_SECONDS)
    if not is_allowed:
        return _later(request, authorization, UploadError(TOO_OFTEN, 429), 3600)
    limit = UploadLimit(request, settings.UPLOAD_MAX_BYTES)
    request.upload_handlers.insert(0, limit)
    return _received(request, authorization, limit)


def _later(
    request: HttpRequest, authorization: Authorization | None, error: UploadError, seconds: int
) -> HttpResponse:
    answer = _told(request, authorization, error)
    answer.headers["Retry-After"] = str(seconds)
    return answer


@csrf_protect
def _received(
    request: HttpRequest, authorization: Authorization | None, limit: UploadLimit
) -> HttpResponseBase:
    try:
        address = reverse("usage", args=[_take(request, authorization, limit).uid])
    except UploadError as e:
        return _told(request, authorization, e)
    if _wants_json(request):
        return JsonResponse({"location": address})
    return redirect(address)


def _take(
    request: HttpRequest, authorization: Authorization | None, limit: UploadLimit
) -> Authorization:
    """Keep what was uploaded, to be read by a worker; raises UploadError, and nothing is kept.

    1. See that it is a file, no larger than it may be, and that there may be a document in it.
    2. Make an authorization for it, unless it is to be added to one.
    3. Keep it with that, encrypted. A worker that looks for such files reads it.
    """
    utility = _utility(request)  # this reads the body
    if limit.is_exceeded:
        raise _too_large()
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile) or not file.name:
        raise UploadError(NO_FILE)
    opened = cast(BinaryIO, file.file)
    try:
        with unpacked(opened):
            pass
    except EspiError as e:
        raise UploadError(e.says) from e
    try:
        with transaction.atomic():
            if authorization is None:
                guess = request.POST.get("browser_zone", "")
                guess = guess if not utility and zones.is_zone(guess) else ""
                authorization = Authorization.for_file(browser_of(request), utility, guess)
                keep_for_signed_in(request, authorization)
            receive(authorization, opened, Pull.Source.UPLOAD, file.name)
    except NotNowError as e:
        raise UploadError(STOPPED, 409) from e
    return authorization


def _utility(request: HttpRequest) -> Utility | None:
    slug = request.POST.get("utility", "").replace("\0", "")  # which PostgreSQL does not take
    return Utility.objects.enabled().filter(slug=slug).first() if slug else None


def _too_large(announced: int | None = None) -> UploadError:
    says = f"about {_size(announced)} large" if announced else "too large"
    return UploadError(
        f"This file is {says}; we take up to {_size(settings.UPLOAD_MAX_BYTES)}. Download a "
        "shorter time, such as a year at once, or pack the file as .zip, and send that.",
        413,
    )


def _size(size: int) -> str:
    return filesizeformat(size).replace("\xa0", " ").replace(".0 ", " ")


def _told(
    request: HttpRequest, authorization: Authorization | None, error: UploadError
) -> HttpResponse:
    """Say what is wrong: to our script as JSON, else on the page with the form."""
    logger.info("an upload was refused with %s", error.status)
    if _wants_json(request):
        return JsonResponse({"problem": error.to_customer}, status=error.status)
    return _page(request, authorization, error)


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept") == "application/json"


def _page(
    request: HttpRequest, authorization: Authorization | None, error: UploadError | None = None
) -> HttpResponse:
    context = {
        "authorization": authorization,
        "utilities": [] if authorization else Utility.objects.enabled(),
        "problem": error.to_customer if error else "",
        "max_bytes": settings.UPLOAD_MAX_BYTES,
        "max_size": _size(settings.UPLOAD_MAX_BYTES),
    }
    return render(
        request, "greenbutton/upload.html", context, status=error.status if error else 200
    )
