"""The page of a utility that cannot let its customer decide."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from utilities.sandbox.faults.scenarios import RETRY_AFTER, Breakdown
from utilities.sandbox.models import ConsentRequest
from utilities.sandbox.views.pages import page


def breakdown_page(
    request: HttpRequest, asking: ConsentRequest, breakdown: Breakdown
) -> HttpResponse:
    """What is wrong, and the way back to the company."""
    response = page(
        request,
        "breakdown",
        asking.programme,
        breakdown.status,
        asking=asking,
        company=asking.registration,
        breakdown=breakdown,
    )
    if breakdown.status == 503:
        response["Retry-After"] = RETRY_AFTER
    return response
