"""What a company's faults make of its requests: the one place where answers go wrong on purpose.

Those of the transport. What a token or a document is like under a fault is decided where it is
made.
"""

from __future__ import annotations

import errno
import math
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from utilities.sandbox import rate_limits
from utilities.sandbox.models import Fault, Grant, Registration, digest
from utilities.sandbox.push import notices

# Names in an address that make it a download, and those whose data have a pace of their own.
DOWNLOADS = {"Batch", "Bulk"}
BILLS_AND_INTERVALS = DOWNLOADS | {"IntervalBlock", "UsageSummary"}
BUSY_FOR, CLOSED_FOR = 60, 120
# How long a download takes to be made, and how long it then is to be had.
READY_AFTER, READY_FOR = timedelta(seconds=5), timedelta(minutes=15)
# A slow download: a drop of so many bytes every half second, for 30 seconds; then the rest.
DROP, PAUSE, DROPS = 512, 0.5, 60
# What is held back, at most, to know where the half of a download is.
HELD_BYTES = 1024 * 1024
Pieces = Iterable[bytes]


def meet(
    request: HttpRequest,
    registration: Registration,
    grant: Grant | None,
    serve: Callable[[], HttpResponseBase],
) -> HttpResponseBase:
    """The answer that `serve` makes, or what the company's faults make of it."""
    if not registration.faults:
        return serve()
    segments = set(request.path.split("/"))
    if refusal := _refusal(registration, segments):
        return refusal
    response = serve()
    if request.method != "GET" or response.status_code != 200 or not segments & DOWNLOADS:
        return response
    first = registration.has(Fault.ACCEPTED_FIRST)
    if first and (seconds := _seconds_to_ready(request, registration, grant)):
        # The other answer is dropped before its body is begun, so it holds nothing to give back.
        return HttpResponse(status=202, headers={"Retry-After": str(seconds)})
    if registration.has(Fault.SLOW_TRICKLE):
        response = _respelt(response, trickle)
    if registration.has(Fault.CUT_HALF_WAY):
        response = _respelt(response, cut)
    return response


def closed(registration: Registration) -> HttpResponse | None:
    """503 for a company to which the utility is in maintenance: also at the token endpoint."""
    if not registration.has(Fault.UNAVAILABLE):
        return None
    return _page(503, "We are in maintenance and will be back soon.", CLOSED_FOR)


def _refusal(registration: Registration, segments: set[str]) -> HttpResponse | None:
    if response := closed(registration):
        return response
    if registration.has(Fault.TOO_MANY_REQUESTS):
        return _page(429, "Too many requests.", BUSY_FOR)
    if registration.has(Fault.PACE_LIMITS):
        seconds = rate_limits.seconds_until_request(registration)
        if not seconds and segments & BILLS_AND_INTERVALS:
            seconds = rate_limits.seconds_until_download(registration)
        if seconds:
            return _page(429, "Too many requests.", seconds)
    if registration.has(Fault.GATEWAY_TIMEOUT) and segments & DOWNLOADS:
        return _page(504, "The answer could not be made in time.")
    return None


def _page(status: int, says: str, retry_after: int | None = None) -> HttpResponse:
    """As something in front of a platform answers: in HTML, which no reader of JSON expects."""
    headers = {"Cache-Control": "no-store"}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    body = f"<!doctype html>\n<title>{status}</title>\n<h1>{status}</h1>\n<p>{says}</p>\n"
    return HttpResponse(body, status=status, headers=headers)


def _seconds_to_ready(request: HttpRequest, registration: Registration, grant: Grant | None) -> int:
    """How long until the download is made; the first who asks sets that going.

    Known by its path: who comes again may ask for another window, up to a later moment.
    """
    now = time.time()
    key = f"download:{registration.pk}:{digest(request.path)}"
    ready = now + READY_AFTER.total_seconds()
    if cache.add(key, ready, (READY_AFTER + READY_FOR).total_seconds()):
        address = f"{settings.SANDBOX_URL}{request.get_full_path()}"
        notices.download_ready(registration, grant, address, READY_AFTER)
    else:
        ready = cache.get(key, now)
    return max(0, math.ceil(ready - now))


def _respelt(
    response: HttpResponseBase, spell: Callable[[Pieces], Iterator[bytes]]
) -> HttpResponseBase:
    """The same answer, its body by other means; a body in one piece keeps its announced length."""
    if isinstance(response, StreamingHttpResponse):
        pieces = response.streaming_content
        assert not hasattr(pieces, "__aiter__")
        response.streaming_content = spell(pieces)
        return response
    assert isinstance(response, HttpResponse)
    headers = dict(response.headers) | {"Content-Length": str(len(response.content))}
    return StreamingHttpResponse(
        spell([response.content]), status=response.status_code, headers=headers
    )


def trickle(pieces: Pieces, pause: Callable[[float], object] = time.sleep) -> Iterator[bytes]:
    """Slow drops at first, so that no reader waits for ever; then the rest as it comes."""
    drops = 0
    for piece in pieces:
        at = 0
        while at < len(piece) and drops < DROPS:
            yield piece[at : at + DROP]
            at, drops = at + DROP, drops + 1
            pause(PAUSE)
        yield piece[at:]


def cut(pieces: Pieces) -> Iterator[bytes]:
    """The first half, or half a megabyte; then the connection ends without the end of the body."""
    held, size = [], 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= HELD_BYTES:
            break
    yield b"".join(held)[: min(size, HELD_BYTES) // 2]
    # Gunicorn closes the connection at an OSError, and writes no traceback for this one.
    raise ConnectionResetError(errno.ECONNRESET, "The client's conditions cut this download.")
