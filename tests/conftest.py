"""What every test may use: a browser at the site's own address, a sandbox, the whole stack."""

import json
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.test import Client
from psycopg import sql

from portal.embedded import HOME_VARIABLE
from portal.processes import Children
from portal.stack import CHECKOUT, Site, Stack, sandbox_clients
from tests.lying_utility import LyingUtility
from tests.ready_commands import ReadyCommands
from tests.servers import STACK_NUMBER, redis_number

# The sandbox's internals are tested in a run of their own: neither site has the other's tables.
collect_ignore = [
    folder.name
    for folder in Path(__file__).parent.iterdir()
    if folder.is_dir() and (folder.name == "sandbox") != (settings.SITE == "sandbox")
]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With BROWSER=required, a browser test that is skipped has failed."""
    report = yield
    required = os.environ.get("BROWSER") == "required" and item.get_closest_marker("browser")
    if report.skipped and required and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"Skipped, but BROWSER=required: {report.longrepr}"
    return report


@pytest.fixture
def client() -> Client:
    """A browser at the site's own address; any other host name is redirected there."""
    return Client(headers={"host": urlsplit(settings.SITE_URL).netloc})


# The sandbox has no third party's code, which its checkers must not meet either: by name only.
if settings.SITE != "sandbox":
    client_tokens = import_module("utilities.client.client_tokens")

    @pytest.fixture(autouse=True)
    def a_process_without_client_tokens() -> None:
        """Each test begins as a new process does; a free port may have been another test's."""
        client_tokens.forget_all()


@pytest.fixture
def lying() -> Iterator[LyingUtility]:
    """A utility that answers as told."""
    with LyingUtility() as server:
        yield server


@dataclass(frozen=True)
class SandboxSite:
    """A running sandbox and what it says of the portal's clients, by utility id."""

    url: str
    clients: dict[str, dict[str, Any]]
    # As `manage.py load_utilities --from-sandbox -` reads it.
    seeded: str
    # Runs a manage.py command of the sandbox and returns what it printed.
    manage: Callable[..., str]
    # The address of its database, for what only time would bring: a token that has expired.
    database: str


@pytest.fixture(scope="session")
def state_folder(tmp_path_factory: pytest.TempPathFactory, worker_name: str) -> Path:
    """Where this process of the run notes down what it starts.

    In the embedded servers' home, the next run finds and ends what a killed one left running.
    """
    if home := os.environ.get(HOME_VARIABLE):
        return Path(home)
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="session")
def worker_name() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
def sandbox_site(state_folder: Path, worker_name: str) -> Iterator[SandboxSite]:
    """A sandbox as a process of its own, with its own database, seeded; one a test process."""
    children = Children(ignore, CHECKOUT, state_folder / f"sandbox-{worker_name}.processes")
    site = Site("sandbox", "127.0.0.1", 0, children, demo=True)
    database = make_database(f"sandbox_{worker_name}")
    site.use({**os.environ, "SANDBOX_DATABASE_URL": database, "SANDBOX_URL": site.url})
    try:
        child = site.serve()
        seeded = sandbox_clients(site)
        children.wait_for_url(child, f"{site.url}/health/")
        clients = {client["utility"]: client for client in json.loads(seeded)["clients"]}
        with closing(ReadyCommands(site.environment, CHECKOUT)) as manage:
            yield SandboxSite(site.url, clients, seeded, manage, database)
    finally:
        children.stop()


@pytest.fixture(scope="session")
def stack(state_folder: Path) -> Iterator[Stack]:
    """Both sites with worker and beat, for the browser tests; its databases are never emptied.

    Tests that use it carry `pytest.mark.xdist_group("browser")`, so that one process has it.
    """
    number = {
        "REDIS_URL": redis_number(os.environ["REDIS_URL"], STACK_NUMBER),
        "SANDBOX_REDIS_URL": redis_number(os.environ["REDIS_URL"], STACK_NUMBER + 1),
    }
    environment = {
        **os.environ,
        **({} if "GIVEN_REDIS" in os.environ else number),
        "REDIS_PREFIX": os.environ["REDIS_PREFIX"] + "stack-",
        "DATABASE_URL": make_database("stack"),
        "SANDBOX_DATABASE_URL": make_database("stack_sandbox"),
    }
    with Stack(state_folder, environment=environment, ports=(0, 0), say=ignore) as running:
        yield running


def ignore(name: str, line: str) -> None:
    """Leave a process' output to its own record of the last lines, which a failure shows."""


def make_database(suffix: str) -> str:
    """The address of a new, empty database of this run, on the server that the tests use."""
    name = f"{os.environ['TEST_DATABASE_NAME']}_{suffix}"
    address = os.environ["DATABASE_URL"]
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return urlsplit(address)._replace(path=f"/{name}").geturl()
