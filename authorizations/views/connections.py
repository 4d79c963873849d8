"""What this browser authorized, and the receipts of what was stopped."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from authorizations import access, timeline
from authorizations.connecting import returning
from authorizations.links import renewal
from authorizations.models import ConsentRecord


@require_safe
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """The account's connections, and a guest's of this browser; stopped ones stay as receipts."""
    return render(
        request,
        "authorizations/connections.html",
        {
            "connections": access.authorizations_of(request),
            "account": access.customer_of(request),
        },
    )


@require_safe
@never_cache
def stopped(request: HttpRequest, uid: str) -> HttpResponseBase:
    """The receipt: when sharing ended, what became of the data, and whether the utility knows."""
    authorization = access.get_authorization_for(request, uid)
    if authorization.can_be_stopped() or authorization.merged_into:
        return redirect("usage", authorization.uid)
    context = {
        "authorization": authorization,
        "happened": timeline.customers_timeline(authorization),
    }
    return render(request, "authorizations/stopped.html", context)


@require_POST
@never_cache
def renew(request: HttpRequest, uid: str) -> HttpResponseBase:
    """To the page about sharing, by a link that renews this authorization; its owner's only."""
    authorization = access.get_authorization_for(request, uid)
    if not access.is_owner(request, authorization) or not authorization.can_be_renewed():
        raise Http404
    return redirect("share", renewal.customers_link(authorization).code)


@require_safe
@never_cache
def handed_back(request: HttpRequest, uid: str) -> HttpResponseBase:
    """Connected: on to the company's own page, by itself unless the link says to stay."""
    authorization = access.get_authorization_for(request, uid)
    attempt = returning.attempt_of(authorization)
    address = returning.address_back(attempt, authorization_uid=uid) if attempt else ""
    if attempt is None or not address or not access.is_owner(request, authorization):
        return redirect("usage", authorization.uid)
    context = {
        "authorization": authorization,
        "address": address,
        "host": returning.host_of(address),
        "goes_by_itself": not attempt.stays_here,
    }
    with translation.override(attempt.language or "en"):
        return render(request, "authorizations/handed_back.html", context)


@require_safe
@never_cache
def consent(request: HttpRequest, uid: str) -> HttpResponse:
    """What was agreed to, as a text to keep; each time, if there was more than one."""
    records = _consents(request, uid)
    context = {"records": records, "uid": uid}
    response = render(request, "authorizations/consent.txt", context, "text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="consent-{uid}.txt"'
    return response


@require_safe
@never_cache
def consent_json(request: HttpRequest, uid: str) -> HttpResponse:
    """The same for a program."""
    response = JsonResponse({"consents": [one.as_json() for one in _consents(request, uid)]})
    response.headers["Content-Disposition"] = f'attachment; filename="consent-{uid}.json"'
    return response


def _consents(request: HttpRequest, uid: str) -> list[ConsentRecord]:
    """The records of an authorization of whoever asks; 404 where there is none."""
    authorization = access.get_authorization_for(request, uid)
    records = list(authorization.consent_records.select_related("authorization"))
    if not records:
        raise Http404
    return records
