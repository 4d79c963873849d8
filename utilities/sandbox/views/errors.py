"""When an address is not there, or something broke."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from utilities.sandbox.bearer import json_error
from utilities.sandbox.programmes import all_programmes

FOR_MACHINES = "/DataCustodian/espi/"


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404, in the tongue of whoever asked."""
    if request.path.startswith(FOR_MACHINES):
        return json_error(404, "not_found", "There is nothing at this address.")
    context = {"programmes": all_programmes().values()}
    return render(request, "sandbox/not_found.html", context, status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """500."""
    if request.path.startswith(FOR_MACHINES):
        return json_error(500, "server_error", "Something broke on our side. Please try again.")
    return render(request, "sandbox/broken.html", status=500)
