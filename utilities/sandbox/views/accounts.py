"""Signing in: for companies, and for the staff who review them."""

from __future__ import annotations

from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from utilities.sandbox import guards
from utilities.sandbox.access import safe_next, user_of, works_for
from utilities.sandbox.programmes import Programme
from utilities.sandbox.views.pages import page

# A working day.
SIGNED_IN_SECONDS = 8 * 3600
WRONG = "This e-mail address and password do not belong together. Please check both."
TOO_OFTEN = "That was tried very often. Please wait a quarter of an hour, then try again."


@require_safe
@never_cache
def sign_in(request: HttpRequest, programme: Programme) -> HttpResponse:
    """The form."""
    onward = safe_next(request, request.GET.get("next", ""), "")
    if (user := user_of(request)) is not None:
        return redirect(onward or _home_of(user, programme))
    return page(request, "sign_in", programme, next=onward)


@require_POST
@never_cache
@sensitive_post_parameters("password")
def check(request: HttpRequest, programme: Programme) -> HttpResponse:
    """Let them in, or say that it was wrong, but not which of the two."""
    email = request.POST.get("email", "").strip().lower()[:254]
    onward = safe_next(request, request.POST.get("next", ""), "")
    if not guards.allow_sign_in(request, email):
        problem, status = TOO_OFTEN, 429
    else:
        user = _known(request, email, request.POST.get("password", ""))
        if user is not None:
            let_in(request, user)
            return redirect(onward or _home_of(user, programme))
        problem, status = WRONG, 422
    return page(
        request, "sign_in", programme, status=status, next=onward, email=email, problem=problem
    )


@require_POST
@never_cache
def sign_out(request: HttpRequest, programme: Programme) -> HttpResponse:
    """Forget who this browser is."""
    logout(request)
    return redirect("landing", programme)


def let_in(request: HttpRequest, user: User) -> None:
    """Sign in for a working day, in a session that nobody could have prepared."""
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    request.session.set_expiry(SIGNED_IN_SECONDS)


def _known(request: HttpRequest, email: str, password: str) -> User | None:
    if "\0" in email or "\0" in password or len(password) > 200:
        return None
    user = authenticate(request, username=email, password=password)
    return user if isinstance(user, User) else None


def _home_of(user: User, programme: Programme) -> str:
    """Staff go to their list, companies to theirs."""
    return reverse("review" if works_for(user, programme) else "registrations", args=[programme])
