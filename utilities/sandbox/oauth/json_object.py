"""The JSON that programs send (RFC 8259), read strictly."""

from __future__ import annotations

import json
from typing import Any


class JsonError(ValueError):
    """A body that cannot be taken. The text is a sentence."""


def read(body: bytes) -> dict[str, Any]:
    """One object in UTF-8 that says each thing once. Raises JsonError."""
    try:
        value = json.loads(body.decode(), object_pairs_hook=_once, parse_constant=_no_number)
    except JsonError:
        raise
    except (ValueError, RecursionError):
        raise JsonError("The body must be one JSON object in UTF-8.") from None
    if not isinstance(value, dict):
        raise JsonError("The body must be one JSON object in UTF-8.")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise JsonError("The body says something twice.")
    return dict(pairs)


def _no_number(name: str) -> None:
    raise JsonError(f"{name} is no JSON number.")
