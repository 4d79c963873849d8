"""Access tokens that work, one refresh at a time for each authorization."""

from __future__ import annotations

import logging

from django.db import transaction

from authorizations.models import Authorization
from utilities.client import GreenButtonClient, Problem, UtilityError
from utilities.models import Client

logger = logging.getLogger(__name__)

# A token that ends sooner than this is renewed first, so that it lasts for what it is wanted for.
SPARE_SECONDS = 60


def fresh_access_token(authorization: Authorization, *, refused: str = "") -> str:
    """A token that is good for a minute at least; `refused` is one that the utility answered 401.

    1. Lock the row, so that of two workers one refreshes and the other finds its result.
    2. Refresh if the token ends soon or was refused.
    3. Save the rotated refresh token before anything uses the new access token (style rule 17).

    Raises UtilityError. A permanent one has left the row as `needs_consent`; `invalid_client` has
    paused the client, and revokes nobody. Everything is written to the row, not to the instance.
    """
    # Durable: an outer transaction that rolls back would lose a refresh token that works only once.
    with transaction.atomic(durable=True):
        row = (
            Authorization.objects.select_for_update(of=("self",))
            .select_related("client__utility")
            .get(pk=authorization.pk)
        )
        try:
            return _good_token(row, refused)
        except UtilityError as e:
            # Noted in this transaction, told after it: raising here would undo the note.
            _note_refusal(row, e)
            failure = e
    raise failure


def _good_token(row: Authorization, refused: str) -> str:
    if row.status != Authorization.Status.ACTIVE or row.client is None:
        raise UtilityError(
            Problem.NOT_ACTIVE,
            to_customer="This connection is no longer active. Please connect again.",
            to_log=f"authorization {row.uid} is {row.status}: it has no tokens",
            permanent=True,
        )
    if row.access_token != refused and not row.token_expires_within(SPARE_SECONDS):
        return row.access_token
    if not row.refresh_token:
        raise UtilityError(
            Problem.NO_REFRESH_TOKEN,
            to_customer=f"Your consent at {row.source_name} has to be renewed. "
            "Please connect again.",
            to_log=f"authorization {row.uid}: the token is over and cannot be refreshed",
            permanent=True,
        )
    row.keep_token(GreenButtonClient(row.client).refresh(row.refresh_token))
    return row.access_token


def _note_refusal(row: Authorization, error: UtilityError) -> None:
    logger.warning("refresh for authorization %s: %s", row.uid, error.to_log)
    if row.client is not None:
        pause_if_refused(row.client, error)
    if error.permanent and row.status == Authorization.Status.ACTIVE:
        row.mark_needs_consent()


def pause_if_refused(client: Client, error: UtilityError) -> None:
    """Stop using a registration that the utility does not know: no customer can mend that."""
    if error.code == "invalid_client" and client.is_usable():
        logger.error("%s is paused: %s", client.client_id, error.to_log)
        client.pause(f"The utility answered invalid_client. {error.to_log}")
