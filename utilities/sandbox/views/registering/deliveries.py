"""The delivery log of a company's push notices."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from utilities.sandbox.models import Clock
from utilities.sandbox.programmes import Programme
from utilities.sandbox.views.access import registration_for, signed_in
from utilities.sandbox.views.pages import page

# On the page; a notice that is tried for three days has 73 tries.
NEWEST, NEWEST_TRIES = 50, 5


@require_safe
@signed_in
def show(request: HttpRequest, user: User, programme: Programme, client_id: str) -> HttpResponse:
    """Each notice, and how each try to deliver it went."""
    company = registration_for(user, programme, client_id)
    notices = company.notices.prefetch_related("deliveries")[:NEWEST]
    log = [(notice, list(notice.deliveries.all())) for notice in notices]
    return page(
        request,
        "deliveries",
        programme,
        registration=company,
        log=[(notice, tries[:NEWEST_TRIES], len(tries)) for notice, tries in log],
        newest=NEWEST,
        newest_tries=NEWEST_TRIES,
        now=Clock.now(),
    )


@require_POST
@signed_in
def send_again(
    request: HttpRequest, user: User, programme: Programme, client_id: str, uid: str
) -> HttpResponse:
    """Tell the company the same once more."""
    company = registration_for(user, programme, client_id)
    get_object_or_404(company.notices, uid=uid).again()
    messages.success(request, "It is sent again. Reload this page in a moment to see how it went.")
    return redirect("deliveries", programme, client_id)
