"""What the pages about a link have in common: the link itself, its language, its parameters."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import translation

from authorizations.links.parameters import LinkParameters, ParameterError
from authorizations.models import ShareLink

LinkView = Callable[[HttpRequest, ShareLink, LinkParameters], HttpResponseBase]


def of_link(view: LinkView) -> Callable[[HttpRequest, str], HttpResponseBase]:
    """Give the view the link that the code is, if it is open, and speak the link's language."""

    @wraps(view)
    def wrapper(request: HttpRequest, code: str) -> HttpResponseBase:
        found = ShareLink.objects.select_related("utility")
        link = get_object_or_404(found, code=code)
        with translation.override(link.language):
            try:
                parameters = parameters_of(request)
            except ParameterError as e:
                return refused(request, e)
            chosen = parameters.chosen_utility() or link.utility
            if not link.is_open() or (chosen is not None and not chosen.enabled):
                return closed(request, link)
            return view(request, link, parameters)

    return wrapper


def parameters_of(request: HttpRequest) -> LinkParameters:
    """What the address says, or the form that carries it on; raises ParameterError."""
    return LinkParameters.read(request.POST if request.method == "POST" else request.GET)


def refused(request: HttpRequest, error: ParameterError) -> HttpResponse:
    """The page for a link that says what it may not; nothing has begun, and it leads nowhere."""
    context = {"sentence": str(error)}
    return render(request, "authorizations/link_refused.html", context, status=400)


def closed(request: HttpRequest, link: ShareLink) -> HttpResponse:
    """The page for a link that no longer works."""
    return render(request, "authorizations/share_closed.html", {"link": link}, status=410)
