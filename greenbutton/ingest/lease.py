"""One worker at a time for each authorization: a lease, taken, renewed and given back.

A lease runs out by itself, so a worker that dies costs a delay. One that merely lost its lease must
not store anything more: `locked` tells it, under the row lock.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from authorizations.models import LEASE, Authorization

# What whoever stores readings asks of the row; the rest comes when it is asked for. Decrypting its
# secrets takes longer than locking it.
ASKED_FOR = ("origin", "status", "lease_id", "pulled_to", "meters_stopped")


class LeaseLostError(Exception):
    """Another worker has this authorization now, or it is no longer active; store nothing."""


def take(authorization: Authorization) -> str | None:
    """The id of a new lease; None if another worker holds one."""
    now, lease_id = timezone.now(), secrets.token_hex(16)
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    mine = Authorization.objects.filter(free, pk=authorization.pk)
    taken = mine.update(lease_id=lease_id, leased_until=now + LEASE)
    return lease_id if taken else None


def renew(authorization: Authorization, lease_id: str, lasts: timedelta = LEASE) -> None:
    """Keep the lease for as long again; raises LeaseLostError if it is another's by now."""
    mine = Authorization.objects.filter(pk=authorization.pk, lease_id=lease_id)
    if not mine.filter(status=Authorization.Status.ACTIVE).update(
        leased_until=timezone.now() + lasts
    ):
        raise LeaseLostError


def give_back(authorization: Authorization, lease_id: str) -> None:
    """End the lease, and the dispatcher's claim with it, if they are still ours."""
    mine = Authorization.objects.filter(pk=authorization.pk, lease_id=lease_id)
    mine.update(lease_id="", leased_until=None, claimed_until=None)


@contextmanager
def while_shared(authorization: Authorization) -> Iterator[None]:
    """Write about an authorization, by whoever has its lease, so that a purge comes after it.

    Raises LeaseLostError, before anything is written, where sharing was stopped.
    """
    with transaction.atomic():
        rows = Authorization.objects.select_for_update(of=("self",), no_key=True)
        row = rows.only("status").filter(pk=authorization.pk).first()
        if row is None or not row.can_be_stopped():
            raise LeaseLostError
        yield


def locked(authorization: Authorization, lease_id: str | None) -> Authorization:
    """The row, locked until the transaction ends; raises LeaseLostError if we may not store.

    Without a lease id, as for a file, only the status counts. What came from files may be added to
    until it was revoked; consent may have ended or paused meanwhile.
    """
    rows = Authorization.objects.select_for_update(of=("self",))
    row = rows.only(*ASKED_FOR).get(pk=authorization.pk)
    if lease_id is not None and row.lease_id != lease_id:
        raise LeaseLostError
    if row.status != Authorization.Status.ACTIVE and not row.is_from_file():
        raise LeaseLostError
    if row.status == Authorization.Status.REVOKED:
        raise LeaseLostError
    return row
