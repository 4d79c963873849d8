"""How a request is sent: to the utility only, in the name of one registration, in its turn."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import BinaryIO
from urllib.parse import quote

from utilities import pace
from utilities.client import refusals, transport
from utilities.client.errors import Problem
from utilities.client.exchanges import Listener
from utilities.client.transport import ANSWER_MAX_BYTES, Answer, Asked, BrokenOffError
from utilities.models import Client
from utilities.pace import NotNowError

JSON = "application/json"


class Sender:
    """Sends to addresses that `ours` let through; whoever asked reads what is answered."""

    def __init__(
        self,
        client: Client,
        listener: Listener | None = None,
        answer_seconds: float | None = None,
    ) -> None:
        self.client = client
        self._answer_seconds = answer_seconds
        self.utility = client.utility
        self.quirks = client.utility.behaviour
        self._listener = listener

    def ours(self, url: str) -> str:
        """The address itself, if it is the utility's; nothing is ever sent to another."""
        if not self.owns(url):
            raise refusals.not_ours(self.utility, url)
        return url

    def owns(self, url: str) -> bool:
        """Whether it is the utility's as we read it, and as it will be read to be sent there."""
        sent_as = transport.as_sent(url)
        return sent_as is not None and self.utility.owns(url) and self.utility.owns(sent_as)

    def send(
        self,
        method: str,
        url: str,
        *,
        bearer: str | None = None,
        form: dict[str, str] | None = None,
        body: bytes = b"",
        content_type: str = "",
        accept: str = JSON,
        into: BinaryIO | None = None,
        max_bytes: int = ANSWER_MAX_BYTES,
        deadline_seconds: float | None = None,
        is_download: bool = False,
        still_wanted: Callable[[], object] | None = None,
    ) -> tuple[Answer, tuple[str, ...]]:
        """Send one request; its answer, and what we sent that nobody may read in a log.

        What carries a token waits for its turn. What asks for one does not: a customer who comes
        back from the utility is never sent away for it.
        """
        if bearer is not None:
            self._wait_for_turn(is_download)
        headers = {"Accept": accept}
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer}"
        elif form is None or self.quirks.client_authentication == "basic":
            headers["Authorization"] = self._basic()
        else:
            form = form | self._in_the_body()
        if body:
            headers["Content-Type"] = content_type
        if self.quirks.user_agent:
            headers["User-Agent"] = self.quirks.user_agent
        asked = Asked(
            method,
            url,
            headers,
            form,
            body,
            into,
            max_bytes,
            deadline_seconds or self._answer_seconds or self.quirks.answer_seconds,
            self.quirks.connect_seconds,
            self._certificate(),
            still_wanted,
        )
        sent = (bearer or "", self.client.client_secret, *_secrets_in(form or {}))
        try:
            return transport.converse(asked, self._listener), sent
        except BrokenOffError as e:
            to_log = f"{self.utility.slug}: {method} {transport.place(url)} {e.says}"
            if e.problem == Problem.TOO_LARGE:
                raise refusals.too_large(self.utility, to_log) from e
            if e.problem == Problem.CERTIFICATE:
                raise refusals.needs_attention(self.client, e.problem, to_log) from e
            raise refusals.unheard(self.utility, e.problem, to_log) from e

    def _wait_for_turn(self, is_download: bool) -> None:
        try:
            pace.wait_for_turn(self.client, download=is_download)
        except NotNowError as e:
            to_log = f"{self.utility.slug}: {e.says}"
            raise refusals.come_later(self.utility, to_log, e.after) from e

    def _basic(self) -> str:
        """RFC 6749 §2.3.1: id and secret are form-encoded first; url-safe ones stay as they are."""
        pair = (
            f"{quote(self.client.client_id, safe='')}:{quote(self.client.client_secret, safe='')}"
        )
        return f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"

    def _in_the_body(self) -> dict[str, str]:
        """RFC 6749 §2.3.1, or the id alone where our certificate proves it (RFC 8705 §2)."""
        if self.quirks.client_authentication == "tls":
            return {"client_id": self.client.client_id}
        return {"client_id": self.client.client_id, "client_secret": self.client.client_secret}

    def _certificate(self) -> tuple[str, str]:
        if not self.quirks.proves_itself_by_certificate:
            return "", ""
        if not self.client.certificate and self.quirks.client_authentication == "tls":
            to_log = f"{self.utility.slug}: {self.client.client_id} has no client certificate"
            raise refusals.needs_attention(self.client, Problem.CERTIFICATE, to_log)
        return self.client.certificate, self.client.certificate_key


def _secrets_in(form: Mapping[str, str]) -> list[str]:
    secret = ("code", "code_verifier", "refresh_token", "token")
    return [form[name] for name in secret if name in form]
