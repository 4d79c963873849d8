"""Who uses a home's servers, who owns them, and who stops them.

Three files say it:
- `lock` is held while servers are started or stopped, and names the owner: a process by its number
  and its start.
- `in-use` is locked (shared) by every process that uses the servers, for as long as it does. A
  process that dies lets go of it, however it died.
- `state.json` says which servers run, at which ports.

Whoever starts the servers owns them. Whoever comes while they run attaches; if their owner is dead
it adopts them. Only the owner stops them. An owner that leaves while others are attached passes the
ownership on: the last one to leave is the owner then.
"""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from portal.embedded.places import EmbeddedError, home_of, locked, private_folder, runs_folder
from portal.embedded.servers import DATABASES, Postgres, Redis, Running, Server, url
from portal.processes import ProcessId, end_leftovers, myself, write_private

SERVERS: tuple[type[Server], ...] = (Postgres, Redis)


class Servers:
    """One process's use of the servers of a home; `leave` ends it."""

    def __init__(
        self,
        home: Path,
        names: tuple[str, ...] = (Postgres.name, Redis.name),
        *,
        durable: bool = True,
    ) -> None:
        self.home = home
        self.names = names
        self.durable = durable
        self.running: dict[str, Running] = {}
        self._in_use: int | None = None

    @property
    def urls(self) -> dict[str, str]:
        """The variables that settings read, for both sites."""
        found: dict[str, str] = {}
        if postgres := self.running.get(Postgres.name):
            for variable, database in zip(
                ("DATABASE_URL", "SANDBOX_DATABASE_URL"), DATABASES, strict=True
            ):
                found[variable] = url(postgres.port, postgres.password, database)
        if redis := self.running.get(Redis.name):
            address = f"redis://:{redis.password}@127.0.0.1:{redis.port}"
            found |= {"REDIS_URL": f"{address}/0", "SANDBOX_REDIS_URL": f"{address}/1"}
        return found

    @property
    def is_owner(self) -> bool:
        return owner_of(self.home) == myself()

    def attach(self) -> None:
        """Use the home's servers: those that run, started anew where they do not.

        Raises EmbeddedError.
        """
        with locked(self.home / "lock") as lock:
            in_use = os.open(self.home / "in-use", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                # Never waits: it is locked against sharing only by one who holds `lock`.
                fcntl.flock(in_use, fcntl.LOCK_SH)
                self.running = ensure(self.home, self.names, durable=self.durable)
                owner = read_owner(lock)
                if owner is None or not owner.is_alive():
                    write_owner(lock, myself())
                self._in_use = in_use
            except BaseException:
                self._in_use = None
                os.close(in_use)
                if not is_in_use(self.home):
                    stop_all(self.home)
                raise

    def leave(self) -> None:
        """Stop the servers if nobody else uses them; otherwise leave them to those who do."""
        if self._in_use is None:
            return
        with locked(self.home / "lock") as lock:
            owner = read_owner(lock)
            os.close(self._in_use)
            self._in_use = None
            if is_in_use(self.home):
                if owner == myself():
                    write_owner(lock, None)
                return
            stop_all(self.home)
            write_owner(lock, None)

    def __enter__(self) -> Self:
        """Attach, unless that was done.

        A signal may end the process at any moment, also just after the servers have started: from
        here on they are stopped however it ends.
        """
        try:
            if self._in_use is None:
                self.attach()
        except BaseException:
            self.leave()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.leave()


def attach_or_start(
    home: Path, *, names: tuple[str, ...] = (Postgres.name, Redis.name), durable: bool = True
) -> Servers:
    """A use of the home's servers that has begun.

    Without `durable`, PostgreSQL does not wait for the disk: quicker, and for tests only. Raises
    EmbeddedError.
    """
    servers = Servers(home, names, durable=durable)
    servers.attach()
    return servers


def ensure(home: Path, names: tuple[str, ...], *, durable: bool) -> dict[str, Running]:
    """See that the named servers run, and note down each as soon as it does."""
    running = read_state(home)
    for kind in SERVERS:
        if kind.name in names:
            server = kind(home, durable=durable)
            running[kind.name] = server.ensure(running.get(kind.name))
            write_state(home, running)
    return running


def stop_all(home: Path) -> None:
    """Stop whatever runs in a home that nobody uses."""
    running = read_state(home)
    for kind in SERVERS:
        kind(home).stop(running.get(kind.name))
    (home / "state.json").unlink(missing_ok=True)


def is_in_use(home: Path) -> bool:
    """Whether any living process uses the servers; called with `lock` held."""
    try:
        in_use = os.open(home / "in-use", os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(in_use)


# --- The files' contents -------------------------------------------------------------------------


def read_state(home: Path) -> dict[str, Running]:
    """The servers as noted down; none if the note is missing or was broken by a crash."""
    try:
        noted: dict[str, Any] = json.loads((home / "state.json").read_text(encoding="utf-8"))
        return {name: Running.from_json(one) for name, one in noted.items()}
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return {}


def write_state(home: Path, running: dict[str, Running]) -> None:
    noted = {name: one.to_json() for name, one in running.items()}
    write_private(home / "state.json", json.dumps(noted, indent=1))


def owner_of(home: Path) -> ProcessId | None:
    """Who owns the servers of the home, as the lock file names it; perhaps dead."""
    with contextlib.suppress(FileNotFoundError, ValueError, TypeError):
        return ProcessId(**json.loads((home / "lock").read_text(encoding="utf-8")))
    return None


def read_owner(lock: int) -> ProcessId | None:
    try:
        return ProcessId(**json.loads(os.pread(lock, 1000, 0)))
    except (ValueError, TypeError):
        return None


def write_owner(lock: int, owner: ProcessId | None) -> None:
    os.ftruncate(lock, 0)
    if owner is not None:
        os.pwrite(lock, json.dumps(asdict(owner)).encode(), 0)


# --- A checkout's home ---------------------------------------------------------------------------


def home_for(checkout: Path) -> Path:
    """The checkout's home, without what an earlier checkout at the same path left in it.

    Root's homes lie outside the checkout and outlive it. A new clone has new keys, with which the
    old data cannot be read, so a word in `var/`, which the home repeats, tells one clone from the
    next: whoever deletes `var/` deletes the data, as it is for every other user.
    """
    home = home_of(checkout)
    if home.is_relative_to(checkout.resolve()):
        return home
    with locked(home / "lock"):
        told, known = word_of(checkout), home / "checkout.id"
        if known.exists() and known.read_text(encoding="utf-8") != told:
            if is_in_use(home):
                raise EmbeddedError(
                    f"Servers of an earlier {checkout} still run. Stop its commands first."
                )
            empty(home)
        write_private(known, told)
    return home


def word_of(checkout: Path) -> str:
    """A random word that lives as long as the checkout's `var/`."""
    path = private_folder(checkout / "var", 0o755) / "servers.id"
    if not path.exists():
        write_private(path, secrets.token_hex(16))
    return path.read_text(encoding="utf-8")


def empty(home: Path) -> None:
    """Stop what runs in a home that nobody uses and delete all but its lock, which we hold."""
    stop_all(home)
    for path in home.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "lock":
            path.unlink()


# --- Homes for one run ---------------------------------------------------------------------------


def temporary_servers(*, names: tuple[str, ...]) -> Servers:
    """Servers in a home of their own, for one run of the tests; `discard` ends them and it.

    Homes of runs that were killed are ended and deleted on the way.
    """
    runs = runs_folder()
    with locked(runs / "lock"):
        for home in runs.glob("run-*"):
            if not is_in_use(home):
                delete_home(home)
        home = Path(tempfile.mkdtemp(prefix="run-", dir=runs))
        # mkdtemp lets only its maker in; the server user must pass through.
        home.chmod(0o711)
        try:
            return attach_or_start(home, names=names, durable=False)
        except BaseException:
            shutil.rmtree(home)
            raise


def discard(servers: Servers) -> None:
    """Stop a temporary home's servers and delete it."""
    servers.leave()
    delete_home(servers.home)


def delete_home(home: Path) -> None:
    """Delete a home that nobody uses, with every process that was left in it."""
    for record in home.glob("*.processes"):
        end_leftovers(record)
    stop_all(home)
    shutil.rmtree(home, ignore_errors=True)
