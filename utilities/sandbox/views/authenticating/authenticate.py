"""Step 1: who the customer is, by one of the ways that the utility offers."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, QueryDict
from django.views.decorators.http import require_safe

from utilities.sandbox import rate_limits
from utilities.sandbox.authenticating import contacts, passcodes, prefill
from utilities.sandbox.authenticating.passcodes import NotSentError
from utilities.sandbox.models import ConsentRequest
from utilities.sandbox.programmes import Programme, Way
from utilities.sandbox.views.authenticating import last_bill, lookup, test_account, username
from utilities.sandbox.views.authenticating.finding import Found, NotFoundError, not_found
from utilities.sandbox.views.pages import FIND, admit, flow_page, go_to, in_flow, posted_only
from utilities.sandbox.views.single_sign_on.utility import leave_for_provider

FINDERS: dict[str, Callable[[Programme, Way, QueryDict], Found]] = {
    "lastbill": last_bill.find,
    "test": test_account.find,
    "username": username.find,
    "account": lookup.find,
    "phone": lookup.find,
    "email": lookup.find,
    "address": lookup.find,
}
TOO_MANY_LOOKUPS = NotFoundError(
    "too_many_lookups",
    "There were too many tries from your network. Please wait an hour, then try again.",
    429,
)


@require_safe
@in_flow
def show(request: HttpRequest, asking: ConsentRequest) -> HttpResponse:
    """The form, as the company filled it in."""
    filled = prefill.Prefill(asking.programme.default_way)
    if asking.registration:
        filled = prefill.read(asking.programme, asking.asked)
    error = not_found(filled.way) if filled.names_nobody else None
    return _form(request, asking, {"type": filled.way.type, "value": filled.value}, error)


@in_flow
@posted_only("authenticate")
def check(request: HttpRequest, asking: ConsentRequest) -> HttpResponse:
    """Find the customer; on to the passcode or to the consent."""
    programme, typed = asking.programme, request.POST.dict()
    way = programme.way(request.POST.get("type", ""))
    if way is None:
        error = NotFoundError("incomplete", "Please choose how we can find your account.")
        return _form(request, asking, typed | {"type": programme.default_way.type}, error)
    if way.type == "sso":
        return leave_for_provider(request, asking, request.POST.get("value", ""))
    if not _may_try(request, programme, way):
        return _form(request, asking, typed, TOO_MANY_LOOKUPS)
    try:
        found = FINDERS[way.type](programme, way, request.POST)
        if not found.needs_passcode:
            return admit(request, asking, found.account)
        asking.found(found.account, found.contact.value if found.contact else "")
        return _prove(request, asking)
    except (NotFoundError, NotSentError) as e:
        return _form(request, asking, typed, e)


def _may_try(request: HttpRequest, programme: Programme, way: Way) -> bool:
    """Look-ups are limited, for they say who is on file; test identifiers are not."""
    return (
        not way.is_lookup
        or lookup.is_test(programme, way, request.POST.get("value", ""))
        or rate_limits.allow_lookup(request)
    )


def _prove(request: HttpRequest, asking: ConsentRequest) -> HttpResponse:
    """Show a passcode, send it, or ask first where to; raises NotSentError."""
    if passcodes.is_shown(asking):
        passcodes.show(asking)
        return go_to("passcode", asking)
    possible = contacts.choices(asking)
    if len(possible) > 1:
        return go_to("contact", asking)
    passcodes.send(asking, possible[0], rate_limits.address_of(request))
    return go_to("passcode", asking)


def _form(
    request: HttpRequest,
    asking: ConsentRequest,
    typed: dict[str, str],
    error: NotFoundError | NotSentError | None = None,
) -> HttpResponse:
    # A page that opens with a prefill's error was asked for by GET, and is there.
    status = error.status if error and request.method == "POST" else 200
    return flow_page(request, "authenticate", asking, FIND, status, typed=typed, error=error)
