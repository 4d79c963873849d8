"""Reading whatever the API has, and looking at what was said."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from authorizations import guards
from portal.demo_site import masking, steps
from portal.demo_site.addresses import in_explorer
from portal.demo_site.forms import FITTING, ExploreForm
from portal.demo_site.models import Conversation, Visit
from portal.demo_site.pretty import pretty
from portal.demo_site.turns import NoTurnError, turn
from portal.demo_site.views.access import of_the_demo, too_many, visit_of
from portal.demo_site.views.flow import busy, workbench
from utilities.client import UtilityError

logger = logging.getLogger(__name__)

BASIC = '-u "$CLIENT_ID:$CLIENT_SECRET"'
BEARER = '-H "Authorization: Bearer $TOKEN"'
# Of an answer, those that say what to do next; the others are a click away.
TELLING_HEADERS = ("content-type", "retry-after", "www-authenticate", "location")
# What the platform means by them where a resource was asked for.
MEANINGS = {
    202: "Too large to answer at once: the utility prepares it, and wants to be asked again later.",
    400: "The utility does not understand the request: most often a parameter.",
    401: "The utility does not take the token: it is missing, unknown or expired.",
    403: "The token is good, but it does not open this address: it may be of another class, or the "
    "customer does not share this.",
    404: "There is nothing at this address, or nothing of this consent’s.",
    429: "That was more often than the utility allows.",
    500: "Something went wrong at the utility.",
    503: "The utility is being maintained.",
    504: "The utility could not put the document together in time.",
}


@require_POST
@of_the_demo
def read(request: HttpRequest, uid: str) -> HttpResponseBase:
    """Ask for an address with the chosen token, and show question and answer."""
    visit = visit_of(request, uid)
    form = ExploreForm(visit.utility, request.POST)
    if not form.is_valid():
        return workbench(request, visit, explore=form, status=422)
    if not guards.allow_demo_request(visit.uid):
        return too_many(request)
    given = form.cleaned_data
    try:
        with turn():
            kept = steps.explore(visit, given["address"], given["token"], form.query)
    except NoTurnError:
        return busy(request, visit, form)
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
    sent, received = words["sent"], words["received"]
    headers = {name.lower(): (name, value) for name, value in received["headers"]}
    body, was_shortened = pretty(received["body"], headers.get("content-type", ("", ""))[1])
    is_of_explorer = said.step == Conversation.Step.EXPLORE
    context = {
        "visit": visit,
        "talk": said,
        "part": "explore" if is_of_explorer else "tokens",
        "again": in_explorer(visit, sent["url"]) if is_of_explorer else "",
        "means": MEANINGS.get(said.status or 0, "") if is_of_explorer else "",
        "sent": sent,
        "received": received,
        "telling": [headers[name] for name in TELLING_HEADERS if name in headers],
        "body": body,
        "was_shortened": was_shortened or received["was_cut"],
        "parsed": _with_links(visit, said.parsed),
        "fitting": FITTING,
        "curl": _curl(said.method, sent),
    }
    return render(request, "demo_site/talk.html", context)


def _with_links(visit: Visit, parsed: dict[str, Any] | None) -> dict[str, Any] | None:
    """What was read, each entry with its links and whether the explorer reads them."""
    for entry in parsed["entries"] if parsed else []:
        named = [("self", entry["self"])] if entry["self"] else []
        named += [("related", href) for href in entry["links"]]
        entry["named"] = [(rel, href, bool(in_explorer(visit, href))) for rel, href in named]
    return parsed


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
