"""With whom a customer shares, and how to share less or nothing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from greenbutton.espi import scope as scopes
from utilities.sandbox.consenting.terms import Terms, TermsError, granted_words, until_of
from utilities.sandbox.models import Clock, Grant, Registration, UtilityAccount
from utilities.sandbox.programmes import Programme
from utilities.sandbox.views.consenting.choices import (
    as_posted,
    choices,
    chosen_services,
    everything,
)
from utilities.sandbox.views.my import visit
from utilities.sandbox.views.pages import page

# The newest.
MOST_OF_A_TEST_ACCOUNT = 100
MOST_COMPANIES = 20


@require_safe
@never_cache
def show_all(request: HttpRequest, programme: Programme) -> HttpResponse:
    """Every company that has access, and those that had; for a stranger the way in."""
    account = visit.customer(request, programme)
    if account is None:
        return page(request, "my_door", programme)
    now = Clock.now()
    grants = account.grants.select_related("registration").order_by("-created_at", "-id")
    is_active = Q(revoked_at=None) & (Q(until=None) | Q(until__gt=now))
    # A customer sees all that they can stop; a test account belongs to everybody who tests.
    most = MOST_OF_A_TEST_ACCOUNT if account.is_test else None
    return page(
        request,
        "my_authorizations",
        programme,
        account=account,
        active=grants.filter(is_active)[:most],
        ended=grants.exclude(is_active)[:most],
        companies=_to_start_with(account, grants.filter(is_active)),
    )


def _to_start_with(account: UtilityAccount, active: QuerySet[Grant]) -> QuerySet[Registration]:
    """The companies that a customer can begin to share with from here, and who has a grant already.

    Those in sandbox status can have test accounts only, and whatever a program registered is not
    listed until it was reviewed: just the public ones are.
    """
    listed = Registration.objects.filter(utility=account.utility, removed_at=None)
    listed = listed.exclude(scope_selection_uri="").order_by("company_name", "id")
    listed = listed.annotate(has_grant=Exists(active.filter(registration=OuterRef("pk"))))
    live = Q(status=Registration.Status.LIVE)
    return listed.filter(live | Q(is_public=True) if account.is_test else live)[:MOST_COMPANIES]


@require_safe
@visit.customers_only
def show(
    request: HttpRequest, programme: Programme, account: UtilityAccount, uid: str
) -> HttpResponse:
    """One of them: the receipt of what was agreed to."""
    grant = _grant(account, uid)
    return page(
        request,
        "my_authorization",
        programme,
        account=account,
        grant=grant,
        company=grant.registration,
        services=grant.services.all(),
        words=granted_words(grant.granted),
    )


@require_safe
@visit.customers_only
def change(
    request: HttpRequest, programme: Programme, account: UtilityAccount, uid: str
) -> HttpResponse:
    """What is shared now, ready to be narrowed."""
    grant = _grant(account, uid)
    if not grant.is_active:
        return _go_to(grant)
    return _form(request, grant, everything(_terms(grant), grant.services.all()))


@visit.customers_only
def narrow(
    request: HttpRequest, programme: Programme, account: UtilityAccount, uid: str
) -> HttpResponse:
    """Share what was chosen, which is the same or less."""
    grant = _grant(account, uid)
    if request.method != "POST" or not grant.is_active:
        return _go_to(grant)
    try:
        changed = _narrow(grant, request)
    except TermsError as e:
        return _form(request, grant, as_posted(request), error=e, status=422)
    company = grant.registration.company_name
    if changed:
        messages.success(request, f"Saved. {company} sees no more than this from now on.")
    else:
        messages.info(request, f"Nothing was changed. {company} sees what it saw before.")
    return _go_to(grant)


@visit.customers_only
def revoke(
    request: HttpRequest, programme: Programme, account: UtilityAccount, uid: str
) -> HttpResponse:
    """Share nothing any more."""
    grant = _grant(account, uid)
    if request.method == "POST" and grant.is_active:
        grant.revoke(Grant.Party.CUSTOMER)
        company = grant.registration.company_name
        messages.success(request, f"You have stopped sharing with {company}.")
    return _go_to(grant)


def _grant(account: UtilityAccount, uid: str) -> Grant:
    """The customer's own; 404 for everybody else's."""
    grant = account.grants.select_related("registration").filter(uid=uid).first()
    if grant is None:
        raise Http404
    return grant


def _go_to(grant: Grant) -> HttpResponse:
    return redirect("my-authorization", programme=grant.registration.programme, uid=grant.uid)


def _terms(grant: Grant) -> Terms:
    """What was granted is now the most that may be."""
    most = grant.granted
    if grant.until is None:
        # A request that does not say when it ends means some years; a grant means never.
        most = most.with_option(scopes.END_DATE, "0")
    return Terms(most, grant.registration.programme.zone)


@transaction.atomic
def _narrow(grant: Grant, request: HttpRequest) -> bool:
    """Whether anything is less now. Raises TermsError for more than there is."""
    # Compared with what is granted at this moment: another tab may have narrowed it meanwhile.
    locked = Grant.objects.select_for_update().get(id=grant.id)
    if not locked.is_active:
        return False
    terms = _terms(locked)
    services = chosen_services(locked.services.all(), request.POST.getlist("service"))
    choice = terms.read(
        request.POST.getlist("data"),
        request.POST.get("history", ""),
        request.POST.get("until", ""),
    )
    scope = terms.granted(choice, services)
    if scope == locked.scope and len(services) == locked.services.count():
        return False
    locked.narrow(scope, services, until_of(choice))
    return True


def _form(
    request: HttpRequest,
    grant: Grant,
    chosen: dict[str, Any],
    *,
    error: TermsError | None = None,
    status: int = 200,
) -> HttpResponse:
    grant.refresh_from_db()
    return page(
        request,
        "my_change",
        grant.registration.programme,
        status,
        account=grant.account,
        grant=grant,
        company=grant.registration,
        chosen=chosen,
        error=error,
        **choices(_terms(grant), grant.services.all()),
    )
