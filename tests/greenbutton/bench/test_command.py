"""The command in a process of its own, as people call it: it makes and drops a database."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
from django.core.management import CommandError, call_command

from greenbutton.bench.figures import FIGURES
from portal.processes import until
from portal.stack import CHECKOUT
from tests.conftest import make_database


@pytest.fixture(scope="module")
def address(worker_name: str) -> str:
    """A database of the portal that the bench must leave alone."""
    return make_database(f"beside_bench_{worker_name}")


# But for the peer, which is not installed for tests.
EVERYBODY = "b,c2,d,y,f,a,g,h,s"
SMALL = ("--size", "small", "--rounds", "1")


def start(address: str, folder: Path, *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "bench", *args],
        cwd=CHECKOUT,
        env=os.environ | {"DATABASE_URL": address, "TMPDIR": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(address: str, folder: Path, *args: str) -> tuple[int, str, str]:
    with start(address, folder, *args) as process:
        out, err = process.communicate()
    return process.returncode, out, err


def tables_and_databases(address: str) -> tuple[int, bool]:
    """How many tables are in the portal's database, and whether the bench has one of its own."""
    name = urlsplit(address).path.lstrip("/")
    with psycopg.connect(address) as connection:
        tables = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone()
        database = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [f"{name}_bench"]
        ).fetchone()
    assert tables is not None
    return tables[0], database is not None


def test_a_bench_gives_every_figure_and_leaves_nothing_behind(address: str, tmp_path: Path) -> None:
    numbers = tmp_path / "bench.json"
    folder = tmp_path / "temporary"
    folder.mkdir()
    code, out, err = run(address, folder, *SMALL, "--only", EVERYBODY, "--json", str(numbers))
    assert code == 0, err
    assert "small: reader, round 1 of 1" in err
    found: dict[str, Any] = json.loads(numbers.read_text())
    for figure in FIGURES:
        assert figure.name in out
        measured = found[figure.name]
        assert measured is None if figure.name == "peer_over_reader" else measured > 0
    small = found["sizes"]["small"]
    assert small["readings"] == 8_760
    assert list(small["contenders"]) == [
        "floor",
        "reader",
        "first",
        "again",
        "rows",
        "year",
        "elements",
        "writer",
        "sandbox",
        "bulk",
    ]
    assert found["machine"]["cores"] >= 1
    assert found["versions"]["PostgreSQL"]
    assert tables_and_databases(address) == (0, False)
    assert list(folder.iterdir()) == []


def test_a_bench_that_is_killed_takes_its_sandbox_with_it(worker_name: str, tmp_path: Path) -> None:
    # Its own, since this one does leave something behind: the bench's database.
    address = make_database(f"beside_killed_bench_{worker_name}")
    with start(address, tmp_path, *SMALL, "--only", "s") as process:
        assert until(lambda: bool(servers_of(process.pid)) or process.poll() is not None, 60)
        servers = servers_of(process.pid)
        assert servers
        process.kill()
    assert until(lambda: not any(server.is_running() for server in servers), 20)


def servers_of(bench: int) -> list[psutil.Process]:
    """The web servers that a bench's contenders have started."""
    with suppress(psutil.NoSuchProcess):
        children = psutil.Process(bench).children(recursive=True)
        return [one for one in children if "greenbutton.bench.site" in one.cmdline()]
    return []


def test_ctrl_c_leaves_nothing_behind(address: str, tmp_path: Path) -> None:
    with start(address, tmp_path, *SMALL, "--only", "c") as process:
        assert until(lambda: tables_and_databases(address)[1] or process.poll() is not None, 30)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert process.returncode == 128 + signal.SIGINT
    assert "Traceback" not in err
    assert tables_and_databases(address) == (0, False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--size", "huge"], "invalid choice: 'huge'"),
        (["--rounds", "0"], "must be a whole number of at least 1"),
        (["--rounds", "two"], "must be a whole number of at least 1"),
        (["--only", "a,z"], "there is no contender 'z'"),
    ],
)
def test_what_makes_no_sense_is_refused(args: list[str], says: str) -> None:
    with pytest.raises(CommandError, match=re.escape(says)):
        call_command("bench", *args)
