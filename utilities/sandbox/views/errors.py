"""When an address is not there, a request cannot be read, or something broke."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from utilities.sandbox.programmes import all_programmes
from utilities.sandbox.refusals import Refusal

FOR_MACHINES = ("/DataCustodian/", "/.well-known/")
FOR_PEOPLE = "/oauth/authorize"


@never_cache
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400 for what Django refuses by itself, such as a thousand parameters."""
    if _is_for_machines(request):
        return Refusal(400, "invalid_request", "The request cannot be read.").answer()
    return render(request, "sandbox/unreadable.html", status=400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404, in the tongue of whoever asked."""
    if _is_for_machines(request):
        return Refusal(404, "not_found", "There is nothing at this address.").answer()
    context = {"programmes": all_programmes().values()}
    return render(request, "sandbox/not_found.html", context, status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """500."""
    if _is_for_machines(request):
        says = "Something broke on our side. Please try again."
        return Refusal(500, "server_error", says).answer()
    return render(request, "sandbox/broken.html", status=500)


def _is_for_machines(request: HttpRequest) -> bool:
    return request.path.startswith(FOR_MACHINES) and not request.path.endswith(FOR_PEOPLE)
