"""One conversation: a request, and an answer that is received within limits.

One user agent, one deadline for the whole, no redirects, no cookies, no proxy from the environment.
Nothing here knows what an answer means; whose address it is was decided before.
"""

from __future__ import annotations

import asyncio
import io
import re
import ssl
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO
from urllib.parse import urlsplit, urlunsplit

import httpx
from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.utils import timezone

from utilities.client import tls
from utilities.client.errors import Problem
from utilities.client.exchanges import Exchange, Listener

USER_AGENT = f"green-button-portal/{settings.VERSION}"
CONNECT_SECONDS = 10
# For tokens and other short documents; a feed brings its own deadline.
ANSWER_SECONDS = 30
ANSWER_MAX_BYTES = 64 * 1024
# How long a conversation may go on that nobody wants any more.
WANTED_SECONDS = 2
# What a listener gets to see of an answer.
HEARD_MAX_BYTES = 256 * 1024
# One download of intervals or bills a minute is the platform's pace.
DEFAULT_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(days=1)

_WHOLE = re.compile(r"[0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is sent, and how much may come back in what time."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    body: bytes = field(default=b"", repr=False)
    # Where the body of a 200 goes; into memory if there is none.
    into: BinaryIO | None = None
    max_bytes: int = ANSWER_MAX_BYTES
    deadline_seconds: float = ANSWER_SECONDS
    connect_seconds: float = CONNECT_SECONDS
    # Our client certificate and its key, in PEM; empty for a connection without one.
    certificate: tuple[str, str] = field(default=("", ""), repr=False)
    # Asked every other second; what it raises ends the conversation at once.
    still_wanted: Callable[[], object] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and its headers; the body, unless it went into a file."""

    status: int
    headers: httpx.Headers = field(repr=False)
    size: int
    body: bytes = field(default=b"", repr=False)

    @property
    def retry_after(self) -> timedelta | None:
        """When to come again, if it says so (RFC 9110 §10.2.3)."""
        return _retry_after(self.headers.get("Retry-After", "").strip())


class BrokenOffError(Exception):
    """There is no answer, or none that can be received; `says` never quotes what was sent."""

    def __init__(self, problem: Problem, says: str) -> None:
        super().__init__(says)
        self.problem = problem
        self.says = says


class _TooLargeError(Exception):
    """The answer has more bytes than it may have."""


@dataclass(slots=True)
class _Heard:
    """What a conversation has come to so far, as a listener will be told."""

    started: datetime
    sent_headers: httpx.Headers = field(default_factory=httpx.Headers)
    status: int | None = None
    headers: httpx.Headers = field(default_factory=httpx.Headers)
    body: bytearray = field(default_factory=bytearray)

    def take(self, chunk: bytes) -> None:
        self.body += chunk[: max(0, HEARD_MAX_BYTES - len(self.body))]


def converse(asked: Asked, listener: Listener | None = None) -> Answer:
    """Ask and receive; raises BrokenOffError where nothing comes, or too much, or too slowly."""
    heard = _Heard(timezone.now())
    begun = time.monotonic()
    error = ""
    try:
        return _converse(asked, heard if listener else None)
    except BrokenOffError as e:
        error = e.problem
        raise
    finally:
        if listener:
            listener(_exchange(asked, heard, time.monotonic() - begun, error))


def as_sent(url: str) -> str | None:
    """The address as it would be sent; None for one that cannot be."""
    try:
        return str(httpx.URL(url))
    except (httpx.InvalidURL, UnicodeError):  # JSON can spell half a character, which no URL holds
        return None


def with_query(url: str, params: Mapping[str, str]) -> str:
    """The address with these parameters beside, or in the place of, those that it has."""
    return str(httpx.URL(url).copy_merge_params(params))


def place(url: str) -> str:
    """An address as it may be logged: without user, query and fragment."""
    try:
        parts = urlsplit(url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    except ValueError:
        return "(not an address)"


def _converse(asked: Asked, heard: _Heard | None) -> Answer:
    conversation = _ask(asked, heard)
    try:
        if asked.still_wanted is None:
            return asyncio.run(conversation)
        # Runs the conversation in a thread of its own, so that the question is asked in this one,
        # with its database connection.
        return async_to_sync(_while_wanted)(conversation, asked.still_wanted)
    except (TimeoutError, httpx.TimeoutException) as e:
        raise BrokenOffError(Problem.TIMEOUT, "took longer than allowed") from e
    except httpx.ConnectError as e:
        raise BrokenOffError(Problem.CONNECTION, f"could not connect: {e}") from e
    except _TooLargeError as e:
        says = f"answered with more than {asked.max_bytes:,} bytes"
        raise BrokenOffError(Problem.TOO_LARGE, says) from e
    except httpx.DecodingError as e:
        raise BrokenOffError(Problem.UNREADABLE, "was compressed in a wrong way") from e
    except ssl.SSLError as e:
        says = "could not begin: our client certificate cannot be used"
        raise BrokenOffError(Problem.CERTIFICATE, says) from e
    except httpx.HTTPError as e:
        # Its own words may quote a header, so only its kind is told.
        raise BrokenOffError(Problem.CUT_OFF, f"broke off ({type(e).__name__})") from e


async def _while_wanted(
    conversation: Coroutine[Any, Any, Answer], still_wanted: Callable[[], object]
) -> Answer:
    """Ask every other second, also while nothing comes, and break off when the question raises."""
    task = asyncio.create_task(conversation)
    ask = sync_to_async(still_wanted, thread_sensitive=True)
    try:
        while not (await asyncio.wait({task}, timeout=WANTED_SECONDS))[0]:
            await ask()
    finally:
        # Whoever asked has the file back, so nothing may write into it any more.
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return task.result()


async def _ask(asked: Asked, heard: _Heard | None) -> Answer:
    """Asynchronous only so that one deadline covers all of it: httpx's own time-outs begin anew
    with each byte that trickles in."""
    deadline = asked.deadline_seconds
    certificates = tls.context(*asked.certificate)
    async with (
        asyncio.timeout(deadline),
        httpx.AsyncClient(
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"},
            timeout=httpx.Timeout(deadline, connect=min(asked.connect_seconds, deadline)),
            follow_redirects=False,
            # A proxy or certificate that the environment names would see the tokens.
            trust_env=False,
            verify=certificates,
        ) as http,
    ):
        request = http.build_request(
            asked.method,
            asked.url,
            headers=asked.headers,
            data=asked.form,
            content=asked.body or None,
        )
        if heard is not None:
            heard.sent_headers = request.headers
        response = await http.send(request, stream=True)
        try:
            return await _answer(response, asked, heard)
        finally:
            await response.aclose()


async def _answer(response: httpx.Response, asked: Asked, heard: _Heard | None) -> Answer:
    if heard is not None:
        heard.status, heard.headers = response.status_code, response.headers
    good = response.status_code in {200, 201}
    into = asked.into if response.status_code == 200 else None
    sink = into if into is not None else io.BytesIO()
    size = 0
    try:
        size = await _receive(response, sink, asked.max_bytes if good else ANSWER_MAX_BYTES, heard)
    except (_TooLargeError, httpx.DecodingError):
        # The body of an error can be anything; its status and headers say enough.
        if good:
            raise
    body = sink.getvalue() if isinstance(sink, io.BytesIO) and sink is not into else b""
    return Answer(response.status_code, response.headers, size, body)


async def _receive(
    response: httpx.Response, sink: BinaryIO, max_bytes: int, heard: _Heard | None
) -> int:
    """Copy the decoded body into the sink; the bytes that arrive decide, not what was announced."""
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    # One layer of gzip grows a thousandfold at most; several layers would grow without limit.
    if encoding not in {"", "identity", "gzip", "x-gzip"}:
        raise httpx.DecodingError(f"not asked for: {encoding}")
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) > max_bytes:
        raise _TooLargeError
    size = 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > max_bytes:
            raise _TooLargeError
        if heard is not None:
            heard.take(chunk)
        sink.write(chunk)
    return size


def _exchange(asked: Asked, heard: _Heard, seconds: float, error: str) -> Exchange:
    return Exchange(
        method=asked.method,
        url=asked.url,
        sent_headers=tuple(heard.sent_headers.multi_items()),
        sent_form=dict(asked.form or {}),
        sent_body=asked.body,
        status=heard.status,
        received_headers=tuple(heard.headers.multi_items()),
        received_body=bytes(heard.body),
        started=heard.started,
        seconds=seconds,
        error=error,
    )


def _retry_after(value: str) -> timedelta | None:
    """Seconds or a date, brought between a second and a day; None if it is neither."""
    if _WHOLE.fullmatch(value):
        wait = timedelta(seconds=int(value))
    else:
        try:
            moment = parsedate_to_datetime(value)
        except (ValueError, OverflowError):  # a day, or a zone, with twenty digits
            return None
        # RFC 5322 allows "-0000", which Python reads as a time without a zone.
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        wait = moment - timezone.now()
    return min(max(wait, timedelta(seconds=1)), LONGEST_WAIT)
