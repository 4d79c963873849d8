"""Under which conditions a company is served: faults to try its software with, and the profile."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from utilities.sandbox.models import Fault, Registration
from utilities.sandbox.programmes import Programme
from utilities.sandbox.views.access import registration_for, signed_in
from utilities.sandbox.views.pages import page


@require_safe
@signed_in
def show(request: HttpRequest, user: User, programme: Programme, client_id: str) -> HttpResponse:
    """All faults by their sentences, and both profiles."""
    return _form(request, registration_for(user, programme, client_id))


@require_POST
@signed_in
def change(request: HttpRequest, user: User, programme: Programme, client_id: str) -> HttpResponse:
    """From the next request on."""
    company = registration_for(user, programme, client_id)
    faults, profile = set(request.POST.getlist("fault")), request.POST.get("profile", "")
    if not faults <= set(Fault.values) or profile not in Registration.Profile.values:
        return _form(request, company, error="Please choose from what this page offers.")
    company.serve_under(profile, faults)
    messages.success(request, "These conditions hold from the next request on.")
    return redirect("conditions", programme, client_id)


def _form(request: HttpRequest, company: Registration, error: str = "") -> HttpResponse:
    return page(
        request,
        "conditions",
        company.programme,
        422 if error else 200,
        registration=company,
        faults=[(fault, company.has(fault)) for fault in Fault],
        profiles=Registration.Profile,
        error=error,
    )
