"""The story of a pull: what was asked, step by step, what came of it, and how long it took.

It is kept with the pull for staff. Never a token, an address or anything that was collected.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime

from authorizations.troubles import OUR_ERROR, UNREADABLE
from greenbutton.espi import EspiError
from greenbutton.ingest.lease import LeaseLostError
from greenbutton.ingest.store import Stored
from greenbutton.ingest.windows import Window
from greenbutton.models import Pull
from utilities.client import Exchange, UtilityError

USAGE, CUSTOMER, KEPT, BULK = "usage", "customer", "kept", "bulk"
STORED, STOPPED = "stored", "stopped"
# Pulls that ended before they came so far have no step about the customer.
LOOKED_BACK = 20


@dataclass(slots=True)
class Step:
    """A document that was asked for, as it stands in `Pull.steps`.

    The window is in ISO 8601; `result` is STORED, what went wrong, or a UtilityError's code;
    `come_after` is in how many seconds the utility wants to be asked again; `seconds` were spent on
    requests and on the utility's pace.
    """

    what: str
    start: str | None = None
    end: str | None = None
    result: str = STORED
    come_after: int | None = None
    requests: int = 0
    seconds: float = 0.0
    readings: int = 0
    new: int = 0
    changed: int = 0
    bills: int = 0

    def brought(self, stored: Stored) -> None:
        """Note what was in the document."""
        self.readings, self.new, self.changed = stored.readings, stored.new, stored.changed
        self.bills = stored.bills


class Story:
    """Writes a pull's steps; whoever saves the pull saves them."""

    def __init__(self, pull: Pull) -> None:
        self.pull = pull
        self._seconds = 0.0

    def hear(self, exchange: Exchange) -> None:
        """Count a request; a listener of the door out."""
        self.pull.requests += 1
        self._seconds += exchange.seconds

    def waited(self, seconds: float) -> None:
        """Count what we waited between two requests because the utility asked for it."""
        self._seconds += seconds

    @contextmanager
    def step(self, what: str, window: Window | None = None) -> Iterator[Step]:
        """Keep a step, however it ends."""
        start, end = window or (None, None)
        step = Step(what, _iso(start), _iso(end))
        requests, seconds = self.pull.requests, self._seconds
        try:
            yield step
        except Exception as e:
            step.result = _result_of(e)
            if isinstance(e, UtilityError) and e.after is not None:
                step.come_after = int(e.after.total_seconds())
            raise
        finally:
            step.requests = self.pull.requests - requests
            step.seconds = round(self._seconds - seconds, 1)
            self.pull.steps = [*self.pull.steps, asdict(step)]


def last_result(pull: Pull, what: str) -> str:
    """How asking for this went, when the authorization was last asked for it before this pull."""
    earlier = pull.authorization.pulls.filter(source=Pull.Source.UTILITY).exclude(pk=pull.pk)
    for steps in earlier.values_list("steps", flat=True)[:LOOKED_BACK]:
        for step in reversed(steps):
            if step["what"] == what:
                return str(step["result"])
    return ""


def _result_of(error: Exception) -> str:
    if isinstance(error, UtilityError):
        return error.code
    if isinstance(error, EspiError):
        return UNREADABLE
    return STOPPED if isinstance(error, LeaseLostError) else OUR_ERROR


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
