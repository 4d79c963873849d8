"""Large downloads from a sandbox that runs as it does for everybody: a process, over HTTP."""

import json
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from portal.processes import Children, until
from portal.stack import CHECKOUT, Site
from tests.conftest import make_database

FEW = 50_000


@dataclass(frozen=True)
class Served:
    """A sandbox of which one customer has many meters."""

    url: str
    database: str
    path: str
    token: str
    said: list[str]

    def ask(self, path: str, **headers: str) -> HTTPResponse:
        """The answer, its body still to come; closing it closes the connection."""
        asking = HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        given = {"Authorization": f"Bearer {self.token}", "Connection": "close"}
        asking.request("GET", path, headers=given | headers)
        response = asking.getresponse()
        assert response.status == 200
        return response

    def connections(self) -> list[str]:
        """What the sandbox's connections to its database are at."""
        with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
            rows = connection.execute(
                "SELECT state FROM pg_stat_activity WHERE datname = %s",
                [urlsplit(self.database).path.lstrip("/")],
            )
            return [state for (state,) in rows]


@pytest.fixture(scope="module")
def served(state_folder: Path, worker_name: str) -> Iterator[Served]:
    said: list[str] = []
    children = Children(
        lambda _, line: said.append(line), CHECKOUT, state_folder / f"downloads-{worker_name}"
    )
    site = Site("sandbox", "127.0.0.1", 0, children, demo=True)
    database = make_database(f"downloads_{worker_name}")
    site.use({**os.environ, "SANDBOX_DATABASE_URL": database, "SANDBOX_URL": site.url})
    try:
        child = site.serve()
        fleet = json.loads(site.manage("sandbox_fleet", "--migrate", "--meters", "20"))
        children.wait_for_url(child, f"{site.url}/health/")
        path = urlsplit(fleet["resource_uri"]).path
        yield Served(site.url, database, path, fleet["access_token"], said)
    finally:
        children.stop()


def test_a_download_holds_no_connection_to_the_database(served: Served) -> None:
    with closing(served.ask(served.path)) as response:
        assert len(response.read(FEW)) == FEW
        assert served.connections() == []


def test_whoever_goes_away_in_the_middle_leaves_nothing_behind(served: Served) -> None:
    for _ in range(30):  # more than there are threads
        with closing(served.ask(served.path)) as response:
            response.read(FEW)
    with closing(served.ask(f"{served.path}?max-results=9")) as response:
        assert response.read().endswith(b"</feed>")
    assert until(lambda: "active" not in served.connections(), 20)
    assert not [line for line in served.said if "Traceback" in line or "Error" in line]


def test_slow_readers_do_not_keep_others_waiting(served: Served) -> None:
    slow = [served.ask(served.path) for _ in range(12)]
    try:
        for response in slow:
            response.read(FEW)
        with closing(served.ask(f"{served.path}?depth=1")) as quick:
            assert quick.read().endswith(b"</feed>")
        with closing(served.ask("/health/")) as health:
            assert health.read()
    finally:
        for response in slow:
            response.close()


def test_it_is_chunked_and_whole(served: Served) -> None:
    with closing(served.ask(f"{served.path}?published-min=2020-01-01&max-results=200")) as response:
        assert response.getheader("Transfer-Encoding") == "chunked"
        assert response.getheader("Content-Length") is None
        assert response.read().count(b"<entry>") == 200
