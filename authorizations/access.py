"""Whose authorization is it? A guest is known by a browser cookie; staff by their permissions."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404

from authorizations.models import Authorization, digest

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


def authorizations_of(request: HttpRequest) -> QuerySet[Authorization]:
    """What was authorized from this browser, newest first; stopped ones too, as receipts."""
    mine = _made_from(known_browser(request))
    return mine.filter(archived_at=None).select_related("utility")


def is_owner(request: HttpRequest, authorization: Authorization) -> bool:
    """Whether the browser is the one that authorized it."""
    browser = known_browser(request)
    return bool(browser) and authorization.browser_hash == digest(browser)


def get_authorization_for(
    request: HttpRequest, uid: str, *, staff_permission: str = "view"
) -> Authorization:
    """The authorization, for its own browser or for staff who may `view` or `change` it.

    Everybody else gets the same 404 as for one that does not exist.
    """
    visible: QuerySet[Authorization] = Authorization.objects.all()
    if not _is_staff_who_may(request, staff_permission):
        visible = _made_from(known_browser(request))
    return get_object_or_404(
        visible.select_related("utility", "client__utility", "share_link"), uid=uid
    )


def may_stop(request: HttpRequest, authorization: Authorization) -> bool:
    """Whether who asks may stop sharing; staff may look without that right."""
    return is_owner(request, authorization) or _is_staff_who_may(request, "change")


def _is_staff_who_may(request: HttpRequest, permission: str) -> bool:
    user = request.user
    return user.is_staff and user.has_perm(f"authorizations.{permission}_authorization")


def _made_from(browser: str) -> QuerySet[Authorization]:
    if not browser:
        return Authorization.objects.none()
    return Authorization.objects.filter(browser_hash=digest(browser))
