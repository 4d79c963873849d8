"""A registration as JSON: what RFC 7591 and RFC 7592 call client metadata, both ways."""

from __future__ import annotations

from typing import Any

from utilities.sandbox.models import Registration
from utilities.sandbox.oauth import json_object
from utilities.sandbox.oauth.json_object import JsonError

GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials")
RESPONSE_TYPES = ("code",)
# Hundreds of times what a company has to say.
MAX_BYTES = 64 * 1024
TEXTS = {
    "client_name": "company_name",
    "client_uri": "website",
    "logo_uri": "logo_uri",
    "tos_uri": "tos_uri",
    "policy_uri": "policy_uri",
    "software_id": "software_id",
    "software_version": "software_version",
    "scope": "default_scope",
    # RFC 7591 has no names for these.
    "phone": "phone",
    "purpose": "purpose",
    "notify_uri": "notify_uri",
}
NAMES = {field: name for name, field in TEXTS.items()} | {
    "email": "contacts",
    "more_contacts": "contacts",
    "requires_pkce": "require_pkce",
}
DEFAULT_SCOPE = "FB=4_16_51"


class MetadataError(ValueError):
    """Metadata that is refused, by its name in RFC 7591 §3.2.2. The text is a sentence."""

    def __init__(self, says: str, error: str = "invalid_client_metadata") -> None:
        super().__init__(says)
        self.error = error


def read(body: bytes, registration: Registration) -> dict[str, Any]:
    """What a program says, by the names of `forms.Metadata`. Raises MetadataError.

    What is not known here is passed over (RFC 7591 §2); what is left out is empty, also where it
    was not before (RFC 7592 §2.2).
    """
    said = _object(body)
    methods = registration.programme.token_auth_methods
    if _text(said, "token_endpoint_auth_method") not in {"", *methods}:
        raise MetadataError(f"token_endpoint_auth_method must be {' or '.join(methods)}.")
    _check_among(said, "grant_types", GRANT_TYPES)
    _check_among(said, "response_types", RESPONSE_TYPES)
    values: dict[str, Any] = {field: _text(said, name) for name, field in TEXTS.items()}
    contacts = _texts(said, "contacts")
    return values | {
        "default_scope": values["default_scope"] or DEFAULT_SCOPE,
        "email": next(iter(contacts), ""),
        "more_contacts": contacts[1:],
        "redirect_uris": _texts(said, "redirect_uris"),
        "requires_pkce": _flag(said, "require_pkce"),
        # ESPI's own, which only an ApplicationInformation has.
        "application_type": registration.application_type,
        "application_use": registration.application_use,
        "scope_selection_uri": registration.scope_selection_uri,
        "user_portal_uri": registration.user_portal_uri,
    }


def check_same_client(body: bytes, registration: Registration) -> None:
    """RFC 7592 §2.2: an update names its client, and may repeat its secret. MetadataError."""
    said = _object(body)
    if said.get("client_id") != registration.client_id:
        raise MetadataError("client_id must be this client's.")
    if said.get("client_secret", registration.client_secret) != registration.client_secret:
        raise MetadataError("client_secret is not this client's; it cannot be chosen.")


def describe(registration: Registration) -> dict[str, Any]:
    """The answer (RFC 7591 §3.2.1): what is registered, and the credentials."""
    texts = {name: getattr(registration, field) for name, field in TEXTS.items()}
    return {
        "client_id": registration.client_id,
        "client_secret": registration.client_secret,
        "client_id_issued_at": int(registration.created_at.timestamp()),
        # RFC 7591 §3.2.1: 0 is never.
        "client_secret_expires_at": 0,
        "registration_access_token": registration.registration_access_token,
        "registration_client_uri": registration.client_configuration_url,
        "application_information_uri": registration.application_url,
        **{name: text for name, text in texts.items() if text},
        "contacts": registration.contacts,
        "redirect_uris": registration.redirect_uris,
        "require_pkce": registration.requires_pkce,
        "token_endpoint_auth_method": registration.programme.token_auth_methods[0],
        "grant_types": list(GRANT_TYPES),
        "response_types": list(RESPONSE_TYPES),
        "status": registration.status,
        "review": registration.review,
    }


def _object(body: bytes) -> dict[str, Any]:
    try:
        return json_object.read(body)
    except JsonError as e:
        raise MetadataError(str(e)) from e


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise MetadataError(f"{name} must be a text.")
    return value


def _texts(said: dict[str, Any], name: str) -> list[str]:
    value = said.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        error = "invalid_redirect_uri" if name == "redirect_uris" else "invalid_client_metadata"
        raise MetadataError(f"{name} must be a list of texts.", error)
    return value


def _flag(said: dict[str, Any], name: str) -> bool:
    value = said.get(name, False)
    if not isinstance(value, bool):
        raise MetadataError(f"{name} must be true or false.")
    return value


def _check_among(said: dict[str, Any], name: str, known: tuple[str, ...]) -> None:
    if unknown := set(_texts(said, name)) - set(known):
        raise MetadataError(f"{name} may hold {', '.join(known)}, not {min(unknown)[:40]}.")
