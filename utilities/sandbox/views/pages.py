"""What every page of the sandbox shares: the brand around it, the customer's place in the flow."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from utilities.sandbox.faults.scenarios import can_visit
from utilities.sandbox.models import ConsentRequest, UtilityAccount, digest
from utilities.sandbox.programmes import Programme
from utilities.sandbox.views.my import visit

BROWSER = "browser"
View = Callable[[HttpRequest, ConsentRequest], HttpResponse]
FIND, PROVE, CHOOSE = "Find your account", "Confirm that it is you", "Choose what to share"
SIGN_IN, SEE = "Sign in", "See what you share"


def page(
    request: HttpRequest,
    template: str,
    programme: Programme,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """A page in the utility's brand."""
    context |= {"programme": programme}
    return render(request, f"sandbox/{template}.html", context, status=status)


def flow_page(
    request: HttpRequest,
    template: str,
    asking: ConsentRequest,
    step: str,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """A page on the way to a consent, which says where on the way it is."""
    programme = asking.programme
    find = SIGN_IN if programme.asks_for_password else FIND
    step = find if step == FIND else step
    steps = [find, PROVE] if programme.sends_passcodes else [find]
    steps.append(CHOOSE if asking.registration else SEE)
    context |= {
        "asking": asking,
        "company": asking.registration,
        "step": step,
        "steps": [(name, steps.index(name) < steps.index(step)) for name in steps],
        "step_number": steps.index(step) + 1,
    }
    return page(request, template, programme, status, **context)


def browser_of(request: HttpRequest) -> str:
    """The digest of what tells this browser from others, for as long as its session lasts."""
    if BROWSER not in request.session:
        request.session[BROWSER] = secrets.token_urlsafe(16)
    return digest(request.session[BROWSER])


def in_flow(view: View) -> Callable[[HttpRequest, Programme, str], HttpResponse]:
    """Give the view this browser's request that waits for an answer; explain if there is none."""

    @never_cache
    @wraps(view)
    def inner(request: HttpRequest, programme: Programme, uid: str) -> HttpResponse:
        asking = (
            ConsentRequest.waiting()
            .select_related("registration", "account")
            .filter(uid=uid, browser=browser_of(request), utility=programme.slug)
            .first()
        )
        if asking is None:
            return page(request, "expired", programme, status=404)
        response = view(request, asking)
        let_forms_lead_to(response, asking.redirect_uri)
        return response

    return inner


def posted_only(back_to: str) -> Callable[[View], View]:
    """A view for POST; whoever comes by GET, as by a reload, is taken to the page with the form."""

    def decorate(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, asking: ConsentRequest) -> HttpResponse:
            if request.method != "POST":
                return go_to(back_to, asking)
            return view(request, asking)

        return inner

    return decorate


def go_to(name: str, asking: ConsentRequest) -> HttpResponse:
    """To another page of the same request."""
    return redirect(name, programme=asking.programme, uid=asking.uid)


def let_forms_lead_to(response: HttpResponse, redirect_uri: str) -> None:
    """Name the company in the page's policy: form-action also rules the redirect after a POST."""
    if redirect_uri:
        parts = urlsplit(redirect_uri)
        origin = f"{parts.scheme}://{parts.netloc}"
        # What django-csp's decorator sets, which takes only what is known when the code is read.
        response._csp_update = {"form-action": [origin]}  # type: ignore[attr-defined]  # django-csp's


def admit(request: HttpRequest, asking: ConsentRequest, account: UtilityAccount) -> HttpResponse:
    """The customer proved who they are: on to the consent, unless the company is not live yet.

    Where no company asks, on to what the customer shares.
    """
    if asking.registration is None and can_visit(account):
        asking.answer()
        visit.begin(request, account)
        return redirect("my-authorizations", programme=asking.programme)
    if asking.registration and not asking.registration.may_serve(account):
        return not_served(request, asking)
    # A session id that somebody else put into this browser must not reach the consent.
    request.session.cycle_key()
    asking.authenticated(account)
    return go_to("consent", asking)


def not_served(request: HttpRequest, asking: ConsentRequest) -> HttpResponse:
    """The company may not have this customer's data, at least not now."""
    return flow_page(request, "not_live", asking, CHOOSE, status=403)
