"""FB_39: the custodian tells of what is new."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg
import pytest

from greenbutton.espi import read_feed
from greenbutton.espi.application_information import ApplicationInformation
from greenbutton.espi.authorization import Authorization
from greenbutton.espi.batch_list import BatchList
from greenbutton.espi.usage_point import UsagePoint
from portal.processes import until
from tests.conformance.reading import entries, only
from tests.conformance.target import Target
from tests.lying_utility import LyingUtility, Request

CHAPTER = "FB_39"
PATH = "/notify"
SCOPE = "FB=4_16_39;HistoryLength=5184000;SubscriptionFrequency=daily"
# The first notice of data waits until the code can have been traded.
SECONDS = 60


def conformance(id: str) -> pytest.MarkDecorator:  # noqa: A002 (the suite's word)
    return pytest.mark.conformance(CHAPTER, id)


@dataclass(frozen=True)
class Told:
    """A client and the server to which it is told things."""

    target: Target
    server: LyingUtility

    @property
    def resources(self) -> list[str]:
        """All addresses of the lists that came, as they came."""
        lists = [read_feed(io.BytesIO(post.body), max_bytes=100_000) for post in self.posts]
        found = [entry.resource for feed in lists for entry in feed]
        return [uri for each in found if isinstance(each, BatchList) for uri in each.resources]

    @property
    def posts(self) -> list[Request]:
        return self.server.asked(PATH)

    def wait_for(self, wanted: Callable[[str], bool]) -> str:
        """The first address of this kind that is told, while the clerk does its rounds."""

        def is_told() -> bool:
            self.target.sandbox.manage("sandbox_clerk", "--once")
            return any(map(wanted, self.resources))

        assert until(is_told, SECONDS, pause=2), self.resources
        found = next(filter(wanted, self.resources))
        assert urlsplit(found).scheme in {"http", "https"}
        return found


@pytest.fixture
def told(newcomer: Target, lying: LyingUtility) -> Iterator[Told]:
    """A client that is told of everything, at a real address."""
    lying.answer(PATH, 200)
    notify = ("--notify-uri", f"{lying.url}{PATH}")
    newcomer.sandbox.manage("sandbox_client", newcomer.client["client_id"], *notify)
    yield Told(newcomer, lying)
    newcomer.sandbox.manage("sandbox_client", newcomer.client["client_id"], "--notify-uri", "")


@conformance("PSH001")
def test_psh001(told: Told) -> None:
    """A changed ApplicationInformation is told, and can be read at the address that was told."""
    target = told.target
    feed = target.get(target.resource("ApplicationInformation"), target.registration_token)
    [entry] = entries(feed)
    assert entry.self_href
    document = target.get(entry.self_href, target.registration_token).content
    assert target.put(entry.self_href, target.registration_token, document).status_code == 200
    address = told.wait_for(lambda uri: "/ApplicationInformation/" in uri)
    only(target.get(address, target.registration_token), ApplicationInformation)


@conformance("PSH002")
def test_psh002(told: Told) -> None:
    """A new authorization is told, and can be read at the address that was told."""
    answer = told.target.consent(SCOPE)
    address = told.wait_for(lambda uri: "/Authorization/" in uri)
    assert address == answer["authorizationURI"]
    only(told.target.get(address, told.target.client_token), Authorization)


@conformance("PSH003")
def test_psh003(told: Told) -> None:
    """New data is told, and can be read at the address that was told."""
    answer = told.target.consent(SCOPE)
    address = told.wait_for(lambda uri: "/Batch/Subscription/" in uri)
    assert address.startswith(answer["resourceURI"])
    feed = entries(told.target.get(address, answer["access_token"]))
    assert any(isinstance(entry.resource, UsagePoint) for entry in feed)


@conformance("PSH004")
def test_psh004(told: Told) -> None:
    """A receiver that fails is noticed, logged, and tried again later."""
    told.server.forget(PATH)
    told.server.answer(PATH, 500)
    told.target.consent(SCOPE)
    told.wait_for(lambda uri: "/Authorization/" in uri)
    with psycopg.connect(told.target.sandbox.database) as connection:
        [(status, waits)] = connection.execute(
            "SELECT d.status, n.due_at > now() + interval '30 minutes' AND n.delivered_at IS NULL "
            "FROM sandbox_delivery d JOIN sandbox_notice n ON n.id = d.notice_id "
            "JOIN sandbox_registration r ON r.id = n.registration_id "
            "WHERE r.client_id = %s AND n.kind = 'authorization'",
            [told.target.client["client_id"]],
        ).fetchall()
    assert (status, waits) == (500, True)
