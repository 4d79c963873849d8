"""Who may see a visit: the browser that began it, for a day; and which clients are everybody's."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache

from authorizations.access import known_browser
from authorizations.models import digest
from portal.demo_site.addresses import redirect_uri
from portal.demo_site.models import Visit
from utilities.models import Client

View = Callable[..., HttpResponseBase]


def of_the_demo(view: View) -> View:
    """A page of the demo site: there only where it is switched on, and kept by no cache."""

    @never_cache
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.DEMO_SITE:
            raise Http404
        return view(request, *args, **kwargs)

    return wrapped


def visit_of(request: HttpRequest, uid: str) -> Visit:
    """The visit, for its own browser; everybody else gets the same 404 as for none."""
    browser = known_browser(request)
    if not browser:
        raise Http404
    mine = Visit.objects.open().filter(browser_hash=digest(browser))
    return get_object_or_404(mine.select_related("utility"), uid=uid)


def public_client(client_id: str) -> Client:
    """One of our public clients that leads back to this site; 404 for any other."""
    clients = Client.objects.filter(public=True, retired_at=None, client_id=client_id)
    client = clients.select_related("utility").first()
    if client is None or redirect_uri() not in client.redirect_uris:
        raise Http404
    return client


def too_many(request: HttpRequest) -> HttpResponse:
    """The page for who asks too often."""
    page = render(request, "429.html", status=429)
    page.headers["Retry-After"] = "3600"
    return page
