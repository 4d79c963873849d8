"""Access tokens that work, one refresh at a time for each authorization.

A refresh token may work once only. So a refresh is a turn on the row, taken in a transaction of its
own; the utility is asked outside any transaction, since it may take half a minute and whoever stops
sharing must not wait for it; and what it answers is saved before anything uses it.
"""

from __future__ import annotations

import logging
import secrets
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction

from authorizations.models import Authorization
from utilities.client import GreenButtonClient, Listener, Problem, Token, UtilityError
from utilities.models import Client

logger = logging.getLogger(__name__)

# A token that ends sooner than this is renewed first, so that it lasts for what it is wanted for.
SPARE_SECONDS = 60
# Longer than the door waits for an answer of the token endpoint, so that nobody loses a turn whose
# request is still out.
TURN = timedelta(seconds=90)
POLL_SECONDS = 0.2
# Others wait for the end of a turn, and for a little more: then it was given up, and is theirs.
PATIENCE_SECONDS = TURN.total_seconds() + 10
# After these the utility may have traded the refresh token, and we do not have the new one.
UNHEARD = frozenset(
    {
        Problem.TIMEOUT,
        Problem.CUT_OFF,
        Problem.UNREADABLE,
        Problem.TOO_LARGE,
        Problem.BAD_TOKEN,
    }
)
# The DELETE came well and was not done: another way may be open.
REFUSED = frozenset({Problem.HTTP_400, Problem.HTTP_401, Problem.HTTP_403, "http_405", "http_501"})


@dataclass(frozen=True, slots=True)
class _Turn:
    """A refresh that is ours to do. `row` is as it was when the turn was taken.

    `interrupted` is when an earlier one began of which nobody knows what the utility did.
    """

    row: Authorization
    client: Client
    refresh_id: str
    interrupted: datetime | None

    def traded(self, row: Authorization) -> bool:
        """Whether the row still has the refresh token that this turn is about."""
        return row.refresh_token == self.row.refresh_token

    def again(self) -> _Turn:
        """The same turn after an answer that was lost."""
        return replace(self, interrupted=self.row.refreshing_since)


def fresh_access_token(
    authorization: Authorization, *, refused: str = "", listener: Listener | None = None
) -> str:
    """A token that is good for a minute at least; `refused` is one that the utility answered 401.

    1. Use the token of the row if it lasts and was not refused.
    2. Else take the turn to refresh. Whoever has it already is waited for, and step 1 repeated.
    3. Ask the utility, outside any transaction.
    4. Save what it gave, if consent has not ended meanwhile; then it may be used.

    Whoever is killed between 3 and 4 leaves the old refresh token, which is tried once more when
    the turn runs out.

    Raises UtilityError. A permanent one has left the row as `needs_consent`; `invalid_client` has
    paused the client, and revokes nobody. Everything is written to the row, not to the instance.
    """
    patience = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = _token_or_turn(authorization, refused)
        if isinstance(found, str):
            return found
        if found is not None and (token := _refresh(found, listener)):
            return token
        if time.monotonic() > patience:
            raise _still_refreshing(authorization)
        time.sleep(POLL_SECONDS)


def _token_or_turn(authorization: Authorization, refused: str) -> str | _Turn | None:
    """A good token, or the turn to get one; None while it is another's turn."""
    # Durable: an outer transaction that rolls back would lose a refresh token that works only once.
    with transaction.atomic(durable=True):
        row = _locked(authorization)
        if row.status != Authorization.Status.ACTIVE or row.client is None:
            raise _not_active(row)
        if row.access_token != refused and not row.token_expires_within(SPARE_SECONDS):
            return row.access_token
        if row.is_refreshing():
            return None
        if row.refresh_token:
            interrupted, refresh_id = row.refreshing_since, secrets.token_hex(16)
            row.begin_refresh(refresh_id, TURN)
            return _Turn(row, row.client, refresh_id, interrupted)
        # Told after the transaction: raising in it would undo the note.
        row.mark_needs_consent()
    raise UtilityError(
        Problem.NO_REFRESH_TOKEN,
        to_customer=f"Your consent at {row.source_name} has to be renewed. Please connect again.",
        to_log=f"authorization {row.uid}: the token is over and cannot be refreshed",
        permanent=True,
    )


def _refresh(turn: _Turn, listener: Listener | None) -> str | None:
    """Ask the utility, and save what it says; None if the row has moved on without us.

    Where a refresh token works once, and the answer was lost, it is asked again at once. The
    utility may have replaced the token, and may take the old one for a few seconds more
    (OpenIddict: 30); later it would end the consent.
    """
    client = GreenButtonClient(turn.client, listener)
    try:
        token = client.refresh(turn.row.refresh_token, turn.row.scope)
    except UtilityError as e:
        works_once = client.quirks.one_time_refresh_tokens
        if works_once and e.code in UNHEARD and turn.interrupted is None:
            logger.warning("refresh for authorization %s, once more: %s", turn.row.uid, e.to_log)
            return _refresh(turn.again(), listener)
        _refused(turn, e)
        return None
    return _kept(turn, token)


def _kept(turn: _Turn, token: Token) -> str | None:
    """Save the new tokens before anything uses them (style rule 17).

    What counts is that the row still has the refresh token that was traded: whoever took longer
    than a turn has the good one all the same, and a new consent meanwhile brought a better one.
    """
    with transaction.atomic(durable=True):
        row = _locked(turn.row)
        active = row.status == Authorization.Status.ACTIVE
        ours = active and turn.traded(row)
        if ours:
            row.keep_token(token)
    if ours:
        if token.scope:
            row.narrowed(token.scope)
        return token.access_token
    if not active:
        logger.info("authorization %s ended while it was refreshed", row.uid)
        _give_back(row, token)
        raise _not_active(row)
    return None


def _refused(turn: _Turn, error: UtilityError) -> None:
    """Note what a refusal means, unless the row has moved on without us; raises UtilityError."""
    logger.warning("refresh for authorization %s: %s", turn.row.uid, error.to_log)
    pause_if_refused(turn.client, error)
    with transaction.atomic(durable=True):
        row = _locked(turn.row)
        active = row.status == Authorization.Status.ACTIVE
        if not active or row.refresh_id != turn.refresh_id or not turn.traded(row):
            return
        if error.permanent:
            row.mark_needs_consent(refresh_interrupted=turn.interrupted)
        else:
            row.end_refresh(is_known=error.code not in UNHEARD, since=turn.interrupted)
    if not error.permanent or turn.interrupted is None:
        raise error
    raise _refused_after_interruption(error, turn.interrupted) from error


def end_grant(door: GreenButtonClient, authorization_uri: str, token: str = "") -> None:
    """DELETE the Authorization; where that is refused, or has no address, take its token back.

    That is RFC 7009. Raises UtilityError.
    """
    if authorization_uri:
        try:
            door.revoke(authorization_uri)
        except UtilityError as e:
            if not token or e.code not in REFUSED:
                raise
        else:
            return
    door.revoke_token(token)


def _give_back(row: Authorization, token: Token) -> None:
    """End a grant whose new tokens came too late, as far as the utility can be reached.

    Stopping has told it already, but perhaps before it made them, or in vain; and whoever took back
    the token that we had then has not taken back these.
    """
    if row.status != Authorization.Status.REVOKED or row.client is None:
        return
    takes_back = bool(row.client.utility.revocation_url)
    too_late = (token.refresh_token or token.access_token) if takes_back else ""
    if not row.authorization_uri and not too_late:
        return
    try:
        end_grant(GreenButtonClient(row.client), row.authorization_uri, too_late)
    except UtilityError as e:
        logger.warning("authorization %s could not be given back: %s", row.uid, e.to_log)


def _locked(authorization: Authorization) -> Authorization:
    rows = Authorization.objects.select_for_update(of=("self",)).select_related("client__utility")
    return rows.get(pk=authorization.pk)


def _not_active(row: Authorization) -> UtilityError:
    return UtilityError(
        Problem.NOT_ACTIVE,
        to_customer="This connection is no longer active. Please connect again.",
        to_log=f"authorization {row.uid} is {row.status}: it has no tokens",
        permanent=True,
    )


def _still_refreshing(authorization: Authorization) -> UtilityError:
    return UtilityError(
        Problem.COME_LATER,
        to_customer="We are still waiting for your utility. We will ask again by ourselves.",
        to_log=f"authorization {authorization.uid}: others refresh its token, and do not end",
        after=TURN,
    )


def _refused_after_interruption(error: UtilityError, since: datetime) -> UtilityError:
    return UtilityError(
        error.code,
        to_customer=error.to_customer,
        to_log=f"{error.to_log} A refresh that began at {since:%Y-%m-%d %H:%M:%S} UTC was "
        "interrupted before its answer was saved; the utility may have replaced the token then.",
        permanent=True,
    )


def pause_if_refused(client: Client, error: UtilityError) -> None:
    """Stop using a registration that the utility does not know: no customer can mend that."""
    if error.code == "invalid_client" and client.is_usable():
        logger.error("%s is paused: %s", client.client_id, error.to_log)
        client.pause(f"The utility answered invalid_client. {error.to_log}")
