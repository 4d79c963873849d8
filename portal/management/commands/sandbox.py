"""`make sandbox`: the sandbox alone, for anyone who tries a client of their own against it."""

import json
import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.processes import Children, ProcessError, end_leftovers
from portal.stack import (
    CHECKOUT,
    CLERK,
    SANDBOX_PORT,
    SANDBOX_RECORD,
    STACK_RECORD,
    Site,
    sandbox_clients,
)


class Command(BaseCommand):
    help = "Run the sandbox alone, and print the clients that are registered with it."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        record = settings.VAR_DIR / SANDBOX_RECORD
        record.parent.mkdir(exist_ok=True)
        for name in (SANDBOX_RECORD, STACK_RECORD):
            if owner := end_leftovers(settings.VAR_DIR / name):
                raise CommandError(
                    f"A sandbox of this checkout runs already (process {owner.pid}). "
                    "Stop it first: two would share one database."
                )
        children = Children(self.say, CHECKOUT, record)
        site = Site("sandbox", "127.0.0.1", SANDBOX_PORT, children, demo=True)
        if site.port != SANDBOX_PORT:
            self.stdout.write(f"Port {SANDBOX_PORT} is taken by another program.")
        site.use({**os.environ, "SANDBOX_URL": site.url})
        try:
            self.run(site)
        except ProcessError as e:
            raise CommandError(str(e)) from e
        except KeyboardInterrupt:
            self.stdout.write("\nStopped: no process is left.")
        finally:
            children.stop()

    def run(self, site: Site) -> None:
        """Open the sandbox, say where it is and what is registered, and watch over it."""
        child = site.serve()
        described = json.loads(sandbox_clients(site))
        site.start("clerk", *CLERK)
        site.children.wait_for_url(child, f"{site.url}/health/")
        self.stdout.write(f"The sandbox is at {site.url} . Registered clients:")
        self.stdout.write(json.dumps(described["clients"], indent=2))
        self.stdout.write("The utilities' staff, who review companies:")
        self.stdout.write(json.dumps(described["staff"], indent=2))
        self.stdout.write("Ctrl-C stops it.")
        site.children.watch()

    def say(self, name: str, line: str) -> None:
        self.stdout.write(f"{name} | {line}")
