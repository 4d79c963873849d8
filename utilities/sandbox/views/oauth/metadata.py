"""What a utility's authorization server says of itself (RFC 8414)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from utilities.sandbox.programmes import Programme
from utilities.sandbox.refusals import accepts


@csrf_exempt  # answers other methods as the other addresses for machines do
@accepts("GET")
def metadata(request: HttpRequest, programme: Programme) -> JsonResponse:
    """The document. It names no scopes: they are built, not chosen from a list."""
    return JsonResponse(describe(programme), headers={"Cache-Control": "no-store"})


def describe(programme: Programme) -> dict[str, Any]:
    """RFC 8414 §2."""
    methods = list(programme.token_auth_methods)
    return {
        "issuer": programme.issuer,
        "authorization_endpoint": programme.authorize_url,
        "token_endpoint": programme.token_url,
        "registration_endpoint": programme.registration_url,
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint": programme.revoke_url,
        "revocation_endpoint_auth_methods_supported": methods,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "code_challenge_methods_supported": ["S256"],
        # RFC 9207 §3.
        "authorization_response_iss_parameter_supported": True,
        "service_documentation": f"{settings.SANDBOX_URL}{reverse('docs', args=[programme])}",
        "ui_locales_supported": ["en"],
    }
