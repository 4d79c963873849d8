"""A failure of collecting, as it is told: as one that passes, or as one that does not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from authorizations.models import EventType
from authorizations.troubles import CLIENT_PAUSED
from greenbutton.ingest.history import TRIES
from utilities.models import Client


def told_as(failures: int) -> EventType:
    """What the last of so many failures in a row is told as.

    Whoever hears of it by webhook is not to be alarmed by what mends itself within minutes, nor to
    go on taking for such what has lasted: from so many on each says that collecting has failed,
    until something comes.
    """
    return EventType.UPDATE_ERRORED if failures >= TRIES else EventType.UPDATE_RETRYING


def told_of(
    client: Client | None, reason: str, failures: int, next_at: datetime, because: str
) -> tuple[EventType, dict[str, Any]]:
    """The event and its detail: codes, counts and times, nothing personal.

    What a paused registration could not collect is due as ever, but not tried before it is resumed.
    """
    detail: dict[str, Any] = {"failures": failures}
    if client is not None and not client.is_usable():
        return EventType.UPDATE_ERRORED, {**detail, "reason": CLIENT_PAUSED}
    when = next_at.isoformat(timespec="seconds")
    return told_as(failures), {**detail, "reason": reason, "next_at": when, "because": because}
