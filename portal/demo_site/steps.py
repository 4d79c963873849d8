"""The steps that a visitor takes at the utility; each leaves its conversations behind, masked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, Literal, cast
from urllib.parse import urlencode, urlsplit

from portal.demo_site import masking, reading
from portal.demo_site.models import Conversation, Visit
from utilities.client import Exchange, UtilityError

# A visitor waits in front of a page.
FEED_MAX_BYTES = 64 * 1024 * 1024
FEED_SECONDS = 60
SPOOL_BYTES = 4 * 1024 * 1024
TITLE_LENGTH = 300

Step = Conversation.Step
Token = Literal["access", "client", "registration", "unknown"]
TOKENS: dict[Token, str] = {
    "access": "access_token: the customer’s data",
    "client": "client_access_token: authorizations and bulk",
    "registration": "registration_access_token: our registration",
    "unknown": "one that nobody knows, to be refused",
}
# Below the resource address. No dot in front, so that nothing climbs out of it.
_BELOW = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")


class AddressError(ValueError):
    """An address that the explorer does not read; the text is a sentence."""


class _Talk:
    """Listens to what is said for one step, and keeps it."""

    def __init__(self, visit: Visit, step: Conversation.Step) -> None:
        self.visit, self.step = visit, step
        self.heard: list[Exchange] = []
        # As they were before: afterwards some are gone, which were sent all the same.
        self.secrets = visit.known_secrets
        self.door = visit.door(self.heard.append)

    def client_token(self, *, fresh: bool = False) -> str:
        """A token of the client's own, which nobody may read either."""
        token = self.door.client_token(fresh=fresh)
        self.secrets = [*self.secrets, token]
        return token

    def keep(self, read: dict[str, Any] | None = None) -> Conversation | None:
        """Write all of it down; the last conversation is the step's own.

        What a pasted secret has opened is not kept by this process either.
        """
        if not self.visit.is_ready_made:
            self.door.forget_client_token()
        secrets = sorted({*self.secrets, *self.visit.known_secrets}, key=len, reverse=True)
        kept = None
        for number, exchange in enumerate(self.heard, 1):
            is_last = number == len(self.heard)
            kept = Conversation.keep(
                self.visit,
                step=self.step if is_last else Step.CLIENT_TOKEN,
                at=exchange.started,
                method=exchange.method,
                title=self._title(exchange.url),
                status=exchange.status,
                seconds=exchange.seconds,
                error=exchange.error,
                said=json.dumps(masking.shown(exchange, secrets)),
                read=json.dumps(read) if is_last and read is not None else "",
            )
        return kept

    def _title(self, url: str) -> str:
        """The address without its host and query; of a resource what is below the API's."""
        path, base = urlsplit(url).path, urlsplit(self.visit.utility.resource_url).path
        return path.removeprefix(f"{base}/")[-TITLE_LENGTH:]


def trade(visit: Visit, redirect_uri: str) -> Conversation | None:
    """Trade the code for tokens (RFC 6749 §4.1.3); raises UtilityError once it is written down."""
    talk = _Talk(visit, Step.TRADE)
    verifier, code = visit.pkce_verifier, visit.take_code()
    try:
        visit.keep_grant(talk.door.exchange_code(code, redirect_uri, verifier))
    finally:
        kept = talk.keep()
    return kept


def refresh(visit: Visit) -> Conversation | None:
    """New tokens for the refresh token (RFC 6749 §6)."""
    talk = _Talk(visit, Step.REFRESH)
    try:
        visit.keep_token(talk.door.refresh(visit.refresh_token))
    finally:
        kept = talk.keep()
    return kept


def client_token(visit: Visit) -> Conversation | None:
    """A token of our own (RFC 6749 §4.4), asked for also where a good one is at hand."""
    talk = _Talk(visit, Step.CLIENT_TOKEN)
    try:
        talk.client_token(fresh=True)
    finally:
        kept = talk.keep()
    return kept


def revoke(visit: Visit) -> Conversation | None:
    """End the grant: DELETE its Authorization, with our own token."""
    talk = _Talk(visit, Step.REVOKE)
    try:
        talk.client_token()
        talk.door.revoke(visit.authorization_uri)
        visit.end()
    finally:
        kept = talk.keep()
    return kept


def explore(visit: Visit, address: str, token: Token, query: Mapping[str, str]) -> Conversation:
    """Read an address of the API and what is in it, whatever the utility answers.

    Raises AddressError where it is none of the utility's resources, and UtilityError where nothing
    could be asked.
    """
    url = checked(visit, address)
    if query:
        url += f"?{urlencode(query)}"
    talk = _Talk(visit, Step.EXPLORE)
    read: dict[str, Any] | None = None
    with cast(BinaryIO, SpooledTemporaryFile(max_size=SPOOL_BYTES)) as file:
        try:
            talk.door.fetch_feed(
                url,
                _bearer(talk, token),
                into=file,
                max_bytes=FEED_MAX_BYTES,
                deadline_seconds=FEED_SECONDS,
            )
        except UtilityError:
            # A refusal is an answer to look at. Without any answer there is nothing to show.
            if not talk.heard:
                raise
        else:
            file.seek(0)
            read = reading.read(file, max_bytes=FEED_MAX_BYTES)
    kept = talk.keep(read)
    assert kept is not None
    return kept


def _bearer(talk: _Talk, token: Token) -> str:
    if token == "client":  # noqa: S105 (a class of tokens)
        return talk.client_token()
    if token == "registration":  # noqa: S105
        return talk.visit.registration_token or "no-registration-token"
    return talk.visit.access_token if token == "access" and talk.visit.access_token else "no-token"  # noqa: S105


def checked(visit: Visit, address: str) -> str:
    """The address, if it lies below the utility's resources or came with the token.

    The visitor chooses among the utility's addresses, and cannot name one of another's.
    """
    base = visit.utility.resource_url
    if address in {visit.resource_uri, visit.authorization_uri, visit.customer_uri} - {""}:
        return address
    if address.startswith(f"{base}/") and _BELOW.fullmatch(address[len(base) :]):
        return address
    if _BELOW.fullmatch(f"/{address}"):
        return f"{base}/{address}"
    raise AddressError(f"Only addresses below {base} can be read here, without . in front.")


def token_for(address: str, opens_status: Token = "client") -> Token:
    """The class of token that opens an address (platform's three classes).

    `opens_status` is the class that this utility wants for ReadServiceStatus.
    """
    names = urlsplit(address).path.split("/")
    if "ApplicationInformation" in names:
        return "registration"
    if "ReadServiceStatus" in names:
        return opens_status
    if {"Authorization", "Bulk"} & {*names}:
        return "client"
    return "access"
