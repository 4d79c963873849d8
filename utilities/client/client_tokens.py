"""Client tokens, kept in the memory of this process for as long as they are good."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.utils import timezone

from utilities.client.token_answers import Token

# A token that ends sooner than this might end on its way.
SPARE = timedelta(minutes=1)

# Never in Redis or the database: a process that starts asks for one of its own.
_kept: dict[str, tuple[str, datetime]] = {}


def name_of(*parts: str) -> str:
    """Under which name a token is kept: hashed, since the client's secret is one of the parts.

    A secret that was rotated, or another address to ask at, makes another name.
    """
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def kept(name: str) -> str:
    """The token that is kept under this name and still good; empty if there is none."""
    if name not in _kept:
        return ""
    token, until = _kept[name]
    return token if until > timezone.now() else ""


def keep(name: str, token: Token) -> None:
    """Keep a token for its life minus a minute; those that are over go."""
    now = timezone.now()
    for stale in [known for known, (_, until) in _kept.items() if until <= now]:
        forget(stale)
    _kept[name] = (token.access_token, token.expires_at - SPARE)


def forget(name: str) -> None:
    """Keep a token no longer, as when the utility refused it."""
    _kept.pop(name, None)


def forget_all() -> None:
    """Start as a new process does."""
    _kept.clear()
