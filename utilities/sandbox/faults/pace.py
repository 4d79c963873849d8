"""How often a company may ask, where its conditions hold it to the platform's pace."""

from __future__ import annotations

import logging
import math
import time
from functools import cache

from django.conf import settings
from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from utilities.sandbox.models import Registration

logger = logging.getLogger(__name__)

REQUESTS, DOWNLOADS = RateLimitItemPerSecond(1), RateLimitItemPerMinute(1)


def seconds_until_request(registration: Registration) -> int:
    """One request a second; 0 where this one may go on."""
    return _wait(REQUESTS, "requests", registration)


def seconds_until_download(registration: Registration) -> int:
    """One download of bills or intervals a minute; 0 where this one may go on."""
    return _wait(DOWNLOADS, "downloads", registration)


def _wait(pace: RateLimitItem, name: str, registration: Registration) -> int:
    who = registration.client_id
    try:
        if _limiter().hit(pace, name, who):
            return 0
        ends = _limiter().get_window_stats(pace, name, who).reset_time
    except StorageError:
        logger.warning("%s cannot be counted: Redis does not answer", name)
        return 0
    return max(1, math.ceil(ends - time.time()))


@cache
def _limiter() -> MovingWindowRateLimiter:
    storage = storage_from_string(
        settings.REDIS_URL, key_prefix=f"{settings.REDIS_PREFIX}paces", wrap_exceptions=True
    )
    return MovingWindowRateLimiter(storage)
