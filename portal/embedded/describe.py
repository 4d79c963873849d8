"""Which servers this process uses, in words."""

import json
import os
from pathlib import Path

import redis
from django.conf import settings
from django.db import connection

from portal.embedded import HOME_VARIABLE


def describe() -> str:
    """Both servers: version, address, and where an embedded one keeps its data.

    Asks them, so it raises `django.db.OperationalError` or `redis.RedisError` when one is down.
    """
    return f"{describe_postgres()} {describe_redis()}"


def describe_postgres() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        version = cursor.fetchone()[0].split()[0]
    told = connection.settings_dict
    address = f"{told['HOST'] or 'a local socket'}:{told['PORT'] or 5432}"
    if home := embedded_home("postgresql", told["PORT"]):
        return f"PostgreSQL {version} embedded at {address}, data in {home}."
    return f"PostgreSQL {version} at {address}, database {told['NAME']}."


def describe_redis() -> str:
    with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=5) as client:
        version = client.info("server")["redis_version"]
        told = client.connection_pool.connection_kwargs
    address = f"{told.get('host', 'a local socket')}:{told.get('port', 6379)}"
    if embedded_home("redis", told.get("port")):
        return f"Redis protocol {version} embedded at {address}, in memory only."
    return f"Redis protocol {version} at {address}, number {told.get('db', 0)}."


def embedded_home(server: str, port: object) -> str:
    """The home of the embedded server at that port; empty for a server of somebody's own."""
    home = os.environ.get(HOME_VARIABLE, "")
    state = Path(home) / "state.json"
    if not home or not state.exists():
        return ""
    noted = json.loads(state.read_text(encoding="utf-8")).get(server, {})
    return home if str(noted.get("port")) == str(port) else ""
