"""The link by which a customer goes on sharing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from authorizations.models import Authorization, Event, EventType, ShareLink
from greenbutton.espi import scope as espi_scope

# How long after the end the link stays open: people read their mail late.
OPEN_AFTER_END = timedelta(days=30)


def renewal_link(authorization: Authorization) -> ShareLink:
    """A new link for the same utility that asks for the same, and for as long again."""
    utility, expires_at = authorization.utility, authorization.expires_at
    assert utility is not None
    link = ShareLink.objects.create(
        utility=utility,
        scope=renewed_scope(authorization),
        note=f"To renew {authorization.uid}",
        expires_at=expires_at + OPEN_AFTER_END if expires_at else None,
    )
    Event.objects.create(type=EventType.FORM_CREATED, utility=utility, share_link=link)
    return link


def renewed_scope(authorization: Authorization) -> str:
    """What was asked for, with an end that lies as far ahead as the first one did."""
    if not authorization.asked_scope:
        return ""
    asked = espi_scope.parse(authorization.asked_scope)
    if asked.end_date:
        first_end = datetime.fromtimestamp(asked.end_date, UTC)
        end = first_end + (first_end - authorization.created)
        asked = asked.with_option(espi_scope.END_DATE, str(int(end.timestamp())))
    return espi_scope.build(asked)
