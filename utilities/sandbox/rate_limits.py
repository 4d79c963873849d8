"""How often something may be tried, each limit by its name."""

from __future__ import annotations

import ipaddress
import logging
import math
import time
from functools import cache

from django.conf import settings
from django.http import HttpRequest
from limits import (
    RateLimitItem,
    RateLimitItemPerHour,
    RateLimitItemPerMinute,
    RateLimitItemPerSecond,
)
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from utilities.sandbox.models import Registration, digest

logger = logging.getLogger(__name__)

PASSCODES_AN_HOUR_PER_CONTACT = LETTERS_AN_HOUR_PER_CONTACT = 5


def allow_registration(request: HttpRequest) -> bool:
    """20 companies an hour per network address (the settings say how many)."""
    limit = RateLimitItemPerHour(settings.REGISTRATIONS_AN_HOUR_PER_ADDRESS)
    return _hit("register-address", limit, address_of(request))


def allow_sign_in(request: HttpRequest, email: str) -> bool:
    """10 tries in a quarter of an hour per account, 100 an hour per network address."""
    return _hit("sign-in-address", RateLimitItemPerHour(100), address_of(request)) and _hit(
        "sign-in-account", RateLimitItemPerMinute(10, 15), email
    )


def allow_lookup(request: HttpRequest) -> bool:
    """60 look-ups of customers an hour per network address (the settings say how many).

    Otherwise somebody could ask for number after number whether it is a customer's.
    """
    limit = RateLimitItemPerHour(settings.LOOKUPS_AN_HOUR_PER_ADDRESS)
    return _hit("lookup-address", limit, address_of(request))


def allow_sending(contact: str, browser: str, address: str) -> bool:
    """5 passcodes an hour to one contact; 10 for one browser, 30 for one network address.

    The settings say how many for the latter two. Without these limits anybody could have us write
    to strangers, so nothing is sent while they cannot be counted.
    """
    limits = [
        ("code-address", settings.PASSCODES_AN_HOUR_PER_ADDRESS, address),
        ("code-browser", settings.PASSCODES_AN_HOUR_PER_BROWSER, browser),
        ("code-contact", PASSCODES_AN_HOUR_PER_CONTACT, contact),
    ]
    return all(
        _hit(name, RateLimitItemPerHour(number), who, without=False) for name, number, who in limits
    )


def seconds_until_request(registration: Registration) -> int:
    """One request a second, for a company that is held to a pace; 0 where this one may go on."""
    return _wait("requests", RateLimitItemPerSecond(1), registration)


def seconds_until_download(registration: Registration) -> int:
    """One download of bills or intervals a minute, for such a company; 0 where it may go on."""
    return _wait("downloads", RateLimitItemPerMinute(1), registration)


def allow_letter(contact: str) -> bool:
    """5 e-mails an hour to one contact that nobody at the utility has caused.

    Whoever registers names the contact. As with passcodes, nothing is sent that cannot be counted.
    """
    limit = RateLimitItemPerHour(LETTERS_AN_HOUR_PER_CONTACT)
    return _hit("letter-contact", limit, contact, without=False)


def address_of(request: HttpRequest) -> str:
    """The network address that asks. Behind our own proxy it is the last one that proxy added."""
    if settings.BEHIND_PROXY:
        forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if forwarded:
            return _counted_as(_without_port(forwarded))
    return _counted_as(str(request.META.get("REMOTE_ADDR", "")))


def _without_port(text: str) -> str:
    """The address alone. Some proxies name the port with it, a new one for each connection."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def _counted_as(text: str) -> str:
    """One customer's line has 2^64 addresses of IPv6 (RFC 6177 §2), which are counted as one."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    if address.version == 4:
        return text
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address.packed, 64), strict=False))


def _hit(name: str, limit: RateLimitItem, who: str, *, without: bool = True) -> bool:
    """Count; whether it is within the limit. `without` is the answer where Redis has none.

    Against a nuisance it is better to serve everybody than nobody.
    """
    try:
        # Hashed: neither an address nor a name is kept in Redis.
        return _limiter().hit(limit, name, digest(who))
    except StorageError:
        logger.warning("%s cannot be counted: Redis does not answer", name)
        return without


def _wait(name: str, pace: RateLimitItem, registration: Registration) -> int:
    """Count; 0, or after how many seconds it is within the limit again."""
    if _hit(name, pace, registration.client_id):
        return 0
    ends = _limiter().get_window_stats(pace, name, digest(registration.client_id)).reset_time
    return max(1, math.ceil(ends - time.time()))


@cache
def _limiter() -> MovingWindowRateLimiter:
    storage = storage_from_string(
        settings.REDIS_URL, key_prefix=f"{settings.REDIS_PREFIX}limits", wrap_exceptions=True
    )
    return MovingWindowRateLimiter(storage)
