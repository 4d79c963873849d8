"""The provider: who may rely on it, what it tells them, and when it does not."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.crypto import constant_time_compare
from joserfc import jwt

from utilities.sandbox.models import SignOn, UtilityAccount, derive
from utilities.sandbox.models.naming import spell
from utilities.sandbox.oauth import pkce
from utilities.sandbox.oauth.errors import OAuthError
from utilities.sandbox.programmes import Programme
from utilities.sandbox.single_sign_on import keys

ID_TOKEN_SECONDS = 300


@dataclass(frozen=True)
class Provider:
    """Demo ID, as a utility's customers know it."""

    programme: Programme

    @property
    def issuer(self) -> str:
        """Its name, and the address under which all of its others lie."""
        return f"{settings.SANDBOX_URL}/{self.programme.slug}/id"

    @property
    def authorize_url(self) -> str:
        """Where the browser is sent to sign in."""
        return f"{self.issuer}/authorize"

    @property
    def client_id(self) -> str:
        """The only client: the utility."""
        return f"{self.programme.slug}-utility"

    @property
    def client_secret(self) -> str:
        """Known to both, since it follows from the installation's key."""
        return spell(derive("openid_client_secret", self.client_id))

    @property
    def redirect_uri(self) -> str:
        """Where the utility waits for its customers."""
        return f"{settings.SANDBOX_URL}/{self.programme.slug}/sso/callback/"

    def metadata(self) -> dict[str, Any]:
        """OpenID Connect Discovery 1.0 §3."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": self.authorize_url,
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "scopes_supported": ["openid"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [keys.ALGORITHM],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "claims_supported": ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce"],
            "code_challenge_methods_supported": ["S256"],
            "prompt_values_supported": ["none", "login"],
            "authorization_response_iss_parameter_supported": True,
            "request_parameter_supported": False,
            "request_uri_parameter_supported": False,
        }

    def knows(self, client_id: str, secret: str) -> bool:
        """Whether these are the client's credentials; takes as long for wrong ones."""
        right_id = constant_time_compare(client_id, self.client_id)
        return constant_time_compare(secret, self.client_secret) and right_id

    def trade(self, code: str, redirect_uri: str, verifier: str) -> dict[str, Any]:
        """An ID token for a code (OpenID Connect Core 1.0 §3.1.3). Raises OAuthError."""
        visit = SignOn.of_code(code) if code else None
        if visit is None or visit.utility != self.programme.slug or visit.account is None:
            raise OAuthError("invalid_grant", "The code is unknown.")
        if visit.used_at is not None or visit.is_stale:
            raise OAuthError("invalid_grant", "The code was used, or is too old.")
        if redirect_uri != visit.redirect_uri:
            raise OAuthError("invalid_grant", "The redirect_uri is another one.")
        if not pkce.fits(verifier, visit.code_challenge):
            raise OAuthError("invalid_grant", "The code_verifier does not match.")
        if not visit.spend():
            raise OAuthError("invalid_grant", "The code was used, or is too old.")
        return {
            # OAuth wants one. It opens nothing: all that there is to know is in the ID token.
            "access_token": secrets.token_urlsafe(32),
            "token_type": "Bearer",
            "expires_in": ID_TOKEN_SECONDS,
            "id_token": self._id_token(visit, visit.account),
        }

    def _id_token(self, visit: SignOn, account: UtilityAccount) -> str:
        """OpenID Connect Core 1.0 §2. The subject is a number that says nothing about anybody."""
        assert visit.signed_in_at
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": str(account.pk),
            "aud": self.client_id,
            "iat": now,
            "exp": now + ID_TOKEN_SECONDS,
            "auth_time": int(visit.signed_in_at.timestamp()),
        }
        if visit.nonce:
            claims["nonce"] = visit.nonce
        key = keys.signing_key()
        return jwt.encode({"alg": keys.ALGORITHM, "kid": key.kid}, claims, key)
