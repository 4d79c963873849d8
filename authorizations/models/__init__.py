"""Consent: share links, attempts to connect, authorizations, and the events that tell of them."""

from authorizations.models.attempts import ATTEMPT_LIFETIME, ConnectAttempt
from authorizations.models.authorizations import Authorization, LinkUsedUpError
from authorizations.models.authorizations.collecting import LEASE, new_feed_key
from authorizations.models.authorizations.consent import NO_ZONE
from authorizations.models.authorizations.queryset import AuthorizationQuerySet
from authorizations.models.consent_records import ConsentRecord
from authorizations.models.email_codes import (
    CODE_LIFETIME,
    CODE_TRIES,
    NEXT_LENGTH,
    EmailCode,
)
from authorizations.models.events import Event, EventType
from authorizations.models.hashing import digest, email_digest, grant_digest
from authorizations.models.link_sendings import LinkSending
from authorizations.models.notifications import Notification
from authorizations.models.outgoing_emails import EMAIL_KEPT_FOR, OutgoingEmail
from authorizations.models.reconciliations import ForeignAuthorization, Reconciliation
from authorizations.models.share_links import ReturnAddress, ShareLink, check_return_url, new_code
from authorizations.models.triggers import BRING_FORWARD_EVERY, PullTrigger, next_turn
from authorizations.models.untold_grants import UntoldGrant

__all__ = [
    "ATTEMPT_LIFETIME",
    "BRING_FORWARD_EVERY",
    "CODE_LIFETIME",
    "CODE_TRIES",
    "EMAIL_KEPT_FOR",
    "LEASE",
    "NEXT_LENGTH",
    "NO_ZONE",
    "Authorization",
    "AuthorizationQuerySet",
    "ConnectAttempt",
    "ConsentRecord",
    "EmailCode",
    "Event",
    "EventType",
    "ForeignAuthorization",
    "LinkSending",
    "LinkUsedUpError",
    "Notification",
    "OutgoingEmail",
    "PullTrigger",
    "Reconciliation",
    "ReturnAddress",
    "ShareLink",
    "UntoldGrant",
    "check_return_url",
    "digest",
    "email_digest",
    "grant_digest",
    "new_code",
    "new_feed_key",
    "next_turn",
]
