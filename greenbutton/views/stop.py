"""The way out: stop sharing, and have what was collected deleted at once."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from authorizations import access
from greenbutton import flows


@require_POST
@never_cache
def disconnect(request: HttpRequest, uid: str) -> HttpResponseBase:
    """Stop sharing; the receipt says whether the utility knows of it."""
    authorization = access.get_authorization_for(request, uid, staff_permission="change")
    by = "customer" if access.is_owner(request, authorization) else "staff"
    flows.stop_sharing(authorization, by)
    authorization.refresh_from_db(fields=["renewal", "renews"])
    if authorization.merged_into is not None:
        # Since the page was opened, an earlier one has taken it in and goes on by that consent.
        return disconnect(request, authorization.merged_into.uid)
    return redirect("stopped", authorization.uid)
