"""Purge: everything collected goes; of the consent, only the proof stays, as a receipt."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from authorizations.ending.forgetting import emptied, forget, forget_staffs_words, tell_of_deletion
from authorizations.models import Authorization
from greenbutton.ingest.history import end_histories
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
    Recutting,
    ServiceLocation,
    UsagePoint,
    UsageSummary,
)

logger = logging.getLogger(__name__)

# How long a file that was refused stays for its customer to read why, and for staff to look at.
REFUSED_STAYS = timedelta(days=1)
# When a purge looks once more whether anything was written beside it.
LOOK_AGAIN = timedelta(seconds=30)
# What a purge asks of the row, and what decides whose link it is and which attempts were the same
# customer's.
ASKED_FOR = (
    *("uid", "status", "purge_at", "leased_until"),
    *("share_link", "browser_hash", "utility", "customer_email_digest"),
)
KEPT_OF_PULL = {"id", "uid", "authorization", "started", "finished", "state", "source"}
KEPT_OF_RECUTTING = {"id", "authorization", "asked", "finished", "state"}


def purge_due() -> int:
    """Purge what is due; returns how many.

    One that cannot be purged, by an error of our own, keeps no other from it; the error is raised
    once the others are done.
    """
    count = 0
    failed: Exception | None = None
    due = Authorization.objects.filter(purge_at__lte=timezone.now())
    for authorization in due.order_by("purge_at").only("uid"):
        try:
            count += purge(authorization)
        except (OperationalError, InterfaceError):
            raise  # without a database none of the others is purged
        except Exception as e:
            words = "authorization %s could not be purged: %s"
            logger.error(words, authorization.uid, type(e).__name__)
            failed = failed or e
    if failed is not None:
        raise failed
    return count


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
    """Delete what was collected, and of the consent all but the proof; whether it was due.

    It waits for no worker. One that is still at it finds out when it next asks for the row, which
    it does before whatever it stores, and stores nothing; so what is deleted here is deleted for
    good. As long as such a worker has its lease, a later purge looks once more, to be sure.
    """
    return _purge(authorization, look_again=False)


def purge_now(authorization: Authorization) -> bool:
    """As `purge`, for those who do not wait until it is due; another one comes after it.

    That one finds what was written in the same moment, as by staff who gave their reason.
    """
    return _purge(authorization, look_again=True)


def _purge(authorization: Authorization, *, look_again: bool) -> bool:
    with transaction.atomic():
        rows = Authorization.objects.select_for_update(of=("self",), no_key=True)
        # Nothing that is encrypted is read: what no key opens must go as well.
        row = rows.only(*ASKED_FOR).filter(pk=authorization.pk, purge_at__isnull=False).first()
        if row is None or row.can_be_stopped():
            return False
        delete_collected(row)
        forget(row)
        tell_of_deletion(row)
        is_held = row.leased_until is not None and row.leased_until > timezone.now()
        again = timezone.now() + LOOK_AGAIN if look_again or is_held else None
        Authorization.objects.filter(pk=row.pk).update(purge_at=again)
    return True


def delete_collected(authorization: Authorization) -> None:
    """Delete what was collected, of a row that is locked; of its pulls, when they were stays.

    From the leaves up, so that nothing cascades row by row.
    """
    of = {"authorization": authorization}
    point = {"usage_point__authorization": authorization}
    ReadingDay.objects.filter(**of).delete()
    ReadingCorrection.objects.filter(**of).delete()
    UsageSummary.objects.filter(**point).delete()
    MeterReading.objects.filter(**point).delete()
    end_histories(authorization.histories.all())
    points = UsagePoint.objects.filter(**of)
    # Why staff did something to one of its meters is said in words that may name the customer.
    forget_staffs_words(UsagePoint, list(points.values_list("pk", flat=True)))
    points.delete()
    for table in (Meter, ServiceLocation, CustomerAgreement, CustomerAccount, Customer):
        table.objects.filter(**of).only("pk").delete()
    RawFeed.objects.filter(pull__authorization=authorization).delete()
    recuttings = Recutting.objects.filter(**of)
    recuttings.filter(state=Recutting.State.WAITING).update(state=Recutting.State.FAILED)
    recuttings.update(**emptied(Recutting, KEPT_OF_RECUTTING))
    _forget_pulls(Pull.objects.filter(**of))


def _forget_pulls(pulls: QuerySet[Pull]) -> None:
    """The attempts stay, as part of the receipt: when, and how they ended.

    Findings, and the error of a document that was refused after an entry, name the customer's
    meters; what a file is called may, too.
    """
    pulls.filter(state=Pull.State.RUNNING).update(
        state=Pull.State.ABANDONED, finished=timezone.now()
    )
    forget_staffs_words(Pull, list(pulls.values_list("pk", flat=True)))
    pulls.update(**emptied(Pull, KEPT_OF_PULL))
