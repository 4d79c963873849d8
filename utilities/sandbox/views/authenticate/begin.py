"""The authorize address (RFC 6749 §4.1.1): who asks, for what, and who the customer may be."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from greenbutton.espi import ScopeError
from greenbutton.espi import scope as scopes
from utilities.sandbox import passcodes, prefill
from utilities.sandbox.models import ConsentRequest, Registration
from utilities.sandbox.programmes import Programme
from utilities.sandbox.terms import Terms
from utilities.sandbox.views.consent import answer_address
from utilities.sandbox.views.pages import admit, browser_of, go_to, page

PARAMETERS = ("response_type", "scope", "state", "code_challenge", "code_challenge_method")
# RFC 7636 §4.2: an SHA-256 in base64url.
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
LONGEST_STATE = 2000


class UnknownCompanyError(Exception):
    """Whoever asks cannot be trusted with a redirect. The text is for the customer."""


class AuthorizeError(Exception):
    """A request that is told to the company by redirect (RFC 6749 §4.1.2.1)."""

    def __init__(self, error: str, says: str) -> None:
        super().__init__(says)
        self.error = error
        self.says = says


@require_safe
@never_cache
def authorize(request: HttpRequest, programme: Programme) -> HttpResponse:
    """Check the request and take the customer to the first page that is needed.

    1. Company and redirect URI: a mistake is shown here and never redirected.
    2. Everything else: a mistake is told to the company.
    3. From here on the request lives in the database; no address carries it any more.
    """
    query = request.GET
    try:
        registration, redirect_uri = _company(programme, query)
    except UnknownCompanyError as e:
        return page(request, "bad_request", programme, status=400, says=str(e))
    try:
        asking = _read(registration, redirect_uri, query)
    except AuthorizeError as e:
        if not redirect_uri:
            return page(request, "bad_request", programme, status=400, says=e.says)
        states = query.getlist("state")
        state = states[0] if len(states) == 1 else None
        return HttpResponseRedirect(
            answer_address(redirect_uri, state, error=e.error, error_description=e.says)
        )
    ConsentRequest.forget_old()
    asking.browser = browser_of(request)
    asking.save()
    return _first_page(request, asking)


def _company(programme: Programme, query: QueryDict) -> tuple[Registration, str]:
    """The registration, and the redirect URI if one is named: exactly as it was registered."""
    ids, uris = query.getlist("client_id"), query.getlist("redirect_uri")
    if len(ids) != 1 or len(uris) > 1 or "\0" in ids[0]:
        raise UnknownCompanyError("The link does not say which company it is from.")
    client = Registration.objects.filter(client_id=ids[0], utility=programme.slug).first()
    if client is None:
        raise UnknownCompanyError(
            f"The company that the link is from is not registered with {programme.name}."
        )
    if not client.is_usable:
        raise UnknownCompanyError(f"{client.company_name} may not ask for data at present.")
    if uris and uris[0] not in client.redirect_uris:
        raise UnknownCompanyError(
            f"The link leads back to an address that {client.company_name} has not registered."
        )
    return client, uris[0] if uris else ""


def _read(registration: Registration, redirect_uri: str, query: QueryDict) -> ConsentRequest:
    for name in PARAMETERS:
        if len(query.getlist(name)) > 1:
            raise AuthorizeError("invalid_request", f"{name} is given more than once.")
    if "response_type" not in query:
        raise AuthorizeError("invalid_request", "response_type is missing.")
    if query["response_type"] != "code":
        raise AuthorizeError("unsupported_response_type", "response_type must be code.")
    state = query.get("state")
    if state is not None and (len(state) > LONGEST_STATE or "\0" in state):
        raise AuthorizeError("invalid_request", "The state is too long or not text.")
    return ConsentRequest(
        registration=registration,
        redirect_uri=redirect_uri,
        state=state or "",
        has_state=state is not None,
        scope=_scope(registration, query.get("scope") or registration.default_scope),
        code_challenge=_challenge(query),
    )


def _scope(registration: Registration, text: str) -> str:
    """One opaque string: it may hold spaces, so it is never split at them."""
    try:
        Terms(scopes.parse(text), registration.programme.zone)
    except ScopeError as e:
        raise AuthorizeError("invalid_scope", str(e)) from e
    return text


def _challenge(query: QueryDict) -> str:
    """RFC 7636 §4.3, with S256 only: plain would put the secret into the address."""
    challenge = query.get("code_challenge", "")
    method = query.get("code_challenge_method", "")
    if not challenge and not method:
        return ""
    if method != "S256":
        raise AuthorizeError("invalid_request", "code_challenge_method must be S256.")
    if not CHALLENGE.fullmatch(challenge):
        raise AuthorizeError("invalid_request", "The code_challenge is not an SHA-256.")
    return challenge


def _first_page(request: HttpRequest, asking: ConsentRequest) -> HttpResponse:
    """The form; or the step after it, for a customer whom the prefill already names."""
    filled = prefill.read(asking.programme, asking.asked)
    if filled.account is None or filled.names_nobody or filled.way.type == "lastbill":
        return go_to("authenticate", asking)
    if filled.way.type == "test":
        return admit(request, asking, filled.account)
    asking.found(filled.account)
    try:
        passcodes.send(asking, filled.account, None)
    except passcodes.TooManyCodesError:
        return go_to("authenticate", asking)
    return go_to("passcode", asking)
