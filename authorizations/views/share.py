"""Data-share links that staff send to customers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from authorizations import flows, prefill
from authorizations.models import ShareLink
from authorizations.views.connect import allow_redirects_to, set_out, told


@require_safe
@never_cache
def show(request: HttpRequest, code: str) -> HttpResponse:
    """Who asks, for what, how far back, for how long, and how to stop."""
    link = _link(code)
    if not _is_open(link):
        return _closed(request, link)
    try:
        client = flows.client_of(link.utility)
    except flows.ConnectError as e:
        return told(request, link.utility, e)
    context = {
        "link": link,
        "utility": link.utility,
        "client": client,
        "shared": flows.asked_scope(client, link).describe(),
        "way": link.utility.way_label(link.authentication_type),
        "masked": prefill.mask(link.authentication_type, link.authentication_value)
        if link.authentication_value
        else "",
    }
    return allow_redirects_to(render(request, "authorizations/share.html", context), link.utility)


@require_POST
@never_cache
def start(request: HttpRequest, code: str) -> HttpResponseBase:
    """Send the customer to the utility with what the link says."""
    link = _link(code)
    if not _is_open(link):
        return _closed(request, link)
    return set_out(request, link.utility, link=link)


def _link(code: str) -> ShareLink:
    return get_object_or_404(ShareLink.objects.select_related("utility"), code=code)


def _is_open(link: ShareLink) -> bool:
    return link.is_open() and link.utility.enabled


def _closed(request: HttpRequest, link: ShareLink) -> HttpResponse:
    return render(request, "authorizations/share_closed.html", {"link": link}, status=410)
