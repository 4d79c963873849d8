"""How often a utility is asked for one registration, counted for all workers together.

The utility says how often it may be asked, and answers 429 to more. To ask less often is better
than to be refused: a pull that comes too soon is due again when there is room.

Redis keeps a window for each limit: the moments, newest first, at which its places were taken.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils.crypto import salted_hmac
from redis import RedisError

from utilities.limiter import server
from utilities.models import Client

# For so long a worker waits; whoever has to wait longer comes again.
PATIENCE_SECONDS = 2.0
# How soon to come again when nothing can be counted.
WITHOUT_REDIS = timedelta(minutes=1)
SECOND, MINUTE = 1_000, 60_000

# Redis runs it as one step, so that a place is taken in every window or in none. Else whoever finds
# room for a request and none for a download would use up the requests of the others, each time it
# comes. Answers how long to wait, and for which window; the clock is Redis' own, since those of
# several machines differ.
TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local wait, fullest = 0, 0
for i, window in ipairs(KEYS) do
  local places, length = ARGV[2 * i - 1], ARGV[2 * i]
  local oldest = redis.call('LINDEX', window, places - 1)
  if oldest and oldest + length - now > wait then
    wait, fullest = oldest + length - now, i
  end
end
if fullest == 0 then
  for i, window in ipairs(KEYS) do
    local places, length = ARGV[2 * i - 1], ARGV[2 * i]
    redis.call('LPUSH', window, now)
    redis.call('LTRIM', window, 0, places - 1)
    redis.call('PEXPIRE', window, length)
  end
end
return {wait, fullest}
"""

# How many places of a window are taken.
COUNT = """
local clock = redis.call('TIME')
local since = clock[1] * 1000 + math.floor(clock[2] / 1000) - ARGV[1]
local taken = 0
for _, moment in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  if tonumber(moment) > since then taken = taken + 1 end
end
return taken
"""


class NotNowError(Exception):
    """There is no room before `after`; its text is for the log."""

    def __init__(self, says: str, after: timedelta) -> None:
        super().__init__(says)
        self.says = says
        self.after = after


@dataclass(frozen=True, slots=True)
class _Window:
    """So many requests, or downloads, in so many milliseconds."""

    what: str
    places: int
    length: int
    name: str

    def __str__(self) -> str:
        return f"{self.places} a {'minute' if self.length == MINUTE else 'second'}"


def wait_for_turn(client: Client, *, download: bool) -> None:
    """Take a place in the client's pace, waiting for two seconds at most; raises NotNowError."""
    windows = _windows(client, download=download)
    if not windows:
        return
    deadline = time.monotonic() + PATIENCE_SECONDS
    try:
        while fullest := _take(windows):
            window, wait = fullest
            if time.monotonic() + wait > deadline:
                says = f"{client.client_id} has had its {window.what} for now ({window})"
                raise NotNowError(says, timedelta(seconds=math.ceil(wait)))
            time.sleep(wait)
    except RedisError as e:
        # Other workers may be asking at this moment, and the utility would count us all.
        raise NotNowError("the pace cannot be kept: Redis does not answer", WITHOUT_REDIS) from e


def free_downloads(client: Client, *, requests_each: int) -> int | None:
    """How many downloads there is room for now; None where nothing limits them, 0 without Redis.

    So that no more is set to work than may be asked for. With each come so many requests, the
    download among them. A limit for a second does not count: it is over before they begin.
    """
    windows = [one for one in _windows(client, download=True) if one.length == MINUTE]
    try:
        return min((_room(window, requests_each) for window in windows), default=None)
    except RedisError:
        return 0


def _room(window: _Window, requests_each: int) -> int:
    taken: int = server().register_script(COUNT)(keys=[window.name], args=[window.length])
    free = max(0, window.places - taken)
    # A pace that leaves less than that to one download leaves it to one all the same.
    return free // min(requests_each, window.places) if window.what == "requests" else free


def _take(windows: list[_Window]) -> tuple[_Window, float] | None:
    """Take a place in each; else the window that has none for longest, and for how many seconds."""
    wait, fullest = server().register_script(TAKE)(
        keys=[window.name for window in windows],
        args=[number for window in windows for number in (window.places, window.length)],
    )
    return (windows[fullest - 1], wait / 1000) if fullest else None


def _windows(client: Client, *, download: bool) -> list[_Window]:
    """The client's limits.

    Not by its row: the demo site's are none, and share their twins'. By its secret too, since every
    authorize address names the id: who only knows that takes no places.
    """
    quirks = client.utility.behaviour
    limits = [
        ("requests", quirks.requests_a_second, SECOND),
        ("requests", quirks.requests_a_minute, MINUTE),
    ]
    if download:
        limits.append(("downloads", quirks.downloads_a_minute, MINUTE))
    secret = salted_hmac("utilities.pace", client.client_secret, algorithm="sha256").hexdigest()
    whose = f"{settings.REDIS_PREFIX}pace:{client.utility.slug}:{client.client_id}:{secret}"
    return [
        _Window(what, places, length, f"{whose}:{what}:{length}")
        for what, places, length in limits
        if places is not None
    ]
