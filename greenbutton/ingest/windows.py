"""Which stretches of time a pull asks for. Pure: `now` is given."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

# The first history comes newest first, so that a waiting customer sees something at once.
FIRST_STEPS = (timedelta(days=31), timedelta(days=365))
# Windows overlap, since a utility may date an entry by its readings or by its making.
STEP_OVERLAP = timedelta(days=1)
# Meters are read late and corrected after; a longer look back than this costs more than it brings.
LATER_OVERLAP = timedelta(days=3)


class Window(NamedTuple):
    """From `start` to `end`, in terms of `published-min` and `published-max`; None is open."""

    start: datetime
    end: datetime | None


def first_history(now: datetime, earliest: datetime) -> list[Window]:
    """All from `earliest` on, newest first: a month, the rest of the year, the rest."""
    windows: list[Window] = []
    end: datetime | None = None
    for step in FIRST_STEPS:
        start = max(now - step, earliest)
        windows.append(Window(start, end))
        if start == earliest:
            return windows
        end = start + STEP_OVERLAP
    return [*windows, Window(earliest, end)]


def since(pulled_to: datetime, earliest: datetime) -> list[Window]:
    """What may have come since the last pull: one window, with a look back."""
    return [Window(max(pulled_to - LATER_OVERLAP, earliest), None)]
