"""The sandbox's one door out: a notice, posted to the address that a company registered.

Whoever registers chooses the address, so it is not trusted: only http and https, in the clear only
to this very machine, and, from a sandbox that is not on this machine alone, never to a private
network. The name is looked up once and the checked address is the one that is called, so that a
name cannot lead elsewhere in between. Redirects are not followed, and of the answer only the status
is read.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from greenbutton.espi import write_bare
from greenbutton.espi.batch_list import BatchList

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

USER_AGENT = f"green-button-sandbox/{settings.VERSION}"
CONTENT_TYPE = "application/xml; charset=utf-8"
# For looking up, connecting, posting and the answer's status, all together.
ANSWER_SECONDS = 5
PORTS = {"http": 80, "https": 443}
# The names that a site may have on one machine, as the settings allow them.
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
# RFC 4291 §2.4: what is given out on the internet. Beyond it lie addresses that stand for others or
# for one site (RFC 3879, RFC 8215), some of which Python calls global.
UNICAST = ipaddress.IPv6Network("2000::/3")
# RFC 6052: an IPv4 address inside an IPv6 one, which a network may translate.
TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


class RefusedError(ValueError):
    """An address that nothing is posted to. The text is a sentence for the company."""


@dataclass(frozen=True)
class Outcome:
    """How a post went: the status if there was an answer; the trouble is empty if it arrived."""

    status: int | None
    trouble: str
    seconds: float


@dataclass(frozen=True)
class _Place:
    """Where to post, out of the address as it was registered."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def post_all(posts: Sequence[tuple[str, str]]) -> list[Outcome]:
    """Post to each address a BatchList of the resource beside it; all at once, in this order."""

    async def all_of_them() -> list[Outcome]:
        return await asyncio.gather(*(_post(uri, resource) for uri, resource in posts))

    return asyncio.run(all_of_them())


async def _post(uri: str, resource: str) -> Outcome:
    began = time.monotonic()
    status, trouble = None, ""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            status = await _send(uri, write_bare(BatchList((resource,))))
        trouble = _meaning(status)
    except RefusedError as e:
        trouble = str(e)
    except (TimeoutError, httpx.TimeoutException):
        trouble = f"It did not answer within {ANSWER_SECONDS} seconds."
    except httpx.ConnectError as e:
        trouble = _unreachable(e)
    except httpx.HTTPError as e:
        trouble = f"It broke off without an answer ({type(e).__name__})."
    return Outcome(status, trouble, round(time.monotonic() - began, 3))


async def _send(uri: str, body: bytes) -> int:
    """Post, and return the status."""
    place = _read(uri)
    address = await _resolve(place)
    host = f"[{address}]" if address.version == 6 else str(address)
    async with (
        httpx.AsyncClient(
            headers={"User-Agent": USER_AGENT, "Content-Type": CONTENT_TYPE, "Accept": "*/*"},
            timeout=ANSWER_SECONDS,
            follow_redirects=False,
            # A proxy that the environment names would look the name up anew.
            trust_env=False,
            verify=_certificates(),
        ) as http,
        http.stream(
            "POST",
            f"{place.scheme}://{host}:{place.port}{place.target}",
            content=body,
            headers={"Host": place.host_header},
            # The certificate must be the name's, not the number's.
            extensions={"sni_hostname": place.host},
        ) as response,
    ):
        return response.status_code


@cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def _read(uri: str) -> _Place:
    """The parts of an address that can be posted to."""
    if not uri:
        raise RefusedError("There is no notify address any more.")
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname or "", parts.port
        # As it is sent, a name is in letters of ASCII.
        host = host if ":" in host else host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        raise RefusedError("The notify address cannot be read.") from None
    if parts.scheme not in PORTS or not host:
        raise RefusedError("The notify address must begin with https://.")
    if "@" in parts.netloc:
        raise RefusedError("The notify address must not hold a user name or password.")
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    if not target.isascii() or not target.isprintable() or " " in target:
        raise RefusedError("The notify address must be percent-encoded.")
    return _Place(parts.scheme, host, port or PORTS[parts.scheme], target)


async def _resolve(place: _Place) -> Address:
    """The address to call, if all that the name stands for may be called."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise RefusedError(f"There is no machine called {place.host[:100]}.") from None
    # An address of the link's own carries the link's name behind it.
    addresses = [ipaddress.ip_address(str(info[4][0]).partition("%")[0]) for info in found]
    for address in addresses:
        if place.scheme == "http" and not address.is_loopback:
            raise RefusedError("Notices go by https only; http is for this very machine.")
        if not _is_on_loopback() and not _is_public(address):
            raise RefusedError(f"{place.host[:100]} is not a machine on the public internet.")
    return addresses[0]


def _is_on_loopback() -> bool:
    """Whether this sandbox is somebody's own, on their own machine."""
    host = urlsplit(settings.SANDBOX_URL).hostname or ""
    return host in LOOPBACK


def _is_public(address: Address) -> bool:
    """Reachable from everywhere: not private, not of one machine or link, not many machines."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in TRANSLATED:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _is_public(inner)
        if address not in UNICAST:
            return False
    return address.is_global and not address.is_multicast


def _meaning(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return "It answered with a redirect, which is not followed."
    return "It did not take the notice: anything but 2xx is a no."


def _unreachable(error: httpx.ConnectError) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"Its certificate is not trusted: {cause.verify_message}."
        cause = cause.__cause__ or cause.__context__
    return "It could not be reached: nothing takes connections there."
