"""The documents that a company reads: what the customer shares, as ESPI entries."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from greenbutton.espi import Entry
from greenbutton.espi.authorization import Authorization
from greenbutton.espi.enums import (
    AccumulationKind,
    AuthorizationStatus,
    FlowDirectionKind,
    ItemKind,
    QualityOfReading,
    ServiceKind,
)
from greenbutton.espi.interval_block import IntervalBlock
from greenbutton.espi.line_item import LineItem
from greenbutton.espi.local_time_parameters import LocalTimeParameters
from greenbutton.espi.meter_reading import MeterReading
from greenbutton.espi.period import Period
from greenbutton.espi.reading_type import ReadingType
from greenbutton.espi.resources import Resource
from greenbutton.espi.scope import Scope
from greenbutton.espi.summary_measurement import SummaryMeasurement
from greenbutton.espi.usage_point import ServiceDeliveryPoint, UsagePoint
from greenbutton.espi.usage_summary import UsageSummary
from utilities.sandbox.branch import Branch
from utilities.sandbox.certificate import CERTIFICATE
from utilities.sandbox.households import HOUR, PROFILES, Bill, Meter, Profile, midnight
from utilities.sandbox.models import RESOURCES, Grant, Service
from utilities.sandbox.programmes import Programme
from utilities.sandbox.query import Window

INTERVALS, BILLS = 4, 16
# espi.xsd DstRuleType: the second Sunday in March, the first in November, at two o'clock.
DST_START, DST_END = "360E2000", "B40E2000"
# espi.xsd: PhaseCode S1S2N, split phase; DataQualifier normal; TimeAttribute 60 minutes.
SPLIT_PHASE, NORMAL, SIXTY_MINUTES = 769, 12, 7


def usage_entries(
    grant: Grant, scope: Scope, window: Window, branch: Branch, now: datetime
) -> Iterator[Entry]:
    """What of the usage the scope opens and the branch holds, parents before what hangs on them.

    The database is read here, not while the entries are.
    """
    services = list(grant.services.select_related("account"))
    document = _Subscription(
        grant, grant.registration.programme, services, scope.function_blocks, window, branch, now
    )
    return document.entries()


def customer_entries(grant: Grant, scope: Scope, branch: Branch) -> Iterator[Entry]:
    """The account details, which this utility does not collect yet."""
    return iter(())


def updated(grant: Grant, now: datetime) -> datetime:
    """When what the grant opens last changed: with the grant itself, or when a day was over."""
    zone = grant.registration.programme.zone
    day = datetime.fromtimestamp(midnight(now.astimezone(zone).date(), zone), UTC)
    return max(grant.updated_at, day)


@dataclass(frozen=True)
class _Subscription:
    """One grant's document."""

    grant: Grant
    programme: Programme
    services: list[Service]
    function_blocks: Collection[int]
    window: Window
    branch: Branch
    now: datetime

    def entries(self) -> Iterator[Entry]:
        """Everything, parents before what hangs on them."""
        reached = [each for each in self.services if self.branch.reaches(self._point_href(each))]
        yield from self._companions(reached)
        for service in reached:
            if self.branch.holds(self._point_href(service)):
                yield self._usage_point(service)
            if INTERVALS in self.function_blocks:
                yield from self._readings(service)
            if BILLS in self.function_blocks:
                yield from self._bills(service)

    def _companions(self, reached: list[Service]) -> Iterator[Entry]:
        """What the usage points need to be understood, or what hangs beside them."""
        if reached if self.branch.companions else self.branch.reaches(self._time_href):
            yield self._entry(self._time_href, "Local time", self._local_time())
        if INTERVALS in self.function_blocks:
            for href, profile in self._types(reached).items():
                yield self._entry(href, "Hourly readings", self._reading_type(profile))

    @property
    def _time_href(self) -> str:
        return f"{RESOURCES}/LocalTimeParameters/{self.programme.slug}"

    def _type_href(self, profile: Profile) -> str:
        kind = profile.commodity.kind.name.lower()
        return f"{RESOURCES}/ReadingType/{self.programme.slug}-{kind}"

    def _point_href(self, service: Service) -> str:
        return f"{RESOURCES}/Subscription/{self.grant.uid}/UsagePoint/{service.uid}"

    def _meter(self, service: Service) -> Meter:
        return Meter(service.seed, PROFILES[service.profile], self.programme.zone)

    def _entry(
        self, href: str, title: str, resource: Resource, *related: str, at: int | None = None
    ) -> Entry:
        """An entry below its collection. `at` is when it was published, else with the grant."""
        published = self.grant.created_at if at is None else datetime.fromtimestamp(at, UTC)
        return Entry(
            id=_id(href),
            title=title,
            self_href=href,
            up=href.rpartition("/")[0],
            related=related,
            published=published,
            updated=self.grant.updated_at if at is None else published,
            resource=resource,
        )

    def _local_time(self) -> LocalTimeParameters:
        winter = datetime(self.now.year, 1, 1, tzinfo=self.programme.zone).utcoffset()
        assert winter is not None
        return LocalTimeParameters(DST_END, HOUR, DST_START, int(winter.total_seconds()))

    def _types(self, reached: list[Service]) -> dict[str, Profile]:
        """The reading types that are wanted, by address."""
        branch = self.branch
        found: dict[str, Profile] = {}
        for service in reached if branch.companions else self.services:
            profile = PROFILES[service.profile]
            href = self._type_href(profile)
            readings = f"{self._point_href(service)}/MeterReading"
            if branch.enters(readings) if branch.companions else branch.reaches(href):
                found[href] = profile
        return found

    def _reading_type(self, profile: Profile) -> ReadingType:
        commodity = profile.commodity
        return ReadingType(
            accumulation_behaviour=AccumulationKind.DELTA,
            commodity=commodity.commodity,
            currency=self.programme.currency,
            data_qualifier=NORMAL,
            default_quality=QualityOfReading.VALID,
            flow_direction=FlowDirectionKind.FORWARD,
            interval_length=HOUR,
            kind=commodity.measurement,
            phase=SPLIT_PHASE if commodity.kind == ServiceKind.ELECTRICITY else None,
            power_of_ten=commodity.power_of_ten,
            uom=commodity.uom,
            measuring_period=SIXTY_MINUTES,
        )

    def _usage_point(self, service: Service) -> Entry:
        href = self._point_href(service)
        profile = PROFILES[service.profile]
        related = [self._time_href]
        if INTERVALS in self.function_blocks:
            related.append(f"{href}/MeterReading")
        if BILLS in self.function_blocks:
            related.append(f"{href}/UsageSummary")
        point = UsagePoint(
            kind=profile.commodity.kind,
            status=1,
            service_delivery_point=ServiceDeliveryPoint(tariff_profile=profile.tariff.name),
        )
        return self._entry(href, f"{service.get_kind_display()} service", point, *related)

    def _readings(self, service: Service) -> Iterator[Entry]:
        meter = self._meter(service)
        href = f"{self._point_href(service)}/MeterReading/{service.uid}"
        blocks = f"{href}/IntervalBlock"
        if self.branch.holds(href):
            yield self._entry(
                href, "Hourly readings", MeterReading(), blocks, self._type_href(meter.profile)
            )
        if not self.branch.enters(blocks):
            return
        for day, start, end in self._days():
            address = f"{blocks}/{day:%Y%m%d}"
            if self.branch.holds(address):
                block = IntervalBlock(start, end - start, tuple(meter.day(day)))
                yield self._entry(address, f"{day:%Y-%m-%d}", block, at=end)

    def _days(self) -> Iterator[tuple[date, int, int]]:
        """The local days that are over, shared, and asked for."""
        zone = self.programme.zone
        earliest, now = int(self.grant.earliest.timestamp()), int(self.now.timestamp())
        day = self._date(max(earliest, min(self.window.published_min or earliest, now)))
        last = self._date(max(earliest, min(self.window.published_max or now, now)))
        while day <= last:
            start, end = midnight(day, zone), midnight(day + timedelta(days=1), zone)
            if earliest <= start and end <= now and self.window.takes(start, end):
                yield day, start, end
            day += timedelta(days=1)

    def _date(self, moment: int) -> date:
        return datetime.fromtimestamp(moment, self.programme.zone).date()

    def _bills(self, service: Service) -> Iterator[Entry]:
        meter, zone = self._meter(service), self.programme.zone
        earliest, now = int(self.grant.earliest.timestamp()), int(self.now.timestamp())
        href = f"{self._point_href(service)}/UsageSummary"
        if not self.branch.enters(href):
            return
        for first, after in meter.billing_periods(earliest, now):
            end = midnight(after, zone)
            address = f"{href}/{first:%Y%m%d}"
            if self.branch.holds(address) and self.window.takes(midnight(first, zone), end):
                bill = self._summary(meter, meter.bill(first, after))
                yield self._entry(address, "Bill", bill, at=end)

    def _summary(self, meter: Meter, bill: Bill) -> UsageSummary:
        commodity, end = meter.profile.commodity, bill.start + bill.seconds
        return UsageSummary(
            billing_period=Period(bill.start, bill.seconds),
            bill_last_period=bill.amount,
            # All lines of the bill, which add up to it; costAdditionalLastPeriod is left out,
            # since a reader may add it to the bill.
            line_items=(
                LineItem(bill.usage, note=_usage_note(meter), item_kind=ItemKind.USAGE_FEE),
                LineItem(bill.delivery, note="Delivery", item_kind=ItemKind.DELIVERY_FEE),
                LineItem(bill.fixed, note="Monthly charge", item_kind=ItemKind.ADMINISTRATION_FEE),
                LineItem(bill.tax, note="Taxes", item_kind=ItemKind.TAX),
            ),
            currency=self.programme.currency,
            overall_consumption=SummaryMeasurement(
                bill.consumption, commodity.power_of_ten, commodity.uom, end
            ),
            quality_of_reading=QualityOfReading.VALID,
            status_time_stamp=end,
            commodity=commodity.commodity,
            tariff_profile=meter.profile.tariff.name,
            read_cycle=f"{meter.reading_day:02d}",
            billing_charge_source=self.programme.legal_name,
        )


def _usage_note(meter: Meter) -> str:
    return f"{meter.profile.commodity.kind.text.capitalize()} used"


def authorization_entry(grant: Grant) -> Entry:
    """The utility's record of a consent."""
    begins = int(grant.created_at.timestamp())
    ends = int(grant.until.timestamp()) if grant.until else None
    earliest = int(grant.earliest.timestamp())
    access = grant.tokens.filter(kind="access").order_by("-id").first()
    expires = access.expires_at if access else grant.created_at
    assert expires is not None
    return Entry(
        id=_id(grant.authorization_uri),
        title="Authorization",
        self_href=grant.authorization_uri,
        up=f"{RESOURCES}/Authorization",
        related=(grant.resource_uri, CERTIFICATE),
        published=grant.created_at,
        updated=grant.updated_at,
        resource=Authorization(
            # A length of 0 has no end.
            authorized_period=Period(begins, ends - begins if ends else 0),
            published_period=Period(earliest, ends - earliest if ends else 0),
            status=AuthorizationStatus.ACTIVE if grant.is_active else AuthorizationStatus.REVOKED,
            expires_at=int(expires.timestamp()),
            grant_type="authorization_code",
            scope=grant.scope,
            token_type="Bearer",  # noqa: S106 (RFC 6750's word)
            resource_uri=grant.resource_uri,
            authorization_uri=grant.authorization_uri,
            customer_resource_uri=grant.customer_uri,
        ),
    )


def _id(href: str) -> str:
    """As the Green Button Alliance makes them: the same resource has the same id for ever."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_DNS, href)}"
