"""A customer who looks at their own authorizations: signed in for a short while."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache

from utilities.sandbox.models import UtilityAccount
from utilities.sandbox.programmes import Programme

VISITS = "visits"
# Somebody who walks away from a shared computer leaves little behind.
IDLE_SECONDS = 15 * 60
View = Callable[..., HttpResponse]


def begin(request: HttpRequest, account: UtilityAccount) -> None:
    """The customer proved who they are."""
    # A session id that somebody else put into this browser must not become the customer's.
    request.session.cycle_key()
    _keep(request, account.utility, {"account": account.pk, "seen": time.time()})


def customer(request: HttpRequest, programme: Programme) -> UtilityAccount | None:
    """Who is signed in, for another quarter of an hour from now; None if nobody is."""
    mine = request.session.get(VISITS, {}).get(programme.slug)
    if mine is None or mine["seen"] + IDLE_SECONDS <= time.time():
        return None
    account = UtilityAccount.objects.filter(utility=programme.slug, pk=mine["account"]).first()
    if account:
        _keep(request, programme.slug, {"account": account.pk, "seen": time.time()})
    return account


def end(request: HttpRequest, programme: Programme) -> None:
    """Nobody is signed in any more."""
    visits = dict(request.session.get(VISITS, {}))
    if visits.pop(programme.slug, None):
        request.session[VISITS] = visits


def customers_only(view: View) -> View:
    """Give the view the customer who is signed in; whoever is not is asked to."""

    @never_cache
    @wraps(view)
    def inner(request: HttpRequest, programme: Programme, **kwargs: Any) -> HttpResponse:
        account = customer(request, programme)
        if account is None:
            return redirect("my-authorizations", programme=programme)
        return view(request, programme, account, **kwargs)

    return inner


def _keep(request: HttpRequest, slug: str, mine: dict[str, Any]) -> None:
    request.session[VISITS] = request.session.get(VISITS, {}) | {slug: mine}
