"""Notices (FB 39) that a utility posts to a visit: kept to be looked at, and never followed."""

from __future__ import annotations

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from authorizations import guards
from authorizations.at_utility.notices import match, named_in
from authorizations.models import Notification
from greenbutton.espi import EspiError
from portal.demo_site import hearing
from portal.demo_site.models import NOTICES_KEPT, Notice, PublicNotice, Visit
from portal.demo_site.views.access import of_the_demo, public_client, visit_of

# Hundreds of addresses; a storm fills no more than NOTICES_KEPT times this.
BODY_MAX = 32 * 1024


@require_safe
@of_the_demo
def show(request: HttpRequest, uid: str) -> HttpResponse:
    """The notices of a visit, for a page that asks now and then; 204 while there is no new one."""
    visit = visit_of(request, uid)
    context = listed(visit)
    if request.GET.get("known") == context["known"]:
        return HttpResponse(status=204)
    return render(request, "demo_site/_notices.html", {"visit": visit, **context})


def listed(visit: Visit) -> dict[str, object]:
    """What the list of notices is drawn from. By `known` a page says which of them it shows."""
    notices = hearing.heard(visit)
    known = f"{len(notices)}-{notices[0].at.timestamp()}" if notices else "0"
    return {"notices": notices, "known": known, "notify_url": hearing.notify_url(visit)}


@csrf_exempt  # no cookie opens this address
@require_POST
@of_the_demo
def receive(request: HttpRequest, code: str) -> HttpResponse:
    """Take a notice and say yes at once, as a third party should."""
    visit = Visit.objects.open().filter(notify_code=code).first()
    if visit is None:
        raise Http404
    if _is_too_large(request):
        return HttpResponse(status=413)
    if not guards.allow_demo_notice(visit.uid):
        return _later(429, "3600")
    body = request.body
    with transaction.atomic():
        Notice.objects.create(
            visit=visit,
            content_type=request.headers.get("Content-Type", "")[:100],
            size=len(body),
            body=body.decode("utf-8", "replace").replace("\0", "\ufffd"),
        )
        newest = visit.notices.values_list("pk", flat=True)[:NOTICES_KEPT]
        visit.notices.exclude(pk__in=list(newest)).delete()
    return HttpResponse()


@csrf_exempt  # no cookie opens this address
@require_POST
@of_the_demo
def receive_public(request: HttpRequest, client_id: str) -> HttpResponse:
    """Take a notice to a public client: for whoever tries it here, and for our own customers."""
    client = public_client(client_id)
    if _is_too_large(request):
        return HttpResponse(status=413)
    if not guards.allow_public_demo_notice(client.client_id, guards.address_of(request)):
        return _later(429, "3600")
    try:
        named = named_in(request.body)
    except EspiError:
        # Whatever it holds, it has arrived; a custodian would only send it again.
        return HttpResponse()
    # A registration has one notify address, and this one's customers are the portal's own, too.
    is_ours = bool(match(client.utility, named).found)
    if is_ours and not Notification.remember(client.utility, request.body):
        return _later(503, "60")
    PublicNotice.keep(client, named)
    return HttpResponse()


def _is_too_large(request: HttpRequest) -> bool:
    length = request.headers.get("Content-Length", "")
    return not length.isdecimal() or int(length) > BODY_MAX


def _later(status: int, seconds: str) -> HttpResponse:
    return HttpResponse(status=status, headers={"Retry-After": seconds})
