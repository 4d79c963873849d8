"""Where utilities post what is new (FB 39): remembered here, read by a worker.

Nobody signs a post, no cookie opens this address and no page is behind it.
"""

from __future__ import annotations

import re
from typing import BinaryIO, cast

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, UnreadablePostError
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from authorizations import guards
from authorizations.models import Notification
from utilities.models import Utility

# The addresses of ten thousand authorizations.
MAX_BYTES = 2**20
# A minute's limit, and what a worker reads meanwhile.
AGAIN_SECONDS = 60

_CHALLENGE = re.compile(r"[\x21-\x7e]{1,200}")


@csrf_exempt
@never_cache
def notify(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a notification, or answer a challenge; one address a utility, as FB 39 registers it."""
    utility = get_object_or_404(Utility, slug=slug)
    if request.method == "POST":
        return _take(request, utility)
    if request.method == "GET" and "hub_challenge" in request.GET:
        return _echo(request, utility)
    return HttpResponseNotAllowed(["POST"])


def _take(request: HttpRequest, utility: Utility) -> HttpResponse:
    """Keep the body and say 200, whatever it holds: custodians answer errors with e-mails."""
    try:
        allowed = guards.allow_notification(utility.slug, guards.address_of(request))
    except guards.CannotCountError:
        return _later(503, "Notifications cannot be counted at the moment.")
    if not allowed:
        return _later(429, "That were a lot of notifications.")
    try:
        body = _body(request)
    except UnreadablePostError:
        return _plain(400, "The notification broke off.")
    if body is None:
        return _plain(413, f"A notification has {MAX_BYTES:,} bytes at most.")
    if not Notification.remember(utility, body):
        return _later(503, "A lot of notifications wait to be read.")
    return HttpResponse()


def _body(request: HttpRequest) -> bytes | None:
    """What was posted; None for more than is taken."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if announced.isdecimal() and int(announced) > MAX_BYTES:
        return None
    body = _stream(request).read(MAX_BYTES + 1)
    return body if len(body) <= MAX_BYTES else None


def _stream(request: HttpRequest) -> BinaryIO:
    """The body as a file. Django takes one that comes in chunks, without a length, for empty.

    The server says so where such a body has an end of its own.
    """
    in_chunks = "chunked" in request.headers.get("Transfer-Encoding", "").lower()
    if in_chunks and request.META.get("wsgi.input_terminated"):
        return cast("BinaryIO", request.META["wsgi.input"])
    return cast("BinaryIO", request)


def _echo(request: HttpRequest, utility: Utility) -> HttpResponse:
    """What SilverBlaze asks before it posts: whether we are there, by a word of its choosing."""
    if not utility.behaviour.echoes_hub_challenge:
        return HttpResponseNotAllowed(["POST"])
    challenge = request.GET["hub_challenge"]
    if not _CHALLENGE.fullmatch(challenge):
        return _plain(400, "This challenge cannot be echoed.")
    return _plain(200, challenge)


def _later(status: int, says: str) -> HttpResponse:
    answer = _plain(status, f"{says} Please send this one again later.")
    answer.headers["Retry-After"] = str(AGAIN_SECONDS)
    return answer


def _plain(status: int, says: str) -> HttpResponse:
    """Words for machines and those who read their logs; never taken for a page."""
    return HttpResponse(says, status=status, content_type="text/plain; charset=utf-8")
