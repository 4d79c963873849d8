"""The utility's side: it sends its customer to the provider, and believes only what is signed."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import asdict, dataclass
from typing import Any, Self
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from utilities.sandbox.models import UtilityAccount
from utilities.sandbox.oauth import pkce
from utilities.sandbox.oauth.errors import OAuthError
from utilities.sandbox.single_sign_on import keys
from utilities.sandbox.single_sign_on.provider import Provider

# Clocks differ; the provider's is ours, but the code need not know.
LEEWAY_SECONDS = 30
# The primary key of a row.
SUBJECT = re.compile(r"[1-9][0-9]{0,17}")


class NotSignedInError(Exception):
    """The provider's word cannot be taken. The text is for developers, and tells no secret."""


@dataclass(frozen=True)
class Attempt:
    """What the utility remembers while its customer is away at the provider."""

    # The uid of the ConsentRequest.
    asking: str
    nonce: str
    verifier: str
    # In UTC seconds.
    started: int
    wants_login: bool

    @classmethod
    def start(cls, asking: str, *, wants_login: bool) -> Self:
        """A new one, with secrets of its own."""
        return cls(
            asking=asking,
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            started=int(time.time()),
            wants_login=wants_login,
        )

    def as_json(self) -> dict[str, Any]:
        """For the session."""
        return asdict(self)

    def address(self, provider: Provider, state: str, hint: str) -> str:
        """Where the customer is sent (OpenID Connect Core 1.0 §3.1.2.1)."""
        query = {
            "response_type": "code",
            "client_id": provider.client_id,
            "redirect_uri": provider.redirect_uri,
            "scope": "openid",
            "state": state,
            "nonce": self.nonce,
            "code_challenge": pkce.challenge_of(self.verifier),
            "code_challenge_method": "S256",
        }
        if hint:
            query["login_hint"] = hint
        if self.wants_login:
            query["prompt"] = "login"
        return f"{provider.authorize_url}?{urlencode(query)}"

    def customer(self, provider: Provider, code: str) -> UtilityAccount | None:
        """The customer whom the code stands for; None for one who is not ours.

        Raises NotSignedInError.
        """
        try:
            answer = provider.trade(code, provider.redirect_uri, self.verifier)
        except OAuthError as e:
            raise NotSignedInError(e.says) from e
        claims = self.claims(provider, answer["id_token"])
        return UtilityAccount.objects.filter(
            utility=provider.programme.slug, pk=int(claims["sub"])
        ).first()

    def claims(self, provider: Provider, id_token: str) -> dict[str, Any]:
        """The ID token's claims, each checked (§3.1.3.7). Raises NotSignedInError."""
        required = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": provider.issuer},
            aud={"essential": True, "value": provider.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": self.nonce},
        )
        try:
            # One algorithm, named here: the token's own header does not choose.
            token = jwt.decode(
                id_token, KeySet.import_key_set(keys.public_keys()), algorithms=[keys.ALGORITHM]
            )
            required.validate(token.claims)
        except (JoseError, ValueError) as e:
            raise NotSignedInError(f"The ID token is refused: {e}") from e
        claims = dict(token.claims)
        if claims["aud"] not in (provider.client_id, [provider.client_id]):
            raise NotSignedInError("The ID token is for others too.")
        if not SUBJECT.fullmatch(claims["sub"]):
            raise NotSignedInError("The ID token is about nobody.")
        if self.wants_login and not self._is_fresh(claims.get("auth_time")):
            raise NotSignedInError("The customer had to sign in anew, and did not.")
        return claims

    def _is_fresh(self, auth_time: object) -> bool:
        return isinstance(auth_time, int) and auth_time >= self.started - LEEWAY_SECONDS
