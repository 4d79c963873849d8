"""The door of the demo site: which client is to be tried."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from authorizations import guards
from authorizations.access import browser_of, known_browser
from authorizations.models import digest
from portal.demo_site.addresses import redirect_uri
from portal.demo_site.forms import ClientForm
from portal.demo_site.models import Visit
from portal.demo_site.views.access import of_the_demo, public_client, too_many
from utilities.models import Client


@require_safe
@of_the_demo
def show(request: HttpRequest) -> HttpResponse:
    """The ready-made clients, this browser's visits, and the form for any other client."""
    asked = request.GET.get("utility", "").replace("\0", "").upper()
    named = request.GET.get("client_id", "").replace("\0", "")
    return _door(request, ClientForm(initial={"utility": asked, "client_id": named}))


@require_POST
@of_the_demo
@sensitive_post_parameters("client_secret", "registration_token")
def begin(request: HttpRequest) -> HttpResponseBase:
    """Take in a client that was pasted; its secret is never shown again."""
    form = ClientForm(request.POST)
    if not form.is_valid():
        return _door(request, form, status=422)
    if not _may_begin(request):
        return too_many(request)
    visit = Visit.objects.create(browser_hash=digest(browser_of(request)), **form.cleaned_data)
    return redirect("demo-visit", visit.uid)


@require_safe
@of_the_demo
def ready_made(request: HttpRequest, client_id: str) -> HttpResponse:
    """One of our public clients, with the button that begins."""
    client = public_client(client_id)
    context = {"client": client, "redirect_uri": redirect_uri()}
    return render(request, "demo_site/ready_made.html", context)


@require_POST
@of_the_demo
def begin_ready_made(request: HttpRequest, client_id: str) -> HttpResponseBase:
    """Begin with one of our public clients; its secret stays with us."""
    client = public_client(client_id)
    if not _may_begin(request):
        return too_many(request)
    visit = Visit.objects.create(
        browser_hash=digest(browser_of(request)),
        utility=client.utility,
        client_id=client.client_id,
        client_secret=client.client_secret,
        registration_token=client.registration_token,
        is_ready_made=True,
    )
    return redirect("demo-visit", visit.uid)


def _may_begin(request: HttpRequest) -> bool:
    return guards.allow_demo_visit(browser_of(request), guards.address_of(request))


def _door(request: HttpRequest, form: ClientForm, status: int = 200) -> HttpResponse:
    public = Client.objects.filter(public=True, retired_at=None).select_related("utility")
    browser = known_browser(request)
    mine = Visit.objects.open().filter(browser_hash=digest(browser)) if browser else []
    context = {
        "form": form,
        "public_clients": [one for one in public if redirect_uri() in one.redirect_uris],
        "visits": mine,
        "redirect_uri": redirect_uri(),
    }
    return render(request, "demo_site/start.html", context, status=status)
