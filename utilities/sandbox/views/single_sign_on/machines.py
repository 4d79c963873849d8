"""What the provider tells other software: where it is, its keys, and ID tokens for codes."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import unquote_plus

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from utilities.sandbox.programmes import Programme
from utilities.sandbox.single_sign_on import keys
from utilities.sandbox.single_sign_on.provider import Provider, ProviderError

# RFC 6749 §5.1.
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
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
    except ProviderError as e:
        headers = NO_STORE | ({"WWW-Authenticate": "Basic"} if e.status == 401 else {})
        body = {"error": e.error, "error_description": e.says}
        return JsonResponse(body, status=e.status, headers=headers)
    return JsonResponse(answer, headers=NO_STORE)


def _answer(request: HttpRequest, provider: Provider) -> dict[str, object]:
    if request.method != "POST":
        raise ProviderError("invalid_request", "Tokens are asked for by POST.", 405)
    if not provider.knows(*_basic(request.headers.get("Authorization", ""))):
        raise ProviderError("invalid_client", "The client id or its secret is wrong.", 401)
    if any(len(request.POST.getlist(name)) > 1 for name in PARAMETERS):
        raise ProviderError("invalid_request", "A parameter is given more than once.")
    grant_type, code, redirect_uri, verifier = (request.POST.get(name, "") for name in PARAMETERS)
    if grant_type != "authorization_code":
        raise ProviderError("unsupported_grant_type", "Only authorization_code is offered.")
    return provider.trade(code, redirect_uri, verifier)


def _basic(header: str) -> tuple[str, str]:
    """RFC 6749 §2.3.1. What cannot be read is nobody's."""
    scheme, _, credentials = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        text = base64.b64decode(credentials.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    client_id, _, secret = text.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)
