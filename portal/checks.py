"""What `manage.py check` says about the servers behind this process."""

import sys
from collections.abc import Sequence
from typing import Any

import redis
from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Info, register
from django.db import OperationalError

from portal.embedded.describe import describe


@register()
def servers_in_use(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Say which servers are in use, or which does not answer.

    Only to `manage.py check`: Django runs the checks before most commands, and these need no
    connection of their own to fail clearly.
    """
    if sys.argv[1:2] != ["check"]:
        return []
    try:
        return [Info(describe(), id="portal.I001")]
    except OperationalError as e:
        return [
            Error(
                f"PostgreSQL does not answer: {e}".strip(),
                hint="Start the server that DATABASE_URL names, or unset it for the embedded one.",
                id="portal.E001",
            )
        ]
    except redis.RedisError as e:
        return [
            Error(
                f"Redis does not answer: {e}",
                hint="Start the server that REDIS_URL names, or unset it for the embedded one.",
                id="portal.E002",
            )
        ]
