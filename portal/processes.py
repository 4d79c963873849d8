"""Processes that this program starts: found again, watched, and stopped, also after a crash.

A terminal's Ctrl-C goes to every process of its foreground group. Whatever is started here gets a
session of its own, so that the one who started it hears Ctrl-C alone and stops the others in order.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO, NoReturn, Self
from urllib.parse import urlsplit

import psutil

Say = Callable[[str, str], None]
"""Takes the name of a process and one line that it wrote."""


@dataclass(frozen=True)
class ProcessId:
    """A process as a file can name it: its number and its start, since numbers are used again.

    `started` is in seconds after the machine's own start, so that setting the clock does not
    make a living process look like another one.
    """

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> Self:
        """Raises `psutil.NoSuchProcess`."""
        booted = psutil.boot_time()
        return cls(pid, psutil.Process(pid).create_time() - booted)

    def is_alive(self) -> bool:
        """Whether this very process runs; one that ended and was not yet reaped does not."""
        try:
            same = abs(ProcessId.of(self.pid).started - self.started) < 1
            return same and psutil.Process(self.pid).status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def send(self, number: signal.Signals) -> None:
        """Signal the process, if it is still there."""
        if self.is_alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def send_to_group(self, number: signal.Signals) -> None:
        """Signal the process and whatever it started, if it is still there and leads a group."""
        if self.is_alive():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def wait(self, seconds: float) -> bool:
        """Wait for its end; False when it still runs then."""
        return until(lambda: not self.is_alive(), seconds)


def until(holds: Callable[[], bool], seconds: float, pause: float = 0.02) -> bool:
    """Ask again and again until it holds; False when it did not within the seconds."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def accepts(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something listens there."""
    try:
        with socket.create_connection((host, port), timeout=2):
            return True
    except OSError:
        return False


def listen(preferred: int = 0) -> socket.socket:
    """A listening socket on 127.0.0.1: on the preferred port, or on any when that one is taken.

    A child inherits it, so nobody can take the port between the choice and the child's start, and
    a visitor who comes early waits instead of being refused.
    """
    # Somebody may hold the port on the other loopback address, where browsers look first.
    if preferred and not accepts(preferred, "::1"):
        with contextlib.suppress(OSError):
            return socket.create_server(("127.0.0.1", preferred), backlog=128)
    return socket.create_server(("127.0.0.1", 0), backlog=128)


def port_of(listener: socket.socket) -> int:
    """The port that a listening socket has."""
    port: int = listener.getsockname()[1]
    return port


class ProcessError(Exception):
    """A process did not do what it was started for; says which, and its last lines."""


class Child:
    """One running process; its output goes line by line to `say`, the last lines are kept."""

    def __init__(self, name: str, process: "subprocess.Popen[str]", say: Say) -> None:
        self.name = name
        self.process = process
        self.say = say
        self.tail: deque[str] = deque(maxlen=40)
        self.id = ProcessId.of(process.pid)
        assert process.stdout is not None
        self._pump = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
        self._pump.start()

    def _read(self, output: IO[str]) -> None:
        with output:
            for line in output:
                self.tail.append(line.rstrip())
                self.say(self.name, line.rstrip())

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def signal_group(self, number: signal.Signals) -> None:
        """Signal the process and its own children; its group outlives it while one of them runs."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)

    def finish(self) -> None:
        """Reap the process and read what it still wrote."""
        self.process.wait()
        self._pump.join(timeout=2)

    def trouble(self) -> ProcessError:
        last = "\n".join(self.tail)
        return ProcessError(f"{self.name} ended ({self.process.poll()}). Its last lines:\n{last}")


class Children:
    """The processes of one owner, stopped together.

    `record` names a file that lists them while they run, so that `end_leftovers` can stop them
    after an owner that was killed.
    """

    def __init__(self, say: Say, folder: Path, record: Path | None = None) -> None:
        self.say = say
        self.folder = folder
        self.record = record
        self.running: list[Child] = []
        self._errands: set[subprocess.Popen[str]] = set()
        self._stopped = False
        self._lock = threading.Lock()

    def run(self, command: Sequence[str], environment: Mapping[str, str], stdin: str = "") -> str:
        """Run a command to its end; what it printed, or a ProcessError with what it said."""
        with self._lock:
            self._refuse_after_stop()
            errand = subprocess.Popen(  # noqa: S603 (our own commands)
                command,
                cwd=self.folder,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            self._errands.add(errand)
        printed, complained = errand.communicate(stdin)
        with self._lock:
            self._errands.discard(errand)
        if errand.returncode:
            words = (complained or printed).strip()
            what = " ".join(command[1:4])
            raise ProcessError(f"`{what}` failed ({errand.returncode}):\n{words}")
        return printed

    def _refuse_after_stop(self) -> None:
        if self._stopped:
            raise ProcessError("Nothing is started any more: everything is being stopped.")

    def start(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        listener: socket.socket | None = None,
    ) -> Child:
        """Start a process in a session of its own; it inherits the listening socket, if any."""
        with self._lock:
            self._refuse_after_stop()
            process = subprocess.Popen(  # noqa: S603 (our own commands)
                command,
                cwd=self.folder,
                env={**environment, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
                pass_fds=() if listener is None else (listener.fileno(),),
            )
            child = Child(name, process, self.say)
            self.running.append(child)
            self._write_record()
            return child

    def wait_for_url(self, child: Child, url: str, seconds: float = 60) -> None:
        """Wait until the address answers 200; raises ProcessError when the child ends before."""
        if not until(lambda: child.has_ended() or answers(url), seconds, pause=0.1):
            raise ProcessError(
                f"{child.name} did not answer at {url} within {seconds:.0f} seconds."
            )
        self.check()

    def check(self) -> None:
        """Raise ProcessError when one of them has ended."""
        for child in self.running:
            if child.has_ended():
                child.finish()
                raise child.trouble()

    def kill(self, child: Child) -> None:
        """End one of them, and what it started, with no chance to clean up."""
        with self._lock:
            child.signal_group(signal.SIGKILL)
            child.finish()
            self.running.remove(child)
            self._write_record()

    def watch(self) -> NoReturn:
        """Watch over them until one ends by itself: then raise ProcessError."""
        while True:
            self.check()
            time.sleep(0.5)

    def stop(self, seconds: float = 8) -> None:
        """Ask all to end, last started first, and end those that do not in time."""
        with self._lock:
            self._stopped = True
            for errand in self._errands:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(errand.pid, signal.SIGTERM)
            for child in reversed(self.running):
                child.signal_group(signal.SIGTERM)
            until(lambda: all(child.has_ended() for child in self.running), seconds)
            for child in self.running:
                # The group, also when its leader has ended: a leader may leave workers behind.
                child.signal_group(signal.SIGKILL)
                child.finish()
            self.running.clear()
            self._write_record()

    def _write_record(self) -> None:
        if self.record is None:
            return
        if self.running:
            ids = [asdict(child.id) for child in self.running]
            write_private(self.record, json.dumps({"owner": asdict(myself()), "processes": ids}))
        else:
            self.record.unlink(missing_ok=True)


def myself() -> ProcessId:
    return ProcessId.of(os.getpid())


def end_leftovers(record: Path) -> ProcessId | None:
    """End the processes that a record names when their owner is dead; return a living owner."""
    try:
        named = json.loads(record.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    owner = ProcessId(**named["owner"])
    if owner.is_alive():
        return owner
    processes = [ProcessId(**process) for process in named["processes"]]
    for process in processes:
        process.send_to_group(signal.SIGTERM)
    for process in processes:
        if not process.wait(5):
            process.send_to_group(signal.SIGKILL)
    record.unlink(missing_ok=True)
    return None


def answers(url: str) -> bool:
    """Whether the address answers 200 to a GET."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    connection = HTTPConnection(parts.hostname, parts.port, timeout=5)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def write_private(path: Path, content: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
    draft.replace(path)
