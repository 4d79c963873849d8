"""What becomes of a registration. Each change is a step in its history; the company hears of it.

The company's own acts stand beside the utility's, so that the history is whole and a change has one
place where it happens.
"""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any

from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone

from utilities.sandbox import rate_limits
from utilities.sandbox.models import Grant, Registration, ReviewStep
from utilities.sandbox.push import notices
from utilities.sandbox.registering.forms import Details

logger = logging.getLogger(__name__)

Action = ReviewStep.Action
Review = Registration.Review
Status = Registration.Status
# What staff decide, and from where. A revoked company that is approved is taken back.
DECISIONS: dict[Action, tuple[Review, set[Review]]] = {
    Action.APPROVED: (
        Review.APPROVED,
        {Review.WAITING, Review.REJECTED, Review.HELD, Review.REVOKED},
    ),
    Action.REJECTED: (Review.REJECTED, {Review.WAITING}),
    Action.HELD: (Review.HELD, {Review.WAITING, Review.REJECTED, Review.APPROVED}),
    Action.REVOKED: (
        Review.REVOKED,
        {Review.WAITING, Review.REJECTED, Review.APPROVED, Review.HELD},
    ),
}
NEEDS_REASON = {Action.REJECTED, Action.HELD, Action.REVOKED}
# The steps of which the company hears by e-mail; each has its template.
TOLD = {Action.REGISTERED, *DECISIONS, Action.WENT_LIVE}


class ReviewError(Exception):
    """A step that cannot be taken. The text says why, for whoever tried."""


@transaction.atomic
def register(registration: Registration, owner: User | None) -> ReviewStep:
    """Take up a company: at once in sandbox, and waiting for its review."""
    registration.owner = owner
    return _step(registration, Action.REGISTERED, owner)


@transaction.atomic
def decide(registration: Registration, action: Action, staff: User, reason: str) -> ReviewStep:
    """Approve, reject, hold or revoke. Raises ReviewError.

    Where the utility switches to live, approval does. Revoking ends every consent; a hold ends
    none, since it may pass.
    """
    registration = _locked(registration)
    review, possible_from = DECISIONS[action]
    if registration.is_public:
        raise ReviewError("The public test client belongs to nobody, so it is not reviewed.")
    if registration.review not in possible_from:
        said = registration.get_review_display().lower()
        raise ReviewError(f"This cannot be done while {registration.company_name} is {said}.")
    if action in NEEDS_REASON and not reason:
        raise ReviewError("Please give the reason: the company reads it in its e-mail.")
    registration.review, registration.review_reason = review, reason
    registration.reviewed_at = timezone.now()
    if action == Action.REVOKED:
        registration.status = Status.SANDBOX
        _end_everything(registration)
    if registration.programme.switches_to_live and registration.may_go_live:
        registration.status = Status.LIVE
    return _step(registration, action, staff, reason, by_staff=True)


@transaction.atomic
def go_live(registration: Registration, by: User | None, *, by_staff: bool = False) -> ReviewStep:
    """From sandbox to live. Raises ReviewError."""
    registration = _locked(registration)
    if registration.status == Status.LIVE:
        raise ReviewError(f"{registration.company_name} is live already.")
    if not registration.may_go_live:
        raise ReviewError(
            f"{registration.company_name} cannot be switched to live before "
            f"{registration.programme.name} has approved it."
        )
    registration.status = Status.LIVE
    return _step(registration, Action.WENT_LIVE, by, by_staff=by_staff)


@transaction.atomic
def go_back(registration: Registration, by: User | None) -> ReviewStep:
    """From live back to sandbox; what customers have agreed to goes on. Raises ReviewError."""
    registration = _locked(registration)
    if registration.status == Status.SANDBOX:
        raise ReviewError(f"{registration.company_name} is in sandbox already.")
    registration.status = Status.SANDBOX
    return _step(registration, Action.WENT_BACK, by)


@transaction.atomic
def ask_again(registration: Registration, by: User | None) -> ReviewStep:
    """Another review, after a rejection. Raises ReviewError."""
    registration = _locked(registration)
    if registration.review != Review.REJECTED:
        raise ReviewError("Only a rejected company asks for another review.")
    registration.review = Review.WAITING
    return _step(registration, Action.ASKED_AGAIN, by)


@transaction.atomic
def remove(registration: Registration, by: User | None) -> ReviewStep:
    """Off the list: nobody can authorize it any more, and its tokens rest until it comes back."""
    registration = _locked(registration)
    if registration.is_public:
        raise ReviewError("The public test client belongs to nobody, so nobody can remove it.")
    registration.removed_at = registration.removed_at or timezone.now()
    return _step(registration, Action.REMOVED, by)


@transaction.atomic
def restore(registration: Registration, by: User | None) -> ReviewStep:
    """Back on the list, as it was."""
    registration = _locked(registration)
    registration.removed_at = None
    return _step(registration, Action.RESTORED, by)


def why_not_changed(registration: Registration) -> str:
    """Why a program with the registration token may not change it now; "" where it may."""
    if registration.is_public:
        return "Everybody knows the public test client, so nobody can change it."
    if registration.review == Review.REVOKED:
        return "The utility has revoked this registration."
    return ""


@transaction.atomic
def change(form: Details, by: User | None) -> ReviewStep:
    """Keep what the company says of itself in a valid form, and nothing else of the row."""
    registration = form.instance
    registration.updated_at = timezone.now()
    registration.save(update_fields=[*form.Meta.fields, "updated_at"])
    notices.registration_changed(registration)
    return registration.steps.create(action=Action.CHANGED, by=by)


@transaction.atomic
def rotate_secret(registration: Registration, by: User | None) -> ReviewStep:
    """A new client secret; the old one ends at once."""
    registration = _locked(registration)
    registration.rotate_secret()
    return _step(registration, Action.SECRET_ROTATED, by)


@transaction.atomic
def rotate_token(registration: Registration, by: User | None) -> ReviewStep:
    """A new registration token; the old one ends at once."""
    registration = _locked(registration)
    registration.rotate_token()
    return _step(registration, Action.TOKEN_ROTATED, by)


def tell(step: ReviewStep) -> bool:
    """Write to the company about the step; whether the e-mail went out.

    Called when the step is stored: a mail server that is down must not undo a decision.
    """
    registration = step.registration
    if step.action not in TOLD or not registration.contacts:
        return True
    contacts = registration.contacts
    if not step.by_staff:
        # Anybody can cause this one, with anybody's address: one, and not for ever.
        contacts = contacts[:1]
        if not rate_limits.allow_letter(contacts[0].casefold()):
            return False
    programme = registration.programme
    context = {"step": step, "registration": registration, "programme": programme}
    subject, _, body = render_to_string(f"sandbox/mail/{step.action}.txt", context).partition("\n")
    try:
        EmailMessage(subject, body.strip() + "\n", programme.sender, contacts).send()
    except (SMTPException, OSError):
        logger.exception("The e-mail to %s about its review was not sent", registration.client_id)
        return False
    return True


def _locked(registration: Registration) -> Registration:
    """The row as it is now, and nobody else's until the step is taken."""
    return Registration.objects.select_for_update().get(pk=registration.pk)


def _step(
    registration: Registration,
    action: Action,
    by: User | None,
    reason: str = "",
    **more: Any,
) -> ReviewStep:
    registration.updated_at = timezone.now()
    registration.save()
    notices.registration_changed(registration)
    return registration.steps.create(action=action, by=by, reason=reason, **more)


def _end_everything(registration: Registration) -> None:
    # Those too that the company ended itself, or it could restore them once it is taken back.
    of_company = Q(revoked_by=Grant.Party.COMPANY)
    for grant in registration.grants.filter(Q(revoked_at=None) | of_company):
        grant.revoke()
    registration.tokens.filter(revoked_at=None).update(revoked_at=timezone.now())
