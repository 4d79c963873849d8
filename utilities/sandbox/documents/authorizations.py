"""The utility's record of a consent."""

from __future__ import annotations

from greenbutton.espi import Entry
from greenbutton.espi.authorization import Authorization
from greenbutton.espi.enums import AuthorizationStatus, GrantType
from greenbutton.espi.period import Period
from utilities.sandbox.documents.certificate import CERTIFICATE
from utilities.sandbox.documents.sharing import make_entry
from utilities.sandbox.models import Grant, Token


def authorization_entry(grant: Grant) -> Entry:
    """A consent as the company that was given it reads it, ended ones too."""
    begins = int(grant.created_at.timestamp())
    ends = int(grant.until.timestamp()) if grant.until else None
    earliest = int(grant.earliest.timestamp())
    access = grant.tokens.filter(kind=Token.Kind.ACCESS).order_by("-id").first()
    expires = (access and access.expires_at) or grant.created_at
    return make_entry(
        grant.authorization_uri,
        "Authorization",
        Authorization(
            # A length of 0 has no end.
            authorized_period=Period(begins, ends - begins if ends else 0),
            published_period=Period(earliest, ends - earliest if ends else 0),
            status=AuthorizationStatus.ACTIVE if grant.is_active else AuthorizationStatus.REVOKED,
            expires_at=int(expires.timestamp()),
            grant_type=GrantType.AUTHORIZATION_CODE,
            scope=grant.scope,
            token_type="Bearer",  # noqa: S106 (RFC 6750's word)
            resource_uri=grant.resource_uri,
            authorization_uri=grant.authorization_uri,
            customer_resource_uri=grant.customer_uri,
        ),
        grant.resource_uri,
        CERTIFICATE,
        published=grant.created_at,
        updated=grant.updated_at,
    )
