"""What the provider tells other software: where it is, its keys, and ID tokens for codes."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from utilities.sandbox.oauth.client_authentication import read_basic, unknown_client
from utilities.sandbox.oauth.errors import NO_STORE, OAuthError
from utilities.sandbox.programmes import Programme
from utilities.sandbox.single_sign_on import keys
from utilities.sandbox.single_sign_on.provider import Provider

PARAMETERS = ("grant_type", "code", "redirect_uri", "code_verifier")


def provider_of(programme: Programme) -> Provider:
    """The utility's provider; most utilities have none."""
    if not programme.has_single_sign_on:
        raise Http404
    return Provider(programme)


@require_safe
def metadata(request: HttpRequest, programme: Programme) -> HttpResponse:
    """OpenID Connect Discovery 1.0 §4.2."""
    return JsonResponse(provider_of(programme).metadata())


@require_safe
def jwks(request: HttpRequest, programme: Programme) -> HttpResponse:
    """The keys that ID tokens are checked with."""
    provider_of(programme)
    return JsonResponse(keys.public_keys())


@csrf_exempt  # no cookie opens this address
def token(request: HttpRequest, programme: Programme) -> HttpResponse:
    """OpenID Connect Core 1.0 §3.1.3."""
    provider = provider_of(programme)
    try:
        answer = _answer(request, provider)
    except OAuthError as e:
        return e.response()
    return JsonResponse(answer, headers=NO_STORE)


def _answer(request: HttpRequest, provider: Provider) -> dict[str, object]:
    if request.method != "POST":
        says = "Tokens are asked for by POST."
        raise OAuthError("invalid_request", says, 405, headers={"Allow": "POST"})
    if not provider.knows(*read_basic(request.headers.get("Authorization", ""))):
        raise unknown_client("The client id or its secret is wrong.")
    if any(len(request.POST.getlist(name)) > 1 for name in PARAMETERS):
        raise OAuthError("invalid_request", "A parameter is given more than once.")
    grant_type, code, redirect_uri, verifier = (request.POST.get(name, "") for name in PARAMETERS)
    if grant_type != "authorization_code":
        raise OAuthError("unsupported_grant_type", "Only authorization_code is offered.")
    return provider.trade(code, redirect_uri, verifier)
