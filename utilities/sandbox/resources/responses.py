"""How a document goes out: only if it has changed, compressed, in pieces, or only its head."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import http_date

ATOM = "application/atom+xml"
XML = "application/xml"
# A store may keep it, of one company only, and asks each time whether it is still true.
HEADERS = {"Cache-Control": "private, no-cache", "Vary": "Authorization, Accept-Encoding"}
# So much goes to the socket at once: entries are many, and some are tiny.
PIECE = 2**16
# Readings are so much alike that more effort gains little and takes several times as long.
EFFORT = 1
GZIP = 16 + zlib.MAX_WBITS
# Less is not worth the while.
LEAST = 1024


@dataclass(frozen=True)
class Version:
    """What tells whether a document has changed, without making it."""

    # Everything that it follows from.
    facts: tuple[object, ...]
    modified: datetime | None = None

    @property
    def etag(self) -> str:
        """A weak one (RFC 9110 §8.8.1): compressed or not, it is the same document."""
        return _etag(repr(self.facts).encode())


def whole(request: HttpRequest, content: bytes, content_type: str = ATOM) -> HttpResponseBase:
    """A small document, made already."""
    etag = _etag(content)
    if packs := len(content) >= LEAST and _takes_gzip(request):
        content = b"".join(_packed([content]))
    response = HttpResponse(content, content_type=content_type)
    return _finished(request, response, etag, packs=packs)


def streamed(request: HttpRequest, pieces: Iterable[bytes], version: Version) -> HttpResponseBase:
    """A document of any size. `pieces` is not begun where only its head is wanted."""
    packs = _takes_gzip(request)
    chunks = _chunks(pieces)
    response = StreamingHttpResponse(
        () if request.method == "HEAD" else _packed(chunks) if packs else chunks,
        content_type=ATOM,
    )
    if not connection.in_atomic_block:
        # A download may take minutes, and nothing of it is read from the database.
        connection.close()
    return _finished(request, response, version.etag, version.modified, packs=packs)


def _finished(
    request: HttpRequest,
    response: HttpResponseBase,
    etag: str,
    modified: datetime | None = None,
    *,
    packs: bool,
) -> HttpResponseBase:
    """The response with its headers, or 304 where the other side has it already."""
    changed = None
    if packs:
        response.headers["Content-Encoding"] = "gzip"
    # RFC 9110 §8.8.2.1: a time to come is none to tell, and the sandbox's own clock may be ahead.
    if modified is not None and modified <= timezone.now():
        changed = int(modified.timestamp())
    answer = response
    # What a PUT or a DELETE should have depended on is settled: it was done.
    if request.method in {"GET", "HEAD"}:
        answer = get_conditional_response(request, etag, changed) or response
    for name, value in {**HEADERS, "ETag": etag}.items():
        answer.headers[name] = value
    if changed is not None:
        answer.headers["Last-Modified"] = http_date(changed)
    return answer


def _etag(content: bytes) -> str:
    return f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'


def _takes_gzip(request: HttpRequest) -> bool:
    for said in request.headers.get("Accept-Encoding", "").lower().split(","):
        coding, _, weight = (part.strip() for part in said.partition(";"))
        if coding == "gzip":
            # RFC 9110 §12.4.2: a weight of 0 is a no.
            return weight.removeprefix("q=").strip("0.") != "" or weight == ""
    return False


def _packed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(EFFORT, zlib.DEFLATED, GZIP)
    for chunk in chunks:
        if packed := packer.compress(chunk):
            yield packed
    yield packer.flush()


def _chunks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same in pieces that are worth a system call."""
    gathered: list[bytes] = []
    size = 0
    for piece in pieces:
        gathered.append(piece)
        size += len(piece)
        if size >= PIECE:
            yield b"".join(gathered)
            gathered, size = [], 0
    if gathered:
        yield b"".join(gathered)
