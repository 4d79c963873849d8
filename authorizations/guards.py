"""How often something may be tried, each limit by its name (style rule 19)."""

from __future__ import annotations

import logging

from django.conf import settings
from django.http import HttpRequest
from limits import RateLimitItemPerHour
from limits.errors import StorageError

from authorizations.models import digest
from utilities.limiter import limiter

logger = logging.getLogger(__name__)


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


def allow_demo_visit(browser: str, address: str) -> bool:
    """20 clients an hour per browser, 60 per address, are taken at the demo site."""
    return _hit("demo-address", 60, address) and _hit("demo-browser", 20, browser)


def allow_demo_request(visit: str) -> bool:
    """600 requests an hour go out for one visit of the demo site."""
    return _hit("demo-request", 600, visit)


def allow_demo_notice(visit: str) -> bool:
    """600 notices an hour are taken for one visit of the demo site."""
    return _hit("demo-notice", 600, visit)


def address_of(request: HttpRequest) -> str:
    """The network address that asks. Behind our own proxy it is the last one that proxy added."""
    if settings.BEHIND_PROXY:
        forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if forwarded:
            return forwarded
    return str(request.META.get("REMOTE_ADDR", ""))


def _hit(name: str, an_hour: int, who: str) -> bool:
    try:
        # Hashed: neither an address nor a browser's name is kept in Redis.
        return limiter().hit(RateLimitItemPerHour(an_hour), name, digest(who))
    except StorageError:
        # A limit against nuisance. Without Redis it is better to serve everybody than nobody.
        logger.warning("%s cannot be counted: Redis does not answer", name)
        return True
