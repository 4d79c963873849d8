"""What a company asks for, as the authorize address and `test-submit` read it (RFC 6749 §4.1.1)."""

from __future__ import annotations

from collections.abc import Mapping

from greenbutton.espi import ScopeError
from greenbutton.espi import scope as scopes
from utilities.sandbox.consenting.terms import Terms
from utilities.sandbox.models import ConsentRequest, Registration
from utilities.sandbox.oauth import pkce
from utilities.sandbox.oauth.errors import OAuthError

LONGEST_STATE = 2000
# platform.md: forces a fresh sign-in where the utility has single sign-on.
PROMPTS = {"on"}


def read(registration: Registration, redirect_uri: str, given: Mapping[str, str]) -> ConsentRequest:
    """The request, not yet saved. Raises OAuthError."""
    state, prompt = given.get("state"), given.get("prompt", "")
    if state is not None and (len(state) > LONGEST_STATE or "\0" in state):
        raise OAuthError("invalid_request", "The state is too long or not text.")
    return ConsentRequest(
        utility=registration.utility,
        registration=registration,
        redirect_uri=redirect_uri,
        state=state or "",
        has_state=state is not None,
        prompt=prompt if prompt in PROMPTS else "",
        scope=_scope(registration, given.get("scope") or registration.default_scope),
        code_challenge=_challenge(registration, given),
    )


def _scope(registration: Registration, text: str) -> str:
    """One opaque string: it may hold spaces, so it is never split at them."""
    try:
        Terms(scopes.parse(text), registration.programme.zone)
    except ScopeError as e:
        raise OAuthError("invalid_scope", str(e)) from e
    return text


def _challenge(registration: Registration, given: Mapping[str, str]) -> str:
    """RFC 7636 §4.3."""
    challenge = given.get("code_challenge", "")
    method = given.get("code_challenge_method", "")
    if not challenge and not method:
        if registration.requires_pkce:
            raise OAuthError("invalid_request", "The code_challenge is missing.")
        return ""
    if method != "S256":
        raise OAuthError("invalid_request", "code_challenge_method must be S256.")
    if not pkce.is_challenge(challenge):
        raise OAuthError("invalid_request", "The code_challenge is not an SHA-256.")
    return challenge
