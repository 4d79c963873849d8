"""How often a utility is asked for one registration, counted for all workers together.

The utility says how often it may be asked, and answers 429 to more. To ask less often is better
than to be refused: a pull that comes too soon is due again when there is room.
"""

from __future__ import annotations

import math
import time
from datetime import timedelta

from django.utils.crypto import salted_hmac
from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.errors import StorageError

from utilities.limiter import limiter
from utilities.models import Client

# For so long a worker waits; whoever has to wait longer comes again.
PATIENCE_SECONDS = 2.0
# How soon to come again when nothing can be counted.
WITHOUT_REDIS = timedelta(minutes=1)


class NotNowError(Exception):
    """There is no room before `after`; its text is for the log."""

    def __init__(self, says: str, after: timedelta) -> None:
        super().__init__(says)
        self.says = says
        self.after = after


def wait_for_turn(client: Client, *, download: bool) -> None:
    """Take a place in the client's pace, waiting for two seconds at most; raises NotNowError."""
    quirks = client.utility.behaviour
    deadline = time.monotonic() + PATIENCE_SECONDS
    try:
        if quirks.requests_a_second is not None:
            _take(RateLimitItemPerSecond(quirks.requests_a_second), "requests", client, deadline)
        if download and quirks.downloads_a_minute is not None:
            _take(RateLimitItemPerMinute(quirks.downloads_a_minute), "downloads", client, deadline)
    except StorageError as e:
        # Other workers may be asking at this moment, and the utility would count us all.
        raise NotNowError("the pace cannot be kept: Redis does not answer", WITHOUT_REDIS) from e


def free_downloads(client: Client) -> int | None:
    """How many downloads there is room for now; None where nothing limits them, 0 without Redis.

    So that no more is set to work than may be asked for.
    """
    quirks = client.utility.behaviour
    if quirks.downloads_a_minute is None:
        return None
    item = RateLimitItemPerMinute(quirks.downloads_a_minute)
    try:
        return limiter().get_window_stats(item, *_name("downloads", client)).remaining
    except StorageError:
        return 0


def _take(item: RateLimitItem, what: str, client: Client, deadline: float) -> None:
    name = _name(what, client)
    while not limiter().hit(item, *name):
        wait = limiter().get_window_stats(item, *name).reset_time - time.time()
        if time.monotonic() + wait > deadline:
            says = f"{client.client_id} has had its {what} for now ({item})"
            raise NotNowError(says, timedelta(seconds=max(1, math.ceil(wait))))
        time.sleep(max(wait, 0.01))


def _name(what: str, client: Client) -> tuple[str, str]:
    # Not by the row: the demo site's clients are none, and are counted with their twins. By the
    # secret too, since every authorize address names the id: who only knows that takes no turns.
    secret = salted_hmac("utilities.pace", client.client_secret, algorithm="sha256").hexdigest()
    return f"pace-{what}", f"{client.utility.slug}:{client.client_id}:{secret}"
