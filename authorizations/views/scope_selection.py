"""The page to which a utility sends its customers who begin there."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from authorizations import flows
from authorizations.connecting import scope_selection
from authorizations.connecting.consent_text import ConsentText, consent_text, unsign_shown
from authorizations.connecting.scope_selection import Choice, SelectionError
from authorizations.views.connect import allow_redirects_to, set_out, told
from authorizations.views.language import in_browsers_language
from greenbutton.espi.scope import Scope
from utilities.models import Client, Utility


@require_safe
@never_cache
@in_browsers_language
def show(request: HttpRequest, slug: str) -> HttpResponseBase:
    """What the utility offers, in words. Looking begins nothing, whoever sent the customer."""
    utility = _utility(slug)
    try:
        client = flows.client_of(utility)
        choices = scope_selection.choices(client, request.GET)
    except flows.ConnectError as e:
        return told(request, utility, e)
    except SelectionError as e:
        return _refused(request, utility, e)
    return _page(request, client, choices)


@require_POST
@never_cache
@in_browsers_language
def start(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Go on to the utility's authorize page with what was chosen, and a state of this browser."""
    utility = _utility(slug)
    try:
        client = flows.client_of(utility)
        scope = scope_selection.chosen(client, request.POST.get("scope", ""))
    except flows.ConnectError as e:
        return told(request, utility, e)
    except SelectionError as e:
        return _refused(request, utility, e)
    shown = unsign_shown(request.POST.get("shown", ""), consent_text_of(client, scope))
    if shown is None:
        choice = Choice(request.POST["scope"], scope)
        return _page(request, client, [choice], is_again=True)
    return set_out(request, utility, scope=scope, shown=shown)


def consent_text_of(client: Client, scope: Scope) -> ConsentText:
    """What the page says of one choice."""
    return consent_text(client.company_name, client.utility.name, scope)


def _page(
    request: HttpRequest, client: Client, choices: list[Choice], *, is_again: bool = False
) -> HttpResponse:
    context = {
        "utility": client.utility,
        "client": client,
        "choices": [(one, consent_text_of(client, one.scope)) for one in choices],
        "is_again": is_again,
    }
    template, status = "authorizations/scope_selection.html", 409 if is_again else 200
    page = render(request, template, context, status=status)
    return allow_redirects_to(page, client.utility)


def _refused(request: HttpRequest, utility: Utility, error: SelectionError) -> HttpResponse:
    back = gettext("Please go back to %(utility)s.") % {"utility": utility.name}
    context = {"utility": utility, "sentence": f"{error} {back}"}
    return render(request, "authorizations/not_connected.html", context, status=400)


def _utility(slug: str) -> Utility:
    return get_object_or_404(Utility.objects.enabled(), slug=slug)
