"""Giving back: a grant that was ended here is ended at the utility, too.

Sharing has stopped here before anybody is told: our tokens are gone. The utility is told at once,
quickly, since a customer waits; if it does not listen, workers tell it again for 72 hours. The
client's own token opens its Authorization, never the customer's (a wrong class is answered 403).
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from authorizations.models import Authorization
from authorizations.tokens import pause_if_refused
from utilities.client import GreenButtonClient, Problem, UtilityError
from utilities.models import Client

logger = logging.getLogger(__name__)

TRIED_FOR = timedelta(hours=72)
BACKOFF_FIRST = timedelta(minutes=1)
BACKOFF_LONGEST = timedelta(hours=1)
# What a customer who presses the button can wait for, in seconds; for a token and for the end.
QUICKLY = 4
# What a worker can: the purge of somebody else's data may wait behind it.
PATIENTLY = 10
ROUND_SECONDS = 20
# The DELETE came well and was not done: another way may be open.
REFUSED = {Problem.HTTP_400, Problem.HTTP_401, Problem.HTTP_403, "http_405", "http_501"}


def tell(authorization: Authorization, token: str = "", *, quickly: bool = False) -> bool:
    """Tell the utility that sharing has stopped; returns whether it knows.

    `token` is the refresh token, where whoever ended the grant still has it: a utility that refuses
    the DELETE may take that back. It is kept nowhere, so only the first try has it.

    1. Claim: the next try is due before this one begins, so a worker that dies costs a delay.
    2. DELETE its authorizationURI; gone is as good as ended.
    3. Note that it knows, or that nobody can be asked.
    """
    row = _claim(authorization.pk)
    if row is not None:
        with suppress(UtilityError):
            _tell(row, token, QUICKLY if quickly else PATIENTLY)
    authorization.refresh_from_db(fields=["utility_told_at"])
    return authorization.utility_told_at is not None


def tell_due() -> int:
    """Tell the utilities that are due to be told; returns how many of them know now.

    Of one that does not answer, no more is asked in this round; and a round is short, since other
    errands wait behind it.
    """
    _give_up_old()
    told, silent, until = 0, set[int](), time.monotonic() + ROUND_SECONDS
    while time.monotonic() < until and (row := _next(silent)):
        try:
            told += _tell(row, seconds=PATIENTLY)
        except UtilityError as e:
            assert row.client_id is not None
            if e.code not in REFUSED:
                silent.add(row.client_id)
    return told


def give_back(client: Client, authorization_uri: str) -> bool:
    """End a grant of which nothing was kept, if the utility can be reached; whether it could.

    For one that could not even be used: there is no row to try it again from.
    """
    if not authorization_uri:
        return False
    try:
        GreenButtonClient(client).revoke(authorization_uri)
    except UtilityError as e:
        logger.warning("%s could not be told to end a grant: %s", client.client_id, e.to_log)
        pause_if_refused(client, e)
        return False
    return True


def _next(silent: set[int]) -> Authorization | None:
    """Claim the longest due one. A paused client's wait: its utility refuses whatever it says."""
    due = Authorization.objects.filter(
        tell_utility_at__lte=timezone.now(),
        revoked_at__gt=timezone.now() - TRIED_FOR,
        client__paused_at=None,
    )
    for key in due.exclude(client__in=silent).order_by("tell_utility_at").values_list("pk")[:1]:
        return _claim(key[0])
    return None


def _claim(key: int) -> Authorization | None:
    """Make the next try due later; None if another worker is at this one, or it is settled."""
    now = timezone.now()
    with transaction.atomic():
        rows = Authorization.objects.select_for_update(of=("self",), skip_locked=True)
        # Secrets are read after the claim: one that no key opens must not come first for ever.
        row = rows.only("tell_tries").filter(pk=key, tell_utility_at__lte=now).first()
        if row is None:
            return None
        row.tell_utility_at = now + backoff(row.tell_tries)
        row.tell_tries += 1
        row.save(update_fields=["tell_utility_at", "tell_tries"])
    return Authorization.objects.select_related("client__utility").get(pk=key)


def backoff(tries: int) -> timedelta:
    """How long to wait after so many tries: a minute doubled, an hour at most."""
    longer: int = 2 ** min(tries, 16)
    return min(BACKOFF_FIRST * longer, BACKOFF_LONGEST)


def _tell(row: Authorization, token: str = "", seconds: float = PATIENTLY) -> bool:
    """Ask once; whether the utility knows. Raises UtilityError where it is to be tried again."""
    assert row.client is not None
    takes_back = bool(token and row.client.utility.revocation_url)
    if not row.authorization_uri and not takes_back:
        row.mark_untold()
        return False
    door = GreenButtonClient(row.client, answer_seconds=seconds)
    try:
        _end(door, row.authorization_uri, token if takes_back else "")
    except UtilityError as e:
        logger.warning("%s could not be told to end a grant: %s", row.client.client_id, e.to_log)
        pause_if_refused(row.client, e)
        if e.after is not None:
            _not_before(row, timezone.now() + e.after)
        raise
    row.mark_told()
    return True


def _end(door: GreenButtonClient, authorization_uri: str, token: str) -> None:
    """DELETE the Authorization; where that is refused, take its token back (RFC 7009)."""
    if authorization_uri:
        try:
            door.revoke(authorization_uri)
        except UtilityError as e:
            if not token or e.code not in REFUSED:
                raise
        else:
            return
    door.revoke_token(token)


def _not_before(row: Authorization, moment: datetime) -> None:
    """The utility's Retry-After, where it is longer than we would wait."""
    row.tell_utility_at = max(moment, row.tell_utility_at or moment)
    row.save(update_fields=["tell_utility_at"])


def _give_up_old() -> None:
    """Staff, and the receipt, are told of those that could not be told for 72 hours."""
    old = Authorization.objects.filter(
        tell_utility_at__isnull=False, revoked_at__lte=timezone.now() - TRIED_FOR
    )
    for key in list(old.values_list("pk", flat=True)):
        with transaction.atomic():
            row = old.select_for_update(of=("self",), skip_locked=True).filter(pk=key).first()
            if row is not None:
                logger.error("%s: the utility could not be told in %s", row, TRIED_FOR)
                row.mark_untold()
