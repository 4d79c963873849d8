"""A visit's way through OAuth, one step at a time, each with what was really said."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from authorizations import guards
from authorizations.access import known_browser
from greenbutton.espi import scope as espi_scope
from portal.demo_site import masking, steps
from portal.demo_site.addresses import groups, redirect_uri
from portal.demo_site.forms import QUERY, TOKEN_CHOICES, AskForm, ExploreForm
from portal.demo_site.models import Conversation, Visit
from portal.demo_site.turns import AGAIN_SECONDS, NoTurnError, turn
from portal.demo_site.views.access import of_the_demo, too_many, visit_of
from portal.demo_site.views.notices import listed
from utilities.client import UtilityError

logger = logging.getLogger(__name__)

# What the platform's documentation asks for, and notices (FB 39), so that there are some to see.
USUAL_SCOPE = "FB=4_16_39_51"


@require_safe
@of_the_demo
def show(request: HttpRequest, uid: str) -> HttpResponse:
    """The workbench: every step with its state, and the explorer."""
    visit = visit_of(request, uid)
    chosen = {name: request.GET.get(name, "").replace("\0", "") for name in ("address", *QUERY)}
    return workbench(request, visit, explore=ExploreForm(visit.utility, initial=chosen))


def workbench(
    request: HttpRequest,
    visit: Visit,
    *,
    ask: AskForm | None = None,
    explore: ExploreForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of a visit, with the form that was refused, if one was."""
    initial = {"scope": visit.asked_scope or USUAL_SCOPE}
    explore = explore or ExploreForm(visit.utility)
    context = {
        "visit": visit,
        "ask": ask or AskForm(visit.utility, initial=initial),
        "explore": explore,
        "has_query": any(explore[name].value() for name in QUERY),
        "groups": groups(visit),
        "tokens": TOKEN_CHOICES,
        "redirect_uri": redirect_uri(),
        "parts": masking.parts_of(visit.authorize_url) if visit.authorize_url else [],
        "granted": _in_words(visit.granted_scope),
        "talks": visit.conversations.all(),
        **listed(visit),
    }
    return render(request, "demo_site/visit.html", context, status=status)


def busy(
    request: HttpRequest, visit: Visit, explore: ExploreForm | None = None
) -> HttpResponseBase:
    """The page of a visit where nothing could be asked, since others are waiting for answers."""
    says = "Other visitors are waiting for their answers, so nothing was asked. Please press again."
    messages.warning(request, says)
    page = workbench(request, visit, explore=explore, status=503)
    page.headers["Retry-After"] = str(AGAIN_SECONDS)
    return page


@require_POST
@of_the_demo
@sensitive_post_parameters("value")
def ask(request: HttpRequest, uid: str) -> HttpResponseBase:
    """Make the authorize URL, and show it by its parts before anybody follows it."""
    visit = visit_of(request, uid)
    form = AskForm(visit.utility, request.POST)
    if not form.is_valid():
        return workbench(request, visit, ask=form, status=422)
    try:
        visit.ask(form.cleaned_data["asked"], redirect_uri())
    except UtilityError as e:
        messages.error(request, e.to_customer)
    return _back(visit, "ask")


@require_safe
@of_the_demo
def callback(request: HttpRequest) -> HttpResponseBase:
    """Where the utility sends the customer back to; the code is traded by a button, not here."""
    params = request.GET
    repeated = any(len(values) > 1 for _, values in params.lists())
    visit = None if repeated else Visit.spend(params.get("state", ""), known_browser(request))
    if visit is None:
        return render(request, "demo_site/unexpected.html", status=400)
    if not visit.utility.may_have_answered(params.get("iss")):
        messages.error(request, "The answer names another issuer (iss), so it was not taken.")
        return _back(visit, "back")
    code = params.get("code", "")
    # A NUL is no character that can be kept.
    brought = {
        name.replace("\0", "")[:64]: _shown(name, str(value).replace("\0", ""))
        for name, value in params.items()
    }
    visit.came_back(brought, "" if "error" in params or "\0" in code else code)
    return _back(visit, "back")


@require_POST
@of_the_demo
def trade(request: HttpRequest, uid: str) -> HttpResponseBase:
    """Trade the code for tokens."""
    return _step(request, uid, lambda visit: steps.trade(visit, redirect_uri()), "tokens")


@require_POST
@of_the_demo
def refresh(request: HttpRequest, uid: str) -> HttpResponseBase:
    """Get new tokens."""
    return _step(request, uid, steps.refresh, "tokens")


@require_POST
@of_the_demo
def client_token(request: HttpRequest, uid: str) -> HttpResponseBase:
    """Get a token of our own."""
    return _step(request, uid, steps.client_token, "tokens")


@require_POST
@of_the_demo
def revoke(request: HttpRequest, uid: str) -> HttpResponseBase:
    """End the grant at the utility."""
    return _step(request, uid, steps.revoke, "tokens")


@require_POST
@of_the_demo
def forget(request: HttpRequest, uid: str) -> HttpResponseBase:
    """Delete the visit with all that was pasted, said and read."""
    visit_of(request, uid).forget()
    messages.success(request, "Everything of this visit is deleted: secrets, tokens and data.")
    return redirect("demo-site")


def _step(
    request: HttpRequest, uid: str, take: Callable[[Visit], Conversation | None], part: str
) -> HttpResponseBase:
    """Take a step and show what was said, also where it failed."""
    visit = visit_of(request, uid)
    if not guards.allow_demo_request(visit.uid):
        return too_many(request)
    try:
        with turn():
            kept = take(visit)
    except NoTurnError:
        return busy(request, visit)
    except UtilityError as e:
        logger.info("demo site: %s", e.to_log)
        messages.warning(request, f"It did not work. {e.to_customer}")
        kept = visit.conversations.first()
    return redirect("demo-talk", visit.uid, kept.number) if kept else _back(visit, part)


def _back(visit: Visit, part: str) -> HttpResponseBase:
    return redirect(f"{reverse('demo-visit', args=[visit.uid])}#{part}")


def _shown(name: str, value: str) -> str:
    """A parameter of the callback; what opens something is masked."""
    return masking.masked(value) if name in {"code", "state"} else value[:500]


def _in_words(scope: str) -> list[str]:
    return espi_scope.parse(scope).describe(granted=True) if scope else []
