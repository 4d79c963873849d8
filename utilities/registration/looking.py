"""To look how the utility sees our registration, by its time or because somebody asks."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from random import SystemRandom

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Greatest, Least, Now
from django.utils import timezone

from utilities.models import Client
from utilities.registration import document
from utilities.registration.document import Document, RegistrationError
from utilities.registration.standing import (
    Difference,
    Standing,
    StandingError,
    differences,
)

logger = logging.getLogger(__name__)

NIGHTLY = timedelta(days=1)
NIGHTLY_JITTER = timedelta(hours=2)
# A storm of notices makes one reading in so much time.
LOOK_SOON_EVERY = timedelta(minutes=15)
# What is claimed is due again then: a worker that dies costs no more than that.
CLAIM = timedelta(hours=1)
# As many as one look claims.
BATCH = 100
SAYS_SO = "The utility's ApplicationInformation says so."

_random = SystemRandom()


def look(client: Client) -> Standing:
    """Read how the utility sees our registration, keep it, and follow it.

    1. Say when it is read next, before anything can go wrong.
    2. Read the document with the registration token.
    3. Keep what it says, without secrets, and let the status follow.

    Raises RegistrationError, whose words the client keeps for staff.
    """
    Client.objects.filter(pk=client.pk).update(look_at=_next_night())
    try:
        read = document.read(client)
        with transaction.atomic():
            row = Client.objects.locked(client)
            standing = _standing(read, row)
            says_when = standing.secret_expires_at is not None
            ends = standing.secret_ends if says_when else row.secret_expires_at
            row.seen(standing.as_json(), read.address, ends)
            _follow(row, standing)
    except RegistrationError as e:
        logger.warning("%s: its registration could not be read: %s", client.client_id, e)
        client.not_seen(str(e))
        raise
    client.refresh_from_db()
    return standing


def claim_due() -> list[int]:
    """Claim the registrations that are due to be read, the longest due first; returns their ids."""
    now = timezone.now()
    with transaction.atomic():
        due = (
            Client.objects.filter(look_at__lte=now, retired_at=None)
            .select_for_update(of=("self",), skip_locked=True, no_key=True)
            .order_by("look_at")
            .only("id")[:BATCH]
        )
        ids = [client.pk for client in due]
        Client.objects.filter(pk__in=ids).update(look_at=now + CLAIM)
    return ids


def look_soon(clients: QuerySet[Client]) -> int:
    """Have these registrations read now, or 15 minutes after they were read last; how many."""
    # PostgreSQL's LEAST and GREATEST pass over what is null.
    turn = Greatest(Now(), F("looked_at") + LOOK_SOON_EVERY)
    return clients.filter(retired_at=None).update(look_at=Least("look_at", turn))


def look_at_due(client_id: int) -> str:
    """Read one registration by its time; what goes wrong is kept for staff. What came of it."""
    client = Client.objects.select_related("utility").get(pk=client_id)
    if not client.registration_token:
        # Nothing opens the document until staff paste a token, which makes it due.
        Client.objects.filter(pk=client.pk).update(look_at=None)
        return "no registration token"
    try:
        return look(client).custodian_words
    except RegistrationError as e:
        return str(e)


def differences_of(client: Client) -> list[Difference]:
    """What the utility had otherwise than we do when it was read last."""
    standing = Standing.of(client)
    return differences(client, standing, timezone.now()) if standing else []


def _next_night() -> datetime:
    return timezone.now() + NIGHTLY + NIGHTLY_JITTER * _random.uniform(-1, 1)


def _standing(read: Document, client: Client) -> Standing:
    try:
        return Standing.read(read.said, client, [one.detail for one in read.findings])
    except StandingError as e:
        raise RegistrationError(str(e)) from e


def _follow(client: Client, standing: Standing) -> None:
    """Let the status follow what the utility decides; live is this company's own act."""
    why = f"{SAYS_SO} It reads: {standing.custodian_words}."
    if client.retired_at is not None:
        return
    if standing.is_in_production and client.approved_at is None and not client.public:
        client.approve(None, SAYS_SO)
    if standing.is_ended and client.paused_at is None:
        client.pause(why, by_utility=True)
    if standing.is_served and client.paused_by_utility:
        client.resume(None, why)
