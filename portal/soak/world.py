"""Where it all takes place: both sites, and the utilities' staff who make things go wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.conf import settings

from portal.processes import Child
from portal.rehearsal.browser import Browser
from portal.stack import Stack


@dataclass
class World:
    """The running stack, and a browser in which each utility's staff are signed in."""

    stack: Stack
    # Set once somebody has stopped it all: nobody waits any longer.
    is_over: threading.Event = field(default_factory=threading.Event)
    _staff: dict[str, Browser] = field(default_factory=dict)
    _at_work: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def until_stopped(self) -> Iterator[None]:
        """As long as nobody stops it all: who does ends all waiting."""
        try:
            yield
        except BaseException:
            self.is_over.set()
            raise

    def workers(self) -> list[Child]:
        """The worker processes that run now."""
        return [child for child in self.stack.children.running if child.name == "worker"]

    def serve_under(
        self, programme: str, client_id: str, profile: str, faults: Sequence[str]
    ) -> None:
        """Have the utility's staff set how a registration is served, from the next request on."""
        with self._at_work:
            browser = self._signed_in(programme)
            address = f"{settings.SANDBOX_URL}/{programme}/registrations/{client_id}/conditions/"
            form = browser.open(address).form("conditions")
            page = browser.submit(form, {"profile": profile, "fault": faults})
            if page.status != 200:
                raise LookupError(f"the conditions could not be set: {page.describe()}")

    def close(self) -> None:
        """Close the browsers."""
        for browser in self._staff.values():
            browser.close()

    def _signed_in(self, programme: str) -> Browser:
        if programme not in self._staff:
            member = next(
                one for one in self.stack.utility_staff if one["utility"].lower() == programme
            )
            browser = Browser()
            form = browser.open(f"{settings.SANDBOX_URL}/{programme}/sign-in/").form("sign-in")
            browser.submit(form, {"email": member["email"], "password": member["password"]})
            self._staff[programme] = browser
        return self._staff[programme]
