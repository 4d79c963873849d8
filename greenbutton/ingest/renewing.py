"""Renewing: what a new consent brought is compared with an earlier authorization's, which then goes
on with it, or stays as it is.

A new consent that was given by a renewal link collects a sample of its own. So before the two are
compared, nothing of it lies with the earlier one; where they are not the same, nothing is mixed.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TypeVar

from django.db import transaction
from django.db.models import F, Max, Min, QuerySet, Value
from django.db.models.functions import Concat

from authorizations.links import renewal as grants
from authorizations.models import Authorization
from greenbutton.espi import scope as espi_scope
from greenbutton.expectation import account_numbers, plain_number, plain_words
from greenbutton.ingest import closing
from greenbutton.ingest.lease import LeaseLostError
from greenbutton.ingest.parents import kind_of
from greenbutton.ingest.purge import delete_collected
from greenbutton.ingest.renewal import MeterSide, Series, Side, Verdict, When, is_same
from greenbutton.ingest.windows import Window
from greenbutton.models import (
    Customer,
    CustomerAccount,
    CustomerAgreement,
    CustomerSide,
    HistoricalCollection,
    Meter,
    MeterReading,
    ReadingDay,
    ServiceLocation,
    UsagePoint,
    UsageSummary,
)

logger = logging.getLogger(__name__)

# A sample is what is newest, and reaches so far back into what the earlier one collected.
SAMPLE = timedelta(days=31)
# So many days of readings are compared, the latest that both have.
DAYS_COMPARED = 45
# What is given another name on the way, so that no two have one meanwhile.
ASIDE = "set-aside:"
# They are as they are now, and have no history (FB 51).
ACCOUNT_DETAILS = 51
# The customer's side, leaves first.
ACCOUNT_TABLES: tuple[type[CustomerSide], ...] = (
    Meter,
    ServiceLocation,
    CustomerAgreement,
    CustomerAccount,
    Customer,
)

Named = TypeVar("Named", UsagePoint, MeterReading)


def sample(candidate: Authorization, now: datetime, earliest: datetime) -> list[Window]:
    """The window of a candidate: one, that overlaps what the earlier authorization has."""
    collected_to = candidate.renews.pulled_to if candidate.renews else None
    start = min(now, collected_to or now) - SAMPLE
    return [Window(max(start, earliest), None)]


def settle(candidate: Authorization, lease_id: str) -> Verdict | None:
    """Compare, and follow the verdict, under both rows' locks; None if nothing was compared.

    1. Lock both, and stop if the candidate is another worker's, or over, or was settled.
    2. Where it could not be taken in, whatever it brought, or is not the same: keep it apart.
    3. Else have the earlier one's meters, series, bills and account go by their new names, give it
       the grant, and delete the sample: it comes again with what is new.
    4. Where more was granted than before, ask for its history.
    """
    with transaction.atomic():
        earlier, row = _locked(candidate, lease_id)
        if earlier is None:
            grants.keep_apart(None, row, ["The earlier one is no longer there."])
            return None
        if why := grants.why_not(earlier, row):
            grants.keep_apart(earlier, row, [why])
            return None
        same_person = grants.is_same_person(earlier, row)
        verdict = is_same(*sides(earlier, row), same_person=same_person)
        if verdict.is_same:
            _take_in(earlier, row, verdict)
        else:
            grants.keep_apart(earlier, row, verdict.reasons)
    logger.info("renewal of %s by %s: %s", earlier.uid, row.uid, verdict.answer)
    return verdict


def _locked(candidate: Authorization, lease_id: str) -> tuple[Authorization | None, Authorization]:
    """Both rows; the earlier one has the lower key, so that nobody who does the same meets us."""
    rows = Authorization.objects.select_for_update(of=("self",)).select_related("utility")
    keys = [key for key in (candidate.renews_id, candidate.pk) if key is not None]
    found = {row.pk: row for row in rows.filter(pk__in=keys).order_by("pk")}
    row = found[candidate.pk]
    is_ours = row.lease_id == lease_id and row.status == Authorization.Status.ACTIVE
    if not is_ours or not row.is_candidate():
        raise LeaseLostError
    return found.get(row.renews_id or 0), row


# -- what is known of each ------------------------------------------------------------------------


def sides(earlier: Authorization, candidate: Authorization) -> tuple[Side, Side]:
    """What is known by either consent, with the readings of the days that both may have."""
    began = _days(candidate).aggregate(day=Min("day"))["day"]
    ended = _days(earlier).aggregate(day=Max("day"))["day"]
    days = None
    if began is not None and ended is not None:
        days = max(began, ended - timedelta(days=DAYS_COMPARED)), ended
    return _side(earlier, days), _side(candidate, days)


def _days(authorization: Authorization) -> QuerySet[ReadingDay]:
    return ReadingDay.objects.filter(authorization=authorization)


def _side(authorization: Authorization, days: tuple[date, date] | None) -> Side:
    values = _values(authorization, days)
    series = defaultdict[int, list[Series]](list)
    for row in MeterReading.objects.filter(usage_point__authorization=authorization):
        series[row.usage_point_id].append(Series(row.pk, kind_of(row), values[row.pk]))
    places = _Places(authorization)
    points = authorization.usage_points.shared().select_related("service_location")
    meters = [places.meter(point, tuple(series[point.pk])) for point in points]
    accounts = {plain_number(number) for number in account_numbers(authorization)}
    return Side(frozenset(accounts - {""}), tuple(meters))


def _values(
    authorization: Authorization, days: tuple[date, date] | None
) -> defaultdict[int, dict[When, int | None]]:
    found = defaultdict[int, dict[When, "int | None"]](dict)
    if days is None:
        return found
    for row in _days(authorization).filter(day__range=days):
        start = int(row.start.timestamp())
        for number, value in enumerate(row.values):
            offset = row.offsets[number] if row.offsets else number * row.seconds
            lasts = row.durations[number] if row.durations else row.seconds
            found[row.meter_reading_id][start + offset, lasts] = value
    return found


class _Places:
    """What the customer's side says of meters: their numbers, contracts and addresses."""

    def __init__(self, authorization: Authorization) -> None:
        of = {"authorization": authorization}
        self.agreements = {row.pk: row for row in CustomerAgreement.objects.filter(**of)}
        self.at_location = defaultdict[int, set[str]](set)
        self.by_agreement = defaultdict[int, set[str]](set)
        for meter in Meter.objects.filter(**of):
            if not (number := plain_number(meter.serial_number)):
                continue
            if meter.service_location_id is not None:
                self.at_location[meter.service_location_id].add(number)
            elif meter.agreement_id is not None:
                self.by_agreement[meter.agreement_id].add(number)

    def meter(self, point: UsagePoint, series: tuple[Series, ...]) -> MeterSide:
        location = point.service_location
        agreement = location and location.agreement_id and self.agreements[location.agreement_id]
        serials = set(self.at_location[location.pk]) if location else set()
        if agreement:
            serials |= self.by_agreement[agreement.pk]
        return MeterSide(
            key=point.pk,
            identity=point.identity,
            service=point.kind,
            is_open=point.closed_at is None,
            serials=frozenset(serials),
            contracts=_one(plain_number(agreement.number) if agreement else ""),
            delivery_points=_one(plain_number(point.delivery_point)),
            addresses=_one(plain_words(" ".join(location.address_lines)) if location else ""),
            series=series,
        )


def _one(text: str) -> frozenset[str]:
    return frozenset({text} if text else ())


# -- the earlier one goes on ----------------------------------------------------------------------


def _take_in(earlier: Authorization, candidate: Authorization, verdict: Verdict) -> None:
    brings_more = _brings_more(earlier, candidate, verdict)
    _rename(_points(earlier), _points(candidate), verdict.meters)
    _rename(_series(earlier), _series(candidate), verdict.series)
    _series(earlier).exclude(pk__in=verdict.series).update(of_earlier_grant=True)
    _rename_bills(earlier, candidate, verdict.meters)
    for point in _points(earlier).filter(pk__in=verdict.meters):
        closing.reopen(point)
    _take_account(earlier, candidate, verdict.meters)
    grants.take_in(earlier, candidate, verdict.reasons)
    delete_collected(candidate)
    if brings_more and _has_history(earlier):
        HistoricalCollection.objects.get_or_create(
            authorization=earlier,
            usage_point=None,
            state=HistoricalCollection.State.WAITING,
            defaults={"why": "The customer consented anew, to more than before."},
        )


def _brings_more(earlier: Authorization, candidate: Authorization, verdict: Verdict) -> bool:
    """Whether there are meters, or kinds of data, of which no history was collected."""
    if len(verdict.meters) < candidate.usage_points.count():
        return True
    if not earlier.scope or not candidate.scope:
        return False
    before, after = espi_scope.parse(earlier.scope), espi_scope.parse(candidate.scope)
    more = set(after.function_blocks) - set(before.function_blocks) - {ACCOUNT_DETAILS}
    return bool(more) or ((after.history_length or 0) > (before.history_length or 0))


def _has_history(earlier: Authorization) -> bool:
    """Whether windows of it were collected, if not all, that nobody will ask for again."""
    begun = earlier.pulls.filter(first=True, windows_done__gt=0)
    return earlier.pulled_to is not None or begun.exists()


def _points(authorization: Authorization) -> QuerySet[UsagePoint]:
    return UsagePoint.objects.filter(authorization=authorization)


def _series(authorization: Authorization) -> QuerySet[MeterReading]:
    return MeterReading.objects.filter(usage_point__authorization=authorization)


def _rename(old: QuerySet[Named], new: QuerySet[Named], pairs: Mapping[int, int]) -> None:
    """Have the old rows go by the new ones' names and links, so that the next document finds them.

    The others keep theirs, unless a name is another's from now on: links may be given out anew.
    """
    names = {row.pk: row for row in new.filter(pk__in=pairs.values())}
    old.filter(pk__in=pairs).update(identity=_aside())
    taken = [row.identity for row in names.values()]
    old.exclude(pk__in=pairs).filter(identity__in=taken).update(identity=_aside(), links=[])
    for row in old.filter(pk__in=pairs):
        row.identity, row.links = names[pairs[row.pk]].identity, names[pairs[row.pk]].links
        row.save(update_fields=["identity", "links"])


def _aside() -> Concat:
    return Concat(Value(ASIDE), F("uid"))


def _rename_bills(
    earlier: Authorization, candidate: Authorization, meters: Mapping[int, int]
) -> None:
    """The bills of the sample say how those for the same periods are called from now on.

    The others are known by their periods when they come again.
    """
    old = UsageSummary.objects.filter(usage_point__authorization=earlier)
    new = UsageSummary.objects.filter(usage_point__authorization=candidate)
    # Two that change their names with each other must not have one meanwhile.
    old.update(of_earlier_grant=True)
    for before, after in meters.items():
        mine, named = old.filter(usage_point=before), new.filter(usage_point=after)
        names = _by_period(named)
        bills = [
            (bill, names[period]) for period, bill in _by_period(mine).items() if period in names
        ]
        mine.filter(identity__in=[bill.identity for bill in named]).update(identity=_aside())
        for bill, other in bills:
            bill.identity, bill.of_earlier_grant = other.identity, False
            bill.save(update_fields=["identity", "of_earlier_grant"])


def _by_period(
    bills: QuerySet[UsageSummary],
) -> dict[tuple[datetime | None, int | None], UsageSummary]:
    """The bills that are alone in their period."""
    found = defaultdict[tuple[datetime | None, int | None], list[UsageSummary]](list)
    for bill in bills.exclude(start=None):
        found[bill.start, bill.seconds].append(bill)
    return {period: one for period, (one, *others) in found.items() if not others}


def _take_account(
    earlier: Authorization, candidate: Authorization, meters: Mapping[int, int]
) -> None:
    """Whose account it is comes anew, whole; of what is no longer shared, the place is kept."""
    if not Customer.objects.filter(authorization=candidate).exists():
        return
    kept = ServiceLocation.objects.filter(
        authorization=earlier,
        pk__in=_points(earlier).exclude(pk__in=meters).values("service_location"),
    )
    places = list(kept.values_list("pk", flat=True))
    for table in ACCOUNT_TABLES:
        mine = table._default_manager.filter(authorization=earlier)
        if table is Meter:
            mine = mine.exclude(pk__in=Meter.objects.filter(service_location__in=places))
        elif table is ServiceLocation:
            ServiceLocation.objects.filter(pk__in=places).update(agreement=None)
            mine = mine.exclude(pk__in=places)
        elif table is CustomerAgreement:
            Meter.objects.filter(service_location__in=places).update(agreement=None)
        mine.delete()
        named = table._default_manager.filter(authorization=candidate)
        left = table._default_manager.filter(authorization=earlier)
        left.filter(identity__in=named.values("identity")).update(identity=_aside())
        named.update(authorization=earlier)
    at = dict(_points(candidate).values_list("pk", "service_location"))
    for before, after in meters.items():
        _points(earlier).filter(pk=before).update(service_location=at[after])
