"""Requests and answers as they may be shown: everything is there but the secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from utilities.client import Exchange

# Of an answer's body; more is cut, and said to be.
SHOWN_MAX = 128 * 1024
HIDDEN = "•••"

_NAMES = (
    r"access_token|refresh_token|id_token|client_secret|registration_access_token|code|"
    r"code_verifier|client_access_token"
)
# Cut off at the end, too: what comes after is not known to be none.
_IN_JSON = re.compile(rf'("(?:{_NAMES})"\s*:\s*")((?:[^"\\]|\\.)*)("|\\?\Z)')
_IN_XML = re.compile(rf"(<(?:[\w.-]+:)?(?:{_NAMES})(?:\s[^<>]*)?>)([^<]*)")
_SECRET_FIELDS = re.compile(rf"(?:{_NAMES}|token)")
_SECRET_HEADERS = {"authorization", "cookie", "set-cookie", "proxy-authorization"}


def masked(secret: str) -> str:
    """Enough of a secret to tell it from another one: its first letters and its length."""
    head = secret[:4] if len(secret) >= 12 and secret[:4].isalnum() else ""
    return f"{head}{HIDDEN}({len(secret)} characters)"


def shown(exchange: Exchange, secrets: Iterable[str]) -> dict[str, Any]:
    """What was sent and received, as JSON takes it."""
    known = list(secrets)
    body, was_cut = _body(exchange.received_body)
    return {
        "sent": {
            "url": hide(exchange.url, known),
            "query": _pairs(urlsplit(exchange.url).query, known),
            "headers": _headers(exchange.sent_headers, known),
            "form": [
                [name, _field(name, value, known)] for name, value in exchange.sent_form.items()
            ],
            "body": hide(_body(exchange.sent_body)[0], known),
        },
        "received": {
            "status": exchange.status,
            "headers": _headers(exchange.received_headers, known),
            "body": hide(body, known),
            "was_cut": was_cut,
        },
    }


def hide(text: str, known: Iterable[str]) -> str:
    """The text without the secrets that are known, and without any that is named for what it is."""
    for secret in known:
        text = text.replace(secret, masked(secret))
    text = _IN_JSON.sub(_masking(unescape=True), text)
    return _IN_XML.sub(_masking(), text)


def _masking(*, unescape: bool = False) -> Callable[[re.Match[str]], str]:
    def mask(found: re.Match[str]) -> str:
        secret = found[2]
        if not secret or HIDDEN in secret:
            return found[0]
        if not unescape:
            return found[1] + masked(secret)
        end = '"' if found[3] == '"' else ""
        return found[1] + masked(_unescaped(secret)) + end

    return mask


def _unescaped(text: str) -> str:
    """What a text in JSON spells; as it stands where no reader of JSON would take it."""
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text


def _headers(headers: Iterable[tuple[str, str]], known: list[str]) -> list[list[str]]:
    return [[name, _header(name, value, known)] for name, value in headers]


def _header(name: str, value: str, known: list[str]) -> str:
    if name.lower() not in _SECRET_HEADERS:
        return hide(value, known)
    kind, _, secret = value.partition(" ")
    return f"{kind} {masked(secret)}" if secret else masked(kind)


def _field(name: str, value: str, known: list[str]) -> str:
    return masked(value) if _SECRET_FIELDS.fullmatch(name) else hide(value, known)


def _pairs(query: str, known: list[str]) -> list[list[str]]:
    read = parse_qsl(query, keep_blank_values=True)
    return [[name, _field(name, value, known)] for name, value in read]


def _body(body: bytes) -> tuple[str, bool]:
    text = body[:SHOWN_MAX].decode("utf-8", "replace")
    return text, len(body) > SHOWN_MAX


def parts_of(url: str) -> list[tuple[str, str, str]]:
    """The parameters of an authorize URL: name, value as it is sent, value as it reads."""
    parts = []
    for pair in urlsplit(url).query.split("&"):
        name, _, value = pair.partition("=")
        parts.append((unquote(name), value, unquote(value)))
    return parts
