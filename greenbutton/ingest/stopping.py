"""One meter is no longer shared: what was collected of it goes, and its row stays as a receipt."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from authorizations.models import Authorization
from greenbutton.espi.customer_links import named
from greenbutton.ingest import lease
from greenbutton.ingest.history import end_histories
from greenbutton.ingest.stopped import Name, hashed, names_of, names_of_place, new_key
from greenbutton.models import (
    CustomerAgreement,
    CustomerSide,
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

BEING_COMPARED = (
    "This connection is just being compared with the earlier one that it renews. Please try again "
    "in a few minutes, or stop sharing all of it."
)
FORGOTTEN = "What was said here was deleted when a meter was no longer shared."


def stop_sharing(usage_point: UsagePoint, by: str) -> bool:
    """Stop sharing one meter, for `customer` or `staff`; returns whether it was shared until now.

    All at once, under the authorization's lock, which whoever stores readings takes as well:

    1. Keep keyed hashes of its names, so that nothing of it is ever stored again.
    2. Delete its readings, bills and corrections, and what of the customer's side is its alone.
    3. Delete the raw feeds, which hold the other meters' readings and this one's, and change their
       key, so that copies cannot be read either. From now on none are kept for this authorization.
    4. A worker that has read a document with this meter stores nothing of it any more, and is
       looked after once it has ended.

    Refuses, with a sentence, what came from files: those are deleted as a whole. And what is being
    compared with an earlier authorization: that one would go on with the meter under its new name.
    """
    with transaction.atomic():
        row = Authorization.objects.select_for_update(of=("self",)).get(
            pk=usage_point.authorization_id
        )
        if row.is_from_file():
            raise ValidationError("This came from a file. Delete the data of the file instead.")
        point = row.usage_points.shared().filter(pk=usage_point.pk).first()
        if point is None:
            return False
        if row.is_candidate():
            raise ValidationError(BEING_COMPARED)
        places = list(_places_of(point))
        _keep_hashes(point, by, [*names_of(point), *_names_of(places)])
        _delete(point, places)
        _delete_traces(row)
        row.meter_stopped()
        point.tell("meter_sharing_stopped")
    return True


def can_be_stopped_alone(usage_point: UsagePoint) -> bool:
    """Whether other meters are shared beside it; the last one goes with the whole connection."""
    others = usage_point.authorization.usage_points.shared().exclude(pk=usage_point.pk)
    return not usage_point.authorization.is_from_file() and others.exists()


def forget_stopped() -> int:
    """Delete what workers left of such meters that had read them before; returns how many.

    Under a lease, so that nobody is at work who could leave more. What is leased is left for the
    next time.
    """
    due = UsagePoint.objects.filter(forget_at__lte=timezone.now())
    authorizations = Authorization.objects.filter(pk__in=due.values("authorization"))
    return sum(_forget(one) for one in authorizations.only("uid"))


def _forget(authorization: Authorization) -> bool:
    lease_id = lease.take(authorization)
    if lease_id is None:
        return False
    try:
        with transaction.atomic():
            _delete_traces(authorization)
            authorization.usage_points.exclude(forget_at=None).update(forget_at=None)
    finally:
        lease.give_back(authorization, lease_id)
    return True


def _keep_hashes(point: UsagePoint, by: str, names: list[Name]) -> None:
    """Leave of the row what a receipt needs, and nothing that the utility said but its kind."""
    names_key = new_key()
    UsagePoint.objects.filter(pk=point.pk).update(
        identity=f"stopped:{point.uid}",
        names_key=names_key,
        stopped_names=sorted(hashed(names_key, names)),
        stopped_at=timezone.now(),
        stopped_by=by,
        forget_at=timezone.now(),
        title="",
        status=None,
        role_flags="",
        links=[],
        delivery_point="",
        tariff_profile="",
        service_location=None,
        monitoring_stopped_at=None,
        monitoring_stopped_by=None,
        monitoring_stopped_why="",
        missed_pulls=0,
        closed_at=None,
    )


def _names_of(places: list[CustomerSide]) -> Iterator[Name]:
    for place in places:
        yield from names_of_place(place)


def _places_of(point: UsagePoint) -> Iterator[CustomerSide]:
    """What of the customer's side is this meter's alone; what others share forgets its links."""
    own = dict.fromkeys((point.identity, *point.links[:1]), point)
    for place in ServiceLocation.objects.filter(authorization=point.authorization).only(
        "identity", "self_link", "usage_point_links", "agreement_id", "authorization_id"
    ):
        found, others = named(place.usage_point_links, own)
        if not found and place.pk != point.service_location_id:
            continue
        if others or place.usage_points.exclude(pk=point.pk).exists():
            place.usage_point_links = others
            place.save(update_fields=["usage_point_links"])
            continue
        yield place
        yield from place.meters.only("identity", "self_link")
        if (agreement := _only_about(place)) is not None:
            yield agreement


def _only_about(place: ServiceLocation) -> CustomerAgreement | None:
    """The place's agreement, if it is about no other place or device."""
    agreements = CustomerAgreement.objects.only("identity", "self_link")
    if place.agreement_id is None:
        return None
    agreement = agreements.get(pk=place.agreement_id)
    elsewhere = agreement.service_locations.exclude(pk=place.pk)
    devices = agreement.meters.exclude(service_location=place)
    return None if elsewhere.exists() or devices.exists() else agreement


def _delete(point: UsagePoint, places: list[CustomerSide]) -> None:
    """From the leaves up, so that nothing cascades row by row."""
    series = MeterReading.objects.filter(usage_point=point)
    ReadingDay.objects.filter(
        authorization=point.authorization, meter_reading__in=series.values("pk")
    ).delete()
    ReadingCorrection.objects.filter(meter_reading__in=series.values("pk")).delete()
    UsageSummary.objects.filter(usage_point=point).delete()
    series.delete()
    end_histories(point.histories.all())
    for table in (Meter, ServiceLocation, CustomerAgreement):
        keys = [place.pk for place in places if isinstance(place, table)]
        table._default_manager.filter(pk__in=keys).only("pk").delete()


def _delete_traces(authorization: Authorization) -> None:
    """Delete what may name the meter, or hold it among others."""
    RawFeed.objects.filter(pull__authorization=authorization).delete()
    pulls = Pull.objects.filter(authorization=authorization)
    pulls.exclude(error="").update(error=FORGOTTEN)
    for pull in pulls.exclude(findings=[]).only("findings"):
        pull.findings = [{**one, "where": ""} for one in pull.findings]
        pull.save(update_fields=["findings"])
