"""The one door out: every request to a utility leaves through here (style rule 15).

A token goes only to an address that the utility owns. Whatever goes wrong becomes one UtilityError
with a sentence for the customer and one for the log; the latter never holds a token, a code, or the
query of an address.

Here is what is asked for, and what the answers mean; `sending` says how it is sent, and `transport`
speaks HTTP.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, BinaryIO, Literal
from urllib.parse import urlsplit

from greenbutton.espi import scope as espi_scope
from utilities.client import client_tokens, dates, refusals, scopes, transport
from utilities.client.errors import (
    IncompleteGrantError,
    Problem,
    UtilityError,
    of_status,
)
from utilities.client.exchanges import Exchange, Listener
from utilities.client.refusals import TokenClass
from utilities.client.sending import JSON, Sender
from utilities.client.token_answers import (
    TOKEN_MAX_LENGTH,
    URI_MAX_LENGTH,
    Token,
    UnusableAnswerError,
    json_object,
    read_scope,
    read_token,
)
from utilities.client.transport import (
    ANSWER_MAX_BYTES,
    ANSWER_SECONDS,
    DEFAULT_WAIT,
    LONGEST_WAIT,
    Answer,
)
from utilities.models import Client

__all__ = [
    "ANSWER_MAX_BYTES",
    "ANSWER_SECONDS",
    "DEFAULT_WAIT",
    "LONGEST_WAIT",
    "TOKEN_MAX_LENGTH",
    "URI_MAX_LENGTH",
    "Exchange",
    "GreenButtonClient",
    "IncompleteGrantError",
    "Listener",
    "Problem",
    "Token",
    "TokenClass",
    "UtilityError",
    "of_status",
]

ATOM = "application/atom+xml"
SUBSCRIPTION = "/Batch/Subscription/"
RETAIL_CUSTOMER = "/Batch/RetailCustomer/"
# An ApplicationInformation or an Authorization with all its scopes; a list of them is larger.
DOCUMENT_MAX_BYTES = 1024 * 1024


class GreenButtonClient:
    """Talks to one utility for one registration of this company.

    A listener is told of every request, secrets and all: it masks what it shows. Each short answer
    may take `answer_seconds`, or as long as the utility's quirks say.
    """

    def __init__(
        self,
        client: Client,
        listener: Listener | None = None,
        answer_seconds: float | None = None,
    ) -> None:
        self.client = client
        self.utility = client.utility
        self.quirks = client.utility.behaviour
        self._sender = Sender(client, listener, answer_seconds)

    # -- consent ------------------------------------------------------------------------------

    def new_verifier(self) -> str:
        """A PKCE verifier (RFC 7636 §4.1) for one request; empty where the utility takes none."""
        return secrets.token_urlsafe(48) if self.quirks.takes_pkce else ""

    def as_taken(self, scope: espi_scope.Scope) -> espi_scope.Scope:
        """The scope as it will be sent: the utility may refuse, demand or rename options of it."""
        return scopes.as_taken(scope, self.quirks)

    def authorize_url(
        self, *, redirect_uri: str, scope: str, state: str, pkce_verifier: str = ""
    ) -> str:
        """Where the customer's browser goes to consent (RFC 6749 §4.1.1).

        `scope` is plain text and may carry AdditionalScope; spaces become %20, never +. It is sent
        as the utility takes it.
        """
        scope = scopes.text_as_taken(scope, self.quirks)
        params = {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": redirect_uri,
            "scope": scope,
            "state": state,
        }
        if pkce_verifier:
            params |= {
                "code_challenge": _challenge(pkce_verifier),
                "code_challenge_method": "S256",
            }
        url = self._sender.ours(self.utility.authorize_url)
        query = "&".join(f"{name}={espi_scope.quote(value)}" for name, value in params.items())
        return f"{url}{'&' if urlsplit(url).query else '?'}{query}"

    def exchange_code(self, code: str, redirect_uri: str, pkce_verifier: str = "") -> Token:
        """Trade the code for tokens (RFC 6749 §4.1.3).

        Raises IncompleteGrantError where the answer lacks resourceURI or names an address that is
        not the utility's: without it there is nothing to collect.
        """
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        if pkce_verifier:
            form["code_verifier"] = pkce_verifier
        answer = self._ask_for_token(form)
        uris = {
            name: self._uri_in(answer, name)
            for name in ("resourceURI", "authorizationURI", "customerResourceURI")
        }
        try:
            token = self._token_in(answer)
            if refused := [name for name, uri in uris.items() if uri is None]:
                raise self._bad_token(f"{', '.join(refused)} is not an address of the utility")
            if not uris["resourceURI"]:
                raise self._bad_token("there is no resourceURI")
        except UtilityError as e:
            raise IncompleteGrantError(e, uris["authorizationURI"] or "") from e
        return Token(
            token.access_token,
            token.refresh_token,
            token.expires_at,
            read_scope(answer),
            uris["resourceURI"] or "",
            uris["authorizationURI"] or "",
            uris["customerResourceURI"] or self._beside(uris["resourceURI"] or ""),
        )

    def refresh(self, refresh_token: str, scope: str = "") -> Token:
        """New tokens (RFC 6749 §6). Addresses stay as they were at consent, and are empty here.

        `scope` is the granted one, which goes along where the utility wants it. An answer's scope
        that is empty is as it was before; another one may be narrower. A refresh token that was
        refused raises a permanent UtilityError.
        """
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        if scope and self.quirks.resends_scope_on_refresh:
            form["scope"] = scope
        answer = self._ask_for_token(form)
        return replace(self._token_in(answer), scope=read_scope(answer))

    def client_token(self, scope: str = "", *, fresh: bool = False) -> str:
        """A client_access_token (RFC 6749 §4.4): it opens Authorization entries, not data.

        `scope` is for what one without it does not open, as a bulk id. This process keeps the token
        for its life minus a minute. A `fresh` one is asked for all the same, to see whether our
        secret is still taken.
        """
        form = {"grant_type": "client_credentials"}
        if asked := scope or self.quirks.client_credentials_scope:
            form["scope"] = asked
        name = self._client_token_name(asked)
        if not fresh and (token := client_tokens.kept(name)):
            return token
        answer = self._token_in(self._ask_for_token(form))
        client_tokens.keep(name, answer)
        return answer.access_token

    def bulk_uri(self) -> str | None:
        """Where the data of all customers of this registration lies (FB 35).

        The utility says so with a client token, as its resourceURI. Empty where it says nothing,
        None where it names an address that is not its own.
        """
        answer = self._ask_for_token({"grant_type": "client_credentials"})
        return self._uri_in(answer, "resourceURI")

    def forget_client_token(self) -> None:
        """Do not keep the token that the last `client_token` got."""
        client_tokens.forget(self._client_token_name(self.quirks.client_credentials_scope))

    def revoke(self, authorization_uri: str) -> None:
        """End the grant at the utility: DELETE its Authorization with a client token."""
        url = self._sender.ours(authorization_uri)
        answer, sent = self._open("DELETE", url, token="client")
        # Gone is what was wanted.
        if answer.status not in {200, 202, 204, 404, 410}:
            raise refusals.refusal(self.utility, answer, url, sent, "client")

    def revoke_token(self, token: str) -> None:
        """Take a token back (RFC 7009 §2.1); with a refresh token the whole grant goes."""
        url = self._sender.ours(self.utility.revocation_url)
        answer, sent = self._sender.send("POST", url, form={"token": token})
        if answer.status != 200:
            raise refusals.oauth_refusal(self.client, answer, url, sent)

    # -- documents ----------------------------------------------------------------------------

    def fetch_feed(
        self,
        uri: str,
        access_token: str,
        *,
        into: BinaryIO,
        max_bytes: int,
        deadline_seconds: float,
        published_min: datetime | None = None,
        published_max: datetime | None = None,
        is_download: bool = True,
        still_wanted: Callable[[], object] | None = None,
        token: TokenClass = "access",  # noqa: S107 (a class of tokens)
    ) -> int:
        """Stream a feed into a file and return its size in bytes, after decompression.

        Bills and intervals are downloads, which a utility may allow less often than the rest. A
        Bulk feed takes the client's token, and no access token.

        A feed over `max_bytes`, or one that takes longer than the deadline as a whole, is refused;
        what was written by then is worthless. 202, 429 and 5xx raise a passing UtilityError.
        `still_wanted` is called every other second; what it raises ends the request, and is raised.
        """
        url = self._sender.ours(uri)
        asked = transport.with_query(url, dates.period(published_min, published_max, self.quirks))
        answer, sent = self._open(
            "GET",
            asked,
            token=token,
            access_token=access_token,
            accept=ATOM,
            into=into,
            max_bytes=max_bytes,
            deadline_seconds=deadline_seconds,
            is_download=is_download,
            still_wanted=still_wanted,
        )
        if answer.status != 200:
            raise refusals.refusal(self.utility, answer, url, sent, token)
        return answer.size

    def read_document(
        self,
        uri: str,
        *,
        token: TokenClass,
        access_token: str = "",
        max_bytes: int = DOCUMENT_MAX_BYTES,
    ) -> bytes:
        """A short document: an Authorization or their list, ApplicationInformation, ServiceStatus.

        `token` is the class that opens it; one of an authorization is given as `access_token`. A
        403 is permanent only for that one: no consent mends what the others may not see.
        """
        url = self._sender.ours(uri)
        answer, sent = self._open(
            "GET", url, token=token, access_token=access_token, accept=ATOM, max_bytes=max_bytes
        )
        if answer.status != 200:
            raise refusals.refusal(self.utility, answer, url, sent, token)
        return answer.body

    def send_document(
        self,
        method: Literal["PUT", "POST", "DELETE"],
        uri: str,
        *,
        token: TokenClass,
        body: bytes = b"",
        access_token: str = "",
        content_type: str = ATOM,
    ) -> bytes:
        """Change a document at the utility; what it answers, which is often nothing."""
        url = self._sender.ours(uri)
        answer, sent = self._open(
            method,
            url,
            token=token,
            access_token=access_token,
            accept=ATOM,
            body=body,
            content_type=content_type,
            max_bytes=DOCUMENT_MAX_BYTES,
        )
        if answer.status not in {200, 201, 202, 204}:
            raise refusals.refusal(self.utility, answer, url, sent, token)
        return answer.body

    def get_json(
        self, uri: str, *, token: TokenClass | None = None, access_token: str = ""
    ) -> dict[str, Any]:
        """A JSON object; without a class of token our id and secret open the address."""
        return self._json("GET", uri, token, access_token, b"")

    def post_json(
        self,
        uri: str,
        sent: Mapping[str, Any],
        *,
        token: TokenClass | None = None,
        access_token: str = "",
    ) -> dict[str, Any]:
        """The JSON object that comes back for this one; as for `get_json`, who opens the address.

        A refusal's `code` is the answer's `error` where our id and secret were sent.
        """
        return self._json("POST", uri, token, access_token, json.dumps(sent).encode())

    def _json(
        self, method: str, uri: str, token: TokenClass | None, access_token: str, body: bytes
    ) -> dict[str, Any]:
        url = self._sender.ours(uri)
        answer, sent = self._open(
            method,
            url,
            token=token,
            access_token=access_token,
            body=body,
            content_type=JSON,
            max_bytes=DOCUMENT_MAX_BYTES,
        )
        if answer.status not in {200, 201}:
            if token is None:
                raise refusals.oauth_refusal(self.client, answer, url, sent)
            raise refusals.refusal(self.utility, answer, url, sent, token)
        read = json_object(answer.body)
        if read is None:
            why = f"{transport.place(url)} answered with something other than a JSON object"
            raise refusals.unusable(self.utility, Problem.UNREADABLE, why)
        return read

    # -- the token endpoint -------------------------------------------------------------------

    def _ask_for_token(self, form: dict[str, str]) -> dict[str, Any]:
        url = self._sender.ours(self.utility.token_url)
        answer, sent = self._sender.send("POST", url, form=form)
        if answer.status != 200:
            raise refusals.oauth_refusal(self.client, answer, url, sent)
        read = json_object(answer.body)
        if read is None:
            raise self._bad_token("it is not a JSON object")
        return read

    def _token_in(self, answer: dict[str, Any]) -> Token:
        try:
            return read_token(answer)
        except UnusableAnswerError as e:
            raise self._bad_token(str(e)) from e

    def _uri_in(self, answer: dict[str, Any], name: str) -> str | None:
        """The address; empty where there is none, None where it is not one of the utility's."""
        uri = answer.get(name)
        if uri is None or uri == "":
            return ""
        if not isinstance(uri, str) or len(uri) > URI_MAX_LENGTH or not self._sender.owns(uri):
            return None
        return uri

    def _bad_token(self, why: str) -> UtilityError:
        why = f"the token answer cannot be used: {why}"
        return refusals.unusable(self.utility, Problem.BAD_TOKEN, why)

    def _client_token_name(self, scope: str) -> str:
        client = self.client
        parts = (self.utility.token_url, client.client_id, client.client_secret, scope)
        return client_tokens.name_of(*parts)

    def _beside(self, resource_uri: str) -> str:
        """Where the customer's details are, for a utility that does not say."""
        if not self.quirks.derives_customer_address or resource_uri.count(SUBSCRIPTION) != 1:
            return ""
        return resource_uri.replace(SUBSCRIPTION, RETAIL_CUSTOMER)

    # -- how it is opened ---------------------------------------------------------------------

    def _open(
        self,
        method: str,
        url: str,
        *,
        token: TokenClass | None,
        access_token: str = "",
        **what: Any,
    ) -> tuple[Answer, tuple[str, ...]]:
        """Send with a token of this class; a client token that is refused is renewed, once."""

        def send(bearer: str | None) -> tuple[Answer, tuple[str, ...]]:
            return self._sender.send(method, url, bearer=bearer, **what)

        if token == "client":  # noqa: S105 (a class of tokens)
            return self._with_client_token(send)
        if token == "registration":  # noqa: S105
            return send(self._registration_token())
        return send(None if token is None else access_token)

    def _with_client_token(
        self, send: Callable[[str], tuple[Answer, tuple[str, ...]]]
    ) -> tuple[Answer, tuple[str, ...]]:
        answer, sent = send(self.client_token())
        if answer.status == 401:
            client_tokens.forget(self._client_token_name(self.quirks.client_credentials_scope))
            answer, sent = send(self.client_token())
        return answer, sent

    def _registration_token(self) -> str:
        if token := self.client.registration_token:
            return token
        to_log = f"{self.utility.slug}: {self.client.client_id} has no registration token"
        raise refusals.needs_attention(self.client, Problem.NO_REGISTRATION_TOKEN, to_log)


def _challenge(verifier: str) -> str:
    """RFC 7636 §4.2, method S256."""
    hashed = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode("ascii")
