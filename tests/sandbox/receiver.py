"""A company that listens for notices, on a real address."""

from __future__ import annotations

import io
from dataclasses import dataclass

from greenbutton.espi import read_feed
from greenbutton.espi.batch_list import BatchList
from tests.lying_utility import LyingUtility, Request
from tests.sandbox.walk import Company
from utilities.sandbox.models import Grant, Notice

PATH = "/notify"
DAILY = "FB=4_16_39;SubscriptionFrequency=daily"


@dataclass
class Receiver:
    """The company, and what arrives at its notify address."""

    company: Company
    server: LyingUtility

    @classmethod
    def at(cls, server: LyingUtility, utility: str = "ssmpuc") -> Receiver:
        company = Company.live(utility)
        company.registration.notify_uri = f"{server.url}{PATH}"
        company.registration.save()
        return cls(company, server)

    def answers(self, status: int) -> None:
        """From the next notice on."""
        self.server.forget(PATH)
        self.server.answer(PATH, status)

    def authorized(self, scope: str = DAILY) -> Grant:
        """A customer agrees."""
        self.company.authorized(scope)
        return Grant.objects.filter(registration=self.company.registration).latest("id")

    @property
    def posts(self) -> list[Request]:
        return self.server.asked(PATH)

    @property
    def told(self) -> list[str]:
        """The addresses of all notices that arrived, as they arrived."""
        return [address for post in self.posts for address in resources(post.body)]

    @property
    def notices(self) -> list[Notice]:
        """All that there are to tell it, the oldest first."""
        return list(self.company.registration.notices.order_by("id"))


def resources(body: bytes) -> tuple[str, ...]:
    """What a BatchList names, as the portal's own library reads it."""
    (entry,) = read_feed(io.BytesIO(body), max_bytes=100_000)
    assert isinstance(entry.resource, BatchList)
    return entry.resource.resources
