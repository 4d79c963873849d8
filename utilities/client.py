"""The one door out: every request to a utility leaves through here (style rule 15).

One user agent, one deadline for a whole conversation, no redirects, no cookies, no proxy from the
environment, and a token only to an address that the utility owns. Whatever goes wrong becomes one
UtilityError with a sentence for the customer and one for the log; the latter never holds a token, a
code, or the query of an address.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import math
import re
import secrets
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, BinaryIO, TypeGuard
from urllib.parse import quote, urlsplit, urlunsplit

import httpx
from django.conf import settings
from django.utils import timezone

from greenbutton.espi import scope as espi_scope
from greenbutton.espi.errors import ScopeError
from utilities.models import Client

USER_AGENT = f"green-button-portal/{settings.VERSION}"
CONNECT_SECONDS = 10
# For tokens and revocations; a feed brings its own deadline.
ANSWER_SECONDS = 30
ANSWER_MAX_BYTES = 64 * 1024
TOKEN_MAX_LENGTH = 4096
# As long as the columns that keep them.
URI_MAX_LENGTH = 500
SCOPE_MAX_LENGTH = 1000
# The platform's own lifetime, for an answer that does not say (RFC 6749 §5.1: RECOMMENDED).
DEFAULT_EXPIRES_IN = 3600
LONGEST_EXPIRES_IN = 10 * 365 * 86_400
# One download of intervals or bills a minute is the platform's pace.
DEFAULT_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(days=1)

# RFC 6749 appendix A.12 and A.17 (VSCHAR), without the space: it goes into a header.
_TOKEN = re.compile(r"[\x21-\x7e]+")
# RFC 6749 §5.2: what `error` and `error_description` may not hold.
_NOT_ERROR_TEXT = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")
_WHOLE = re.compile(r"[0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class Token:
    """What the token endpoint gave; the scope and any address that it left out are empty."""

    access_token: str
    refresh_token: str
    expires_at: datetime
    scope: str = ""
    resource_uri: str = ""
    authorization_uri: str = ""
    customer_uri: str = ""


class UtilityError(Exception):
    """A conversation with a utility that came to nothing.

    `permanent` means that only a new consent can mend it; anything else is tried again, in `after`
    where the utility said when. `code` is the utility's own OAuth error where it gave one, else
    one of: come_later, timeout, connection, cut_off, redirect, not_ours, too_large, unreadable,
    bad_token, or http_<status>; where nothing could even be asked, not_active or no_refresh_token.
    """

    def __init__(
        self,
        code: str,
        *,
        to_customer: str,
        to_log: str,
        permanent: bool = False,
        after: timedelta | None = None,
    ) -> None:
        super().__init__(to_log)
        self.code = code
        self.to_customer = to_customer
        self.to_log = to_log
        self.permanent = permanent
        self.after = after


class IncompleteGrantError(UtilityError):
    """The customer said yes, but the answer cannot be used; the grant should be given back.

    `authorization_uri` says where, if the utility told.
    """

    def __init__(self, why: UtilityError, authorization_uri: str) -> None:
        super().__init__(why.code, to_customer=why.to_customer, to_log=why.to_log, permanent=True)
        self.authorization_uri = authorization_uri


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: httpx.Headers
    size: int
    # What came instead of a feed; empty where the answer went into a file.
    body: bytes = b""
    # What we sent and nobody may read in a log, should the reply repeat it.
    sent: tuple[str, ...] = ()


class GreenButtonClient:
    """Talks to one utility for one registration of this company."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.utility = client.utility

    # -- consent ------------------------------------------------------------------------------

    def new_verifier(self) -> str:
        """A PKCE verifier (RFC 7636 §4.1) for one request; empty where the utility takes none."""
        return secrets.token_urlsafe(48) if self.utility.behaviour.takes_pkce else ""

    def authorize_url(
        self, *, redirect_uri: str, scope: str, state: str, pkce_verifier: str = ""
    ) -> str:
        """Where the customer's browser goes to consent (RFC 6749 §4.1.1).

        `scope` is plain text and may carry AdditionalScope; spaces become %20, never +.
        """
        params = {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": redirect_uri,
            "scope": scope,
            "state": state,
        }
        if pkce_verifier:
            params |= {
                "code_challenge": _challenge(pkce_verifier),
                "code_challenge_method": "S256",
            }
        url = self._ours(self.utility.authorize_url)
        query = "&".join(f"{name}={espi_scope.quote(value)}" for name, value in params.items())
        return f"{url}{'&' if urlsplit(url).query else '?'}{query}"

    def exchange_code(self, code: str, redirect_uri: str, pkce_verifier: str = "") -> Token:
        """Trade the code for tokens (RFC 6749 §4.1.3).

        Raises IncompleteGrantError where the answer lacks resourceURI or names an address that is
        not the utility's: without it there is nothing to collect.
        """
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        if pkce_verifier:
            form["code_verifier"] = pkce_verifier
        answer = self._ask_for_token(form)
        uris = {
            name: self._uri_in(answer, name)
            for name in ("resourceURI", "authorizationURI", "customerResourceURI")
        }
        try:
            token = self._token_in(answer)
            if refused := [name for name, uri in uris.items() if uri is None]:
                raise self._bad_token(f"{', '.join(refused)} is not an address of the utility")
            if not uris["resourceURI"]:
                raise self._bad_token("there is no resourceURI")
        except UtilityError as e:
            raise IncompleteGrantError(e, uris["authorizationURI"] or "") from e
        return Token(
            token.access_token,
            token.refresh_token,
            token.expires_at,
            _readable_scope(answer.get("scope")),
            uris["resourceURI"] or "",
            uris["authorizationURI"] or "",
            uris["customerResourceURI"] or "",
        )

    def refresh(self, refresh_token: str) -> Token:
        """New tokens (RFC 6749 §6). Scope and addresses stay as they were at consent: empty here.

        A refresh token that was refused raises a permanent UtilityError.
        """
        return self._token_in(
            self._ask_for_token({"grant_type": "refresh_token", "refresh_token": refresh_token})
        )

    def client_token(self) -> str:
        """A client_access_token (RFC 6749 §4.4): it opens Authorization entries, not data."""
        return self._token_in(
            self._ask_for_token({"grant_type": "client_credentials"})
        ).access_token

    def bulk_uri(self) -> str:
        """Where the data of all customers of this registration lies (FB 35); empty for nowhere.

        The utility says so with a client token, as its resourceURI.
        """
        answer = self._ask_for_token({"grant_type": "client_credentials"})
        return self._uri_in(answer, "resourceURI") or ""

    def revoke(self, authorization_uri: str) -> None:
        """End the grant at the utility: DELETE its Authorization with a client token."""
        url = self._ours(authorization_uri)
        answer = self._send("DELETE", url, bearer=self.client_token())
        # Gone is what was wanted.
        if answer.status not in {200, 202, 204, 404, 410}:
            raise self._refusal(answer, url)

    # -- data ---------------------------------------------------------------------------------

    def fetch_feed(
        self,
        uri: str,
        access_token: str,
        *,
        into: BinaryIO,
        max_bytes: int,
        deadline_seconds: float,
        published_min: datetime | None = None,
        published_max: datetime | None = None,
    ) -> int:
        """Stream a feed into a file and return its size in bytes, after decompression.

        A feed over `max_bytes`, or one that takes longer than the deadline as a whole, is refused;
        what was written by then is worthless. 202, 429 and 5xx raise a passing UtilityError.
        """
        url = self._ours(uri)
        asked = httpx.URL(url).copy_merge_params(_period(published_min, published_max))
        answer = self._send(
            "GET",
            str(asked),
            bearer=access_token,
            accept="application/atom+xml",
            into=into,
            max_bytes=max_bytes,
            deadline_seconds=deadline_seconds,
        )
        if answer.status != 200:
            raise self._refusal(answer, url)
        return answer.size

    # -- the token endpoint -------------------------------------------------------------------

    def _ask_for_token(self, form: dict[str, str]) -> dict[str, Any]:
        url = self._ours(self.utility.token_url)
        answer = self._send("POST", url, form=form)
        if answer.status != 200:
            raise self._token_refusal(answer, url)
        read = _json_object(answer.body)
        if read is None:
            raise self._bad_token("it is not a JSON object")
        return read

    def _token_in(self, answer: dict[str, Any]) -> Token:
        """RFC 6749 §5.1, read strictly: the tokens are put into headers and columns."""
        kind = answer.get("token_type")
        if not isinstance(kind, str) or kind.lower() != "bearer":
            raise self._bad_token("its token_type is not Bearer")
        access, refresh = answer.get("access_token"), answer.get("refresh_token")
        if not _is_token(access):
            raise self._bad_token("it has no usable access_token")
        if not refresh:
            refresh = ""
        elif not _is_token(refresh):
            raise self._bad_token("its refresh_token is not usable")
        seconds = _expires_in(answer.get("expires_in"))
        if seconds is None:
            raise self._bad_token("its expires_in is not a sensible number of seconds")
        return Token(access, refresh, timezone.now() + timedelta(seconds=seconds))

    def _uri_in(self, answer: dict[str, Any], name: str) -> str | None:
        """The address; empty where there is none, None where it is not one of the utility's."""
        uri = answer.get(name)
        if uri is None or uri == "":
            return ""
        if not isinstance(uri, str) or len(uri) > URI_MAX_LENGTH or not self._owns(uri):
            return None
        return uri

    def _bad_token(self, why: str) -> UtilityError:
        return UtilityError(
            "bad_token",
            to_customer=f"{self.utility.name} sent an answer that we cannot use. "
            "Please try again, or tell us if it happens again.",
            to_log=f"{self.utility.slug}: the token answer cannot be used: {why}",
        )

    def _token_refusal(self, answer: _Answer, url: str) -> UtilityError:
        error, described = _oauth_error(answer)
        if answer.status not in {400, 401, 403}:
            return self._refusal(answer, url)
        said = f"{answer.status} {described}".strip()
        if error == "invalid_client":
            return UtilityError(
                "invalid_client",
                to_customer=f"Our registration with {self.utility.name} needs attention. "
                "We have been told; please try again later.",
                to_log=f"{self.utility.slug}: {self.client.client_id} is refused: {said}",
            )
        return UtilityError(
            error or f"http_{answer.status}",
            to_customer=f"{self.utility.name} did not accept this. Please connect again.",
            to_log=f"{self.utility.slug}: no token: {said}",
            permanent=True,
        )

    # -- how it is sent -----------------------------------------------------------------------

    def _ours(self, url: str) -> str:
        """The address itself, if it is the utility's; nothing is ever sent to another."""
        if not self._owns(url):
            raise UtilityError(
                "not_ours",
                to_customer=f"{self.utility.name} named an address that is not its own. "
                "We have stopped there.",
                to_log=f"{self.utility.slug}: not one of its origins: {_place(url)}",
            )
        return url

    def _owns(self, url: str) -> bool:
        """Whether it is the utility's as we read it, and as httpx will read it to send it there."""
        try:
            as_sent = str(httpx.URL(url))
        except httpx.InvalidURL:
            return False
        return self.utility.owns(url) and self.utility.owns(as_sent)

    def _send(
        self,
        method: str,
        url: str,
        *,
        bearer: str | None = None,
        form: dict[str, str] | None = None,
        accept: str = "application/json",
        into: BinaryIO | None = None,
        max_bytes: int = ANSWER_MAX_BYTES,
        deadline_seconds: float = ANSWER_SECONDS,
    ) -> _Answer:
        """Send one request; the answer to a request `into` a file goes there if it is a 200."""
        authorization = self._basic() if bearer is None else f"Bearer {bearer}"
        headers = {"Accept": accept, "Authorization": authorization}
        conversation = _converse(method, url, headers, form, into, max_bytes, deadline_seconds)
        place = f"{self.utility.slug}: {method} {_place(url)}"
        sent = (bearer or "", self.client.client_secret, *_secrets_in(form or {}))
        try:
            return replace(asyncio.run(conversation), sent=sent)
        except (TimeoutError, httpx.TimeoutException) as e:
            raise self._unheard("timeout", f"{place} took longer than allowed") from e
        except httpx.ConnectError as e:
            raise self._unheard("connection", f"{place} could not connect: {e}") from e
        except _TooLargeError as e:
            raise UtilityError(
                "too_large",
                to_customer=f"{self.utility.name} sent more than we can take at once. "
                "We have been told.",
                to_log=f"{place} answered with more than {max_bytes:,} bytes",
            ) from e
        except httpx.DecodingError as e:
            raise self._unheard("unreadable", f"{place} was compressed in a wrong way") from e
        except httpx.HTTPError as e:
            # Its own words may quote a header, so only its kind is told.
            raise self._unheard("cut_off", f"{place} broke off ({type(e).__name__})") from e

    def _basic(self) -> str:
        """RFC 6749 §2.3.1: id and secret are form-encoded first; url-safe ones stay as they are."""
        pair = (
            f"{quote(self.client.client_id, safe='')}:{quote(self.client.client_secret, safe='')}"
        )
        return f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"

    def _unheard(self, code: str, to_log: str) -> UtilityError:
        return UtilityError(
            code,
            to_customer=f"{self.utility.name} is not answering at the moment. "
            "We will try again by ourselves.",
            to_log=to_log,
        )

    def _refusal(self, answer: _Answer, url: str) -> UtilityError:
        """What a status other than the hoped-for one means ("When it goes wrong" in the design)."""
        status, after = answer.status, _retry_after(answer.headers)
        _, described = _oauth_error(answer)
        said = f"{self.utility.slug}: {_place(url)} answered {status} {described}".rstrip()
        if status in {202, 429}:
            return UtilityError(
                "come_later",
                to_customer=f"{self.utility.name} is preparing the data. "
                "We will ask again by ourselves.",
                to_log=said,
                after=after or DEFAULT_WAIT,
            )
        if 300 <= status < 400:
            return self._unheard("redirect", f"{said}: redirects are not followed")
        if status == 403:
            return UtilityError(
                "http_403",
                to_customer=f"{self.utility.name} does not let us see this any more. "
                "Please connect again.",
                to_log=said,
                permanent=True,
            )
        error = self._unheard(f"http_{status}", said)
        error.after = after
        return error


class _TooLargeError(Exception):
    """The answer has more bytes than it may have."""


async def _converse(
    method: str,
    url: str,
    headers: Mapping[str, str],
    form: dict[str, str] | None,
    into: BinaryIO | None,
    max_bytes: int,
    deadline_seconds: float,
) -> _Answer:
    """Ask, and read the answer. Asynchronous only so that one deadline covers all of it: httpx's
    own time-outs begin anew with each byte that trickles in."""
    async with (
        asyncio.timeout(deadline_seconds),
        httpx.AsyncClient(
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"},
            timeout=httpx.Timeout(deadline_seconds, connect=min(CONNECT_SECONDS, deadline_seconds)),
            follow_redirects=False,
            # A proxy or certificate that the environment names would see the tokens.
            trust_env=False,
            verify=_certificates(),
        ) as http,
        http.stream(method, url, headers=headers, data=form) as response,
    ):
        good = response.status_code == 200
        sink = into if into is not None and good else io.BytesIO()
        size = 0
        try:
            size = await _receive(response, sink, max_bytes if good else ANSWER_MAX_BYTES)
        except (_TooLargeError, httpx.DecodingError):
            # The body of an error can be anything; its status and headers say enough.
            if good:
                raise
        body = sink.getvalue() if isinstance(sink, io.BytesIO) and sink is not into else b""
        return _Answer(response.status_code, response.headers, size, body)


@cache
def _certificates() -> ssl.SSLContext:
    """The public certificate authorities; reading them takes longer than a request."""
    return httpx.create_ssl_context(trust_env=False)


async def _receive(response: httpx.Response, sink: BinaryIO, max_bytes: int) -> int:
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
        sink.write(chunk)
    return size


def _secrets_in(form: Mapping[str, str]) -> list[str]:
    return [form[name] for name in ("code", "code_verifier", "refresh_token") if name in form]


def _challenge(verifier: str) -> str:
    """RFC 7636 §4.2, method S256."""
    hashed = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode("ascii")


def _period(published_min: datetime | None, published_max: datetime | None) -> dict[str, str]:
    """Query parameters as every custodian takes them: UTC with Z and whole seconds.

    Burlington Hydro answers 400 to fractions, savagedata to a maximum in the future.
    """
    period = {}
    if published_min is not None:
        period["published-min"] = _iso(published_min)
    if published_max is not None:
        period["published-max"] = _iso(min(published_max, timezone.now()))
    return period


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _place(url: str) -> str:
    """An address as it may be logged: without user, query and fragment."""
    try:
        parts = urlsplit(url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    except ValueError:
        return "(not an address)"


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def _is_token(value: object) -> TypeGuard[str]:
    return (
        isinstance(value, str)
        and len(value) <= TOKEN_MAX_LENGTH
        and _TOKEN.fullmatch(value) is not None
    )


def _expires_in(value: object) -> int | None:
    """Whole seconds; some custodians send them as a text, or not at all."""
    if value is None:
        return DEFAULT_EXPIRES_IN
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if 1 <= value <= LONGEST_EXPIRES_IN else None


def _readable_scope(value: object) -> str:
    """The granted scope; empty where there is none that can be read and kept (RFC 6749 §5.1: an
    omitted scope means the one that was asked for)."""
    if not isinstance(value, str):
        return ""
    try:
        granted = espi_scope.build(espi_scope.parse(value).without_additional())
    except ScopeError:
        return ""
    return granted if len(granted) <= SCOPE_MAX_LENGTH else ""


def _oauth_error(answer: _Answer) -> tuple[str, str]:
    """The `error` of RFC 6749 §5.2, and what to log of the reply: without what we sent."""
    read = _json_object(answer.body) or {}
    error, description = (
        _NOT_ERROR_TEXT.sub("", value)[:200] if isinstance(value, str) else ""
        for value in (read.get("error"), read.get("error_description"))
    )
    described = f"{error}: {description}" if description else error
    for secret in filter(None, answer.sent):
        described = described.replace(secret, "…")
    return error, described


def _retry_after(headers: httpx.Headers) -> timedelta | None:
    """RFC 9110 §10.2.3: seconds or a date, brought between a second and a day; None if neither."""
    value = headers.get("Retry-After", "").strip()
    if _WHOLE.fullmatch(value):
        wait = timedelta(seconds=int(value))
    else:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        # RFC 5322 allows "-0000", which Python reads as a time without a zone.
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        wait = moment - timezone.now()
    return min(max(wait, timedelta(seconds=1)), LONGEST_WAIT)
