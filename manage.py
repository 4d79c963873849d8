#!/usr/bin/env python
"""Run a command of either site; SITE says which. Starts the embedded servers where it must."""

import os
import signal
import sys
from pathlib import Path
from types import FrameType

CHECKOUT = Path(__file__).resolve().parent

# Only the standard library up to here: it tells apart "not set up" from anything else.
try:
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from dotenv import load_dotenv

    from portal import embedded
    from portal.embedded.places import EmbeddedError
except ImportError as e:
    sys.exit(f"{e.name} is not installed. Run `make setup`, then use .venv/bin/python.")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    if env_file := os.environ.get("ENV_FILE", str(CHECKOUT / ".env")):
        load_dotenv(env_file)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
    try:
        with embedded.servers(CHECKOUT, sys.argv):
            execute_from_command_line(sys.argv)
    except EmbeddedError as e:
        sys.exit(str(e))
    except ImproperlyConfigured as e:
        sys.exit(f"The settings are not right: {e}")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def leave(number: int, frame: FrameType | None) -> None:
    """Unwind as after Ctrl-C; by default these signals would leave our servers running.

    Once: make, which got the signal as well, passes it on; that must not cut the stopping short.
    """
    for again in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(again, signal.SIG_IGN)
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
