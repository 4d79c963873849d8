"""Notices (FB 39) that a utility posts to a visit: kept to be looked at, and never followed."""

from __future__ import annotations

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from authorizations import guards
from portal.demo_site.models import NOTICES_KEPT, Notice, Visit
from portal.demo_site.views.access import of_the_demo

# Hundreds of addresses; a storm fills no more than NOTICES_KEPT times this.
BODY_MAX = 32 * 1024


@csrf_exempt  # no cookie opens this address
@require_POST
@of_the_demo
def receive(request: HttpRequest, code: str) -> HttpResponse:
    """Take a notice and say yes at once, as a third party should."""
    visit = Visit.objects.open().filter(notify_code=code).first()
    if visit is None:
        raise Http404
    length = request.headers.get("Content-Length", "")
    if not length.isdecimal() or int(length) > BODY_MAX:
        return HttpResponse(status=413)
    if not guards.allow_demo_notice(visit.uid):
        return HttpResponse(status=429, headers={"Retry-After": "3600"})
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
