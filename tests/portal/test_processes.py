"""Processes that this program starts: watched, found again, and stopped to the last one."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest

from portal.processes import (
    Children,
    ProcessError,
    ProcessId,
    end_leftovers,
    listen,
    myself,
    port_of,
    until,
)
from portal.stack import CHECKOUT, SANDBOX_RECORD, STACK_RECORD, Stack, StackError

ENVIRONMENT = {"PATH": os.environ["PATH"]}
SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('deaf', flush=True); time.sleep(600)",
]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def children(tmp_path: Path, said: list[str]) -> Iterator[Children]:
    started = Children(
        lambda name, line: said.append(f"{name}: {line}"), tmp_path, tmp_path / "x.processes"
    )
    yield started
    started.stop(1)


def test_a_childs_output_is_passed_on_line_by_line_under_its_name(
    children: Children, said: list[str]
) -> None:
    child = children.start("web", [sys.executable, "-c", "print('one'); print('two')"], ENVIRONMENT)
    child.finish()
    assert said == ["web: one", "web: two"]


def test_a_child_that_ends_by_itself_is_told_with_its_last_lines(children: Children) -> None:
    children.start("web", [sys.executable, "-c", "raise SystemExit('no such port')"], ENVIRONMENT)
    with pytest.raises(ProcessError, match=r"web ended \(1\)(.|\n)*no such port"):
        children.watch()


def test_a_child_that_ends_before_it_answers_is_not_waited_for(children: Children) -> None:
    child = children.start("web", [sys.executable, "-c", "raise SystemExit(3)"], ENVIRONMENT)
    with pytest.raises(ProcessError, match=r"web ended \(3\)"):
        children.wait_for_url(child, "http://127.0.0.1:1/")


def test_a_child_does_not_hear_the_terminals_ctrl_c(children: Children) -> None:
    child = children.start("web", SLEEP, ENVIRONMENT)
    assert os.getsid(child.process.pid) == child.process.pid
    assert os.getsid(child.process.pid) != os.getsid(0)


def test_stopping_ends_also_what_ignores_it_and_what_a_child_started(
    children: Children, said: list[str]
) -> None:
    nested = f"import subprocess; subprocess.Popen({STUBBORN!r}).wait()"
    children.start("leader", [sys.executable, "-c", nested], ENVIRONMENT)
    children.start("deaf", STUBBORN, ENVIRONMENT)
    assert until(lambda: sorted(said) == ["deaf: deaf", "leader: deaf"], 20)
    groups = {child.process.pid for child in children.running}
    children.stop(0.2)
    assert until(lambda: not members(groups), 5)


def members(groups: set[int]) -> list[int]:
    """Living processes of these groups."""
    found = []
    for process in psutil.process_iter(["status"]):
        try:
            if os.getpgid(process.pid) in groups and process.info["status"] != "zombie":
                found.append(process.pid)
        except ProcessLookupError:
            continue
    return found


def test_nothing_starts_once_everything_was_stopped(children: Children) -> None:
    children.stop()
    with pytest.raises(ProcessError, match="being stopped"):
        children.start("late", SLEEP, ENVIRONMENT)
    with pytest.raises(ProcessError, match="being stopped"):
        children.run(SLEEP, ENVIRONMENT)


def test_a_command_that_runs_is_ended_by_stopping(children: Children) -> None:
    threading.Timer(0.5, children.stop).start()
    with pytest.raises(ProcessError, match="failed"):
        children.run(SLEEP, ENVIRONMENT)


def test_a_command_gets_its_input_and_its_failure_is_told_in_its_own_words(
    children: Children,
) -> None:
    upper = [sys.executable, "-c", "print(input().upper())"]
    assert children.run(upper, ENVIRONMENT, "clients\n") == "CLIENTS\n"
    with pytest.raises(ProcessError, match="EOFError"):
        children.run(upper, ENVIRONMENT)


def test_a_killed_owners_processes_are_ended_by_the_next_one(tmp_path: Path) -> None:
    record = tmp_path / "x.processes"
    program = f"""
        import os, signal, sys
        from pathlib import Path
        from portal.processes import Children
        folder = Path(sys.argv[1])
        Children(lambda name, line: None, folder, folder / "x.processes").start(
            "sleeper", {SLEEP!r}, {{}}
        )
        os.kill(os.getpid(), signal.SIGKILL)
    """
    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)], cwd=CHECKOUT, check=False
    )
    (left,) = [ProcessId(**one) for one in json.loads(record.read_text())["processes"]]
    assert left.is_alive()
    assert end_leftovers(record) is None
    assert not left.is_alive()
    assert not record.exists()


def test_a_living_owners_processes_are_left_alone(children: Children) -> None:
    child = children.start("web", SLEEP, ENVIRONMENT)
    assert children.record is not None
    assert end_leftovers(children.record) == myself()
    assert child.id.is_alive()


def test_a_reused_number_is_not_signalled(tmp_path: Path) -> None:
    bystander = subprocess.Popen(SLEEP, start_new_session=True)
    dead = ProcessId(bystander.pid, started=1.0)
    record = tmp_path / "x.processes"
    record.write_text(json.dumps({"owner": asdict(dead), "processes": [asdict(dead)]}))
    try:
        assert end_leftovers(record) is None
        dead.send(signal.SIGKILL)
        dead.send_to_group(signal.SIGKILL)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_the_record_can_be_read_by_its_owner_only(children: Children) -> None:
    children.start("web", SLEEP, ENVIRONMENT)
    assert children.record is not None
    assert children.record.stat().st_mode & 0o077 == 0


def test_a_taken_port_is_replaced_by_a_free_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, listen(port_of(taken)) as other:
        assert port_of(other) != port_of(taken)


def test_a_port_that_is_taken_on_any_address_of_this_machine_counts_as_taken() -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("This machine has no IPv6.")
    with (
        socket.create_server(("::1", 0), family=socket.AF_INET6) as taken,
        listen(port_of(taken)) as other,
    ):
        assert port_of(other) != port_of(taken)


@pytest.mark.parametrize("record", [STACK_RECORD, SANDBOX_RECORD])
def test_no_demo_starts_beside_what_would_share_its_databases(record: str, tmp_path: Path) -> None:
    other = Children(lambda name, line: None, tmp_path, tmp_path / record)
    try:
        other.start("child", SLEEP, ENVIRONMENT)
        with pytest.raises(StackError, match="runs already"):
            Stack(tmp_path, ports=(0, 0))
    finally:
        other.stop()
