"""Who may see and do what on the pages of companies and of the utilities' staff."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from utilities.sandbox.models import Registration, StaffMember
from utilities.sandbox.programmes import Programme
from utilities.sandbox.views.pages import page

View = Callable[..., HttpResponse]


def user_of(request: HttpRequest) -> User | None:
    """Whoever is signed in."""
    return request.user if isinstance(request.user, User) else None


def works_for(user: User, programme: Programme) -> bool:
    """Whether the user is on this utility's staff."""
    return StaffMember.objects.filter(user=user, utility=programme.slug).exists()


def signed_in(view: View) -> View:
    """Let nobody in who is not signed in; the view gets the user after the request."""

    @never_cache
    @wraps(view)
    def inner(
        request: HttpRequest, programme: Programme, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        user = user_of(request)
        if user is None:
            return to_sign_in(request, programme)
        return view(request, user, programme, *args, **kwargs)

    return inner


def staff_only(view: View) -> View:
    """Let nobody in but the staff of this utility; the view gets the user after the request."""

    @signed_in
    @wraps(view)
    def inner(
        request: HttpRequest, user: User, programme: Programme, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if not works_for(user, programme):
            return page(request, "not_staff", programme, status=403)
        return view(request, user, programme, *args, **kwargs)

    return inner


def to_sign_in(request: HttpRequest, programme: Programme) -> HttpResponse:
    """To the sign-in page, and afterwards back; to where a form stands, it would not come back."""
    address = reverse("sign-in", args=[programme])
    if request.method in {"GET", "HEAD"}:
        address += f"?{urlencode({'next': request.get_full_path()})}"
    return redirect(address)


def safe_next(request: HttpRequest, given: str, default: str) -> str:
    """An address of this site that somebody wants to go on to, and no other site's."""
    ours = url_has_allowed_host_and_scheme(given, {request.get_host()}, request.is_secure())
    return given if ours and given.startswith("/") else default


def registration_of(user: User, programme: Programme, client_id: str) -> Registration:
    """The user's own registration with this utility; 404 for anybody else's."""
    return get_object_or_404(Registration, utility=programme.slug, client_id=client_id, owner=user)


def reviewed_registration(programme: Programme, client_id: str) -> Registration:
    """A company of this utility, for its staff."""
    return get_object_or_404(Registration, utility=programme.slug, client_id=client_id)


def registration_for(user: User, programme: Programme, client_id: str) -> Registration:
    """A registration, for its owner and for the utility's staff; 404 for everybody else."""
    found = reviewed_registration(programme, client_id)
    if found.owner_id != user.pk and not works_for(user, programme):
        raise Http404
    return found
