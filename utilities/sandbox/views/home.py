"""The front doors: of the sandbox, and of each utility."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from utilities.sandbox.models import Registration
from utilities.sandbox.programmes import Programme, all_programmes
from utilities.sandbox.views.pages import page


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Which utilities there are."""
    return render(request, "sandbox/home.html", {"programmes": all_programmes().values()})


@require_safe
def landing(request: HttpRequest, programme: Programme) -> HttpResponse:
    """What a utility offers, for its customers and for companies, and who they can share with."""
    companies = Registration.directory(programme)
    public = Registration.objects.filter(utility=programme.slug, is_public=True)
    return page(request, "landing", programme, companies=companies, public_clients=public)


@require_safe
def terms(request: HttpRequest, programme: Programme) -> HttpResponse:
    """What companies agree to when they register."""
    return page(request, "terms", programme)


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """That the process answers."""
    return HttpResponse("ok", content_type="text/plain")
