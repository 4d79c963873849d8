"""Reading whatever the API has, and looking at what was said."""

from __future__ import annotations

import logging

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from authorizations import guards
from portal.demo_site import masking, steps
from portal.demo_site.forms import ExploreForm
from portal.demo_site.pretty import pretty
from portal.demo_site.views.access import of_the_demo, too_many, visit_of
from portal.demo_site.views.flow import workbench
from utilities.client import UtilityError

logger = logging.getLogger(__name__)

BASIC = '-u "$CLIENT_ID:$CLIENT_SECRET"'
BEARER = '-H "Authorization: Bearer $TOKEN"'


@require_POST
@of_the_demo
def read(request: HttpRequest, uid: str) -> HttpResponseBase:
    """Ask for an address with the chosen token, and show question and answer."""
    visit = visit_of(request, uid)
    form = ExploreForm(request.POST)
    if not form.is_valid():
        return workbench(request, visit, explore=form, status=422)
    if not guards.allow_demo_request(visit.uid):
        return too_many(request)
    given = form.cleaned_data
    try:
        kept = steps.explore(visit, given["address"], given["token"], form.query)
    except steps.AddressError as e:
        form.add_error("address", str(e))
        return workbench(request, visit, explore=form, status=422)
    except UtilityError as e:
        logger.info("demo site: %s", e.to_log)
        messages.warning(request, f"Nothing could be asked. {e.to_customer}")
        return workbench(request, visit, explore=form, status=502)
    return redirect("demo-talk", visit.uid, kept.number)


@require_safe
@of_the_demo
def talk(request: HttpRequest, uid: str, number: int) -> HttpResponse:
    """One request with its answer: pretty-printed, and as the reader understood it."""
    visit = visit_of(request, uid)
    said = get_object_or_404(visit.conversations, number=number)
    words = said.words
    received = words["received"]
    types = {name.lower(): value for name, value in received["headers"]}
    body, was_shortened = pretty(received["body"], types.get("content-type", ""))
    context = {
        "visit": visit,
        "talk": said,
        "sent": words["sent"],
        "received": received,
        "body": body,
        "was_shortened": was_shortened or received["was_cut"],
        "parsed": said.parsed,
        "base": visit.utility.resource_url,
        "curl": _curl(said.method, words["sent"]),
    }
    return render(request, "demo_site/talk.html", context)


def _curl(method: str, sent: dict[str, object]) -> str:
    """The same request for a terminal, with variables in the place of secrets.

    An address can be the utility's own, so nothing in it may end the quotes.
    """
    lines = [f"curl -i -X {method} {_quoted(str(sent['url']))}"]
    form, headers = sent["form"], sent["headers"]
    assert isinstance(form, list)
    assert isinstance(headers, list)
    for name, value in headers:
        if name.lower() == "authorization":
            lines.append(BASIC if value.startswith("Basic") else BEARER)
        elif name.lower() == "accept":
            lines.append(f"-H {_quoted(f'Accept: {value}')}")
    for name, value in form:
        is_secret = masking.HIDDEN in value
        pair = f'"{name}=${name.upper()}"' if is_secret else _quoted(f"{name}={value}")
        lines.append(f"--data-urlencode {pair}")
    return " \\\n  ".join(lines)


def _quoted(text: str) -> str:
    """For a shell, to the letter."""
    return "'" + text.replace("'", r"'\''") + "'"
