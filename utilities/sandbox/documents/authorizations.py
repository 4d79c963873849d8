"""The utility's record of a consent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Max

from greenbutton.espi import Entry
from greenbutton.espi.authorization import Authorization
from greenbutton.espi.enums import AuthorizationStatus, GrantType
from greenbutton.espi.period import Period
from utilities.sandbox.documents.certificate import CERTIFICATE
from utilities.sandbox.documents.sharing import make_entry
from utilities.sandbox.models import Clock, Grant, Token


def authorization_entry(grant: Grant) -> Entry:
    """A consent as the company that was given it reads it, ended ones too."""
    return authorization_entries([grant])[0]


def authorization_entries(grants: Sequence[Grant]) -> list[Entry]:
    """Several, for as many queries as one takes."""
    access = Token.objects.filter(grant__in=grants, kind=Token.Kind.ACCESS)
    expiries = dict(access.values_list("grant_id").annotate(Max("expires_at")))
    now = Clock.now()
    return [_entry(grant, expiries.get(grant.pk) or grant.created_at, now) for grant in grants]


def _entry(grant: Grant, expires: datetime, now: datetime) -> Entry:
    begins = int(grant.created_at.timestamp())
    ends = int(grant.until.timestamp()) if grant.until else None
    earliest = int(grant.earliest.timestamp())
    return make_entry(
        grant.authorization_uri,
        "Authorization",
        Authorization(
            # A length of 0 has no end.
            authorized_period=Period(begins, ends - begins if ends else 0),
            published_period=Period(earliest, ends - earliest if ends else 0),
            status=AuthorizationStatus.ACTIVE
            if grant.is_active_at(now)
            else AuthorizationStatus.REVOKED,
            expires_at=int(expires.timestamp()),
            grant_type=GrantType.AUTHORIZATION_CODE,
            scope=grant.scope,
            token_type="Bearer",
            resource_uri=grant.resource_uri,
            authorization_uri=grant.authorization_uri,
            customer_resource_uri=grant.customer_uri,
        ),
        grant.resource_uri,
        CERTIFICATE,
        published=grant.created_at,
        updated=grant.updated_at,
    )
