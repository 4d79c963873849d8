"""What a company asks for, as the authorize address and `test-submit` read it (RFC 6749 §4.1.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from greenbutton.espi import ScopeError
from greenbutton.espi import scope as scopes
from utilities.sandbox.consenting.terms import Terms
from utilities.sandbox.models import ConsentRequest, Registration

# RFC 7636 §4.2: an SHA-256 in base64url.
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
LONGEST_STATE = 2000
# platform.md: forces a fresh sign-in where the utility has single sign-on.
PROMPTS = {"on"}


class AuthorizeError(Exception):
    """A request that is told to the company by redirect (RFC 6749 §4.1.2.1)."""

    def __init__(self, error: str, says: str) -> None:
        super().__init__(says)
        self.error = error
        self.says = says


def read(registration: Registration, redirect_uri: str, given: Mapping[str, str]) -> ConsentRequest:
    """The request, not yet saved. Raises AuthorizeError."""
    state, prompt = given.get("state"), given.get("prompt", "")
    if state is not None and (len(state) > LONGEST_STATE or "\0" in state):
        raise AuthorizeError("invalid_request", "The state is too long or not text.")
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
        raise AuthorizeError("invalid_scope", str(e)) from e
    return text


def _challenge(registration: Registration, given: Mapping[str, str]) -> str:
    """RFC 7636 §4.3, with S256 only: plain would put the secret into the address."""
    challenge = given.get("code_challenge", "")
    method = given.get("code_challenge_method", "")
    if not challenge and not method:
        if registration.requires_pkce:
            raise AuthorizeError("invalid_request", "The code_challenge is missing.")
        return ""
    if method != "S256":
        raise AuthorizeError("invalid_request", "code_challenge_method must be S256.")
    if not CHALLENGE.fullmatch(challenge):
        raise AuthorizeError("invalid_request", "The code_challenge is not an SHA-256.")
    return challenge
