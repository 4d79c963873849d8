"""Counting in Redis, for every process alike: what limits and paces are made of."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter


@cache
def limiter() -> MovingWindowRateLimiter:
    """The limiter of this process; its methods raise limits' StorageError without Redis."""
    storage = storage_from_string(
        settings.REDIS_URL, key_prefix=f"{settings.REDIS_PREFIX}limits", wrap_exceptions=True
    )
    return MovingWindowRateLimiter(storage)
