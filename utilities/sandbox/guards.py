"""How often something may be tried, each limit by its name."""

from __future__ import annotations

import logging
from functools import cache

from django.conf import settings
from django.http import HttpRequest
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from utilities.sandbox.models import digest

logger = logging.getLogger(__name__)


def allow_registration(request: HttpRequest) -> bool:
    """20 companies an hour per network address (the settings say how many)."""
    limit = RateLimitItemPerHour(settings.REGISTRATIONS_AN_HOUR_PER_ADDRESS)
    return _hit("register-address", limit, address_of(request))


def allow_sign_in(request: HttpRequest, email: str) -> bool:
    """10 tries in a quarter of an hour per account, 100 an hour per network address."""
    return _hit("sign-in-address", RateLimitItemPerHour(100), address_of(request)) and _hit(
        "sign-in-account", RateLimitItemPerMinute(10, 15), email
    )


def address_of(request: HttpRequest) -> str:
    """The network address that asks. Behind our own proxy it is the last one that proxy added."""
    if settings.BEHIND_PROXY:
        forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if forwarded:
            return forwarded
    return str(request.META.get("REMOTE_ADDR", ""))


def _hit(name: str, limit: RateLimitItem, who: str) -> bool:
    try:
        # Hashed: neither an address nor an account's name is kept in Redis.
        return _limiter().hit(limit, name, digest(who))
    except StorageError:
        # A limit against nuisance. Without Redis it is better to serve everybody than nobody.
        logger.warning("%s cannot be counted: Redis does not answer", name)
        return True


@cache
def _limiter() -> MovingWindowRateLimiter:
    storage = storage_from_string(
        settings.REDIS_URL, key_prefix=f"{settings.REDIS_PREFIX}limits", wrap_exceptions=True
    )
    return MovingWindowRateLimiter(storage)
