"""The customers' door: an e-mail address, the code that was sent to it, and the way out."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from authorizations import guards
from authorizations.access import (
    authorizations_of,
    browser_of,
    customer_of,
    is_guest,
    known_browser,
    path_on_this_site,
)
from authorizations.customers import accounts, addresses
from authorizations.links.parameters import with_query
from authorizations.models import CODE_LIFETIME, EmailCode


@require_safe
@never_cache
def show(request: HttpRequest) -> HttpResponseBase:
    """The form that takes the address."""
    next_path = path_on_this_site(request.GET.get("next", ""))
    if customer_of(request) is not None:
        return redirect(next_path or "account")
    return _form(request, next_path)


@require_POST
@never_cache
def send(request: HttpRequest) -> HttpResponseBase:
    """Send a code; the same page follows whoever has the address, and if nobody has."""
    next_path = path_on_this_site(request.POST.get("next", ""))
    typed = request.POST.get("email", "")
    try:
        address = addresses.read(typed)
        return too_often(request, address) or send_code(request, address, next_path=next_path)
    except ValidationError as e:
        return _form(request, next_path, typed=typed, problem=e.messages[0], status=422)
    except accounts.MailNotSentError as e:
        return _form(request, next_path, typed=typed, problem=e.to_customer, status=e.status)


@require_safe
@never_cache
def code(request: HttpRequest) -> HttpResponse:
    """The form that takes the code."""
    return _code_page(request)


@require_POST
@never_cache
def again(request: HttpRequest) -> HttpResponseBase:
    """Send another code to the same address; the one before it no longer works."""
    browser = known_browser(request)
    try:
        if refused := too_often(request, accounts.awaited(browser).address):
            return refused
        accounts.ask_again(browser)
    except accounts.AccountError as e:
        return _code_page(request, e)
    messages.info(request, "We sent another code. The one before it no longer works.")
    return redirect("code")


@require_POST
@never_cache
def prove(request: HttpRequest) -> HttpResponseBase:
    """Take the code: the customer is signed in, and has what is theirs."""
    try:
        proved = accounts.prove(request, request.POST.get("code", ""))
    except accounts.AccountError as e:
        return _code_page(request, e)
    if proved.changed_address:
        messages.success(request, "From now on you sign in with this address.")
        return redirect("account")
    next_path = proved.next_path or reverse("connections")
    response = accounts.sign_in(request, proved.user, next_path)
    if request.user.is_authenticated:  # else a second factor comes first
        messages.success(request, _welcome(proved))
    return response


@require_POST
@never_cache
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """End the session; what is in the account can no longer be seen here."""
    get_adapter().logout(request)
    messages.info(request, "You are signed out.")
    return redirect("home")


def too_often(request: HttpRequest, address: str) -> HttpResponse | None:
    """The page that says so, where codes were asked for too often."""
    if guards.allow_code(guards.address_of(request), address):
        return None
    page = render(request, "429.html", status=429)
    page.headers["Retry-After"] = "3600"
    return page


def send_code(
    request: HttpRequest,
    address: str,
    *,
    account: User | None = None,
    is_offered: bool = False,
    next_path: str = "",
) -> HttpResponseBase:
    """Send a code and lead to the page that takes it; raises MailNotSentError.

    Whoever calls has asked `too_often`.
    """
    accounts.ask_code(
        browser_of(request),
        address,
        account=account,
        is_offered=is_offered,
        next_path=next_path,
    )
    return redirect("code")


def _welcome(proved: accounts.Proved) -> str:
    if proved.is_new:
        return "Your account is ready. On any device, sign in with your address."
    if proved.claimed:
        return "You are signed in, and what was shared with this address is in your account."
    return "You are signed in."


def _form(
    request: HttpRequest, next_path: str, *, typed: str = "", problem: str = "", status: int = 200
) -> HttpResponse:
    context = {"next": next_path, "typed": typed, "problem": problem}
    return render(request, "authorizations/sign_in.html", context, status=status)


def _typed_at(request: HttpRequest, waiting: EmailCode) -> str:
    """The page on which the address was typed, and another one can be."""
    if waiting.account_id is not None:
        return reverse("account-address")
    for authorization in authorizations_of(request):
        is_its_own = waiting.next_path == reverse("usage", args=[authorization.uid])
        if is_its_own and is_guest(request, authorization) and authorization.can_be_stopped():
            return reverse("come-back", args=[authorization.uid])
    asked_for = {"next": waiting.next_path} if waiting.next_path else {}
    return with_query(reverse("sign-in"), asked_for)


def _code_page(request: HttpRequest, error: accounts.AccountError | None = None) -> HttpResponse:
    waiting = EmailCode.awaited_by(known_browser(request))
    if waiting is None:
        error = error or accounts.CodeOverError()
        over = {"problem": error.to_customer}
        return render(request, "authorizations/code_over.html", over, status=error.status)
    context: dict[str, object] = {
        "typed_at": _typed_at(request, waiting),
        "address": addresses.masked(waiting.address) if waiting.is_offered else waiting.address,
        "minutes": CODE_LIFETIME.seconds // 60,
        "problem": error.to_customer if error else "",
    }
    status = error.status if error else 200
    return render(request, "authorizations/code.html", context, status=status)
