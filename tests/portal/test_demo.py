"""`manage.py demo` as somebody runs it: at a port that is taken, ended by Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from portal.processes import ProcessId
from portal.stack import CHECKOUT, PORTAL_PORT, STACK_RECORD
from tests.conftest import make_database


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The command; its notes are in tmp_path, the portal's usual port is another program's."""
    environment = {
        **os.environ,
        "VAR_DIR": str(tmp_path),
        "REDIS_PREFIX": os.environ["REDIS_PREFIX"] + "demo-",
        "DATABASE_URL": make_database("demo"),
        "SANDBOX_DATABASE_URL": make_database("demo_sandbox"),
    }
    with ExitStack() as stack:
        with suppress(OSError):  # somebody has it already, which serves as well
            stack.enter_context(socket.create_server(("127.0.0.1", PORTAL_PORT)))
        command = subprocess.Popen(
            [sys.executable, "manage.py", "demo"],
            cwd=CHECKOUT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        yield stack.enter_context(command)
        if command.poll() is None:
            command.send_signal(signal.SIGTERM)


def read_until(demo: subprocess.Popen[str], words: str) -> str:
    """What the command prints up to the line with these words; fails when it ends before."""
    assert demo.stdout is not None
    seen = ""
    for line in demo.stdout:
        seen += line
        if words in line:
            return seen
    raise AssertionError(f"The demo ended without {words!r}:\n{seen}")


def test_it_says_a_taken_port_shows_the_way_and_leaves_no_process(
    demo: subprocess.Popen[str], tmp_path: Path
) -> None:
    said = read_until(demo, "E-mails and the log follow")
    assert f"Port {PORTAL_PORT} is taken" in said
    for account in ("APUC0000-00", "test_badlogin", "111-111-1111", "333333333-3"):
        assert account in said
    portal = re.search(r"Portal +(\S+)/", said)
    assert portal is not None
    assert not portal[1].endswith(f":{PORTAL_PORT}")
    # Only offered when the sandbox knows this very address as a redirect URI.
    with urllib.request.urlopen(f"{portal[1]}/connect/ssmpuc/", timeout=30) as page:  # noqa: S310
        assert page.status == 200

    notes = json.loads((tmp_path / STACK_RECORD).read_text(encoding="utf-8"))
    started = [ProcessId(**process) for process in notes["processes"]]
    assert len(started) == 5  # both sites, clerk, worker, beat
    assert all(process.is_alive() for process in started)
    demo.send_signal(signal.SIGINT)
    assert "no process is left" in demo.communicate(timeout=60)[0]
    assert demo.returncode == 0
    assert not any(process.is_alive() for process in started)
    assert not (tmp_path / STACK_RECORD).exists()
