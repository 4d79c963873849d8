"""Which stretches of time a pull asks for. Pure: `now` is given."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

# Windows overlap, since a utility may date an entry by its readings or by its making.
STEP_OVERLAP = timedelta(days=1)


class Window(NamedTuple):
    """From `start` to `end`, in terms of `published-min` and `published-max`; None is open."""

    start: datetime
    end: datetime | None


def first_history(now: datetime, earliest: datetime, steps_days: Iterable[int]) -> list[Window]:
    """All from `earliest` on, newest first, so that a waiting customer sees something at once.

    Each window goes back so many days from now; what is older than the last comes in one.
    """
    windows: list[Window] = []
    end: datetime | None = None
    for days in steps_days:
        start = max(now - timedelta(days=days), earliest)
        windows.append(Window(start, end))
        if start == earliest:
            return windows
        end = start + STEP_OVERLAP
    return [*windows, Window(earliest, end)]


def since(pulled_to: datetime, earliest: datetime, overlap_days: int) -> list[Window]:
    """What may have come since the last pull: one window, with a look back.

    Meters are read late and corrected after.
    """
    return [Window(max(pulled_to - timedelta(days=overlap_days), earliest), None)]
