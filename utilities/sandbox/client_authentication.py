"""How software speaks to the OAuth endpoints, and proves whose it is (RFC 6749 §2.3)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import unquote_plus

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from utilities.sandbox import conditions
from utilities.sandbox.models import Registration
from utilities.sandbox.programmes import Programme

# RFC 6749 §5.1: an answer with tokens may not be kept by anybody on the way.
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
BASIC, IN_BODY = "client_secret_basic", "client_secret_post"
Params = dict[str, str]
Endpoint = Callable[[Registration, Params], dict[str, Any]]


class OAuthError(Exception):
    """A request that gets nothing: RFC 6749 §5.2 names the errors. `more` joins the answer."""

    def __init__(
        self,
        error: str,
        says: str,
        status: int = 400,
        *,
        headers: dict[str, str] | None = None,
        more: dict[str, str] | None = None,
    ) -> None:
        super().__init__(says)
        self.error = error
        self.says = says
        self.status = status
        self.headers = headers or {}
        self.more = more or {}

    def response(self) -> JsonResponse:
        body = {"error": self.error, "error_description": self.says, **self.more}
        return JsonResponse(body, status=self.status, headers=NO_STORE | self.headers)


def for_clients(
    *media_types: str,
) -> Callable[[Endpoint], Callable[[HttpRequest, Programme], HttpResponse]]:
    """An address for machines: the view gets the company and the parameters of its POST."""

    def decorate(view: Endpoint) -> Callable[[HttpRequest, Programme], HttpResponse]:
        @csrf_exempt  # no cookie opens these addresses
        @wraps(view)
        def inner(request: HttpRequest, programme: Programme) -> HttpResponse:
            try:
                params = _params(request, media_types)
                client = _client(request, programme, params)
                if response := conditions.closed(client):
                    return response
                answer = view(client, params)
            except OAuthError as e:
                return e.response()
            return JsonResponse(answer, headers=NO_STORE)

        return inner

    return decorate


def required(params: Params, name: str) -> str:
    """A parameter that has to be there."""
    value = params.get(name, "")
    if not value:
        raise OAuthError("invalid_request", f"{name} is missing.")
    return value


def _params(request: HttpRequest, media_types: tuple[str, ...]) -> Params:
    """The body's parameters, each once. What stands in an address ends up in logs."""
    if request.method != "POST":
        raise OAuthError(
            "invalid_request", "This address takes POST only.", 405, headers={"Allow": "POST"}
        )
    if request.META.get("QUERY_STRING"):
        raise OAuthError("invalid_request", "Send the parameters in the body, not in the address.")
    if request.content_type not in media_types:
        raise OAuthError("invalid_request", f"The body must be {' or '.join(media_types)}.")
    params = _json(request) if request.content_type == JSON else _form(request)
    if any("\0" in text for pair in params.items() for text in pair):
        raise OAuthError("invalid_request", "The body holds a NUL character.")
    return params


def _form(request: HttpRequest) -> Params:
    try:
        form = request.POST
    except (BadRequest, SuspiciousOperation):  # Django's limits of size, number and encoding
        raise OAuthError("invalid_request", "The body is too large, or not in UTF-8.") from None
    for name, values in form.lists():
        if len(values) > 1:
            raise OAuthError("invalid_request", f"{name[:40]} is given more than once.")
    # RFC 6749 §3.2: a parameter without a value counts as left out. The state is given back as it
    # came, and only the authorization request knows it.
    return {name: value for name, value in form.dict().items() if value or name == "state"}


def _json(request: HttpRequest) -> Params:
    """An object of strings."""
    try:
        params = json.loads(request.body, object_pairs_hook=_once)
        if isinstance(params, dict):
            for pair in params.items():
                "".join(pair).encode()  # a lone surrogate is no text
            return params
    except SuspiciousOperation:
        raise OAuthError("invalid_request", "The body is too large.") from None
    except (ValueError, TypeError, RecursionError):
        pass  # told below, as for a list or a number
    raise OAuthError("invalid_request", "The body must be one JSON object of strings, each once.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError
    return dict(pairs)


def _client(request: HttpRequest, programme: Programme, params: Params) -> Registration:
    """The company, in one of the ways that the utility takes, and in one only (RFC 6749 §2.3)."""
    header = request.headers.get("Authorization", "")
    in_body = "client_secret" in params
    if header or not in_body or IN_BODY not in programme.token_auth_methods:
        client_id, secret = _basic(header)
    else:
        client_id, secret = required(params, "client_id"), params["client_secret"]
    client = Registration.objects.filter(client_id=client_id, utility=programme.slug).first()
    if client is None or not client.has_secret(secret):
        raise _unknown_client("The client id or its secret is wrong.")
    if header and (in_body or params.get("client_id", client_id) != client_id):
        raise OAuthError("invalid_request", "The client is named in two ways.")
    if not client.is_usable:
        raise OAuthError("unauthorized_client", "This registration is not in use now.")
    return client


def _basic(header: str) -> tuple[str, str]:
    scheme, _, credentials = header.partition(" ")
    if scheme.lower() != "basic":
        raise _unknown_client("Send the client id and secret by HTTP Basic.")
    try:
        text = base64.b64decode(credentials.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        raise _unknown_client("The Authorization header cannot be read.") from None
    client_id, _, secret = text.partition(":")
    # Encoded as in a form before they are joined.
    return unquote_plus(client_id).replace("\0", ""), unquote_plus(secret)


def _unknown_client(says: str) -> OAuthError:
    challenge = 'Basic realm="Green Button", charset="UTF-8"'
    return OAuthError("invalid_client", says, 401, headers={"WWW-Authenticate": challenge})
