"""The stretch of time that a document covers."""

from __future__ import annotations

from dataclasses import dataclass


class WindowError(ValueError):
    """A stretch of time that is none. The text is a sentence."""


@dataclass(frozen=True)
class Window:
    """A stretch of time, in UTC seconds; None is no limit. Ends are excluded."""

    published_min: int | None = None
    published_max: int | None = None
    updated_min: int | None = None
    updated_max: int | None = None

    def __post_init__(self) -> None:
        for low, high in (
            (self.published_min, self.published_max),
            (self.updated_min, self.updated_max),
        ):
            if low is not None and high is not None and low > high:
                raise WindowError("The window ends before it begins.")

    def takes(self, start: int, end: int) -> bool:
        """Whether a period intersects the window; a period is published when it is over."""
        return (
            (self.published_max is None or start < self.published_max)
            and (self.published_min is None or end > self.published_min)
            and (self.updated_max is None or end < self.updated_max)
            and (self.updated_min is None or end >= self.updated_min)
        )


EVERYTHING = Window()
