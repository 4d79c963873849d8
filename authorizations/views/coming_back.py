"""How a guest keeps what was made in this browser: by an address, or in the account signed in."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from authorizations import access
from authorizations.customers import accounts, addresses
from authorizations.models import Authorization
from authorizations.views.signing_in import send_code, too_often


@dataclass(frozen=True)
class Keeping:
    """What the panel "Come back later" offers to a guest."""

    uid: str
    # The account that is signed in, and could have it.
    account: str
    # Masked: the address that was given and not proved yet; and the one that the link was sent to.
    given: str
    offered: str


def keeping_of(request: HttpRequest, authorization: Authorization) -> Keeping | None:
    """The panel's words; None for staff, and for what an account has or was stopped."""
    if not access.is_guest(request, authorization) or not authorization.can_be_stopped():
        return None
    user = access.customer_of(request)
    return Keeping(
        uid=authorization.uid,
        account=user.email if user else "",
        given=addresses.masked(authorization.customer_email),
        offered=addresses.masked(_offered(authorization)),
    )


@require_safe
@never_cache
def show(request: HttpRequest, uid: str) -> HttpResponse:
    """The form that takes an address."""
    return _form(request, access.get_guests_authorization(request, uid))


@require_POST
@never_cache
def give(request: HttpRequest, uid: str) -> HttpResponseBase:
    """The guest types an address: who proves it has this, from any device."""
    authorization = access.get_guests_authorization(request, uid)
    typed = request.POST.get("email", "")
    try:
        return _send_to(request, authorization, addresses.read(typed))
    except ValidationError as e:
        return _form(request, authorization, typed, e.messages[0], 422)
    except accounts.MailNotSentError as e:
        return _form(request, authorization, typed, e.to_customer, e.status)


@require_POST
@never_cache
def confirm(request: HttpRequest, uid: str) -> HttpResponseBase:
    """The guest says that the address which the link was sent to is theirs.

    Only this makes it count: links are forwarded, and who opens one may be somebody else. What not
    even the company wrote counts once it is proved in this browser: whoever wrote it might be the
    only one who can read what is sent there.
    """
    authorization = access.get_guests_authorization(request, uid)
    offered = _offered(authorization)
    if not offered:
        raise Http404
    try:
        if not authorization.is_offered_by_company():
            return too_often(request, offered) or _send_code(
                request, authorization, offered, is_offered=True
            )
        return _send_to(request, authorization, offered, is_offered=True)
    except accounts.MailNotSentError as e:
        return _form(request, authorization, "", e.to_customer, e.status)


@require_POST
@never_cache
def claim(request: HttpRequest, uid: str) -> HttpResponseBase:
    """Put it into the account that is signed in."""
    user = access.customer_of(request)
    if user is None or not access.get_guests_authorization(request, uid).claim(user):
        raise Http404
    messages.success(request, "It is in your account now. On any device, sign in to see it.")
    return redirect("usage", uid)


def _send_to(
    request: HttpRequest, authorization: Authorization, address: str, *, is_offered: bool = False
) -> HttpResponseBase:
    if refused := too_often(request, address):
        return refused
    if not authorization.give_email(address):
        raise Http404
    return _send_code(request, authorization, address, is_offered=is_offered)


def _send_code(
    request: HttpRequest, authorization: Authorization, address: str, *, is_offered: bool
) -> HttpResponseBase:
    next_path = reverse("usage", args=[authorization.uid])
    return send_code(request, address, is_offered=is_offered, next_path=next_path)


def _offered(authorization: Authorization) -> str:
    """The link's address as we would write to it; empty for none, or none that we can write to."""
    try:
        return addresses.read(authorization.offered_email)
    except ValidationError:
        return ""


def _form(
    request: HttpRequest,
    authorization: Authorization,
    typed: str = "",
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "authorization": authorization,
        "keeping": keeping_of(request, authorization),
        "typed": typed,
        "problem": problem,
    }
    return render(request, "authorizations/come_back.html", context, status=status)
