"""The provider's authorize address (OpenID Connect Core 1.0 §3.1.2)."""

from __future__ import annotations

import re
import time

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from utilities.sandbox.models import SignOn
from utilities.sandbox.oauth import pkce
from utilities.sandbox.oauth.authorization_response import answer_address
from utilities.sandbox.oauth.errors import OAuthError
from utilities.sandbox.programmes import Programme
from utilities.sandbox.single_sign_on.provider import Provider
from utilities.sandbox.views.pages import browser_of, page
from utilities.sandbox.views.single_sign_on import session
from utilities.sandbox.views.single_sign_on.machines import provider_of

PARAMETERS = (
    "response_type",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "login_hint",
    "prompt",
    "max_age",
)
LONGEST = {"state": 2000, "nonce": 300, "login_hint": 300}
SECONDS = re.compile(r"[0-9]{1,9}")


@require_safe
@never_cache
def authorize(request: HttpRequest, programme: Programme) -> HttpResponse:
    """To the login; or straight back with a code, for a customer who is signed in already.

    A client or redirect URI that is not ours is shown here and never redirected.
    """
    provider = provider_of(programme)
    query = request.GET
    if query.getlist("client_id") != [provider.client_id] or query.getlist("redirect_uri") != [
        provider.redirect_uri
    ]:
        says = "The link is not from anybody whom Demo ID knows."
        return page(request, "bad_request", programme, status=400, says=says)
    try:
        visit, known = _read(request, provider), session.find(request, programme)
        if known is None or _must_sign_in(query, known[1]):
            return _ask(programme, visit, query)
    except OAuthError as e:
        states = query.getlist("state")
        state = states[0] if len(states) == 1 else None
        return HttpResponseRedirect(
            answer_address(
                provider.issuer,
                provider.redirect_uri,
                state,
                error=e.error,
                error_description=e.says,
            )
        )
    return send_back(provider, visit, code=visit.signed_in(*known))


def send_back(provider: Provider, visit: SignOn, **answer: str) -> HttpResponse:
    """To the utility, with who it is that answers (RFC 9207)."""
    return HttpResponseRedirect(
        answer_address(provider.issuer, visit.redirect_uri, visit.state or None, **answer)
    )


def _ask(programme: Programme, visit: SignOn, query: QueryDict) -> HttpResponse:
    """The login page."""
    if query.get("prompt") == "none":
        raise OAuthError("login_required", "The customer is not signed in.")
    SignOn.forget_old()
    visit.save()
    return redirect("sign-on-login", programme=programme, uid=visit.uid)


def _read(request: HttpRequest, provider: Provider) -> SignOn:
    query = request.GET
    for name in PARAMETERS:
        if len(query.getlist(name)) > 1:
            raise OAuthError("invalid_request", f"{name} is given more than once.")
    for name, longest in LONGEST.items():
        if len(query.get(name, "")) > longest or "\0" in query.get(name, ""):
            raise OAuthError("invalid_request", f"{name} is too long or not text.")
    for name in ("request", "request_uri"):
        if name in query:
            raise OAuthError(f"{name}_not_supported", "Requests are plain parameters here.")
    if query.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", "response_type must be code.")
    if "openid" not in query.get("scope", "").split():
        raise OAuthError("invalid_scope", "The scope must hold openid.")
    if query.get("code_challenge_method") != "S256" or not pkce.is_challenge(
        query.get("code_challenge", "")
    ):
        raise OAuthError("invalid_request", "A code_challenge with S256 is required.")
    if query.get("prompt", "") not in {"", "none", "login"}:
        raise OAuthError("invalid_request", "prompt must be none or login.")
    if query.get("max_age") and not SECONDS.fullmatch(query.get("max_age", "")):
        raise OAuthError("invalid_request", "max_age must be whole seconds.")
    return SignOn(
        browser=browser_of(request),
        utility=provider.programme.slug,
        redirect_uri=provider.redirect_uri,
        state=query.get("state", ""),
        nonce=query.get("nonce", ""),
        code_challenge=query["code_challenge"],
        login_hint=query.get("login_hint", ""),
    )


def _must_sign_in(query: QueryDict, since: float) -> bool:
    """Whether a session that began then does not do."""
    if max_age := query.get("max_age"):
        return query.get("prompt") == "login" or since + int(max_age) < time.time()
    return query.get("prompt") == "login"
