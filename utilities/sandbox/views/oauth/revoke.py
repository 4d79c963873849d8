"""The revocation endpoint (RFC 7009)."""

from __future__ import annotations

from typing import Any

from django.utils.crypto import constant_time_compare

from utilities.sandbox.models import Registration, Token
from utilities.sandbox.oauth.client_authentication import (
    FORM,
    Params,
    for_clients,
    required,
)
from utilities.sandbox.oauth.errors import OAuthError


@for_clients(FORM)
def revoke(client: Registration, params: Params) -> dict[str, Any]:
    """Take a token back. The hint about its type is not needed, since all lie in one table."""
    given = required(params, "token")
    if constant_time_compare(given, client.registration_access_token):
        raise OAuthError(
            "unsupported_token_type", "The registration token is rotated in the settings."
        )
    token = Token.find(given)
    if token is not None and token.registration_id != client.id:
        # RFC 7009 §2.1: whoever it was issued to alone can give it back.
        raise OAuthError("invalid_grant", "The token was issued to another client.")
    if token is not None:
        token.revoke()
    return {}  # §2.2: so too for one that is unknown, expired or revoked already
