"""Both sites with all that stands behind them, for the demo, screenshots and browser tests."""

import io
import json
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

from django.core.management import call_command
from django.db import connections

from portal.processes import (
    Child,
    Children,
    Say,
    end_leftovers,
    listen,
    port_of,
    write_private,
)

CHECKOUT = Path(__file__).resolve().parent.parent
PORTAL_PORT, SANDBOX_PORT = 8000, 8001
# In the folder of state: which processes `manage.py demo`, and `manage.py sandbox`, started.
STACK_RECORD, SANDBOX_RECORD = "stack.processes", "sandbox.processes"
# And what the stack's sandbox sends, for the rehearsal to read.
OUTBOX = "outbox"
GUNICORN = [
    *("-m", "gunicorn", "portal.wsgi", "--worker-class", "gthread"),
    *("--graceful-timeout", "3", "--no-control-socket", "--log-level", "warning"),
]
# Whoever reads a large document of the sandbox slowly has a thread of its own all that time.
THREADS = {"portal": "8", "sandbox": "24"}
CELERY = [
    # In a container everybody is root, and both sites are on this machine only.
    *("-W", "ignore:You're running the worker with superuser privileges"),
    *("-m", "celery", "-A", "portal", "--quiet"),
]
WORKER = [
    *CELERY,
    *("worker", "--concurrency", "2"),
    # One worker has nobody to talk to; asking around costs it a second at its start.
    *("--without-gossip", "--without-mingle", "--without-heartbeat"),
]
# Posts the sandbox's push notices, and needs its tables.
CLERK = [str(CHECKOUT / "manage.py"), "sandbox_clerk"]
# Django's checks load every page's code, charts and all: a second or more for each command.
UNCHECKED = ("--skip-checks",)


class StackError(Exception):
    """The stack cannot be started; says why."""


class Site:
    """One of the two sites as processes, on a port that is held from the start."""

    def __init__(
        self,
        name: str,
        host: str,
        preferred_port: int,
        children: Children,
        *,
        demo: bool,
        here: bool = False,
    ) -> None:
        self.name = name
        self.children = children
        self.demo = demo
        self.here = here
        self.listener = listen(preferred_port)
        self.port = port_of(self.listener)
        self.url = f"http://{host}:{self.port}"
        self.environment: dict[str, str] = {}

    def use(self, environment: Mapping[str, str]) -> None:
        """Set the variables that its processes get, besides those that say which site it is."""
        self.environment = {
            **environment,
            "SITE": self.name,
            "DEMO": str(self.demo).lower(),
            # One process' tests may hold settings of their own; a site reads its own.
            "DJANGO_SETTINGS_MODULE": "portal.settings",
        }

    def manage(self, *arguments: str) -> str:
        """Run a manage.py command of this site and return what it printed.

        Raises ProcessError, or what the command raises where it runs in this process.
        """
        if self.here:
            return run_here(*arguments)
        command = [sys.executable, str(CHECKOUT / "manage.py"), *arguments]
        return self.children.run(command, self.environment, "")

    def migrate(self) -> None:
        self.manage("migrate", "--noinput", "--verbosity", "0", *UNCHECKED)

    def serve(self) -> Child:
        """Start the web server on the port that is held."""
        own = ["--threads", THREADS[self.name], "--bind", f"fd://{self.listener.fileno()}"]
        child = self.start(self.name, *GUNICORN, *own, listener=True)
        self.listener.close()
        return child

    def start(self, name: str, *arguments: str, listener: bool = False) -> Child:
        """Start a Python program with the site's variables."""
        return self.children.start(
            name,
            [sys.executable, *arguments],
            self.environment,
            self.listener if listener else None,
        )


def run_here(*arguments: str) -> str:
    """Run a command in this process, which has loaded Django; a new one takes two seconds to."""
    printed = io.StringIO()
    try:
        call_command(*arguments, stdout=printed)
    finally:
        connections.close_all()  # of this thread, which may be a short one
    return printed.getvalue()


def sandbox_clients(site: Site) -> str:
    """Migrate and seed a sandbox; the JSON that it prints about its clients and its staff."""
    return site.manage("sandbox_seed", "--migrate", "--json", *UNCHECKED)


class Stack:
    """Portal, sandbox, Celery worker and beat; a context manager that stops what it started.

    `state` is a folder of this stack's own for what must outlive a crash: which processes run, and
    beat's schedule. The databases and the Redis numbers are those of `environment`; both are
    migrated, and the portal learns the sandbox's clients and addresses anew at each start.
    `portal_here` runs the portal's commands in this process, whose settings must then be the
    stack's portal's. `workers` is how many worker processes race for the work.
    """

    def __init__(
        self,
        state: Path,
        *,
        environment: Mapping[str, str] = os.environ,
        ports: tuple[int, int] = (PORTAL_PORT, SANDBOX_PORT),
        say: Say = lambda name, line: None,
        tell: Callable[[str], None] = lambda sentence: None,
        portal_here: bool = False,
        workers: int = 1,
    ) -> None:
        self.state = state
        self.workers = workers
        self.tell = tell
        self.clients: list[dict[str, Any]] = []
        self.utility_staff: list[dict[str, str]] = []
        state.mkdir(parents=True, exist_ok=True)
        for what, name in {"demo": STACK_RECORD, "sandbox": SANDBOX_RECORD}.items():
            if owner := end_leftovers(state / name):
                raise StackError(
                    f"A {what} of this checkout runs already (process {owner.pid}). "
                    "Stop it first: two would share one database."
                )
        self.children = Children(say, CHECKOUT, state / STACK_RECORD)
        self.portal = Site(
            "portal", "localhost", ports[0], self.children, demo=True, here=portal_here
        )
        self.sandbox = Site("sandbox", "127.0.0.1", ports[1], self.children, demo=True)
        for site, port in zip((self.portal, self.sandbox), ports, strict=True):
            if port and site.port != port:
                tell(f"Port {port} is taken by another program: the {site.name} is at {site.url}.")
        addresses = {"PORTAL_URL": self.portal.url, "SANDBOX_URL": self.sandbox.url}
        self.portal.use({**environment, **addresses})
        self.sandbox.use({**environment, **addresses, "OUTBOX_DIR": str(state / OUTBOX)})

    def start(self) -> None:
        """Migrate, seed and start everything; what does not depend on each other, at once."""
        try:
            self._start_both()
        except BaseException:
            self.stop()
            raise

    def _start_both(self) -> None:
        with ThreadPoolExecutor(2) as pool:
            try:
                seeded = pool.submit(self._open_sandbox)
                opened = pool.submit(self._open_portal)
                raise_first([seeded, opened])
            except BaseException:
                # Before the pool waits for its threads: they wait for what is stopped here.
                self.children.stop()
                raise
        described = json.loads(seeded.result())
        self.clients, self.utility_staff = described["clients"], described["staff"]
        # A utility tells a company nothing of its staff.
        self._register(json.dumps({"clients": self.clients}))
        self._collect()

    def _open_sandbox(self) -> str:
        # The servers first: they load while their databases are made ready.
        self.sandbox.serve()
        clients = sandbox_clients(self.sandbox)
        self.sandbox.start("clerk", *CLERK)
        return clients

    def _open_portal(self) -> None:
        self.portal.serve()
        self.portal.migrate()

    def _register(self, clients: str) -> None:
        """Hand the sandbox's registrations to the portal, as two companies exchange a form."""
        form = self.state / "registrations.json"
        write_private(form, clients)
        try:
            self.portal.manage("load_utilities", "--from-sandbox", str(form), *UNCHECKED)
        finally:
            form.unlink()

    def _collect(self) -> None:
        for _ in range(self.workers):
            self.start_worker()
        schedule = str(self.state / "celerybeat-schedule")
        self.portal.start("beat", *CELERY, "beat", "--schedule", schedule, "--pidfile=")

    def start_worker(self) -> Child:
        """One more worker, by a name that no other has: two of one name would be taken for one."""
        return self.portal.start("worker", *WORKER, "--hostname", f"{secrets.token_hex(4)}@%h")

    def wait_until_ready(self) -> None:
        """Wait until both sites answer; raises ProcessError when one cannot."""
        for child in list(self.children.running):
            for site in (self.portal, self.sandbox):
                if child.name == site.name:
                    self.children.wait_for_url(child, f"{site.url}/health/")

    def watch(self) -> NoReturn:
        """Watch over everything until something ends by itself: then raise ProcessError."""
        self.children.watch()

    def stop(self) -> None:
        """Stop every process; may be called again."""
        self.children.stop()
        self.portal.listener.close()
        self.sandbox.listener.close()

    def __enter__(self) -> Self:
        self.start()
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def raise_first(futures: list[Future[Any]]) -> None:
    """Wait for all, or for the first that fails, and raise what it raised."""
    done, _ = wait(futures, return_when=FIRST_EXCEPTION)
    for future in done:
        future.result()
