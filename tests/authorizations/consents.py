"""Authorization entries as a utility serves them, for tests of what is believed of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from authorizations.models import Authorization
from greenbutton.espi import Entry, write_entry, write_feed
from greenbutton.espi.authorization import Authorization as Said
from greenbutton.espi.enums import AuthorizationStatus
from greenbutton.espi.period import Period

CLIENT_TOKEN = {"token_type": "Bearer", "access_token": "the-client-token", "expires_in": 3600}


def said_of(authorization: Authorization, **values: Any) -> Said:
    """What a utility says of a consent that is as we know it."""
    return replace(
        Said(
            status=AuthorizationStatus.ACTIVE,
            scope=authorization.scope,
            resource_uri=authorization.resource_uri,
            authorization_uri=authorization.authorization_uri,
            expires_at=int(timezone.now().timestamp()) + 3600,
            token_type="Bearer",
        ),
        **values,
    )


def entry_of(said: Said, *, changed: datetime | None = None) -> Entry:
    """The entry around it."""
    uri = said.authorization_uri or "https://utility.example/Authorization/unnamed"
    return Entry(
        id="urn:uuid:5f0c2f2e-8d4f-5a4e-9a53-0d0e3f1b2c4d",
        title="Authorization",
        self_href=uri,
        up=uri.rpartition("/")[0],
        published=timezone.now() - timedelta(days=9),
        updated=changed or timezone.now(),
        resource=said,
    )


def document(
    authorization: Authorization, *, changed: datetime | None = None, **said: Any
) -> bytes:
    """The entry as a document of its own."""
    return write_entry(entry_of(said_of(authorization, **said), changed=changed))


def feed(*said: Said) -> bytes:
    """The list of consents."""
    pieces = write_feed(
        [entry_of(one) for one in said],
        self_href="https://utility.example/Authorization",
        title="Authorizations",
        updated=timezone.now(),
        id="urn:uuid:6f0c2f2e-8d4f-5a4e-9a53-0d0e3f1b2c4d",
    )
    return b"".join(pieces)


def until(end: datetime) -> Period:
    """A period that ends then, and began ten days before."""
    return Period(int(end.timestamp()) - 864_000, 864_000)


def whole(moment: datetime) -> datetime:
    """The same in whole seconds, as ESPI has them."""
    return datetime.fromtimestamp(int(moment.timestamp()), UTC)
