"""Where the demo site will be: a third party to look at, set up for any client of a utility."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from utilities.models import Utility


@require_safe
@never_cache
def show(request: HttpRequest) -> HttpResponse:
    """What it will be; and until then, the same flow with this portal as the third party."""
    named = request.GET.get("utility", "").replace("\0", "")
    utilities = list(Utility.objects.enabled())
    chosen = next((one for one in utilities if one.utility_id == named.upper()), None)
    context = {"chosen": chosen, "utilities": utilities}
    return render(request, "portal/demo_site.html", context)


@require_safe
@never_cache
def callback(request: HttpRequest) -> HttpResponse:
    """Where a utility sends customers back to who began elsewhere with the demo's redirect URI.

    Nobody here has asked for what it brings, so it is neither shown nor traded: the code ends by
    itself within minutes.
    """
    allowed, denied = "code" in request.GET, "error" in request.GET
    context = {"allowed": allowed and not denied, "denied": denied}
    return render(request, "portal/demo_callback.html", context)
