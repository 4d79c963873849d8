"""Step 1: who the customer is, by one of the ways that the utility offers."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, QueryDict
from django.views.decorators.http import require_safe

from utilities.sandbox import passcodes, prefill
from utilities.sandbox.models import ConsentRequest
from utilities.sandbox.programmes import Programme, Way
from utilities.sandbox.views.authenticate import last_bill, lookup, test_account
from utilities.sandbox.views.authenticate.finding import Found, NotFoundError, not_found
from utilities.sandbox.views.pages import FIND, admit, flow_page, go_to, in_flow, posted_only

FINDERS: dict[str, Callable[[Programme, Way, QueryDict], Found]] = {
    "lastbill": last_bill.find,
    "test": test_account.find,
    "account": lookup.find,
    "phone": lookup.find,
    "email": lookup.find,
    "address": lookup.find,
}


@require_safe
@in_flow
def show(request: HttpRequest, asking: ConsentRequest) -> HttpResponse:
    """The form, as the company filled it in."""
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
    try:
        found = FINDERS[way.type](programme, way, request.POST)
        if not found.needs_passcode:
            return admit(request, asking, found.account)
        asking.found(found.account)
        passcodes.send(asking, found.account, found.contact)
    except NotFoundError as e:
        return _form(request, asking, typed, e)
    except passcodes.TooManyCodesError:
        return _form(request, asking, typed, too_many_codes())
    return go_to("passcode", asking)


def too_many_codes() -> NotFoundError:
    """An account gets only so many passcodes."""
    return NotFoundError(
        "too_many_codes",
        "We have sent you several passcodes already. Please wait 15 minutes, then try again.",
        429,
    )


def _form(
    request: HttpRequest,
    asking: ConsentRequest,
    typed: dict[str, str],
    error: NotFoundError | None = None,
) -> HttpResponse:
    # A page that opens with a prefill's error was asked for by GET, and is there.
    status = error.status if error and request.method == "POST" else 200
    return flow_page(request, "authenticate", asking, FIND, status, typed=typed, error=error)
