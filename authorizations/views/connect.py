"""Choosing a utility, setting out for it, and coming back."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from authorizations import flows, guards
from authorizations.access import browser_of, known_browser
from authorizations.connecting import finding, prefill, returning
from authorizations.connecting.consent_text import Shown, consent_text, unsign_shown
from authorizations.customers import accounts
from authorizations.links import parameters as link_parameters
from authorizations.links.parameters import LinkParameters, ParameterError, with_query
from authorizations.models import Authorization, ShareLink
from authorizations.views.language import in_browsers_language
from authorizations.views.link_page import parameters_of, refused
from greenbutton.espi.scope import Authentication, Scope
from utilities.models import Utility

logger = logging.getLogger(__name__)


@require_safe
@never_cache
@in_browsers_language
def choose(request: HttpRequest) -> HttpResponseBase:
    """The utilities that a customer can connect, or those that they look for."""
    try:
        parameters = parameters_of(request)
    except ParameterError as e:
        return refused(request, e)
    carried = parameters.without_utility()
    if named := parameters.chosen_utility():
        return redirect(with_query(_page_of(named), carried))
    found = finding.find(request.GET.get("q", ""))
    choices = [(utility, with_query(_page_of(utility), carried)) for utility in found.utilities]
    context = {
        "found": found,
        "choices": choices,
        "carried": carried,
        "everything": with_query(request.path, carried),
    }
    return render(request, "authorizations/choose.html", context)


@require_safe
@never_cache
@in_browsers_language
def show(request: HttpRequest, slug: str) -> HttpResponseBase:
    """What will be shared with this company, and the button that sets out."""
    utility = _utility(slug)
    try:
        parameters = parameters_of(request)
    except ParameterError as e:
        return refused(request, e)
    named = parameters.chosen_utility()
    if named is not None and named != utility:
        return redirect(with_query(_page_of(named), parameters.without_utility()))
    return _utility_page(request, utility, parameters)


@require_POST
@never_cache
@in_browsers_language
def preview(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The same page with the authorize URL as the prefill makes it; nothing of it is kept."""
    utility = _utility(slug)
    try:
        parameters = parameters_of(request)
        chosen = _prefill(request, utility)
    except ParameterError as e:
        return refused(request, e)
    except ValidationError as e:
        return _utility_page(request, utility, parameters, problem=e.messages[0])
    return _utility_page(request, utility, parameters, chosen, show_address=True)


@require_POST
@never_cache
@in_browsers_language
def start(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send the customer to the utility, if they saw what is asked for."""
    utility = _utility(slug)
    try:
        parameters = parameters_of(request)
        chosen = _prefill(request, utility)
        client = flows.client_of(utility)
    except ParameterError as e:
        return refused(request, e)
    except ValidationError as e:
        return _utility_page(request, utility, parameters, problem=e.messages[0])
    except flows.ConnectError as e:
        return told(request, utility, e)
    text = consent_text(client.company_name, utility.name, flows.asked_scope(client))
    shown = unsign_shown(request.POST.get("shown", ""), text)
    if shown is None:
        return _utility_page(request, utility, parameters, is_again=True)
    return set_out(request, utility, chosen=chosen, shown=shown, parameters=parameters)


def set_out(
    request: HttpRequest,
    utility: Utility,
    *,
    link: ShareLink | None = None,
    chosen: Authentication | None = None,
    scope: Scope | None = None,
    shown: Shown | None = None,
    parameters: LinkParameters = link_parameters.NONE,
) -> HttpResponseBase:
    """Begin, and redirect to the utility; too many attempts get a page that says so."""
    browser = browser_of(request)
    if not guards.allow_connect(browser, guards.address_of(request)):
        page = render(request, "429.html", status=429)
        page.headers["Retry-After"] = "3600"
        return page
    try:
        address = flows.begin(
            browser,
            utility,
            link=link,
            chosen=chosen,
            scope=scope,
            shown=shown,
            parameters=parameters,
        )
    except flows.ConnectError as e:
        return told(request, utility, e)
    return redirect(address)


@require_safe
@never_cache
@in_browsers_language
def callback(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Where the utility sends the customer back to. No login: customers are guests first."""
    # Also one that is offered no longer: it was asked when it was, and the consent stands there.
    utility = get_object_or_404(Utility, slug=slug)
    try:
        authorization = flows.complete(known_browser(request), utility, request.GET)
    except flows.ConnectDenied as e:
        logger.info("connect %s: declined: %s", utility.slug, e.to_log)
        return _declined(request, e)
    except flows.ConnectError as e:
        return told(request, utility, e)
    accounts.keep_for_signed_in(request, authorization)
    return _onward(request, authorization)


def _onward(request: HttpRequest, authorization: Authorization) -> HttpResponseBase:
    """To the readings, or by a page of ours to the company's own."""
    attempt = returning.attempt_of(authorization)
    if attempt is not None and returning.address_back(attempt):
        return redirect("connection-return", authorization.uid)
    name = authorization.source_name
    messages.success(request, f"{name} is connected. Your readings are on their way.")
    return redirect("usage", authorization.uid)


def _declined(request: HttpRequest, denied: flows.ConnectDenied) -> HttpResponseBase:
    """To the company's own page, else to where the customer came from."""
    if address := returning.address_back(denied.attempt, error=denied.code):
        with translation.override(denied.attempt.language or "en"):
            context = {
                "address": address,
                "host": returning.host_of(address),
                "goes_by_itself": not denied.attempt.stays_here,
            }
            return render(request, "authorizations/handed_back.html", context)
    messages.info(request, denied.to_customer)
    link = denied.attempt.share_link
    if link is None or not link.is_open():
        return redirect("connect-utility", denied.attempt.client.utility.slug)
    return redirect("share", link.code)


def told(request: HttpRequest, utility: Utility, error: flows.ConnectError) -> HttpResponse:
    """The page that says what happened and what to do next."""
    logger.warning("connect %s: %s", utility.slug, error.to_log)
    attempt, template = error.attempt, "authorizations/not_connected.html"
    back = returning.address_back(attempt, error=error.code) if attempt else ""
    context = {
        "utility": utility,
        "sentence": error.to_customer,
        "back": back,
        "host": returning.host_of(back),
    }
    with translation.override((attempt and attempt.language) or translation.get_language()):
        return render(request, template, context, status=error.status)


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


def _page_of(utility: Utility) -> str:
    return reverse("connect-utility", args=[utility.slug])


def _prefill(request: HttpRequest, utility: Utility) -> Authentication | None:
    return prefill.read(utility, request.POST.get("type", ""), request.POST.get("value", ""))


def _typed(request: HttpRequest, utility: Utility, parameters: LinkParameters) -> dict[str, str]:
    """What the form is filled in with: what was typed, else what the address says."""
    typed = {name: request.POST.get(name, "") for name in ("type", "value")}
    if request.method != "POST" and parameters.email and prefill.takes_email(utility):
        return {"type": "email", "value": parameters.email}
    return typed


def _utility_page(
    request: HttpRequest,
    utility: Utility,
    parameters: LinkParameters,
    chosen: Authentication | None = None,
    *,
    problem: str = "",
    show_address: bool = False,
    is_again: bool = False,
) -> HttpResponse:
    try:
        client = flows.client_of(utility)
        authorize_url = flows.preview(client, chosen)
    except flows.ConnectError as e:
        return told(request, utility, e)
    context = {
        "utility": utility,
        "client": client,
        "consent": consent_text(client.company_name, utility.name, flows.asked_scope(client)),
        "carried": parameters.without_utility(),
        "typed": _typed(request, utility, parameters),
        "problem": problem,
        "is_again": is_again,
        "authorize_url": authorize_url,
        "show_address": show_address,
    }
    status = 409 if is_again else 422 if problem else 200
    page = render(request, "authorizations/connect.html", context, status=status)
    return allow_redirects_to(page, utility)
