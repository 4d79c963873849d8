"""Who is signed in at the provider in this browser: a second visit does not ask again."""

from __future__ import annotations

import time

from django.http import HttpRequest

from utilities.sandbox.models import UtilityAccount
from utilities.sandbox.programmes import Programme

SESSIONS = "openid"
# A working day.
LIFETIME_SECONDS = 8 * 3600


def begin(request: HttpRequest, programme: Programme, account: UtilityAccount) -> float:
    """The customer gave the password; when, in UTC seconds."""
    # A session id that somebody else put into this browser must not become the customer's.
    request.session.cycle_key()
    now = time.time()
    mine = {"account": account.pk, "at": now}
    request.session[SESSIONS] = request.session.get(SESSIONS, {}) | {programme.slug: mine}
    return now


def find(request: HttpRequest, programme: Programme) -> tuple[UtilityAccount, float] | None:
    """The customer, and when they gave the password; None if nobody is signed in."""
    mine = request.session.get(SESSIONS, {}).get(programme.slug)
    if mine is None or mine["at"] + LIFETIME_SECONDS <= time.time():
        return None
    account = UtilityAccount.objects.filter(utility=programme.slug, pk=mine["account"]).first()
    return (account, mine["at"]) if account else None


def end(request: HttpRequest, programme: Programme) -> None:
    """Nobody is signed in any more."""
    sessions = dict(request.session.get(SESSIONS, {}))
    if sessions.pop(programme.slug, None):
        request.session[SESSIONS] = sessions
