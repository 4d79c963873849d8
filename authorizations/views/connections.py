"""What this browser authorized, and how to stop it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from authorizations import access, flows


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


@require_POST
@never_cache
def disconnect(request: HttpRequest, uid: str) -> HttpResponseBase:
    """Stop sharing."""
    authorization = access.get_authorization_for(request, uid, staff_permission="change")
    by = "customer" if access.is_owner(request, authorization) else "staff"
    if not flows.disconnect(authorization, by):
        messages.warning(
            request,
            f"We could not reach {authorization.source_name} to tell them. We have stopped all "
            "the same; you can end the permission on their pages, too.",
        )
    return redirect("stopped", authorization.uid)


@require_safe
@never_cache
def stopped(request: HttpRequest, uid: str) -> HttpResponseBase:
    """The receipt: when sharing ended, and what became of the data."""
    authorization = access.get_authorization_for(request, uid)
    if authorization.can_be_stopped():
        return redirect("usage", authorization.uid)
    return render(request, "authorizations/stopped.html", {"authorization": authorization})
