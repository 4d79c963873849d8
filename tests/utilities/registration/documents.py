"""ApplicationInformation as a utility sends it, true or not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from greenbutton.espi import Entry, write_entry, write_feed
from greenbutton.espi.application_information import ApplicationInformation
from utilities.models import Client

TODAY = datetime(2026, 11, 25, tzinfo=UTC)


def said_of(client: Client, **changes: Any) -> ApplicationInformation:
    """What a utility says that has all as we do, but for these."""
    utility = client.utility
    information = ApplicationInformation(
        data_custodian_id=utility.utility_id,
        data_custodian_application_status=1,
        third_party_application_status=2,
        third_party_notify_uri=utility.notify_url,
        authorization_server_authorization_endpoint=utility.authorize_url,
        authorization_server_token_endpoint=utility.token_url,
        data_custodian_resource_endpoint=utility.resource_url,
        third_party_scope_selection_screen_uri=utility.scope_selection_url,
        third_party_user_portal_screen_uri=utility.portal_url,
        client_secret=client.client_secret,
        client_name=client.company_name,
        redirect_uris=tuple(client.redirect_uris),
        client_id=client.client_id,
        client_secret_expires_at=0,
        token_endpoint_auth_method="client_secret_basic",
        scopes=(client.default_scope,),
        registration_access_token=client.registration_token,
    )
    return replace(information, **changes)


def address_of(client: Client) -> str:
    """Where its document lies."""
    return f"{client.utility.resource_url}/ApplicationInformation/abc_{client.client_id}"


def entry_of(client: Client, *, self_href: str | None = None, **changes: Any) -> Entry:
    """The document's entry."""
    return Entry(
        id="urn:uuid:0b5f8a6c-9a0e-5e4a-8d5b-6a1f7c3d2e10",
        title="ApplicationInformation",
        self_href=address_of(client) if self_href is None else self_href,
        published=TODAY,
        updated=TODAY,
        resource=said_of(client, **changes),
    )


def document(client: Client, **changes: Any) -> bytes:
    """The document itself."""
    return write_entry(entry_of(client, **changes))


def collection(*entries: Entry) -> bytes:
    """The list of all that a registration token opens."""
    pieces = write_feed(
        entries,
        self_href="https://utility.example/ApplicationInformation",
        title="ApplicationInformation",
        updated=TODAY,
        id="urn:uuid:4f3c2d61-54c8-5d32-8a8a-3f7b3f8f7f00",
    )
    return b"".join(pieces)
