"""Whose authorization is it?

A guest's, who is known by a browser's cookie, until an account has claimed it; from then on the
account's, from any browser, and nobody's whom only the cookie speaks for. Staff look, and act, by
their permissions.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django_htmx.http import HttpResponseClientRedirect

from authorizations.models import NEXT_LENGTH, Authorization, AuthorizationQuerySet, digest

COOKIE = f"{settings.COOKIE_PREFIX}portal_browser"
COOKIE_SECONDS = 365 * 86_400
_VALUE = re.compile(r"[A-Za-z0-9_-]{22}")  # 128 random bits, as new_browser() spells them


def new_browser() -> str:
    """A name for a browser that nobody guesses: 128 random bits, url-safe."""
    return secrets.token_urlsafe(16)


def known_browser(request: HttpRequest) -> str:
    """The browser's name, if it has one; else empty, which owns nothing."""
    made: str = getattr(request, "_browser", "")
    value = made or request.COOKIES.get(COOKIE, "")
    return value if _VALUE.fullmatch(value) else ""


def browser_of(request: HttpRequest) -> str:
    """The browser's name; a browser without one gets it with the answer."""
    browser = known_browser(request) or new_browser()
    request._browser = browser  # type: ignore[attr-defined]  # RememberBrowser's
    return browser


class RememberBrowser:
    """Hand the browser the name that `browser_of` gave it, or keep it for another year.

    A cookie of its own, not the session: signing in changes the session's key, and the customer's
    connections must outlive that.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if browser := getattr(request, "_browser", ""):
            response.set_cookie(
                COOKIE,
                browser,
                max_age=COOKIE_SECONDS,
                secure=settings.HTTPS,
                httponly=True,
                # Strict would not come along on the way back from the utility.
                samesite="Lax",
            )
        return response


class SignInNeeded(Http404):
    """It was made in this browser and an account has it, which is not signed in here."""


SIGNED_OUT = (
    "You are signed out. What you wanted to see is in an account: sign in with its address."
)


class AskToSignIn:
    """Where a page raised SignInNeeded, lead to the sign-in page, and from there back to it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        """A page's answer, or a script's: one that reads JSON, or that puts HTML into the page."""
        if not isinstance(exception, SignInNeeded):
            return None
        if request.headers.get("Accept") == "application/json":
            return JsonResponse({"problem": SIGNED_OUT}, status=401)
        messages.info(request, SIGNED_OUT)
        if request.headers.get("HX-Request"):
            page = _path_of(request.headers.get("HX-Current-URL", ""))
            return HttpResponseClientRedirect(_sign_in_url(page))
        return redirect(_sign_in_url(request.path if request.method == "GET" else ""))


def path_on_this_site(text: str) -> str:
    """The path that a form says to go to next; empty for anything that leads elsewhere."""
    leads_here = text.startswith("/") and url_has_allowed_host_and_scheme(text, allowed_hosts=None)
    fits = len(text) <= NEXT_LENGTH and text.isascii() and text.isprintable()
    return text if leads_here and fits else ""


def _path_of(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:  # brackets that do not close
        return ""


def _sign_in_url(page: str) -> str:
    query = f"?{urlencode({'next': page})}" if page else ""
    return reverse("sign-in") + query


def customer_of(request: HttpRequest) -> User | None:
    """The customer's account that is signed in; none for guests, nor for staff."""
    user = request.user
    return user if isinstance(user, User) and not (user.is_staff or user.is_superuser) else None


def authorizations_of(request: HttpRequest) -> QuerySet[Authorization]:
    """What the account has, and what a guest authorized from this browser, newest first.

    Stopped ones too, as receipts.
    """
    return _mine(request).filter(archived_at=None).select_related("utility")


def guests_authorizations(request: HttpRequest) -> AuthorizationQuerySet:
    """What belongs to the browser that asks, and to no account."""
    return _guests(known_browser(request))


def is_guest(request: HttpRequest, authorization: Authorization) -> bool:
    """Whether it belongs to the browser that asks, and to no account."""
    browser = known_browser(request)
    from_here = _made_from(browser).filter(pk=authorization.pk)
    return not authorization.is_claimed() and from_here.exists()


def is_owner(request: HttpRequest, authorization: Authorization) -> bool:
    """Whether it is the signed-in account's, or a guest's who uses the browser that asks."""
    user = request.user
    owned = user.is_authenticated and authorization.owner_id == user.pk
    return owned or is_guest(request, authorization)


def get_authorization_for(
    request: HttpRequest, uid: str, *, staff_permission: str = "view"
) -> Authorization:
    """The authorization, for its customer or for staff who may `view` or `change` it.

    Everybody else gets the same 404 as for one that does not exist; only the browser that made it
    is asked to sign in instead, where nobody is.
    """
    visible: QuerySet[Authorization] = Authorization.objects.all()
    if not _is_staff_who_may(request, staff_permission):
        visible = _mine(request)
        _ask_to_sign_in(request, uid)
    return get_object_or_404(
        visible.select_related("utility", "client__utility", "share_link"), uid=uid
    )


def get_guests_authorization(request: HttpRequest, uid: str) -> Authorization:
    """The authorization, for the browser whose guest made it; else 404.

    Not for staff, nor for an account that has it: what a guest may decide is decided then.
    """
    _ask_to_sign_in(request, uid)
    guests = _guests(known_browser(request)).exclude(status=Authorization.Status.REVOKED)
    return get_object_or_404(guests.select_related("utility", "share_link"), uid=uid)


def may_stop(request: HttpRequest, authorization: Authorization) -> bool:
    """Whether who asks may stop sharing; staff may look without that right."""
    return is_owner(request, authorization) or _is_staff_who_may(request, "change")


def _is_staff_who_may(request: HttpRequest, permission: str) -> bool:
    user = request.user
    return user.is_staff and user.has_perm(f"authorizations.{permission}_authorization")


def _mine(request: HttpRequest) -> QuerySet[Authorization]:
    guests, user = _guests(known_browser(request)), request.user
    return guests | Authorization.objects.filter(owner=user) if user.is_authenticated else guests


def _guests(browser: str) -> AuthorizationQuerySet:
    return _made_from(browser).filter(claimed_at=None)


def _made_from(browser: str) -> AuthorizationQuerySet:
    """What was authorized in this browser, or renewed: the utility has known the same customer in
    both browsers. Whether it is a guest's, and so a browser's, is asked by whoever calls this.
    """
    if not browser:
        return Authorization.objects.none()
    renewed = Authorization.objects.filter(
        browser_hash=digest(browser), renewal=Authorization.Renewal.MERGED
    )
    here = Q(browser_hash=digest(browser)) | Q(pk__in=renewed.values("renews"))
    return Authorization.objects.filter(here)


def _ask_to_sign_in(request: HttpRequest, uid: str) -> None:
    if request.user.is_authenticated:
        return
    if _made_from(known_browser(request)).filter(uid=uid).exclude(owner=None).exists():
        raise SignInNeeded
