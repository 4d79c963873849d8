"""PostgreSQL and a Redis-protocol server out of Python packages, when no others are given.

A newcomer needs neither installed: without `DATABASE_URL` or `REDIS_URL`, every `manage.py` command
uses this checkout's own servers, and starts and stops them if nobody else has. A production
installation gives both addresses and does not install the packages; nothing here that needs them is
imported then.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

# Set beside the addresses, so that a process and its children know whose servers they use.
HOME_VARIABLE = "EMBEDDED_HOME"

# What settings read when no server is needed; whoever connects all the same reads why it fails.
NOT_STARTED = {
    "DATABASE_URL": "postgres://not-started.invalid/portal",
    "REDIS_URL": "redis://not-started.invalid/0",
}
NEEDS_NO_SERVERS = {
    "",
    "help",
    "version",
    "makemessages",
    "compilemessages",
    "collectstatic",
    "espi",
}


def needs_servers(arguments: Sequence[str]) -> bool:
    """Whether a command line (`manage.py` first) needs a database, as all but a few do."""
    command = arguments[1] if len(arguments) > 1 else ""
    if {"-h", "--help", "--version"} & set(arguments[1:]):
        return False
    if command == "import_espi" and "--dry-run" in arguments:
        return False
    return command not in NEEDS_NO_SERVERS


def missing(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Which servers nobody gave an address for; the sandbox may have addresses of its own."""
    prefixes = ["", "SANDBOX_"] if environment.get("SITE") == "sandbox" else [""]
    variables = {"postgresql": "DATABASE_URL", "redis": "REDIS_URL"}
    return tuple(
        server
        for server, variable in variables.items()
        if not any(environment.get(prefix + variable) for prefix in prefixes)
    )


@contextmanager
def servers(checkout: Path, arguments: Sequence[str]) -> Iterator[None]:
    """Set the addresses that are not given, for this process and its children, while it runs.

    Raises EmbeddedError, whose text says what to do.
    """
    names = missing(os.environ)
    if not names:
        yield
    elif not needs_servers(arguments):
        give(NOT_STARTED)
        yield
    else:
        # Not at the top: a production installation has not installed what these need.
        from portal.embedded.ownership import Servers, home_for

        with Servers(home_for(checkout), names) as attached:
            give({**attached.urls, HOME_VARIABLE: str(attached.home)})
            yield


def give(variables: Mapping[str, str]) -> None:
    """Set those that are empty; what somebody gave stays."""
    for name, value in variables.items():
        if not os.environ.get(name):
            os.environ[name] = value
