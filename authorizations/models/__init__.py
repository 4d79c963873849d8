"""Consent: share links, attempts to connect, authorizations, and the events that tell of them."""

from authorizations.models.attempts import ATTEMPT_LIFETIME, ConnectAttempt
from authorizations.models.authorizations import (
    CLAIM,
    LEASE,
    NO_ZONE,
    Authorization,
    AuthorizationQuerySet,
    new_feed_key,
)
from authorizations.models.email_codes import (
    CODE_LIFETIME,
    CODE_TRIES,
    NEXT_LENGTH,
    EmailCode,
)
from authorizations.models.events import Event
from authorizations.models.hashing import digest, email_digest
from authorizations.models.share_links import ShareLink, new_code

__all__ = [
    "ATTEMPT_LIFETIME",
    "CLAIM",
    "CODE_LIFETIME",
    "CODE_TRIES",
    "LEASE",
    "NEXT_LENGTH",
    "NO_ZONE",
    "Authorization",
    "AuthorizationQuerySet",
    "ConnectAttempt",
    "EmailCode",
    "Event",
    "ShareLink",
    "digest",
    "email_digest",
    "new_code",
    "new_feed_key",
]
