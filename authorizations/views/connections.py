"""What this browser authorized, and the receipts of what was stopped."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from authorizations import access, timeline


@require_safe
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """The account's connections, and a guest's of this browser; stopped ones stay as receipts."""
    return render(
        request,
        "authorizations/connections.html",
        {
            "connections": access.authorizations_of(request),
            "account": access.customer_of(request),
        },
    )


@require_safe
@never_cache
def stopped(request: HttpRequest, uid: str) -> HttpResponseBase:
    """The receipt: when sharing ended, what became of the data, and whether the utility knows."""
    authorization = access.get_authorization_for(request, uid)
    if authorization.can_be_stopped():
        return redirect("usage", authorization.uid)
    context = {
        "authorization": authorization,
        "happened": timeline.customers_timeline(authorization),
    }
    return render(request, "authorizations/stopped.html", context)
