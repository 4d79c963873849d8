"""What to share: the customer's decision, and where it leads."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from utilities.sandbox.consenting.agreement import agree
from utilities.sandbox.consenting.terms import Choice, Terms, TermsError, granted_words
from utilities.sandbox.faults.scenarios import breakdown_of
from utilities.sandbox.models import (
    AuthorizationCode,
    ConsentRequest,
    Grant,
    Registration,
    Service,
)
from utilities.sandbox.oauth.authorization_response import return_address
from utilities.sandbox.programmes import Programme
from utilities.sandbox.views.consenting.breakdown import breakdown_page
from utilities.sandbox.views.consenting.choices import (
    as_posted,
    choices,
    chosen_services,
    everything,
)
from utilities.sandbox.views.pages import (
    CHOOSE,
    flow_page,
    go_to,
    in_flow,
    not_served,
    page,
    posted_only,
)

RECEIPTS = "receipts"


@require_safe
@in_flow
def show(request: HttpRequest, asking: ConsentRequest) -> HttpResponse:
    """Everything that is asked for, ready to be narrowed."""
    if asking.authenticated_at is None:
        return go_to("authenticate", asking)
    if breakdown := breakdown_of(asking.account):
        return breakdown_page(request, asking, breakdown)
    assert asking.account
    if not asking.company.may_serve(asking.account):
        return not_served(request, asking)
    terms = Terms(asking.asked, asking.programme.zone)
    chosen = everything(terms, _services(asking))
    return _form(request, asking, terms, chosen)


@in_flow
@posted_only("consent")
def decide(request: HttpRequest, asking: ConsentRequest) -> HttpResponse:
    """Allow or deny. Deny always works; allow only what was asked, or less."""
    if asking.authenticated_at is None:
        return go_to("authenticate", asking)
    if request.POST.get("decision") != "allow":
        return _refuse(request, asking)
    if breakdown := breakdown_of(asking.account):
        return breakdown_page(request, asking, breakdown)
    terms = Terms(asking.asked, asking.programme.zone)
    try:
        services = chosen_services(_services(asking), request.POST.getlist("service"))
        choice = terms.read(
            request.POST.getlist("data"),
            request.POST.get("history", ""),
            request.POST.get("until", ""),
        )
    except TermsError as e:
        return _form(request, asking, terms, as_posted(request), error=e, status=422)
    return _allow(request, asking, terms, choice, services)


@in_flow
@posted_only("authenticate")
def cancel(request: HttpRequest, asking: ConsentRequest) -> HttpResponse:
    """No, from any page of the flow."""
    return _refuse(request, asking)


@require_safe
@never_cache
def receipt(request: HttpRequest, programme: Programme, uid: str) -> HttpResponse:
    """What was agreed to, where the company named no address of its own to return to."""
    if uid not in request.session.get(RECEIPTS, []):
        raise Http404
    grant = Grant.objects.filter(uid=uid, registration__utility=programme.slug).first()
    if grant is None:
        raise Http404
    return page(
        request,
        "receipt",
        programme,
        grant=grant,
        company=grant.registration,
        services=grant.services.all(),
        words=granted_words(grant.granted),
    )


def _services(asking: ConsentRequest) -> list[Service]:
    assert asking.account
    return list(asking.account.services.all())


def _form(
    request: HttpRequest,
    asking: ConsentRequest,
    terms: Terms,
    chosen: dict[str, Any],
    *,
    error: TermsError | None = None,
    status: int = 200,
) -> HttpResponse:
    return flow_page(
        request,
        "consent",
        asking,
        CHOOSE,
        status,
        chosen=chosen,
        error=error,
        **choices(terms, _services(asking)),
    )


def _allow(
    request: HttpRequest,
    asking: ConsentRequest,
    terms: Terms,
    choice: Choice,
    services: list[Service],
) -> HttpResponse:
    assert asking.account
    with transaction.atomic():
        # As it is now, and stays until this is stored: while the customer read the page, the
        # utility may have revoked the company, or the company may have gone back to sandbox.
        company = Registration.objects.select_for_update(no_key=True).get(pk=asking.company.pk)
        if not company.may_serve(asking.account):
            return not_served(request, asking)
        if not asking.answer():
            return page(request, "expired", asking.programme, status=404)
        grant = agree(company, asking.account, terms, choice, services)
    if not asking.redirect_uri:
        request.session[RECEIPTS] = [*request.session.get(RECEIPTS, []), grant.uid]
        return redirect("receipt", programme=asking.programme, uid=grant.uid)
    code = AuthorizationCode.issue(
        grant, redirect_uri=asking.redirect_uri, code_challenge=asking.code_challenge
    )
    return HttpResponseRedirect(return_address(asking, code=code))


def _refuse(request: HttpRequest, asking: ConsentRequest) -> HttpResponse:
    asking.answer()
    if asking.registration is None:
        return redirect("landing", programme=asking.programme)
    if not asking.redirect_uri:
        return page(request, "refused", asking.programme, company=asking.registration)
    error, says = "access_denied", "The customer did not allow access."
    # Who was only looked up, and has proved nothing, is told nothing about the account.
    if asking.authenticated_at and (breakdown := breakdown_of(asking.account)):
        error, says = breakdown.error, breakdown.description
    return HttpResponseRedirect(return_address(asking, error=error, error_description=says))
