"""The documents that a company reads: what the customer shares, as ESPI entries."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.http import QueryDict

from greenbutton.espi import Entry, write_feed
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
from utilities.sandbox.households import HOUR, PROFILES, Bill, Meter, Profile, midnight
from utilities.sandbox.models import RESOURCES, Grant, Registration, Service
from utilities.sandbox.programmes import Programme

INTERVALS, BILLS = 4, 16
# espi.xsd DstRuleType: the second Sunday in March, the first in November, at two o'clock.
DST_START, DST_END = "360E2000", "B40E2000"
# espi.xsd: PhaseCode S1S2N, split phase; DataQualifier normal; TimeAttribute 60 minutes.
SPLIT_PHASE, NORMAL, SIXTY_MINUTES = 769, 12, 7


class WindowError(ValueError):
    """A query parameter that cannot be read. The text is a sentence."""


@dataclass(frozen=True)
class Window:
    """What of a document is asked for, in UTC seconds; None is no limit. Ends are excluded."""

    published_min: int | None = None
    published_max: int | None = None
    updated_min: int | None = None
    updated_max: int | None = None

    @classmethod
    def read(cls, query: QueryDict) -> Window:
        """Out of published-min, published-max, updated-min and updated-max. Raises WindowError."""
        names = ("published-min", "published-max", "updated-min", "updated-max")
        window = cls(*(_moment(name, query.getlist(name)) for name in names))
        for low, high in (
            (window.published_min, window.published_max),
            (window.updated_min, window.updated_max),
        ):
            if low is not None and high is not None and low > high:
                raise WindowError("The window ends before it begins.")
        return window

    def takes(self, start: int, end: int) -> bool:
        """Whether a period intersects the window; a period is published when it is over."""
        return (
            (self.published_max is None or start < self.published_max)
            and (self.published_min is None or end > self.published_min)
            and (self.updated_max is None or end < self.updated_max)
            and (self.updated_min is None or end >= self.updated_min)
        )


def _moment(name: str, given: list[str]) -> int | None:
    """ISO 8601 with a zone; what has none is in UTC, and a day begins at midnight there."""
    if not given:
        return None
    try:
        (text,) = given
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise WindowError(f"{name} must be one ISO 8601 time, like 2026-01-31T00:00:00Z.") from None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(aware.timestamp())


def subscription(grant: Grant, scope: Scope, window: Window, now: datetime) -> Iterator[bytes]:
    """The usage that a token of this scope opens, streamed.

    The database is read before the first piece.
    """
    programme = grant.registration.programme
    services = list(grant.services.select_related("account"))
    document = _Subscription(grant, scope, programme, services, window, now)
    return write_feed(
        document.entries(),
        self_href=grant.resource_uri,
        title=f"Usage shared by a customer of {programme.name}",
        updated=now,
        id=_id(grant.resource_uri),
    )


@dataclass(frozen=True)
class _Subscription:
    """One grant's document."""

    grant: Grant
    scope: Scope
    programme: Programme
    services: list[Service]
    window: Window
    now: datetime

    def entries(self) -> Iterator[Entry]:
        """Everything, parents before what hangs on them."""
        blocks = self.scope.function_blocks
        yield self._entry(self._time_href, "Local time", self._local_time())
        if INTERVALS in blocks:
            yield from self._reading_types()
        for service in self.services:
            yield self._usage_point(service)
            if INTERVALS in blocks:
                yield from self._readings(service)
            if BILLS in blocks:
                yield from self._bills(service)

    @property
    def _earliest(self) -> int:
        return int(self.grant.earliest_of(self.scope).timestamp())

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

    def _reading_types(self) -> Iterator[Entry]:
        profiles = [PROFILES[service.profile] for service in self.services]
        for href, profile in {self._type_href(each): each for each in profiles}.items():
            yield self._entry(href, "Hourly readings", self._reading_type(profile))

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
        if INTERVALS in self.scope.function_blocks:
            related.append(f"{href}/MeterReading")
        if BILLS in self.scope.function_blocks:
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
        yield self._entry(
            href, "Hourly readings", MeterReading(), blocks, self._type_href(meter.profile)
        )
        for day, start, end in self._days():
            block = IntervalBlock(start, end - start, tuple(meter.day(day)))
            yield self._entry(f"{blocks}/{day:%Y%m%d}", f"{day:%Y-%m-%d}", block, at=end)

    def _days(self) -> Iterator[tuple[date, int, int]]:
        """The local days that are over, shared, and asked for."""
        zone = self.programme.zone
        earliest, now = self._earliest, int(self.now.timestamp())
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
        earliest, now = self._earliest, int(self.now.timestamp())
        href = f"{self._point_href(service)}/UsageSummary"
        for first, after in meter.billing_periods(earliest, now):
            end = midnight(after, zone)
            if self.window.takes(midnight(first, zone), end):
                bill = self._summary(meter, meter.bill(first, after))
                yield self._entry(f"{href}/{first:%Y%m%d}", "Bill", bill, at=end)

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
        related=(grant.resource_uri,),
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


def authorizations(registration: Registration, now: datetime) -> Iterator[bytes]:
    """Every consent that customers gave a company, ended ones among them."""
    href = f"{RESOURCES}/Authorization"
    return write_feed(
        [authorization_entry(grant) for grant in registration.grants.all()],
        self_href=href,
        title="Authorizations",
        updated=now,
        id=_id(f"{href}#{registration.client_id}"),
    )


def _id(href: str) -> str:
    """An entry's persistent name follows from its address."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, href)}"
