"""Purge: everything collected goes, the authorization's row stays as a receipt."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from authorizations.models import Authorization
from greenbutton.ingest import lease
from greenbutton.models import (
    Customer,
    CustomerAccount,
    CustomerAgreement,
    Meter,
    MeterReading,
    Pull,
    RawFeed,
    ReadingCorrection,
    ReadingDay,
    ServiceLocation,
    UsagePoint,
    UsageSummary,
)

# How long a file that was refused stays for its customer to read why, and for staff to look at.
REFUSED_STAYS = timedelta(days=1)


def purge_due() -> int:
    """Purge what is due; returns how many. What a worker still holds is left for the next time."""
    due = Authorization.objects.filter(purge_at__lte=timezone.now())
    # Nothing that is encrypted is read: what no key opens must go as well.
    return sum(purge(authorization) for authorization in due.order_by("purge_at").only("uid"))


def forget_refused() -> int:
    """Delete what was made for files that turned out to be unreadable; returns how many.

    Nothing came of them, so there is nothing to give a receipt for.
    """
    refused = Authorization.objects.filter(
        origin=Authorization.Origin.FILE,
        status=Authorization.Status.ACTIVE,
        archived_at__lte=timezone.now() - REFUSED_STAYS,
        usage_points=None,
    ).exclude(pulls__state__in=[Pull.State.RUNNING, Pull.State.DONE])
    found = refused.filter(pulls__isnull=False).distinct().values_list("pk", flat=True)
    return sum(_forget(refused.filter(pk=key)) for key in list(found))


def _forget(refused: QuerySet[Authorization]) -> bool:
    """Delete one, unless another file has come for it, which is asked under its lock."""
    with transaction.atomic():
        locked = refused.select_for_update(of=("self",)).only("uid").first()
        # Once more: what was waited for may be the upload that makes the first answer untrue.
        if locked is None or not refused.exists():
            return False
        locked.delete()
        return True


def purge(authorization: Authorization) -> bool:
    """Delete what was collected, under a lease, so that no pull can add to it meanwhile."""
    lease_id = lease.take(authorization)
    if lease_id is None:
        return False
    try:
        with transaction.atomic():
            _delete(authorization)
            authorization.forget_customer()
            _destroy_key(authorization)
    finally:
        lease.give_back(authorization, lease_id)
    return True


def _delete(authorization: Authorization) -> None:
    """From the leaves up, so that nothing cascades row by row."""
    of = {"authorization": authorization}
    point = {"usage_point__authorization": authorization}
    ReadingDay.objects.filter(**of).delete()
    ReadingCorrection.objects.filter(**of).delete()
    UsageSummary.objects.filter(**point).delete()
    MeterReading.objects.filter(**point).delete()
    UsagePoint.objects.filter(**of).delete()
    for table in (Meter, ServiceLocation, CustomerAgreement, CustomerAccount, Customer):
        table.objects.filter(**of).only("pk").delete()
    RawFeed.objects.filter(pull__authorization=authorization).delete()
    # The attempts stay, as part of the receipt. Their Findings, and the error of a document that
    # was refused after an entry, name the customer's meters; what a file is called may, too.
    pulls = Pull.objects.filter(**of)
    pulls.update(findings=[], file_name="", error="")
    pulls.filter(state=Pull.State.RUNNING).update(
        state=Pull.State.ABANDONED,
        finished=timezone.now(),
        error="What it was to read was deleted before it was read.",
    )


def _destroy_key(authorization: Authorization) -> None:
    """What copies and backups hold of the raw feeds cannot be read any more from now on."""
    row = Authorization.objects.filter(pk=authorization.pk)
    row.update(feed_key="", purge_at=None, pulled_to=None)
