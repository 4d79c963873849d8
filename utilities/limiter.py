"""Counting in Redis, for every process alike: what limits and paces are made of."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

# A server that is gone is told from one that is slow within this.
REDIS_SECONDS = 2


@cache
def limiter() -> MovingWindowRateLimiter:
    """The limiter of this process; its methods raise limits' StorageError without Redis."""
    storage = storage_from_string(
        settings.REDIS_URL,
        key_prefix=f"{settings.REDIS_PREFIX}limits",
        wrap_exceptions=True,
        **_to_redis(),
    )
    return MovingWindowRateLimiter(storage)


@cache
def server() -> Redis:
    """Redis itself, for what the limiter cannot count; raises RedisError where it is gone."""
    return Redis.from_url(settings.REDIS_URL, **_to_redis())


def _to_redis() -> dict[str, Any]:
    return {
        "socket_connect_timeout": REDIS_SECONDS,
        "socket_timeout": REDIS_SECONDS,
        # Whoever waits is told, and tries again.
        "retry": Retry(NoBackoff(), 1),
    }
