"""What was said in one conversation, for a listener that shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came of it, word for word: tokens and all.

    Whoever shows it masks it first; its own repr names nothing that is secret. Of a long answer
    `received_body` is the beginning, after decompression. Without an answer `status` is None and
    `error` says what happened (a Problem).
    """

    method: str
    url: str = field(repr=False)
    sent_headers: Headers = field(repr=False)
    sent_form: dict[str, str] = field(repr=False)
    sent_body: bytes = field(repr=False)
    status: int | None
    received_headers: Headers = field(repr=False)
    received_body: bytes = field(repr=False)
    started: datetime
    seconds: float
    error: str = ""


Listener = Callable[[Exchange], None]
