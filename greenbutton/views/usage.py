"""What a customer sees of the collected data, and of the collecting while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRefresh
from django_htmx.middleware import HtmxDetails

from authorizations.access import get_authorization_for, is_owner, may_stop
from authorizations.models import Authorization
from authorizations.timeline import customers_timeline
from authorizations.views.coming_back import keeping_of
from greenbutton.display.accounts import accounts_of
from greenbutton.display.bills import bills_of
from greenbutton.display.charts import Theme, chart_json
from greenbutton.display.found import found_in
from greenbutton.display.meters import TOGETHER
from greenbutton.display.progress import (
    as_of,
    has_readings,
    progress_of,
    recut_failed,
    recut_lately,
)
from greenbutton.display.selection import Selection, selection_of
from greenbutton.display.standing import standings_of
from greenbutton.display.units import number
from greenbutton.display.usage import Chart, chart_of
from greenbutton.espi import scope
from greenbutton.zones import choices, label_of

BILLS_SHOWN = 6


class HtmxHttpRequest(HttpRequest):
    htmx: HtmxDetails


@require_safe
@never_cache
@csp_update(settings.CHART_CONTENT_SECURITY_POLICY)  # type: ignore[arg-type]  # its types forget a view's arguments
def show(request: HttpRequest, uid: str) -> HttpResponseBase:
    """The charts, figures and bills of one authorization."""
    authorization = get_authorization_for(request, uid)
    if authorization.merged_into is not None:
        return redirect("usage", authorization.merged_into.uid)
    if not authorization.can_be_stopped():
        return redirect("stopped", authorization.uid)
    drawn = energy(authorization, request.GET)
    services = drawn["selection"].services if drawn["selection"] else []
    context = {
        "authorization": authorization,
        "utility": authorization.utility,
        "progress": progress_of(authorization),
        "as_of": as_of(authorization),
        "granted": granted(authorization),
        "left_out": authorization.granted_less_than_asked(),
        "may_stop": may_stop(request, authorization),
        "may_renew": authorization.can_be_renewed() and is_owner(request, authorization),
        "keeping": keeping_of(request, authorization),
        "accounts": accounts_of(authorization),
        "happened": customers_timeline(authorization),
        "meters": standings_of(authorization, services, settings.COMPANY_NAME),
        **drawn,
        **files(authorization, drawn["selection"]),
    }
    return render(request, "greenbutton/usage.html", context)


@require_safe
@never_cache
def progress(request: HtmxHttpRequest, uid: str) -> HttpResponse:
    """The progress panel; once there is something new to draw, the page is told to load again."""
    authorization = get_authorization_for(request, uid)
    state = progress_of(authorization)
    drew_nothing = request.GET.get("drawn") == "nothing"
    if request.htmx and (state.is_over or (drew_nothing and has_readings(authorization))):
        return HttpResponseClientRefresh()
    context = {"authorization": authorization, "utility": authorization.utility, "progress": state}
    return render(request, "greenbutton/_progress.html", {**context, "drew_nothing": drew_nothing})


@require_safe
@never_cache
def chart(request: HttpRequest, uid: str) -> HttpResponseBase:
    """The chart that the same query shows on the page, for Bokeh to embed."""
    authorization = get_authorization_for(request, uid)
    if authorization.merged_into is not None:
        here = reverse("usage-chart", args=[authorization.merged_into.uid])
        return redirect(f"{here}?{request.GET.urlencode()}")
    selection = selection_of(authorization, request.GET)
    if selection is None or selection.meter is None or selection.period is None:
        raise Http404
    drawn = chart_of(authorization, selection.meter, selection.period)
    theme: Theme = "dark" if request.GET.get("theme") == "dark" else "light"
    return JsonResponse(chart_json(selection, drawn, theme))


def energy(authorization: Authorization, asked: Mapping[str, str]) -> dict[str, Any]:
    """The part of the page that shows data, in the template's words."""
    selection = selection_of(authorization, asked)
    if selection is None:
        return {"selection": None, "drew_nothing": True}
    meter, period = selection.meter, selection.period
    place = meter.place if meter else TOGETHER
    bills = bills_of(selection.service, place, authorization.zone)
    drawn = chart_of(authorization, meter, period) if meter and period else None
    return {
        "selection": selection,
        "drew_nothing": meter is None,
        "chart": drawn,
        "rows": rows_of(selection, drawn) if drawn else [],
        "bills": bills[:BILLS_SHOWN],
        "older_bills": bills[BILLS_SHOWN:],
        "has_several_meters": len({bill.meter for bill in bills}) > 1,
    }


def files(authorization: Authorization, selection: Selection | None) -> dict[str, Any]:
    """The part of the page that tells of files, and asks for their time zone."""
    if not authorization.is_from_file():
        return {}
    return {
        "files": found_in(authorization, selection.services if selection else []),
        "recut_failed": recut_failed(authorization),
        "recut_lately": recut_lately(authorization),
        "zone": authorization.zone.key,
        "zone_label": label_of(authorization.zone.key),
        "zone_choices": choices(authorization.zone.key),
    }


def rows_of(selection: Selection, drawn: Chart) -> list[dict[str, Any]]:
    """The chart as a table: what was measured, a bar a row, each with a way into it."""
    return [
        {
            "label": bar.slot.label,
            "query": selection.opening(bar.slot),
            # Their unit stands over them.
            "numbers": [one if one is None else number(one.value) for one in bar.quantities],
            "money": bar.money,
        }
        for bar in drawn.bars
        if any(bar.tallies)
    ]


def granted(authorization: Authorization) -> list[str]:
    """What the customer shares, in words; nothing for what came from a file."""
    if not authorization.scope:
        return []
    return scope.parse(authorization.scope).describe(granted=True)
