"""A database for one bench, on the portal's own server; the portal's tables are never touched."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from greenbutton.bench.errors import BenchError

# Autovacuum looks at what the last contender stored, on the core that the next one's server needs.
TIDYING = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'"
PATIENCE_SECONDS = 20


@contextmanager
def bench_database() -> Iterator[str]:
    """Its address. It is dropped at the end, and at the next start where that was not possible.

    Raises BenchError.
    """
    name = f"{connection.settings_dict['NAME']}_bench"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [name])
        if cursor.fetchone() != (True,):
            raise BenchError("Another bench runs on this server; they would slow each other down.")
        quoted = connection.ops.quote_name(name)
        drop = f"DROP DATABASE IF EXISTS {quoted} WITH (FORCE)"
        try:
            try:
                cursor.execute(drop)
                cursor.execute(f"CREATE DATABASE {quoted}")
            except ProgrammingError as error:
                raise BenchError(
                    f"The bench needs a database of its own, {name}, and may not make it: {error}"
                ) from error
            address = urlsplit(settings.DATABASE_URL)._replace(path=f"/{quote(name)}").geturl()
            migrate(address)
            yield address
        finally:
            cursor.execute(drop)
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [name])


def settle() -> None:
    """Have the server finish what the last contender left it, so that the next one does not wait.

    A role that may not ask for a checkpoint leaves it to the server: the figures are noisier then.
    """
    with suppress(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
    until = time.monotonic() + PATIENCE_SECONDS
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute(TIDYING)
            if cursor.fetchone() == (0,):
                break
            time.sleep(0.1)


def migrate(address: str) -> None:
    """Make all tables, as a portal has them."""
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--skip-checks", "--verbosity=0"],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": address},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchError(f"The bench's database cannot be prepared:\n{done.stderr.strip()}")
