"""In, by the ways that the utility offers to everybody, and out."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache

from utilities.sandbox.models import ConsentRequest
from utilities.sandbox.programmes import Programme
from utilities.sandbox.views.my import visit
from utilities.sandbox.views.pages import browser_of, go_to
from utilities.sandbox.views.single_sign_on import session


@never_cache
def sign_in(request: HttpRequest, programme: Programme) -> HttpResponse:
    """To the form on which the customer says who they are."""
    if request.method != "POST":
        return redirect("my-authorizations", programme=programme)
    ConsentRequest.forget_old()
    asking = ConsentRequest.objects.create(browser=browser_of(request), utility=programme.slug)
    return go_to("authenticate", asking)


@never_cache
def sign_out(request: HttpRequest, programme: Programme) -> HttpResponse:
    """Out here, and at the single sign-on, which would let the next person in again."""
    if request.method == "POST":
        visit.end(request, programme)
        session.end(request, programme)
        messages.success(request, "You are signed out.")
    return redirect("my-authorizations", programme=programme)
