"""A customer's account: its address, another address, and its end."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from authorizations import access
from authorizations.customers import accounts, addresses
from authorizations.models import Authorization
from authorizations.views.signing_in import send_code, too_often

View = Callable[..., HttpResponseBase]


def for_customers(view: Callable[..., HttpResponseBase]) -> View:
    """Give the view the account that is signed in; who is signed out is sent to sign in."""

    @wraps(view)
    def with_account(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = access.customer_of(request)
        if user is None:
            query = urlencode({"next": reverse("account")})
            return redirect(f"{reverse('sign-in')}?{query}")
        return view(request, user, *args, **kwargs)

    return with_account


@require_safe
@never_cache
@for_customers
def show(request: HttpRequest, user: User) -> HttpResponse:
    """Whose account it is, and what can be done with it."""
    return render(request, "authorizations/account.html", {"account": user})


@require_safe
@never_cache
@for_customers
def address(request: HttpRequest, user: User) -> HttpResponse:
    """The form that takes another address."""
    return _address_form(request, user)


@require_POST
@never_cache
@for_customers
def send_to_address(request: HttpRequest, user: User) -> HttpResponseBase:
    """Send a code to the address that the account is to have."""
    typed = request.POST.get("email", "")
    try:
        wanted = addresses.read(typed)
        return too_often(request, wanted) or send_code(request, wanted, account=user)
    except ValidationError as e:
        return _address_form(request, user, typed, e.messages[0], 422)
    except accounts.MailNotSentError as e:
        return _address_form(request, user, typed, e.to_customer, e.status)


@require_safe
@never_cache
@for_customers
def end(request: HttpRequest, user: User) -> HttpResponse:
    """Two ways to delete the account, each with what becomes of what is shared."""
    shared = Authorization.objects.filter(owner=user).exclude(status=Authorization.Status.REVOKED)
    context = {"account": user, "shared": shared.select_related("utility")}
    return render(request, "authorizations/account_end.html", context)


@require_POST
@never_cache
@for_customers
def stop_and_delete(request: HttpRequest, user: User) -> HttpResponseBase:
    """Stop everything that the account shares, and delete it."""
    return _told(request, accounts.delete(request, user, stop=True))


@require_POST
@never_cache
@for_customers
def keep_and_delete(request: HttpRequest, user: User) -> HttpResponseBase:
    """Delete the account only: what it shares goes on, and is this browser's."""
    return _told(request, accounts.delete(request, user, stop=False))


def _told(request: HttpRequest, ended: accounts.Ended) -> HttpResponseBase:
    for name in ended.unreached:
        messages.warning(
            request,
            f"We could not reach {name} to tell them. We have stopped all the same; you can end "
            "the permission on their pages, too.",
        )
    if ended.kept:
        messages.success(
            request,
            "Your account is deleted. Sharing goes on, and only this browser can see it: stop it "
            "here whenever you like.",
        )
        return redirect("connections")
    stopped = " All sharing has stopped, and the data is being deleted." if ended.stopped else ""
    messages.success(request, f"Your account is deleted.{stopped}")
    return redirect("home")


def _address_form(
    request: HttpRequest, user: User, typed: str = "", problem: str = "", status: int = 200
) -> HttpResponse:
    context = {"account": user, "typed": typed, "problem": problem}
    return render(request, "authorizations/account_address.html", context, status=status)
