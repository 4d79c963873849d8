"""How a company registers with a utility, on a page."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from utilities.sandbox import rate_limits
from utilities.sandbox.models import Registration
from utilities.sandbox.programmes import Programme
from utilities.sandbox.registering import reviewing
from utilities.sandbox.registering.forms import AcceptTerms, Details, NewAccount
from utilities.sandbox.views.access import user_of
from utilities.sandbox.views.pages import page
from utilities.sandbox.views.registering.accounts import let_in

TOO_OFTEN = "That was tried very often from your network. Please try again in an hour."


@require_safe
@never_cache
def show(request: HttpRequest, programme: Programme) -> HttpResponse:
    """The form; for somebody without an account, one is made along with it."""
    user = user_of(request)
    first = {"default_scope": "FB=4_16_51", "email": user.email if user else ""}
    details = Details(instance=_blank(programme), initial=first)
    return _page(request, programme, details, AcceptTerms(), None if user else NewAccount())


@require_POST
@never_cache
@sensitive_post_parameters("password")
def send(request: HttpRequest, programme: Programme) -> HttpResponse:
    """Register the company, and show what it needs from now on."""
    details = Details(request.POST, instance=_blank(programme))
    terms = AcceptTerms(request.POST)
    account = None if user_of(request) else NewAccount(request.POST)
    # Otherwise the form would tell of any number of e-mail addresses whether they have an account.
    if account is not None and not rate_limits.allow_sign_in(request, _typed_email(request)):
        return _page(request, programme, details, terms, account, status=429, problem=TOO_OFTEN)
    forms = [form for form in (account, details, terms) if form is not None]
    # All of them first, so that each shows its errors.
    valid = [form.is_valid() for form in forms]
    if not all(valid):
        return _page(request, programme, details, terms, account, status=422)
    if not rate_limits.allow_registration(request):
        return _page(request, programme, details, terms, account, status=429, problem=TOO_OFTEN)
    try:
        with transaction.atomic():
            user = user_of(request) or _made(account)
            step = reviewing.register(details.instance, user)
    except IntegrityError:
        assert account is not None
        account.add_error("account_email", "There is an account with this address already.")
        return _page(request, programme, details, terms, account, status=422)
    if account is not None:
        let_in(request, user)
    reviewing.tell(step)
    messages.success(
        request, "You are registered, and in sandbox: the test accounts can share data with you."
    )
    return redirect("registration", programme, step.registration.client_id)


def _typed_email(request: HttpRequest) -> str:
    return request.POST.get("account_email", "").strip().lower()


def _made(account: NewAccount | None) -> User:
    assert account is not None
    return account.make()


def _blank(programme: Programme) -> Registration:
    return Registration(utility=programme.slug, client_id=Registration.new_client_id(programme))


def _page(
    request: HttpRequest,
    programme: Programme,
    details: Details,
    terms: AcceptTerms,
    account: NewAccount | None,
    *,
    status: int = 200,
    problem: str = "",
) -> HttpResponse:
    return page(
        request,
        "register",
        programme,
        status=status,
        details=details,
        terms=terms,
        account=account,
        problem=problem,
    )
