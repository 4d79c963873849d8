"""How many requests the demo site has on their way at once, in all processes together.

A visitor waits in front of a page for a utility that may take a minute, and a thread of the web
server waits along. Without a limit a few visitors could hold them all, and customers would wait.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from redis import RedisError

from authorizations.guards import CannotCountError
from utilities.limiter import server

logger = logging.getLogger(__name__)

# A web server of ours has eight threads at least.
AT_ONCE = 3
# A turn that nobody gave back, since its process was killed, ends by itself: longer than a token, a
# document and its reading take.
LONGEST_SECONDS = 180
AGAIN_SECONDS = 5

# A member is a turn, and its score when it ends, by the one clock that all processes share.
_TAKE = """
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then
    return 0
end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
"""


class NoTurnError(Exception):
    """As many requests as may be are on their way."""


@contextmanager
def turn() -> Iterator[None]:
    """Hold one of the few turns while a utility is asked.

    Raises NoTurnError at once where none is left, and CannotCountError without Redis.
    """
    name = secrets.token_hex(8)
    try:
        taken = server().eval(_TAKE, 1, _key(), AT_ONCE, LONGEST_SECONDS, name)
    except RedisError as e:
        logger.error("demo site: turns cannot be counted: Redis does not answer")
        raise CannotCountError("demo-turn") from e
    if not taken:
        raise NoTurnError
    try:
        yield
    finally:
        _give_back(name)


def _give_back(name: str) -> None:
    try:
        server().zrem(_key(), name)
    except RedisError:
        # What was asked is answered all the same; the turn ends by itself.
        logger.warning("demo site: a turn was not given back: Redis does not answer")


def _key() -> str:
    return f"{settings.REDIS_PREFIX}demo-turns"
