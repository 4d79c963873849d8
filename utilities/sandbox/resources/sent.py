"""A resource that a company sends by PUT: in one Atom entry, as it is read."""

from __future__ import annotations

from io import BytesIO
from typing import TypeVar

from django.http import HttpRequest

from greenbutton.espi import EspiError, Finding, read_feed
from greenbutton.espi.resources import Resource
from utilities.sandbox.refusals import Refusal

R = TypeVar("R", bound=Resource)


def read_sent(request: HttpRequest, kind: type[R], *, most: int) -> tuple[R, list[Finding]]:
    """The one resource in the body, of at most so many bytes, and what is odd about it.

    Raises Refusal.
    """
    # Not `body`, which believes what the request says of its length.
    body = request.read(most + 1)
    if len(body) > most:
        raise Refusal(413, "too_large", f"The body may have {most:,} bytes at most.")
    document = read_feed(BytesIO(body), max_bytes=most, quick=False)
    try:
        entries = list(document)
    except EspiError as e:
        raise Refusal(400, "invalid_request", str(e)) from e
    if len(entries) != 1 or not isinstance(entries[0].resource, kind):
        says = f"Send one Atom entry with one {kind.__name__} in it."
        raise Refusal(400, "invalid_request", says)
    return entries[0].resource, list(document.findings)
