"""The review of companies by the utility's staff. One URL a verb."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Case, Count, Q, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from utilities.sandbox.models import Registration, ReviewStep
from utilities.sandbox.programmes import Programme
from utilities.sandbox.registering import reviewing
from utilities.sandbox.registering.reviewing import Action
from utilities.sandbox.views.access import reviewed_registration, staff_only
from utilities.sandbox.views.pages import page

Review = Registration.Review
LONGEST_REASON = 500
MAIL_FAILED = "It is done, but the e-mail to the company could not be sent. Please call them."


@require_safe
@staff_only
def index(request: HttpRequest, user: User, programme: Programme) -> HttpResponse:
    """Every company, those that wait on top; narrowed by review and by words."""
    review, words = request.GET.get("review", ""), request.GET.get("q", "").replace("\0", "")[:100]
    companies = Registration.objects.filter(utility=programme.slug, is_public=False)
    counts = dict(companies.values_list("review").annotate(Count("id")))
    if review in Review.values:
        companies = companies.filter(review=review)
    if words:
        companies = companies.filter(
            Q(company_name__icontains=words)
            | Q(client_id__icontains=words)
            | Q(email__icontains=words)
        )
    return page(
        request,
        "review",
        programme,
        companies=companies.alias(
            turn=Case(When(review=Review.WAITING, then=0), default=1)
        ).order_by("turn", "-created_at"),
        choices=[(value, label, counts.get(value, 0)) for value, label in Review.choices],
        # Nobody reviews these, and nobody else can set what goes wrong for them.
        public_clients=Registration.objects.filter(utility=programme.slug, is_public=True),
        total=sum(counts.values()),
        review=review,
        words=words,
    )


@require_safe
@staff_only
def show(request: HttpRequest, user: User, programme: Programme, client_id: str) -> HttpResponse:
    """One company, with its history and what can be done now."""
    return _page(request, reviewed_registration(programme, client_id))


@require_POST
@staff_only
def approve(request: HttpRequest, user: User, programme: Programme, client_id: str) -> HttpResponse:
    """Customers may share data with it."""
    return _decide(request, user, programme, client_id, Action.APPROVED)


@require_POST
@staff_only
def reject(request: HttpRequest, user: User, programme: Programme, client_id: str) -> HttpResponse:
    """Not as it is; it stays in sandbox."""
    return _decide(request, user, programme, client_id, Action.REJECTED)


@require_POST
@staff_only
def hold(request: HttpRequest, user: User, programme: Programme, client_id: str) -> HttpResponse:
    """Nothing, until this is settled."""
    return _decide(request, user, programme, client_id, Action.HELD)


@require_POST
@staff_only
def revoke(request: HttpRequest, user: User, programme: Programme, client_id: str) -> HttpResponse:
    """The end of it, and of every consent."""
    return _decide(request, user, programme, client_id, Action.REVOKED)


@require_POST
@staff_only
def go_live(request: HttpRequest, user: User, programme: Programme, client_id: str) -> HttpResponse:
    """Switch an approved company to live, where that is the utility's to do."""

    def verb(registration: Registration) -> ReviewStep:
        if not programme.switches_to_live:
            raise reviewing.ReviewError("Here, companies switch to live themselves.")
        return reviewing.go_live(registration, user, by_staff=True)

    return _act(request, programme, client_id, verb)


def _decide(
    request: HttpRequest, user: User, programme: Programme, client_id: str, action: Action
) -> HttpResponse:
    reason = " ".join(request.POST.get("reason", "").replace("\0", "").split())[:LONGEST_REASON]
    return _act(
        request,
        programme,
        client_id,
        lambda registration: reviewing.decide(registration, action, user, reason),
    )


def _act(
    request: HttpRequest,
    programme: Programme,
    client_id: str,
    verb: Callable[[Registration], ReviewStep],
) -> HttpResponse:
    registration = reviewed_registration(programme, client_id)
    try:
        step = verb(registration)
    except reviewing.ReviewError as e:
        return _page(request, registration, problem=str(e), status=422)
    if reviewing.tell(step):
        messages.success(request, f"{step.get_action_display()}. The company has been written to.")
    else:
        messages.warning(request, MAIL_FAILED)
    return redirect("review-company", programme, client_id)


def _page(
    request: HttpRequest, registration: Registration, *, problem: str = "", status: int = 200
) -> HttpResponse:
    programme = registration.programme
    possible = {
        action.value: registration.review in possible_from and not registration.is_public
        for action, (_, possible_from) in reviewing.DECISIONS.items()
    }
    in_sandbox = registration.status == Registration.Status.SANDBOX
    return page(
        request,
        "review_company",
        programme,
        status=status,
        registration=registration,
        possible=possible,
        can_be_switched=programme.switches_to_live and registration.may_go_live and in_sandbox,
        grant_count=registration.grants.filter(revoked_at=None).count(),
        steps=registration.steps.select_related("by"),
        problem=problem,
    )
