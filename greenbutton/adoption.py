"""Authorizations that were found at a utility: how each can be collected, and that it is."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from authorizations.at_utility import reconciliation
from authorizations.models import Authorization, ForeignAuthorization, PullTrigger
from authorizations.tokens import pause_if_refused
from greenbutton.espi import ScopeError
from greenbutton.espi import scope as espi_scope
from greenbutton.ingest import bulk
from greenbutton.models import BulkCollection
from utilities.client import UtilityError
from utilities.models import Client

logger = logging.getLogger(__name__)

# The function block of Bulk feeds: with it, a customer's data comes in the registration's own.
BULK_BLOCK = 35
# A Bulk feed that brings adopted customers is read once a night.
NIGHTLY = timedelta(hours=23)
NO_WAY = (
    "This company's own token does not open it, and no Bulk feed brings it. "
    "Send its customer a new link instead."
)


def can_be_collected(found: ForeignAuthorization) -> bool:
    """Whether it can be collected without tokens of its customer's."""
    behaviour = found.client.utility.behaviour
    return behaviour.client_token_reads_subscriptions or comes_in_bulk(found.scope)


def comes_in_bulk(scope: str) -> bool:
    """Whether a granted scope says that the data is in a Bulk feed (FB 35), by its id or at all."""
    try:
        granted = espi_scope.parse(scope)
    except ScopeError:
        return False
    return granted.option(bulk.BULK_ID) is not None or BULK_BLOCK in granted.function_blocks


def adopt(found: ForeignAuthorization) -> Authorization:
    """Make it one of ours, and have it collected; refuses what nothing here could collect.

    Where the data comes in Bulk, the feed is read from its beginning: what it brought before of
    this customer belonged to nobody, and was not stored. Raises UtilityError where the utility
    cannot be asked for that feed; nothing is adopted then.
    """
    if not can_be_collected(found):
        raise ValidationError(NO_WAY)
    client = found.client
    if client.utility.behaviour.client_token_reads_subscriptions:
        return _adopted(found)
    collection = bulk.ask_for(client, PullTrigger.STAFF, found.scope)
    if collection is None:
        raise ValidationError(NO_WAY)
    with transaction.atomic():
        adopted = _adopted(found)
        collection.from_the_beginning()
    return adopted


def _adopted(found: ForeignAuthorization) -> Authorization:
    if reconciliation.is_known(found):
        raise ValidationError(
            "Somebody else has adopted it, or its customer has connected or stopped it here."
        )
    try:
        return Authorization.adopt(found)
    except ForeignAuthorization.DoesNotExist:
        raise ValidationError("Somebody else has adopted it, or it is gone there.") from None


def read_bulk_nightly() -> int:
    """Have the Bulk feeds read that bring adopted customers; returns how many."""
    lately = timezone.now() - NIGHTLY
    brought = Authorization.objects.filter(
        origin=Authorization.Origin.ADOPTED, status=Authorization.Status.ACTIVE, held_at=None
    )
    clients = Client.objects.filter(
        pk__in=brought.values("client"), paused_at=None, retired_at=None
    ).exclude(pk__in=BulkCollection.objects.filter(started__gt=lately).values("client"))
    return sum(
        _have_bulk_read(client)
        for client in clients.select_related("utility")
        if not client.utility.behaviour.client_token_reads_subscriptions
    )


def _have_bulk_read(client: Client) -> bool:
    try:
        return bulk.ask_for(client, PullTrigger.NIGHTLY) is not None
    except UtilityError as e:
        logger.warning("%s: its Bulk feed cannot be asked for: %s", client.client_id, e.to_log)
        pause_if_refused(client, e)
        return False
