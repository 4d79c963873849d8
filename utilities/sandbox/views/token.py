"""The token endpoint (RFC 6749 §3.2)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Any
from urllib.parse import unquote_plus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt

from greenbutton.espi import ScopeError
from greenbutton.espi import scope as scopes
from utilities.sandbox import conditions
from utilities.sandbox.models import TOKEN_LIFETIME, AuthorizationCode, Grant, Registration, Token
from utilities.sandbox.programmes import Programme

# RFC 6749 §5.1: an answer with tokens may not be kept by anybody on the way.
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
FORM = "application/x-www-form-urlencoded"
# RFC 7636 §4.1.
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
Params = dict[str, str]


class TokenError(Exception):
    """A request that gets no token: RFC 6749 §5.2 names the errors."""

    def __init__(self, error: str, says: str, status: int = 400, **headers: str) -> None:
        super().__init__(says)
        self.error = error
        self.says = says
        self.status = status
        self.headers = headers

    def response(self) -> JsonResponse:
        body = {"error": self.error, "error_description": self.says}
        return JsonResponse(body, status=self.status, headers=NO_STORE | self.headers)


@csrf_exempt  # no cookie opens this address
def token(request: HttpRequest, programme: Programme) -> HttpResponse:
    """Answer one of the three grants."""
    try:
        params = _params(request)
        client = _client(request, programme, params)
        if response := conditions.closed(client):
            return response
        answer = _answer(client, params)
    except TokenError as e:
        return e.response()
    return JsonResponse(answer, headers=NO_STORE)


def _params(request: HttpRequest) -> Params:
    """The body's parameters, each once. What stands in an address ends up in logs."""
    if request.method != "POST":
        raise TokenError("invalid_request", "Tokens are asked for by POST.", 405, Allow="POST")
    if request.GET:
        raise TokenError("invalid_request", "Send the parameters in the body, not in the address.")
    if request.content_type != FORM:
        raise TokenError("invalid_request", f"The body must be {FORM}.")
    for name, values in request.POST.lists():
        if len(values) > 1:
            raise TokenError("invalid_request", f"{name[:40]} is given more than once.")
    # RFC 6749 §3.2: a parameter without a value counts as left out.
    return {name: value for name, value in request.POST.dict().items() if value}


def _client(request: HttpRequest, programme: Programme, params: Params) -> Registration:
    """The company, by HTTP Basic and nothing else (RFC 6749 §2.3.1)."""
    client_id, secret = _basic(request.headers.get("Authorization", ""))
    client = Registration.objects.filter(client_id=client_id, utility=programme.slug).first()
    if client is None or not client.has_secret(secret):
        raise _unknown_client("The client id or its secret is wrong.")
    if "client_secret" in params or params.get("client_id", client_id) != client_id:
        raise TokenError("invalid_request", "The client is named in two ways.")
    return client


def _basic(header: str) -> tuple[str, str]:
    scheme, _, credentials = header.partition(" ")
    if scheme.lower() != "basic":
        raise _unknown_client("Send the client id and secret by HTTP Basic.")
    try:
        text = base64.b64decode(credentials.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise _unknown_client("The Authorization header cannot be read.") from None
    client_id, _, secret = text.partition(":")
    # Encoded as in a form before they are joined.
    return unquote_plus(client_id).replace("\0", ""), unquote_plus(secret)


def _unknown_client(says: str) -> TokenError:
    challenge = 'Basic realm="Green Button", charset="UTF-8"'
    return TokenError("invalid_client", says, 401, **{"WWW-Authenticate": challenge})


def _answer(client: Registration, params: Params) -> dict[str, Any]:
    match params.get("grant_type"):
        case None:
            raise TokenError("invalid_request", "grant_type is missing.")
        case "authorization_code":
            return _trade_code(client, params)
        case "refresh_token":
            return _refresh(client, params)
        case "client_credentials":
            return _client_token(client, params)
    raise TokenError("unsupported_grant_type", "This grant type is not offered.")


def _trade_code(client: Registration, params: Params) -> dict[str, Any]:
    """RFC 6749 §4.1.3: the code once, by whom and for where it was made."""
    given, redirect_uri = _required(params, "code"), _required(params, "redirect_uri")
    code = AuthorizationCode.find(given)
    if code is None or code.grant.registration_id != client.id:
        raise TokenError("invalid_grant", "The code is unknown.")
    if code.used_at is not None:
        # §4.1.2: somebody has a code that was used; whatever it brought is not safe any more.
        code.grant.revoke()
        raise TokenError("invalid_grant", "The code was used before. Its tokens are revoked.")
    if code.is_stale or not code.grant.is_active:
        raise TokenError("invalid_grant", "The code is too old.")
    if redirect_uri != code.redirect_uri:
        raise TokenError("invalid_grant", "The redirect_uri is not the one that the code is for.")
    _check_verifier(code, params.get("code_verifier", ""))
    if not code.spend():
        code.grant.revoke()
        raise TokenError("invalid_grant", "The code was used before. Its tokens are revoked.")
    return _tokens(code.grant)


def _check_verifier(code: AuthorizationCode, verifier: str) -> None:
    """RFC 7636 §4.6. A verifier without a challenge is refused too (RFC 9700 §2.1.1)."""
    if not verifier and not code.code_challenge:
        return
    hashed = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(hashed).decode().rstrip("=")
    if not VERIFIER.fullmatch(verifier) or not constant_time_compare(
        challenge, code.code_challenge
    ):
        raise TokenError("invalid_grant", "The code_verifier does not match the code_challenge.")


def _refresh(client: Registration, params: Params) -> dict[str, Any]:
    """RFC 6749 §6. The refresh token rotates; the scope stays as it was granted."""
    found = Token.find(_required(params, "refresh_token"))
    if (
        found is None
        or found.kind != Token.Kind.REFRESH
        or found.registration_id != client.id
        or found.grant is None
    ):
        raise TokenError("invalid_grant", "The refresh token is unknown, used or revoked.")
    if params.get("scope", found.grant.scope) != found.grant.scope:
        raise TokenError("invalid_scope", "A refresh cannot change the scope.")
    return _tokens(found.grant, replacing=found)


def _client_token(client: Registration, params: Params) -> dict[str, Any]:
    """RFC 6749 §4.4."""
    if scope := params.get("scope"):
        try:
            scopes.parse(scope)
        except ScopeError as e:
            raise TokenError("invalid_scope", str(e)) from e
    return {
        "token_type": "Bearer",
        "access_token": Token.issue_for_client(client),
        "expires_in": int(TOKEN_LIFETIME.total_seconds()),
    }


def _tokens(grant: Grant, replacing: Token | None = None) -> dict[str, Any]:
    issued = Token.issue_for_grant(grant, replacing)
    if issued is None:
        raise TokenError("invalid_grant", "The refresh token is unknown, used or revoked.")
    access, refresh = issued
    return {
        "token_type": "Bearer",
        "access_token": access,
        "refresh_token": refresh,
        "expires_in": int(TOKEN_LIFETIME.total_seconds()),
        "scope": grant.scope,
        "resourceURI": grant.resource_uri,
        "authorizationURI": grant.authorization_uri,
        "customerResourceURI": grant.customer_uri,
    }


def _required(params: Params, name: str) -> str:
    value = params.get(name, "")
    if not value:
        raise TokenError("invalid_request", f"{name} is missing.")
    return value
