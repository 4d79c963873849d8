"""Step 2 of a look-up, before the passcode: where to send it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from utilities.sandbox import rate_limits
from utilities.sandbox.authenticating import contacts, passcodes
from utilities.sandbox.authenticating.passcodes import NotSentError
from utilities.sandbox.models import ConsentRequest
from utilities.sandbox.views.authenticating.finding import NotFoundError
from utilities.sandbox.views.pages import PROVE, flow_page, go_to, in_flow, posted_only


@require_safe
@in_flow
def show(request: HttpRequest, asking: ConsentRequest) -> HttpResponse:
    """The contacts on file, masked: whoever looked the customer up need not be the customer."""
    if asking.authenticated_at is not None:
        return go_to("consent", asking)
    if not _is_open(asking):
        return go_to("authenticate", asking)
    return _form(request, asking)


@in_flow
@posted_only("contact")
def send(request: HttpRequest, asking: ConsentRequest) -> HttpResponse:
    """Send the passcode to the one that the customer picked."""
    if not _is_open(asking):
        return go_to("authenticate", asking)
    picked = request.POST.get("contact", "")
    contact = next((each for each in contacts.choices(asking) if each.kind == picked), None)
    try:
        if contact is None:
            raise NotFoundError("no_contact", "Please choose where we may send the passcode.")
        passcodes.send(asking, contact, rate_limits.address_of(request))
    except (NotFoundError, NotSentError) as e:
        return _form(request, asking, e)
    return go_to("passcode", asking)


def _is_open(asking: ConsentRequest) -> bool:
    """Whether somebody was looked up to whom a passcode is still to be sent."""
    looked_up = asking.account is not None and asking.authenticated_at is None
    return looked_up and not passcodes.is_shown(asking)


def _form(
    request: HttpRequest,
    asking: ConsentRequest,
    error: NotFoundError | NotSentError | None = None,
) -> HttpResponse:
    status = error.status if error else 200
    possible = contacts.choices(asking)
    return flow_page(request, "contact", asking, PROVE, status, contacts=possible, error=error)
