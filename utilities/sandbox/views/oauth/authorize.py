"""The authorize address (RFC 6749 §4.1.1): who asks, for what, and who the customer may be."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from greenbutton.espi import scope as scopes
from utilities.sandbox import rate_limits
from utilities.sandbox.authenticating import contacts, passcodes, prefill
from utilities.sandbox.models import ConsentRequest, Registration, UtilityAccount
from utilities.sandbox.oauth import authorization_request
from utilities.sandbox.oauth.authorization_response import answer_address
from utilities.sandbox.oauth.errors import OAuthError
from utilities.sandbox.programmes import Programme
from utilities.sandbox.views.my import visit
from utilities.sandbox.views.pages import admit, browser_of, go_to, page
from utilities.sandbox.views.single_sign_on.utility import leave_for_provider

PARAMETERS = (
    "response_type",
    "scope",
    "state",
    "prompt",
    "code_challenge",
    "code_challenge_method",
)
# RFC 9110 §15.5.2: a 401 names a scheme. For Basic a browser would ask its user for a password.
CHALLENGE = 'Bearer realm="Green Button"'


class UnknownCompanyError(Exception):
    """Whoever asks cannot be trusted with a redirect. The text is for the customer."""


@never_cache
@require_safe
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
        response = page(request, "bad_request", programme, status=401, says=str(e))
        response["WWW-Authenticate"] = CHALLENGE
        return response
    try:
        _check(request)
        asking = authorization_request.read(registration, redirect_uri, query.dict())
    except OAuthError as e:
        if not redirect_uri:
            return page(request, "bad_request", programme, status=400, says=e.says)
        answer = {"error": e.error, "error_description": e.says}
        return HttpResponseRedirect(
            answer_address(programme.issuer, redirect_uri, _state(request), **answer)
        )
    ConsentRequest.forget_old()
    asking.browser = browser_of(request)
    asking.save()
    return _first_page(request, asking)


def _company(programme: Programme, query: QueryDict) -> tuple[Registration, str]:
    """The registration, and the redirect URI if one is named: exactly as it was registered."""
    # RFC 6749 §3.1: a parameter without a value counts as left out.
    ids, uris = query.getlist("client_id"), query.getlist("redirect_uri")
    if len(ids) != 1 or len(uris) > 1 or not ids[0] or "\0" in ids[0]:
        raise UnknownCompanyError("The link does not say which company it is from.")
    client = Registration.objects.filter(client_id=ids[0], utility=programme.slug).first()
    if client is None:
        raise UnknownCompanyError(
            f"The company that the link is from is not registered with {programme.name}."
        )
    if not client.is_usable:
        raise UnknownCompanyError(f"{client.company_name} may not ask for data at present.")
    redirect_uri = "".join(uris)
    if redirect_uri and redirect_uri not in client.redirect_uris:
        raise UnknownCompanyError(
            f"The link leads back to an address that {client.company_name} has not registered."
        )
    return client, redirect_uri


def _check(request: HttpRequest) -> None:
    """What holds for the address itself, and would not for the same request in a body."""
    query = request.GET
    for name in PARAMETERS:
        if len(query.getlist(name)) > 1:
            raise OAuthError("invalid_request", f"{name} is given more than once.")
    if not _is_utf8(request):
        raise OAuthError("invalid_request", "The parameters are not in UTF-8.")
    if not query.get("response_type"):
        raise OAuthError("invalid_request", "response_type is missing.")
    if query["response_type"] != "code":
        raise OAuthError("unsupported_response_type", "response_type must be code.")


def _state(request: HttpRequest) -> str | None:
    """The state for an error's redirect: exactly as it came, or not at all."""
    states = request.GET.getlist("state")
    return states[0] if len(states) == 1 and _is_utf8(request) else None


def _is_utf8(request: HttpRequest) -> bool:
    """Whether every character can be given back; Django replaces those that cannot be read."""
    try:
        # PEP 3333: bytes, written as the characters of ISO 8859-1.
        unquote_to_bytes(request.META["QUERY_STRING"].encode("iso-8859-1")).decode()
    except UnicodeDecodeError:
        return False
    return True


def _first_page(request: HttpRequest, asking: ConsentRequest) -> HttpResponse:
    """The form; or the step after it, for a customer whom the prefill already names.

    Following a link sends no message to anybody: the customer first asks for the passcode.
    """
    if account := _signed_in(request, asking):
        return admit(request, asking, account)
    filled = prefill.read(asking.programme, asking.asked)
    if not _may_look_up(request, asking, filled):
        # From here on as if nothing were filled in: neither page then tells who is on file.
        asking.scope = scopes.build(asking.asked.without_additional())
        asking.save(update_fields=["scope"])
        return go_to("authenticate", asking)
    if filled.way.type == "sso":
        return leave_for_provider(request, asking, filled.value)
    if filled.account is None or filled.names_nobody or filled.way.type in prefill.PROVED_BY_FORM:
        return go_to("authenticate", asking)
    if filled.way.type == "test":
        return admit(request, asking, filled.account)
    asking.found(filled.account, filled.contact.value if filled.contact else "")
    if passcodes.is_shown(asking):
        passcodes.show(asking)
        return go_to("passcode", asking)
    if not contacts.choices(asking):
        return go_to("authenticate", asking)
    return go_to("contact", asking)


def _signed_in(request: HttpRequest, asking: ConsentRequest) -> UtilityAccount | None:
    """Who began at the utility's own page of what they share, and so need not say who they are.

    Whom a link names, or wants to sign in anew, is asked all the same.
    """
    if asking.asked.authentication is not None or asking.wants_login:
        return None
    return visit.customer(request, asking.programme)


def _may_look_up(request: HttpRequest, asking: ConsentRequest, filled: prefill.Prefill) -> bool:
    """A link that names a customer looks them up like the form does, and is limited with it."""
    named = asking.asked.authentication
    way = asking.programme.way(named.type) if named and named.value else None
    is_test = filled.account is not None and filled.account.is_test
    return way is None or not way.is_lookup or is_test or rate_limits.allow_lookup(request)
