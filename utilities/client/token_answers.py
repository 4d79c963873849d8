"""What a token endpoint says, read strictly: tokens are put into headers and columns."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeGuard

from django.utils import timezone

from greenbutton.espi import scope as espi_scope
from greenbutton.espi.errors import ScopeError

TOKEN_MAX_LENGTH = 4096
# As long as the columns that keep them.
URI_MAX_LENGTH = 500
SCOPE_MAX_LENGTH = 1000
# The platform's own lifetime, for an answer that does not say (RFC 6749 §5.1: RECOMMENDED).
DEFAULT_EXPIRES_IN = 3600
LONGEST_EXPIRES_IN = 10 * 365 * 86_400

# RFC 6749 appendix A.12 and A.17 (VSCHAR), without the space: it goes into a header.
_TOKEN = re.compile(r"[\x21-\x7e]+")
# RFC 6749 §5.2: what `error` and `error_description` may not hold.
_NOT_ERROR_TEXT = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")
_WHOLE = re.compile(r"[0-9]{1,10}")


class UnusableAnswerError(ValueError):
    """An answer that cannot be used; its text says why, and repeats nothing of the answer."""


@dataclass(frozen=True, slots=True)
class Token:
    """What the token endpoint gave; the scope and any address that it left out are empty."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    scope: str = ""
    resource_uri: str = ""
    authorization_uri: str = ""
    customer_uri: str = ""


def json_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object that the body is; None for anything else."""
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def read_token(answer: Mapping[str, Any]) -> Token:
    """The tokens and their end (RFC 6749 §5.1); raises UnusableAnswerError."""
    kind = answer.get("token_type")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise UnusableAnswerError("its token_type is not Bearer")
    access, refresh = answer.get("access_token"), answer.get("refresh_token")
    if not _is_token(access):
        raise UnusableAnswerError("it has no usable access_token")
    if not refresh:
        refresh = ""
    elif not _is_token(refresh):
        raise UnusableAnswerError("its refresh_token is not usable")
    seconds = _expires_in(answer.get("expires_in"))
    if seconds is None:
        raise UnusableAnswerError("its expires_in is not a sensible number of seconds")
    return Token(access, refresh, timezone.now() + timedelta(seconds=seconds))


def read_scope(answer: Mapping[str, Any]) -> str:
    """The granted scope; empty where there is none that can be read and kept.

    RFC 6749 §5.1: an omitted scope means the one that was asked for.
    """
    value = answer.get("scope")
    if not isinstance(value, str):
        return ""
    try:
        granted = espi_scope.build(espi_scope.parse(value).without_additional())
    except ScopeError:
        return ""
    return granted if len(granted) <= SCOPE_MAX_LENGTH else ""


def read_error(body: bytes) -> tuple[str, str]:
    """`error` and `error_description` of RFC 6749 §5.2, without what they may not hold."""
    read = json_object(body) or {}
    error, description = (
        _NOT_ERROR_TEXT.sub("", value)[:200] if isinstance(value, str) else ""
        for value in (read.get("error"), read.get("error_description"))
    )
    return error, description


def _is_token(value: object) -> TypeGuard[str]:
    return (
        isinstance(value, str)
        and len(value) <= TOKEN_MAX_LENGTH
        and _TOKEN.fullmatch(value) is not None
    )


def _expires_in(value: object) -> int | None:
    """Whole seconds; some custodians send them as a text, or not at all."""
    if value is None:
        return DEFAULT_EXPIRES_IN
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Compared before anything is made of it: JSON has NaN, infinity, and whole numbers that no
    # float holds.
    return int(value) if 1 <= value <= LONGEST_EXPIRES_IN else None
