"""The token endpoint (RFC 6749 §3.2)."""

from __future__ import annotations

from typing import Any

from greenbutton.espi import ScopeError
from greenbutton.espi import scope as scopes
from greenbutton.espi.scope import Scope
from utilities.sandbox.models import (
    RESOURCES,
    TOKEN_LIFETIME,
    AuthorizationCode,
    Fault,
    Grant,
    Registration,
    Token,
)
from utilities.sandbox.oauth import pkce
from utilities.sandbox.oauth.client_authentication import (
    FORM,
    Params,
    for_clients,
    required,
)
from utilities.sandbox.oauth.errors import OAuthError
from utilities.sandbox.oauth.narrowing import narrowed

# What a client token is for where it is not said: bulk (FB 35) and authorizations (FB 41).
CLIENT_SCOPE = "FB=35_41"
# Function blocks have numbers up to here.
LAST_BLOCK = 70
BULK = "BR"


@for_clients(FORM)
def token(client: Registration, params: Params) -> dict[str, Any]:
    """Answer one of the three grants."""
    match params.get("grant_type"):
        case None:
            raise OAuthError("invalid_request", "grant_type is missing.")
        case "authorization_code":
            return _trade_code(client, params)
        case "refresh_token":
            return _refresh(client, params)
        case "client_credentials":
            return _client_token(client, params)
    raise OAuthError("unsupported_grant_type", "This grant type is not offered.")


def _trade_code(client: Registration, params: Params) -> dict[str, Any]:
    """RFC 6749 §4.1.3: the code once, by whom and for where it was made."""
    given, redirect_uri = required(params, "code"), required(params, "redirect_uri")
    code = AuthorizationCode.find(given)
    if code is None or code.grant.registration_id != client.id:
        raise OAuthError("invalid_grant", "The code is unknown.")
    if code.used_at is not None:
        raise _used_twice(code)
    if code.is_stale or not code.grant.is_active:
        raise OAuthError("invalid_grant", "The code is too old.")
    if redirect_uri != code.redirect_uri:
        raise OAuthError("invalid_grant", "The redirect_uri is not the one that the code is for.")
    _check_verifier(code, params.get("code_verifier", ""))
    if not code.spend():
        raise _used_twice(code)
    issued = Token.issue_for_grant(code.grant, None, "")
    if issued is None:
        raise OAuthError("invalid_grant", "The consent has ended.")
    return _answer(code.grant, *issued, code.grant.scope)


def _used_twice(code: AuthorizationCode) -> OAuthError:
    # §4.1.2: somebody has a code that was used; whatever it brought is not safe any more.
    code.grant.revoke()
    return OAuthError("invalid_grant", "The code was used before. Its tokens are revoked.")


def _check_verifier(code: AuthorizationCode, verifier: str) -> None:
    """RFC 7636 §4.6. A verifier without a challenge is refused too (RFC 9700 §2.1.1)."""
    if not verifier and not code.code_challenge:
        return
    if not pkce.fits(verifier, code.code_challenge):
        raise OAuthError("invalid_grant", "The code_verifier does not match the code_challenge.")


def _refresh(client: Registration, params: Params) -> dict[str, Any]:
    """RFC 6749 §6. The refresh token rotates; the scope can only be less than was granted."""
    given = required(params, "refresh_token")
    found = Token.find(given)
    if (
        found is None
        or found.kind != Token.Kind.REFRESH
        or found.registration_id != client.id
        or found.grant is None
    ):
        raise _no_refresh(client, given)
    scope = _narrower(found.grant, params["scope"]) if "scope" in params else ""
    issued = Token.issue_for_grant(found.grant, found, scope)
    if issued is None:
        raise _no_refresh(client, given)
    return _answer(found.grant, *issued, scope or found.grant.scope)


def _no_refresh(client: Registration, given: str) -> OAuthError:
    """The refusal, which is the end of everything at utilities with one-time refresh tokens."""
    used = Token.find_used_refresh(given)
    if client.has(Fault.ONE_TIME_REFRESH) and used and used.registration_id == client.id:
        # RFC 9700 §4.14.2: who used it first, the company or a thief, cannot be told.
        used.revoke()
    return OAuthError("invalid_grant", "The refresh token is unknown, used or revoked.")


def _narrower(grant: Grant, text: str) -> str:
    """The scope of an access token for less; empty where it is what was granted."""
    if text == grant.scope:
        return ""
    try:
        return scopes.build(narrowed(grant.granted, scopes.parse(text)))
    except ScopeError as e:
        raise OAuthError("invalid_scope", str(e)) from e


def _client_token(client: Registration, params: Params) -> dict[str, Any]:
    """RFC 6749 §4.4."""
    scope = scopes.build(_client_scope(client, params.get("scope", CLIENT_SCOPE)))
    return {
        "token_type": "Bearer",
        "access_token": Token.issue_for_client(client, scope),
        "expires_in": int(TOKEN_LIFETIME.total_seconds()),
        "scope": scope,
        "resourceURI": client.bulk_uri,
        "authorizationURI": f"{RESOURCES}/Authorization",
    }


def _client_scope(client: Registration, text: str) -> Scope:
    """What is asked for, with the client's own bulk id."""
    try:
        scope = scopes.parse(text)
    except ScopeError as e:
        raise OAuthError("invalid_scope", str(e)) from e
    unknown = [block for block in scope.function_blocks if block > LAST_BLOCK]
    if unknown:
        raise OAuthError("invalid_scope", f"There is no function block {unknown[0]}.")
    if scope.option(BULK) not in {None, client.bulk_uid}:
        raise OAuthError("invalid_scope", f"{BULK} is not the bulk id of this client.")
    return scope.with_option(BULK, client.bulk_uid)


def _answer(grant: Grant, access: str, refresh: str, scope: str) -> dict[str, Any]:
    """RFC 6749 §5.1, and where the resources are."""
    answer = {
        "token_type": "Bearer",
        "access_token": access,
        "refresh_token": refresh,
        "expires_in": int(TOKEN_LIFETIME.total_seconds()),
        "scope": scope,
        "resourceURI": grant.resource_uri,
        "authorizationURI": grant.authorization_uri,
        "customerResourceURI": grant.customer_uri,
    }
    if grant.registration.has(Fault.NO_SCOPE_IN_ANSWER):
        del answer["scope"]
    return answer
