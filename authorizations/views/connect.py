"""Choosing a utility, setting out for it, and coming back."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from authorizations import accounts, flows, guards, prefill
from authorizations.access import browser_of, known_browser
from authorizations.models import ShareLink
from greenbutton.espi.scope import Authentication
from utilities.models import Utility

logger = logging.getLogger(__name__)


@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """The utilities that a customer can connect."""
    return render(request, "authorizations/choose.html", {"utilities": Utility.objects.enabled()})


@require_safe
@never_cache
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """What will be shared with this company, and the button that sets out."""
    return _utility_page(request, _utility(slug), None)


@require_POST
@never_cache
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """The same page with the authorize URL as the prefill makes it; nothing of it is kept."""
    utility = _utility(slug)
    try:
        chosen = _prefill(request, utility)
    except ValidationError as e:
        return _utility_page(request, utility, None, problem=e.messages[0], status=422)
    return _utility_page(request, utility, chosen, show_address=True)


@require_POST
@never_cache
def start(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send the customer to the utility."""
    utility = _utility(slug)
    try:
        chosen = _prefill(request, utility)
    except ValidationError as e:
        return _utility_page(request, utility, None, problem=e.messages[0], status=422)
    return set_out(request, utility, chosen=chosen)


def set_out(
    request: HttpRequest,
    utility: Utility,
    *,
    link: ShareLink | None = None,
    chosen: Authentication | None = None,
) -> HttpResponseBase:
    """Begin, and redirect to the utility; too many attempts get a page that says so."""
    browser = browser_of(request)
    if not guards.allow_connect(browser, guards.address_of(request)):
        page = render(request, "429.html", status=429)
        page.headers["Retry-After"] = "3600"
        return page
    try:
        return redirect(flows.begin(browser, utility, link=link, chosen=chosen))
    except flows.ConnectError as e:
        return told(request, utility, e)


@require_safe
@never_cache
def callback(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Where the utility sends the customer back to. No login: customers are guests first."""
    utility = _utility(slug)
    try:
        authorization = flows.complete(known_browser(request), utility, request.GET)
    except flows.ConnectDenied as e:
        logger.info("connect %s: declined: %s", utility.slug, e.to_log)
        messages.info(request, e.to_customer)
        return _back_to_start(e)
    except flows.ConnectError as e:
        return told(request, utility, e)
    accounts.keep_for_signed_in(request, authorization)
    messages.success(request, f"{utility.name} is connected. Your readings are on their way.")
    return redirect("usage", authorization.uid)


def told(request: HttpRequest, utility: Utility, error: flows.ConnectError) -> HttpResponse:
    """The page that says what happened and what to do next."""
    logger.warning("connect %s: %s", utility.slug, error.to_log)
    return render(
        request,
        "authorizations/not_connected.html",
        {"utility": utility, "sentence": error.to_customer},
        status=error.status,
    )


def allow_redirects_to(response: HttpResponse, utility: Utility) -> HttpResponse:
    """Let the page's form lead to the utility: form-action holds for redirects after a POST, too.

    All its origins, since its authorize address may pass the browser on to its sign-in pages.
    """
    authorize = urlsplit(utility.authorize_url)
    origins = dict.fromkeys([f"{authorize.scheme}://{authorize.netloc}", *utility.origins])
    # What django-csp's decorator sets, which takes only what is known when the code is read.
    response._csp_update = {"form-action": list(origins)}  # type: ignore[attr-defined]  # django-csp's
    return response


def _utility(slug: str) -> Utility:
    return get_object_or_404(Utility.objects.enabled(), slug=slug)


def _prefill(request: HttpRequest, utility: Utility) -> Authentication | None:
    return prefill.read(utility, request.POST.get("type", ""), request.POST.get("value", ""))


def _utility_page(
    request: HttpRequest,
    utility: Utility,
    chosen: Authentication | None,
    *,
    problem: str = "",
    show_address: bool = False,
    status: int = 200,
) -> HttpResponse:
    try:
        client = flows.client_of(utility)
    except flows.ConnectError as e:
        return told(request, utility, e)
    context = {
        "utility": utility,
        "client": client,
        "shared": flows.asked_scope(client).describe(),
        "typed": {name: request.POST.get(name, "") for name in ("type", "value")},
        "problem": problem,
        "authorize_url": flows.preview(client, chosen),
        "show_address": show_address,
    }
    page = render(request, "authorizations/connect.html", context, status=status)
    return allow_redirects_to(page, utility)


def _back_to_start(denied: flows.ConnectDenied) -> HttpResponseBase:
    """Where the customer came from: the link, if there was one that is still open."""
    link = denied.attempt.share_link
    if link is not None and link.is_open():
        return redirect("share", link.code)
    return redirect("connect-utility", denied.attempt.client.utility.slug)
