"""Step 2 of a look-up: the one-time passcode."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from utilities.sandbox import rate_limits
from utilities.sandbox.authenticating import contacts, passcodes
from utilities.sandbox.authenticating.passcodes import NotSentError
from utilities.sandbox.models import ConsentRequest, OneTimeCode, WrongTries
from utilities.sandbox.views.authenticating.finding import NotFoundError, locked
from utilities.sandbox.views.pages import PROVE, admit, flow_page, go_to, in_flow, posted_only

EXPIRED = NotFoundError(
    "passcode_expired", "This passcode has expired. Please let us send you a new one."
)
WRONG = NotFoundError(
    "wrong_passcode", "That is not the passcode. Please check the six digits and try again."
)


@require_safe
@in_flow
def show(request: HttpRequest, asking: ConsentRequest) -> HttpResponse:
    """Where the passcode went, and the field for it."""
    if asking.authenticated_at is not None:
        return go_to("consent", asking)
    passcode = _latest(asking)
    if passcode is None:
        return go_to("authenticate", asking)
    return _form(request, asking, passcode, EXPIRED if passcode.is_spent else None)


@in_flow
@posted_only("passcode")
def check(request: HttpRequest, asking: ConsentRequest) -> HttpResponse:
    """Let in whoever has the code."""
    passcode = _latest(asking)
    if passcode is None:
        return go_to("authenticate", asking)
    account, tried = passcode.account, _tried(passcode)
    if WrongTries.is_locked(account.utility, tried):
        return _form(request, asking, passcode, locked())
    if passcode.is_spent:
        return _form(request, asking, passcode, EXPIRED)
    if not account.is_test and not WrongTries.add(account.utility, tried):
        return _form(request, asking, passcode, locked())
    if not passcode.try_with("".join(request.POST.get("passcode", "").split())):
        return _form(request, asking, passcode, WRONG)
    WrongTries.forget(account.utility, tried)
    return admit(request, asking, account)


@in_flow
@posted_only("passcode")
def again(request: HttpRequest, asking: ConsentRequest) -> HttpResponse:
    """Another passcode to the same contact; the one before stops working: the latest counts."""
    passcode = _latest(asking)
    if passcode is None:
        return go_to("authenticate", asking)
    if passcodes.is_shown(asking):
        passcodes.show(asking)
        return go_to("passcode", asking)
    if WrongTries.is_locked(passcode.account.utility, _tried(passcode)):
        return _form(request, asking, passcode, locked())
    same = [each for each in contacts.choices(asking) if each.kind == passcode.sent_by]
    if not same:
        return go_to("contact", asking)
    try:
        passcodes.send(asking, same[0], rate_limits.address_of(request))
    except NotSentError as e:
        return _form(request, asking, passcode, e)
    return go_to("passcode", asking)


def _tried(passcode: OneTimeCode) -> str:
    return f"passcode:{passcode.account.account_key}"


def _latest(asking: ConsentRequest) -> OneTimeCode | None:
    """The passcode that counts: the latest for the customer who was looked up last."""
    if asking.account is None or asking.authenticated_at is not None:
        return None
    return asking.passcodes.filter(account=asking.account).select_related("account").first()


def _form(
    request: HttpRequest,
    asking: ConsentRequest,
    passcode: OneTimeCode,
    error: NotFoundError | NotSentError | None,
) -> HttpResponse:
    status = error.status if error and request.method == "POST" else 200
    return flow_page(
        request,
        "passcode",
        asking,
        PROVE,
        status,
        passcode=passcode,
        # The tester's own contact, or the only one on file, leaves nothing to choose.
        has_choice=not passcode.is_shown and len(contacts.choices(asking)) > 1,
        error=error,
    )
