"""How complete the readings of a meter are: a panel of the usage page, and a page by itself."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from authorizations.access import get_authorization_for
from greenbutton.display.quality_reports import reports_of
from greenbutton.display.quality_words import said_of
from greenbutton.display.selection import selection_of
from greenbutton.views.usage import HtmxHttpRequest


@require_safe
@never_cache
def show(request: HtmxHttpRequest, uid: str) -> HttpResponse:
    """The reports of the chosen meter: for htmx what the panel opens, else a page."""
    authorization = get_authorization_for(request, uid)
    selection = selection_of(authorization, request.GET)
    if selection is None or selection.meter is None:
        raise Http404
    reports = reports_of(authorization, selection.service, selection.meter)
    context = {
        "authorization": authorization,
        "selection": selection,
        "reports": said_of(reports, authorization.zone),
    }
    template = "_quality.html" if request.htmx else "quality.html"
    return render(request, f"greenbutton/{template}", context)
