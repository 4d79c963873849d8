"""A company's own registrations: what it needs to know, and what it may change. One URL a verb."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from utilities.sandbox.models import RESOURCES, Registration, ReviewStep
from utilities.sandbox.programmes import Programme
from utilities.sandbox.registering import reviewing
from utilities.sandbox.registering.forms import Details
from utilities.sandbox.views.access import registration_of, signed_in
from utilities.sandbox.views.pages import page

Verb = Callable[[Registration, User], ReviewStep]
SECRET, TOKEN = "secret", "token"
# As many as a page can show; the Authorization feed has all of them.
SHOWN_GRANTS = 20


@require_safe
@signed_in
def index(request: HttpRequest, user: User, programme: Programme) -> HttpResponse:
    """Everything that the user registered with this utility."""
    mine = Registration.objects.filter(owner=user, utility=programme.slug).order_by("-created_at")
    return page(request, "registrations", programme, registrations=mine)


@require_safe
@signed_in
def show(request: HttpRequest, user: User, programme: Programme, client_id: str) -> HttpResponse:
    """The settings of one registration."""
    registration = registration_of(user, programme, client_id)
    return _page(request, registration, Details(instance=registration))


@require_POST
@signed_in
def save(request: HttpRequest, user: User, programme: Programme, client_id: str) -> HttpResponse:
    """Change what the company says of itself."""
    registration = registration_of(user, programme, client_id)
    details = Details(request.POST, instance=registration)
    if not details.is_valid():
        # As it is stored: the form has put what was typed onto its own copy.
        stored = registration_of(user, programme, client_id)
        return _page(request, stored, details, status=422)
    reviewing.change(details, user)
    messages.success(request, "Your settings are saved.")
    return redirect("registration", programme, client_id)


@require_POST
@signed_in
def show_secret(
    request: HttpRequest, user: User, programme: Programme, client_id: str
) -> HttpResponse:
    """The client secret, on a page that nobody keeps."""
    registration = registration_of(user, programme, client_id)
    return _page(request, registration, Details(instance=registration), shown=SECRET)


@require_POST
@signed_in
def show_token(
    request: HttpRequest, user: User, programme: Programme, client_id: str
) -> HttpResponse:
    """The registration token, on a page that nobody keeps."""
    registration = registration_of(user, programme, client_id)
    return _page(request, registration, Details(instance=registration), shown=TOKEN)


@require_POST
@signed_in
def rotate_secret(
    request: HttpRequest, user: User, programme: Programme, client_id: str
) -> HttpResponse:
    """A new secret, shown at once."""
    step = reviewing.rotate_secret(registration_of(user, programme, client_id), user)
    messages.success(request, "This is your new client secret. The old one has ended.")
    return _page(request, step.registration, Details(instance=step.registration), shown=SECRET)


@require_POST
@signed_in
def rotate_token(
    request: HttpRequest, user: User, programme: Programme, client_id: str
) -> HttpResponse:
    """A new registration token, shown at once."""
    step = reviewing.rotate_token(registration_of(user, programme, client_id), user)
    messages.success(request, "This is your new registration token. The old one has ended.")
    return _page(request, step.registration, Details(instance=step.registration), shown=TOKEN)


@require_POST
@signed_in
def go_live(request: HttpRequest, user: User, programme: Programme, client_id: str) -> HttpResponse:
    """Let every customer authorize the company."""
    said = "You are live: every customer can share data with you."
    return _act(request, user, programme, client_id, reviewing.go_live, said)


@require_POST
@signed_in
def go_back(request: HttpRequest, user: User, programme: Programme, client_id: str) -> HttpResponse:
    """Back to test accounts only."""
    said = "You are back in sandbox: only test accounts can authorize you from now on."
    return _act(request, user, programme, client_id, reviewing.go_back, said)


@require_POST
@signed_in
def ask_again(
    request: HttpRequest, user: User, programme: Programme, client_id: str
) -> HttpResponse:
    """Another review."""
    said = "Thank you. We will look at your registration again."
    return _act(request, user, programme, client_id, reviewing.ask_again, said)


@require_POST
@signed_in
def remove(request: HttpRequest, user: User, programme: Programme, client_id: str) -> HttpResponse:
    """Take the company off the utility's list."""
    said = "Your registration is taken off the list. You can put it back."
    return _act(request, user, programme, client_id, reviewing.remove, said)


@require_POST
@signed_in
def restore(request: HttpRequest, user: User, programme: Programme, client_id: str) -> HttpResponse:
    """Put it back."""
    said = "Your registration is back, as it was."
    return _act(request, user, programme, client_id, reviewing.restore, said)


def _act(
    request: HttpRequest,
    user: User,
    programme: Programme,
    client_id: str,
    verb: Verb,
    said: str,
) -> HttpResponse:
    try:
        step = verb(registration_of(user, programme, client_id), user)
    except reviewing.ReviewError as e:
        messages.error(request, str(e))
    else:
        reviewing.tell(step)
        messages.success(request, said)
    return redirect("registration", programme, client_id)


def _page(
    request: HttpRequest,
    registration: Registration,
    details: Details,
    *,
    shown: str = "",
    status: int = 200,
) -> HttpResponse:
    grants = registration.grants.select_related("account").order_by("-created_at")
    return page(
        request,
        "registration",
        registration.programme,
        status=status,
        registration=registration,
        details=details,
        shown=shown,
        resources=RESOURCES,
        grants=grants[:SHOWN_GRANTS],
        grant_count=grants.count(),
        steps=registration.steps.select_related("by"),
    )
