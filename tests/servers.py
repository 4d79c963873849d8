"""A pytest plugin (`-p tests.servers`) that gives a run of the tests its own servers and keys.

They start once, in the process that was called (xdist's controller, or the only one), before
pytest-django loads the settings; workers inherit the addresses. Nothing of the checkout's `.env` or
of its own servers is read or touched, so that two runs, and a run beside `make demo`, never meet.

With DATABASE_URL or REDIS_URL in the environment, those servers are used instead. The run then
keeps to databases and keys with a name of its own, and deletes these, and only these, at its end.
"""

import os
import secrets
import signal
from collections.abc import Generator
from contextlib import ExitStack
from types import FrameType
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from cryptography.fernet import Fernet
from psycopg import sql

from portal import embedded
from portal.embedded.ownership import discard, temporary_servers

# Two Redis numbers a process: the portal's and its sandbox's. The browser tests' stack has its own.
NUMBERS_A_PROCESS = 2
STACK_NUMBER = 250


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """A wrapper, since it must run before pytest-django's own, which loads the settings."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not worker:
        start_run(early_config)
    use_own_redis(worker)
    return (yield)


def start_run(config: pytest.Config) -> None:
    """Set everything that settings read, and see that it is undone however the run ends."""
    run = secrets.token_hex(4)
    os.environ |= settings_of(run)
    cleanup = ExitStack()
    config.add_cleanup(cleanup.close)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    if names := embedded.missing(
        {"DATABASE_URL": given("DATABASE_URL"), "REDIS_URL": given("REDIS_URL")}
    ):
        servers = temporary_servers(names=names)
        cleanup.callback(discard, servers)
        os.environ |= {**servers.urls, embedded.HOME_VARIABLE: str(servers.home)}
    if "postgresql" not in names:
        # The same server: the run's databases have names of their own.
        os.environ["SANDBOX_DATABASE_URL"] = given("DATABASE_URL")
        cleanup.callback(drop_databases, given("DATABASE_URL"), os.environ["TEST_DATABASE_NAME"])
    if "redis" not in names:
        os.environ["SANDBOX_REDIS_URL"] = given("REDIS_URL")
        os.environ["GIVEN_REDIS"] = "true"
        cleanup.callback(delete_keys, given("REDIS_URL"), os.environ["REDIS_PREFIX"])


def given(name: str) -> str:
    return os.environ.get(name, "").strip()


def settings_of(run: str) -> dict[str, str]:
    """The variables of a run, in place of the checkout's `.env` and of what the shell has set."""
    return {
        "ENV_FILE": "",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "FIELD_KEYS": Fernet.generate_key().decode(),
        "SECRET_KEY_FILE": "",
        "FIELD_KEYS_FILE": "",
        "DEBUG": "false",
        "DEMO": "false",
        "PORTAL_URL": "http://localhost:8000",
        "SANDBOX_URL": "http://127.0.0.1:8001",
        "REDIS_PREFIX": f"test-{run}-",
        "TEST_DATABASE_NAME": f"test_portal_{run}",
    }


def interrupt(number: int, frame: FrameType | None) -> None:
    """End as after Ctrl-C, which pytest unwinds in order."""
    raise KeyboardInterrupt


def use_own_redis(worker: str) -> None:
    """Give this process keys that no other process of the run reads.

    On our own server these are numbers of its own; on a given one, which may have as few as one
    number, a prefix.
    """
    os.environ["REDIS_PREFIX"] += f"{worker or 'main'}-"
    if "GIVEN_REDIS" in os.environ:
        return
    number = NUMBERS_A_PROCESS * (int(worker.removeprefix("gw")) + 1) if worker else 0
    os.environ["REDIS_URL"] = redis_number(os.environ["REDIS_URL"], number)
    os.environ["SANDBOX_REDIS_URL"] = redis_number(os.environ["REDIS_URL"], number + 1)


def redis_number(url: str, number: int) -> str:
    """The same server, another number."""
    return urlsplit(url)._replace(path=f"/{number}").geturl()


def drop_databases(url: str, name: str) -> None:
    """Delete the run's databases: those whose name is the run's or starts with it."""
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [name]
        ).fetchall()
        for (database,) in rows:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database))
            connection.execute(drop)


def delete_keys(url: str, prefix: str) -> None:
    """Delete the run's keys, wherever in their name Django or Celery puts the prefix."""
    with redis.Redis.from_url(url) as connection:
        for key in connection.scan_iter(match=f"*{prefix}*", count=1000):
            connection.delete(key)
