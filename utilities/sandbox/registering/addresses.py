"""The addresses that a company registers: where customers return to, where notices go."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from utilities.sandbox.models import LONGEST_ADDRESS

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
# RFC 3986 §2: what an address is written with. No space, no quote, no backslash, no control
# character, nothing that browsers and servers read differently.
WRITTEN = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
# Host and port end up in our pages' Content-Security-Policy, where ";" or "*" would mean something.
HOST_AND_PORT = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


class AddressError(ValueError):
    """An address that is not accepted; the text says why, for people."""


def check(address: str) -> None:
    """Raise AddressError unless it is https, or http on the company's own machine.

    Without a fragment (RFC 6749 §3.1.2), and without a user's name in it.
    """
    if len(address) > LONGEST_ADDRESS:
        raise AddressError(f"An address may have {LONGEST_ADDRESS:,} characters at most.")
    if not WRITTEN.fullmatch(address):
        raise AddressError(
            "An address is written in plain letters, digits and signs; encode others with %."
        )
    try:
        parts, host = urlsplit(address), urlsplit(address).hostname
        usable = HOST_AND_PORT.fullmatch(parts.netloc) and (parts.port or 443) < 65_536 and host
    except ValueError:  # brackets that do not close, a port beyond 65535
        usable = None
    if not usable:
        raise AddressError("An address has a host, as in https://example.com/callback.")
    if "#" in address:
        raise AddressError("An address may not have a fragment: leave out # and what follows it.")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
        raise AddressError("An address begins with https://, or with http:// on your own machine.")
