"""Who may look after a registration: its owner, and the utility's staff."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, User
from django.http import Http404

from utilities.sandbox.models import Registration, StaffMember
from utilities.sandbox.programmes import Programme


def registration_for(
    user: User | AnonymousUser, programme: Programme, client_id: str
) -> Registration:
    """The registration, for its owner and for the utility's staff; to others it is not there."""
    found = Registration.objects.filter(utility=programme.slug, client_id=client_id).first()
    if found is None or not user.is_authenticated or not _may_manage(user, found):
        raise Http404
    return found


def _may_manage(user: User, registration: Registration) -> bool:
    if registration.owner_id == user.pk:
        return True
    return StaffMember.objects.filter(user=user, utility=registration.utility).exists()
