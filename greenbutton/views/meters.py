"""One meter that a customer no longer wants to share: the question, and the answer."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from authorizations.access import get_authorization_for, is_owner
from greenbutton.display.meters import services_of
from greenbutton.display.standing import name_of
from greenbutton.ingest.stopping import can_be_stopped_alone, stop_sharing
from greenbutton.models import UsagePoint


def _meter_for(request: HttpRequest, uid: str, meter: str) -> UsagePoint:
    """A meter that is shared, for its own browser or for staff who may change it; else a 404.

    What came out of files is deleted as a whole, so their meters are not found here either.
    """
    authorization = get_authorization_for(request, uid, staff_permission="change")
    if authorization.is_from_file():
        raise Http404
    shared = authorization.usage_points.shared().select_related("authorization__utility")
    return get_object_or_404(shared, uid=meter)


@require_safe
@never_cache
def ask(request: HttpRequest, uid: str, meter: str) -> HttpResponse:
    """Ask first: what is deleted cannot be brought back. The last meter goes with everything."""
    point = _meter_for(request, uid, meter)
    context = {
        "authorization": point.authorization,
        "meter": point,
        "name": name_of(point, services_of(point.authorization)),
        "is_alone": not can_be_stopped_alone(point),
    }
    return render(request, "greenbutton/stop_meter.html", context)


@require_POST
@never_cache
def stop(request: HttpRequest, uid: str, meter: str) -> HttpResponseBase:
    """Stop sharing one meter; the last one is asked about once more."""
    point = _meter_for(request, uid, meter)
    if not can_be_stopped_alone(point):
        return redirect("stop-meter-ask", uid, meter)
    name = name_of(point, services_of(point.authorization))
    try:
        stop_sharing(point, by="customer" if is_owner(request, point.authorization) else "staff")
    except ValidationError as e:
        messages.warning(request, e.messages[0])
        return redirect("usage", uid)
    messages.success(request, f"{name} is no longer shared. What it measured is deleted.")
    return redirect("usage", uid)
