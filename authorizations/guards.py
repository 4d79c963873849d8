"""How often something may be tried, each limit by its name (style rule 19).

A limit that cannot be counted is not passed over: what it protects waits, and the customer is told
so. Pages without a limit need no Redis.
"""

from __future__ import annotations

import logging
from ipaddress import IPv4Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.errors import StorageError

from utilities.limiter import limiter

logger = logging.getLogger(__name__)


RETRY_AFTER_SECONDS = 60


class CannotCountError(Exception):
    """Redis does not answer, so that nobody knows how often something was tried."""


def allow_connect(browser: str, address: str) -> bool:
    """10 attempts an hour per browser, 60 per address (the settings say how many)."""
    return _hit("connect-address", settings.CONNECTS_AN_HOUR_PER_ADDRESS, address) and _hit(
        "connect-browser", settings.CONNECTS_AN_HOUR_PER_BROWSER, browser
    )


def allow_upload(browser: str, address: str) -> bool:
    """20 files an hour per browser, 60 per address (the settings say how many)."""
    return _hit("upload-address", settings.UPLOADS_AN_HOUR_PER_ADDRESS, address) and _hit(
        "upload-browser", settings.UPLOADS_AN_HOUR_PER_BROWSER, browser
    )


def allow_code(address: str, email: str) -> bool:
    """5 codes an hour to an e-mail address, 30 for a network address (the settings say how many).

    With the tries of each code, it is also how often somebody may guess at an account.
    """
    return _hit("code-address", settings.CODES_AN_HOUR_PER_ADDRESS, address) and _hit(
        "code-email", settings.CODES_AN_HOUR_PER_EMAIL, email
    )


def allow_notification(utility: str, address: str) -> bool:
    """600 posts a minute for one utility from one address (the setting says how many).

    Nobody has to sign in to post one, and each is kept: so without Redis none is taken. Raises
    CannotCountError then.
    """
    a_minute = RateLimitItemPerMinute(settings.NOTIFICATIONS_A_MINUTE_PER_ADDRESS)
    return _counted(a_minute, "notification", f"{utility} {address}")


def allow_demo_visit(browser: str, address: str) -> bool:
    """20 clients an hour per browser, 60 per address, are taken at the demo site."""
    return _hit("demo-address", 60, address) and _hit("demo-browser", 20, browser)


def allow_demo_request(visit: str) -> bool:
    """600 requests an hour go out for one visit of the demo site."""
    return _hit("demo-request", 600, visit)


def allow_demo_notice(visit: str) -> bool:
    """600 notices an hour are taken for one visit of the demo site."""
    return _hit("demo-notice", 600, visit)


def allow_public_demo_notice(client: str, address: str) -> bool:
    """6000 notices an hour are taken for one public client of the demo site from one address."""
    return _hit("demo-public-notice", 6000, f"{client} {address}")


def address_of(request: HttpRequest) -> str:
    """The network address that asks. Behind our own proxy it is the last one that proxy added."""
    if settings.BEHIND_PROXY:
        forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if forwarded:
            return _line_of(_without_port(forwarded))
    return _line_of(str(request.META.get("REMOTE_ADDR", "")))


def _without_port(address: str) -> str:
    """The address alone. Some proxies name the port with it, a new one for each connection."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address


def _line_of(address: str) -> str:
    """The address as it is counted. Of IPv6 the first half: whoever has one has all below it.

    RFC 6177: the smallest site gets a /64, and could be a new visitor with every request.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or IPv6Network((int(found), 64), strict=False))


def _hit(name: str, an_hour: int, who: str) -> bool:
    return _counted(RateLimitItemPerHour(an_hour), name, who)


def _counted(limit: RateLimitItem, name: str, who: str) -> bool:
    try:
        # Hashed: neither an address nor a browser's name is kept in Redis. Keyed, since e-mail and
        # network addresses can be guessed and hashed.
        return limiter().hit(limit, name, _keyed(who))
    except StorageError as e:
        logger.error("%s cannot be counted: Redis does not answer", name)
        raise CannotCountError(name) from e


def _keyed(who: str) -> str:
    return salted_hmac("authorizations.limits", who, algorithm="sha256").hexdigest()
