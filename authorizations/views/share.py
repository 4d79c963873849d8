"""Data-share links that staff send to customers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from authorizations import flows
from authorizations.connecting import finding, prefill
from authorizations.connecting.consent_text import ConsentText, consent_text, unsign_shown
from authorizations.links.parameters import NONE, LinkParameters, with_query
from authorizations.models import ShareLink
from authorizations.views.connect import allow_redirects_to, set_out, told
from authorizations.views.link_page import of_link
from utilities.models import Utility


@require_safe
@never_cache
@of_link
def show(request: HttpRequest, link: ShareLink, parameters: LinkParameters) -> HttpResponseBase:
    """Who asks, for what, how far back, for how long, and how to stop."""
    utility = parameters.chosen_utility() or link.utility
    if utility is None:
        return redirect(with_query(reverse("share-choose", args=[link.code]), parameters.fields()))
    return share_page(request, link, utility, parameters)


@require_safe
@never_cache
@of_link
def choose(request: HttpRequest, link: ShareLink, parameters: LinkParameters) -> HttpResponseBase:
    """The utilities to choose from, where the link names none."""
    if link.utility is not None:
        return redirect(with_query(reverse("share", args=[link.code]), parameters.fields()))
    return render(request, "authorizations/choose.html", choices_of(request, link, parameters))


@require_POST
@never_cache
@of_link
def start(request: HttpRequest, link: ShareLink, parameters: LinkParameters) -> HttpResponseBase:
    """Send the customer to the utility with what the link says, if they saw what it says."""
    utility = parameters.chosen_utility() or link.utility
    if utility is None:
        return redirect("share-choose", link.code)
    try:
        text = text_of(link, utility, parameters)
    except flows.ConnectError as e:
        return told(request, utility, e)
    shown = unsign_shown(request.POST.get("shown", ""), text)
    if shown is None:
        return share_page(request, link, utility, parameters, is_again=True)
    return set_out(request, utility, link=link, shown=shown, parameters=parameters)


def text_of(link: ShareLink, utility: Utility, parameters: LinkParameters) -> ConsentText:
    """What the link's page says; raises ConnectUnavailable where nobody can be sent."""
    client = flows.client_of(utility)
    asked = flows.asked_scope(client, link)
    told_there = prefill_words(link, utility, parameters)
    return consent_text(client.company_name, utility.name, asked, told=told_there)


def prefill_words(link: ShareLink, utility: Utility, parameters: LinkParameters) -> str:
    """What the utility will ask for first, and how it is filled in, masked; empty for nothing."""
    chosen = flows.prefill_of(link, utility, parameters.email)
    way = utility.way_label(chosen.type) if chosen else ""
    if chosen is None or not way:
        return ""
    known = {"utility": utility.name, "way": way}
    if not chosen.value:
        return gettext("%(utility)s will ask for: %(way)s.") % known
    known["masked"] = prefill.mask(chosen.type, chosen.value)
    return gettext("%(utility)s will ask for: %(way)s, already filled in as %(masked)s.") % known


def share_page(
    request: HttpRequest,
    link: ShareLink,
    utility: Utility,
    parameters: LinkParameters,
    *,
    is_again: bool = False,
    **more: object,
) -> HttpResponse:
    """The link's page for a utility; `is_again` where its words have changed meanwhile."""
    try:
        text = text_of(link, utility, parameters)
    except flows.ConnectError as e:
        return told(request, utility, e)
    context = {
        "link": link,
        "utility": utility,
        "client": flows.client_of(utility),
        "consent": text,
        "carried": parameters.fields(),
        "choose_address": with_query(
            reverse("share-choose", args=[link.code]), parameters.without_utility()
        ),
        "is_again": is_again,
        **more,
    }
    status = 409 if is_again else 200
    page = render(request, "authorizations/share.html", context, status=status)
    return allow_redirects_to(page, utility)


def preview(request: HttpRequest, link: ShareLink, back: str) -> HttpResponse:
    """The first page of the link, as a customer would see it, leading nowhere but `back`."""
    if link.utility is None:
        context = choices_of(request, link, NONE) | {"is_preview": True, "back": back}
        return render(request, "authorizations/choose.html", context)
    return share_page(request, link, link.utility, NONE, is_preview=True, back=back)


def choices_of(
    request: HttpRequest, link: ShareLink, parameters: LinkParameters
) -> dict[str, object]:
    """What the page to choose at needs, with the way back to the link in each choice."""
    here, carried = reverse("share", args=[link.code]), parameters.without_utility()
    found = finding.find(request.GET.get("q", ""))
    choices = [
        (utility, with_query(here, {**carried, "utility": utility.utility_id}))
        for utility in found.utilities
    ]
    return {
        "found": found,
        "choices": choices,
        "carried": carried,
        "everything": with_query(request.path, carried),
    }
