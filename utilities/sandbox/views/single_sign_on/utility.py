"""The utility's end of it: the customer sets out for the provider, and comes back."""

from __future__ import annotations

import logging
import secrets

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from utilities.sandbox.models import ConsentRequest
from utilities.sandbox.programmes import Programme
from utilities.sandbox.single_sign_on.provider import Provider
from utilities.sandbox.single_sign_on.relying_party import Attempt, NotSignedInError
from utilities.sandbox.views.pages import (
    FIND,
    admit,
    browser_of,
    flow_page,
    let_forms_lead_to,
    page,
)
from utilities.sandbox.views.single_sign_on.machines import provider_of

logger = logging.getLogger(__name__)
ATTEMPTS = "sign_on_attempts"
# Tabs of one browser.
MOST_ATTEMPTS = 10
LONGEST_HINT = 300


def leave_for_provider(request: HttpRequest, asking: ConsentRequest, hint: str) -> HttpResponse:
    """Send the customer to the provider; the session remembers what was asked of it."""
    attempt = Attempt.start(asking.uid, wants_login=asking.wants_login)
    state = secrets.token_urlsafe(32)
    attempts = [*request.session.get(ATTEMPTS, {}).items(), (state, attempt.as_json())]
    request.session[ATTEMPTS] = dict(attempts[-MOST_ATTEMPTS:])
    hint = hint.replace("\0", "").strip()[:LONGEST_HINT]
    return HttpResponseRedirect(attempt.address(Provider(asking.programme), state, hint))


@require_safe
@never_cache
def callback(request: HttpRequest, programme: Programme) -> HttpResponse:
    """The customer is back.

    1. Spend the state: errors carry it too, so it comes first.
    2. Take no answer that is another provider's (RFC 9207), and stop if this one said no.
    3. Trade the code, check the ID token, and let its customer in.
    """
    provider = provider_of(programme)
    attempt = _spend(request)
    asking = _asking(request, programme, attempt) if attempt else None
    if attempt is None or asking is None:
        return page(request, "expired", programme, status=404)
    try:
        if request.GET.getlist("iss") != [provider.issuer]:
            raise NotSignedInError("The answer is not the provider's.")
        if request.GET.get("error"):
            raise NotSignedInError("The provider let nobody in.")
        account = attempt.customer(provider, request.GET.get("code", ""))
    except NotSignedInError as e:
        logger.info("single sign-on at %s: %s", programme.slug, e)
        account = None
    if account is None:
        response = flow_page(request, "not_signed_in", asking, FIND)
    else:
        response = admit(request, asking, account)
    let_forms_lead_to(response, asking.redirect_uri)
    return response


def _spend(request: HttpRequest) -> Attempt | None:
    """The attempt that this browser began with this state; the same state does not work again."""
    attempts = dict(request.session.get(ATTEMPTS, {}))
    known = attempts.pop(request.GET.get("state", ""), None)
    if known is None:
        return None
    request.session[ATTEMPTS] = attempts
    return Attempt(**known)


def _asking(request: HttpRequest, programme: Programme, attempt: Attempt) -> ConsentRequest | None:
    waiting = ConsentRequest.waiting().select_related("registration", "account")
    return waiting.filter(
        uid=attempt.asking, browser=browser_of(request), utility=programme.slug
    ).first()
