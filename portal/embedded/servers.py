"""The two servers: how each is prepared, started, found again and stopped."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import psutil
import psycopg
from psycopg import sql

from portal.embedded.places import EmbeddedError, Programs, ServerUser
from portal.processes import ProcessId, accepts, listen, port_of, until, write_private

START_SECONDS = 20
STOP_SECONDS = 10
TRIES = 5
DATABASES = ("portal", "sandbox")
ROLE = "portal"


@dataclass(frozen=True)
class Running:
    """A server that was started, as the state file remembers it."""

    process: ProcessId
    port: int
    password: str

    def serves(self) -> bool:
        return self.process.is_alive() and accepts(self.port)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(ProcessId(**data["process"]), data["port"], data["password"])


class Server:
    """What both have in common. A home's lock is held around every call."""

    name: ClassVar[str]
    # How the server is asked to end, kindly first.
    stop_signals: ClassVar[tuple[signal.Signals, ...]]

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.home = home
        self.folder = home / self.name
        self.user = ServerUser.find()
        self.durable = durable

    @cached_property
    def programs(self) -> Programs:
        return Programs.find(self.user)

    # --- What each server says of itself

    @property
    def pid_file(self) -> Path:
        raise NotImplementedError

    def prepare(self) -> None:
        """Make what the server needs before it can start."""
        raise NotImplementedError

    def command(self, port: int, password: str) -> list[str]:
        raise NotImplementedError

    def password(self, last: Running | None) -> str:
        raise NotImplementedError

    def is_ready(self, port: int, password: str) -> bool:
        raise NotImplementedError

    # --- What both do alike

    def ensure(self, last: Running | None) -> Running:
        """The server that was left running, or a new one in place of a crashed one."""
        if last is not None and last.serves():
            return last
        self.stop(last)
        self.make_folder()
        self.prepare()
        for _ in range(TRIES):
            if running := self.start(last):
                return running
        raise EmbeddedError(f"{self.name} does not start. {self.last_words()}")

    def make_folder(self) -> None:
        if not self.folder.exists():
            self.folder.mkdir(mode=0o700)
            self.user.own(self.folder)

    def start(self, last: Running | None) -> Running | None:
        """Start it once, on the port that it had last if that is free; None if it ended early.

        Somebody may take the port between the look and the start, and the parts of a PostgreSQL
        that was killed take a moment to notice: both end the server early, and both pass.
        """
        with listen(last.port if last else 0) as listener:
            port = port_of(listener)
        password = self.password(last)
        process = self.spawn(self.command(port, password))
        running: Running | None = None
        try:
            until(
                lambda: process.poll() is not None or self.is_ready(port, password), START_SECONDS
            )
            if process.poll() is None and self.is_ready(port, password):
                running = Running(ProcessId.of(process.pid), port, password)
        finally:
            if running is None and process.poll() is None:
                self.end(ProcessId.of(process.pid))
            # It outlives this handle, and perhaps us: `stop` finds it by its id.
            process.returncode = 0
        return running

    def spawn(self, command: list[str]) -> "subprocess.Popen[bytes]":
        """Start a program as the server user, away from our terminal, without our environment."""
        with open(self.log_file, "wb", opener=private) as log:
            try:
                return subprocess.Popen(  # noqa: S603 (our own commands)
                    command,
                    cwd=self.folder,
                    env={"PATH": os.defpath, "LC_ALL": "C"},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    umask=0o077,
                    **self.user.spawn_arguments(),
                )
            except OSError as e:
                raise EmbeddedError(
                    f"{self.name} cannot be started ({e.strerror}). "
                    "Give DATABASE_URL and REDIS_URL to use servers of your own."
                ) from e

    @property
    def log_file(self) -> Path:
        return self.home / f"{self.name}.log"

    def last_words(self) -> str:
        """The end of its log, as people see it when it does not start."""
        if not self.log_file.exists():
            return "It left no log."
        lines = self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()
        return "The end of its log ({}):\n{}".format(self.log_file, "\n".join(lines[-5:]))

    def end(self, process: ProcessId) -> None:
        """Ask it to end, then insist; wait until it is gone."""
        for number in self.stop_signals:
            process.send(number)
            if process.wait(STOP_SECONDS):
                break
        # Nobody else will reap it if it is our own child.
        try:
            os.waitpid(process.pid, os.WNOHANG)
        except ChildProcessError:
            return

    def stop(self, last: Running | None) -> None:
        """Stop the server that was noted down, and one whose starter died before noting it.

        The number in a pid file may long be another process's: it is ours only if it was started
        with our home in its command line.
        """
        if last is not None:
            self.end(last.process)
        try:
            pid = int(self.pid_file.read_text(encoding="utf-8").split("\n", 1)[0])
            command = psutil.Process(pid).cmdline()
        except (FileNotFoundError, ValueError, psutil.Error):
            command = []
        if any(str(self.home) in word for word in command):
            self.end(ProcessId.of(pid))
        # PostgreSQL refuses to start when any other process of its user has that number.
        self.pid_file.unlink(missing_ok=True)


class Postgres(Server):
    """PostgreSQL on 127.0.0.1, with a password that only this home knows."""

    name = "postgresql"
    # "Fast" shutdown ends clients' sessions; "immediate" is what a crash would be (and as safe).
    stop_signals = (signal.SIGINT, signal.SIGQUIT)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    @property
    def password_file(self) -> Path:
        return self.home / "password"

    def password(self, last: Running | None) -> str:
        return self.password_file.read_text(encoding="utf-8")

    def prepare(self) -> None:
        """Make the database cluster once; it gets its name only when it is complete."""
        if self.data.exists():
            return
        write_private(self.password_file, secrets.token_urlsafe(24))
        for half_made in self.folder.glob("data.new.*"):
            shutil.rmtree(half_made, ignore_errors=True)
        # A name of its own: the initdb of one who was killed may still be writing to its folder.
        draft = self.folder / f"data.new.{secrets.token_hex(4)}"
        told = self.home / "password.new"
        write_private(told, self.password(None))
        self.user.own(told)
        process = self.spawn(self.initdb_command(draft, told))
        try:
            if process.wait() != 0:
                raise EmbeddedError(f"PostgreSQL's initdb failed. {self.last_words()}")
        finally:
            told.unlink()
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        draft.rename(self.data)

    def initdb_command(self, target: Path, password_file: Path) -> list[str]:
        # Builtin C.UTF-8 sorts by code point on every machine, yet knows upper from lower case.
        return [
            *(str(self.programs.initdb), "-D", str(target), "-U", ROLE, "-E", "UTF8"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *("--auth=scram-sha-256", f"--pwfile={password_file}"),
            *(() if self.durable else ("--no-sync",)),
        ]

    def command(self, port: int, password: str) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",
            "shared_buffers": "64MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            # Fewer processes on a laptop; this one reads little that is not in memory.
            "io_method": "sync",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [str(self.programs.postgres), "-D", str(self.data), *options]

    def is_ready(self, port: int, password: str) -> bool:
        """Whether it takes connections; makes the two sites' databases when it does."""
        try:
            connection = psycopg.connect(
                url(port, password, "postgres"), autocommit=True, connect_timeout=5
            )
        except psycopg.OperationalError:
            return False
        with connection:
            rows = connection.execute("SELECT datname FROM pg_database").fetchall()
            for name in set(DATABASES) - {row[0] for row in rows}:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return True


def private(path: str, flags: int) -> int:
    """An opener for files that only we may read."""
    return os.open(path, flags, 0o600)


def url(port: int, password: str, database: str) -> str:
    return f"postgres://{ROLE}:{password}@127.0.0.1:{port}/{database}"


class Redis(Server):
    """A Redis-protocol server on 127.0.0.1, in memory only.

    It keeps nothing: what must not be lost is a row in PostgreSQL.
    """

    name = "redis"
    stop_signals = (signal.SIGTERM, signal.SIGKILL)

    @property
    def pid_file(self) -> Path:
        return self.folder / "pid"

    @property
    def configuration(self) -> Path:
        # Beside its folder: we write nothing where another user could put a link in the way.
        return self.home / "valkey.conf"

    def password(self, last: Running | None) -> str:
        return last.password if last else secrets.token_urlsafe(24)

    def prepare(self) -> None:
        """Nothing: its file is written with each start, since it names the port."""

    def command(self, port: int, password: str) -> list[str]:
        lines = [
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {password}",
            # One number a test process and site, at the least.
            "databases 256",
            'save ""',
            "appendonly no",
            f'dir "{self.folder}"',
            f'pidfile "{self.pid_file}"',
            # Otherwise it writes over its own command line, by which a leftover one is known.
            "set-proc-title no",
        ]
        write_private(self.configuration, "\n".join(lines) + "\n")
        self.user.own(self.configuration)
        return [str(self.programs.valkey), str(self.configuration)]

    def is_ready(self, port: int, password: str) -> bool:
        """Whether it knows our password: somebody else's server on the port would not."""
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
                connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
                return connection.makefile("rb").read(12) == b"+OK\r\n+PONG\r\n"
        except OSError:
            return False
