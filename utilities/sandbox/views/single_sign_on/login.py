"""The provider's login page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from utilities.sandbox.authenticating import passwords
from utilities.sandbox.models import SignOn
from utilities.sandbox.programmes import Programme
from utilities.sandbox.views.authenticating.finding import NotFoundError, locked
from utilities.sandbox.views.pages import browser_of, page
from utilities.sandbox.views.single_sign_on import session
from utilities.sandbox.views.single_sign_on.authorize import send_back
from utilities.sandbox.views.single_sign_on.machines import provider_of

View = Callable[[HttpRequest, Programme, SignOn], HttpResponse]
WRONG = NotFoundError(
    "not_found", "We do not know this user name with this password. Please check both."
)
INCOMPLETE = NotFoundError("incomplete", "Please enter your user name and your password.")


def of_this_browser(view: View) -> Callable[[HttpRequest, Programme, str], HttpResponse]:
    """Give the view the visit that waits for a login in this browser; explain if there is none."""

    @never_cache
    @wraps(view)
    def inner(request: HttpRequest, programme: Programme, uid: str) -> HttpResponse:
        provider_of(programme)
        mine = SignOn.waiting().filter(utility=programme.slug, browser=browser_of(request))
        visit = mine.filter(uid=uid).first()
        if visit is None:
            return page(request, "expired", programme, status=404)
        return view(request, programme, visit)

    return inner


@require_safe
@of_this_browser
def show(request: HttpRequest, programme: Programme, visit: SignOn) -> HttpResponse:
    """User name and password, the name filled in if the utility knew it."""
    return _form(request, programme, visit, visit.login_hint)


@of_this_browser
def check(request: HttpRequest, programme: Programme, visit: SignOn) -> HttpResponse:
    """Sign the customer in, and send them back with a code."""
    if request.method != "POST":
        return redirect("sign-on-login", programme=programme, uid=visit.uid)
    username, password = request.POST.get("username", ""), request.POST.get("password", "")
    if not username.strip() or not password:
        return _form(request, programme, visit, username, INCOMPLETE)
    try:
        account = passwords.sign_in(programme, username, password)
    except passwords.LockedError:
        return _form(request, programme, visit, username, locked())
    if account is None:
        return _form(request, programme, visit, username, WRONG)
    code = visit.signed_in(account, session.begin(request, programme, account))
    return send_back(provider_of(programme), visit, code=code)


@of_this_browser
def cancel(request: HttpRequest, programme: Programme, visit: SignOn) -> HttpResponse:
    """Back to the utility without having signed in."""
    if request.method != "POST":
        return redirect("sign-on-login", programme=programme, uid=visit.uid)
    visit.delete()
    says = "The customer did not sign in."
    return send_back(provider_of(programme), visit, error="access_denied", error_description=says)


def _form(
    request: HttpRequest,
    programme: Programme,
    visit: SignOn,
    username: str,
    error: NotFoundError | None = None,
) -> HttpResponse:
    status = error.status if error else 200
    return page(
        request, "sign_on_login", programme, status, visit=visit, username=username, error=error
    )
