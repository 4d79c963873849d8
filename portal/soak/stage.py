"""Where a soak is played: databases, keys and processes of its own, and nothing left of them."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.db import connection, connections
from django.test.utils import override_settings

from portal.processes import Say
from portal.soak.world import World
from portal.stack import Stack

WORKERS = 2
# Only the soak's own children get these: everybody comes from one address, and nobody waits.
SOAK_SETTINGS = {
    "DISPATCH_SECONDS": "1",
    "CONNECTS_AN_HOUR_PER_ADDRESS": "100000",
    "LOOKUPS_AN_HOUR_PER_ADDRESS": "100000",
    "CODES_AN_HOUR_PER_ADDRESS": "100000",
    "REGISTRATIONS_AN_HOUR_PER_ADDRESS": "100000",
    "EXPIRING_SOON_DAYS": "1",
}


@contextmanager
def set_up(say: Say, tell: Callable[[str], None]) -> Iterator[World]:
    """Both sites with two workers, on free ports of this machine; this process is the portal's.

    Raises StackError and ProcessError.
    """
    with ExitStack() as undo:
        run = secrets.token_hex(4)
        folder = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        prefix = f"{settings.REDIS_PREFIX}soak-{run}-"
        undo.callback(forget_keys, prefix)
        databases = undo.enter_context(_databases(run))
        stack = Stack(
            folder,
            environment={
                **os.environ,
                **SOAK_SETTINGS,
                **databases,
                "REDIS_PREFIX": prefix,
                "VAR_DIR": str(folder),
            },
            ports=(0, 0),
            say=say,
            tell=tell,
            portal_here=True,
            workers=WORKERS,
        )
        here = {"PORTAL_URL": stack.portal.url, "SANDBOX_URL": stack.sandbox.url}
        undo.enter_context(
            override_settings(DEMO=True, VAR_DIR=folder, REDIS_PREFIX=prefix, **here)
        )
        undo.enter_context(stack)
        world = World(stack)
        undo.callback(world.close)
        yield world


def forget_keys(prefix: str) -> None:
    """Delete what Redis has of those who use this prefix, wherever in a name it stands."""
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        for key in server.scan_iter(match=f"*{prefix}*", count=1000):
            server.delete(key)


@contextmanager
def _databases(run: str) -> Iterator[dict[str, str]]:
    """Two new databases beside the one of the settings; the portal's is this process' meanwhile."""
    before = settings.DATABASES["default"]["NAME"]
    portal = f"{before}_soak_{run}"
    names = {"DATABASE_URL": portal, "SANDBOX_DATABASE_URL": f"{portal}_sandbox"}
    with ExitStack() as undo:
        for name in names.values():
            _execute(f"CREATE DATABASE {connection.ops.quote_name(name)}")
            drop = f"DROP DATABASE {connection.ops.quote_name(name)} WITH (FORCE)"
            undo.callback(_execute, drop)
        undo.callback(_use, before)
        _use(portal)
        address = urlsplit(settings.DATABASE_URL)
        yield {key: address._replace(path=f"/{name}").geturl() for key, name in names.items()}


def _use(name: str) -> None:
    """Have all connections that are made from now on lead to this database."""
    connections.close_all()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
