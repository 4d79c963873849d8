"""Who plays: one customer each, in groups that share a registration with the utility."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from authorizations.models import Authorization, ShareLink
from portal.processes import until
from portal.rehearsal.browser import Browser
from portal.soak.world import World
from utilities.models import Client

# Two cores may have a lot to do; what takes longer than this will not come.
PATIENCE_SECONDS = 240
# Everybody who waits asks the database as often as this.
PAUSE_SECONDS = 0.4


class WentOtherwise(Exception):  # noqa: N818 (what was found is no fault of the soak's)
    """Something did not go as its scenario says; the text says what was found instead."""


@dataclass
class Play:
    """One customer, what became of them, and how long it took."""

    number: int
    link: ShareLink
    browser: Browser
    client: Client
    world: World
    # By which they consented anew, if they did.
    renewal: ShareLink | None = None
    # The latest pull that was waited for.
    seen_pull: int = 0
    # What the customer read where no authorization came of it.
    told: str = ""
    # The address to which the utility sent them, where they have not gone there yet.
    way_back: str = ""
    trouble: str = ""
    seconds: float = 0.0

    def row(self) -> Authorization:
        """The authorization as it is now; raises WentOtherwise where there is none, or several."""
        found = list(self.rows())
        if len(found) != 1:
            raise WentOtherwise(f"{len(found)} authorizations came of one link")
        return found[0]

    def rows(self) -> list[Authorization]:
        """All that came of its link."""
        made = Authorization.objects.filter(share_link=self.link)
        return list(made.select_related("utility", "client__utility"))

    def wait(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until it holds; raises WentOtherwise, with `what` was waited for."""
        wait(self.world, holds, what)

    def do(self, acts: tuple[Act, ...]) -> None:
        """Do one after the other; the first that goes otherwise is the last."""
        began = time.monotonic()
        try:
            for act in acts:
                act(self)
        except Exception as e:  # whatever it is, it belongs to this row, and the others go on
            self.trouble = (
                f"{type(e).__name__}: {e}" if not isinstance(e, WentOtherwise) else str(e)
            )
        self.seconds += time.monotonic() - began


@dataclass
class Group:
    """The customers of one scenario and one profile."""

    programme: str
    profile: str
    client: Client
    plays: list[Play]
    world: World

    def keys(self) -> list[int]:
        """The rows of its authorizations."""
        links = [play.link.pk for play in self.plays]
        return list(Authorization.objects.filter(share_link__in=links).values_list("pk", flat=True))

    def wait(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until it holds for the group; raises WentOtherwise."""
        wait(self.world, holds, what)


def wait(world: World, holds: Callable[[], bool], what: str) -> None:
    """Wait until it holds; raises WentOtherwise where that takes too long, or all is stopped."""
    held = until(lambda: world.is_over.is_set() or holds(), PATIENCE_SECONDS, PAUSE_SECONDS)
    if not held or world.is_over.is_set():
        raise WentOtherwise(f"waited {PATIENCE_SECONDS} s in vain for {what}")


Act = Callable[[Play], None]
"""What one customer does, or waits for."""
Turn = Callable[[Group], None]
"""What happens once, to all of a group."""


@dataclass(frozen=True, slots=True)
class Each:
    """A part of a scenario that every customer plays by themselves, beside the others."""

    acts: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class Once:
    """A part that concerns all of them, and waits until each has come so far."""

    turn: Turn


def each(*acts: Act) -> Each:
    return Each(acts)


def once(turn: Turn) -> Once:
    return Once(turn)
