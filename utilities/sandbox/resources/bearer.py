"""Which of the three classes of token opens what (RFC 6750)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from greenbutton.espi import scope as scopes
from greenbutton.espi.scope import Scope
from utilities.sandbox.faults import transport
from utilities.sandbox.models import Grant, Registration, Token
from utilities.sandbox.oauth.narrowing import at_most
from utilities.sandbox.refusals import Refusal

Class = Literal["registration", "client", "access"]
View = Callable[..., HttpResponseBase]
NAMES = {
    "registration": "the registration access token",
    "client": "a client access token",
    "access": "an access token of this authorization",
}


@dataclass(frozen=True)
class Bearer:
    """Whose token it is, and what it opens."""

    token_class: Class
    registration: Registration
    grant: Grant | None = None
    token: Token | None = None

    @property
    def scope(self) -> Scope:
        """What an access token opens: the consent as it is now, or less (RFC 6749 §6)."""
        assert self.grant
        assert self.token
        if not self.token.scope:
            return self.grant.granted
        return at_most(self.grant.granted, scopes.parse(self.token.scope))


def takes(*classes: Class) -> Callable[[View], View]:
    """Let only tokens of these classes in; the view gets the Bearer after the request."""

    def decorate(view: View) -> View:
        @csrf_exempt  # no cookie opens these addresses
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                bearer = _let_in(request, classes)
            except Refusal as refusal:
                return refusal.answer()
            return transport.meet(
                request,
                bearer.registration,
                bearer.grant,
                lambda: view(request, bearer, *args, **kwargs),
            )

        return inner

    return decorate


def _let_in(request: HttpRequest, classes: tuple[Class, ...]) -> Bearer:
    bearer = bearer_of(request)
    if bearer is None:
        raise _unauthorized(request)
    if bearer.token_class not in classes:
        raise wrong_class(*classes)
    if bearer.token and not bearer.registration.is_usable:
        raise Refusal(403, "access_denied", "This registration is not in use now.")
    return bearer


def wrong_class(*classes: Class) -> Refusal:
    """A token that counts, but opens other addresses."""
    wanted = " or ".join(NAMES[name] for name in classes)
    return Refusal(403, "insufficient_scope", f"This address takes {wanted}.")


def bearer_of(request: HttpRequest) -> Bearer | None:
    """Whoever the Authorization header stands for. A token in the address is not looked at."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    text = text.strip()
    if scheme.lower() != "bearer" or not text:
        return None
    token = Token.find(text)
    if token is None:
        registration = Registration.of_registration_token(text)
        return Bearer("registration", registration) if registration else None
    if token.kind == Token.Kind.CLIENT:
        return Bearer("client", token.registration, token=token)
    if token.kind == Token.Kind.ACCESS:
        return Bearer("access", token.registration, token.grant, token)
    return None  # a refresh token opens nothing but the token endpoint


def _unauthorized(request: HttpRequest) -> Refusal:
    # RFC 6750 §3.1: a request without any token is not told an error code.
    challenge = 'Bearer realm="Green Button"'
    if "Authorization" in request.headers:
        challenge += ', error="invalid_token"'
    says = "The access token is missing, unknown, expired or revoked."
    return Refusal(401, "invalid_token", says, **{"WWW-Authenticate": challenge})
