"""A grant as its documents see it: loaded once, so that a stream needs no database."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from greenbutton.espi import Entry
from greenbutton.espi.resources import Resource
from greenbutton.espi.scope import Scope
from utilities.sandbox.documents.function_blocks import Shares
from utilities.sandbox.documents.window import Window
from utilities.sandbox.households import DAY, PROFILES, Meter, Profile, days_between, midnight
from utilities.sandbox.models import (
    RESOURCES,
    Grant,
    Registration,
    Service,
    UtilityAccount,
    derive,
)
from utilities.sandbox.programmes import Programme

# RFC 9562 §6.6, as the reference implementation has it: the DNS namespace, although it is a URL.
IDS = uuid.NAMESPACE_DNS
# When the resources that all customers share were published.
SINCE = datetime(2021, 1, 1, tzinfo=UTC)


def entry_id(href: str) -> str:
    """An entry's persistent name follows from its address."""
    return f"urn:uuid:{uuid.uuid5(IDS, href)}"


def opaque(*names: str) -> str:
    """A name for what has no row of its own: it tells nothing, and nobody can guess it."""
    return derive("resource", "/".join(names)).hex()[:34]


@dataclass(frozen=True)
class Sharing:
    """Whose data, what of it, of which time, and for whom."""

    grant: Grant
    registration: Registration
    account: UtilityAccount
    services: tuple[Service, ...]
    scope: Scope
    shares: Shares
    window: Window
    now: datetime

    @classmethod
    def of(cls, grant: Grant, scope: Scope, window: Window, now: datetime) -> Sharing:
        """Everything that is in the database."""
        return cls(
            grant,
            grant.registration,
            grant.account,
            tuple(grant.services.select_related("account")),
            scope,
            Shares.of(scope),
            window,
            now,
        )

    @property
    def programme(self) -> Programme:
        """The utility."""
        return self.registration.programme

    @property
    def zone(self) -> ZoneInfo:
        """Where the customer's days begin."""
        return self.programme.zone

    @property
    def is_export(self) -> bool:
        """Whether the documents have the quirks of a real export."""
        return self.registration.profile == Registration.Profile.EXPORT

    @cached_property
    def earliest(self) -> int:
        """Nothing that begins before is shared, in UTC seconds."""
        return int(self.grant.earliest_of(self.scope).timestamp())

    @property
    def root(self) -> str:
        """Where the usage's single resources are."""
        return f"{RESOURCES}/Subscription/{self.grant.uid}"

    @property
    def customer_root(self) -> str:
        """Where the customer's single resources are."""
        return f"{RESOURCES}/RetailCustomer/{self.grant.uid}"

    def point_href(self, service: Service) -> str:
        """The usage point's address."""
        return f"{self.root}/UsagePoint/{service.uid}"

    def written(self, href: str) -> str:
        """A link as the document has it: relative in an export."""
        return href.removeprefix(f"{RESOURCES}/") if self.is_export else href

    def profile(self, service: Service) -> Profile:
        """How the service is used."""
        return PROFILES[service.profile]

    def meter(self, service: Service) -> Meter:
        """The simulated meter."""
        return Meter(service.seed, self.profile(service), self.zone)

    def days(self) -> list[date]:
        """The local days that are over, shared, and asked for."""
        return [day for day in self.beginnings(DAY) if self.has(*self.span(day, day + DAY))]

    def beginnings(self, length: timedelta) -> list[date]:
        """The local days on which something so long may begin that is shared and asked for."""
        now = int(self.now.timestamp())
        since = min(self.window.published_min or 0, now) - int(length.total_seconds())
        first = self._date(max(self.earliest, since))
        last = self._date(max(self.earliest, min(self.window.published_max or now, now)))
        return days_between(first, last + DAY)

    def span(self, first: date, end: date) -> tuple[int, int]:
        """The instants at which the local days begin, in UTC seconds."""
        return midnight(first, self.zone), midnight(end, self.zone)

    def has(self, start: int, end: int) -> bool:
        """Whether a period is over, shared, and asked for."""
        is_shared = self.earliest <= start and end <= int(self.now.timestamp())
        return is_shared and self.window.takes(start, end)

    def _date(self, moment: int) -> date:
        return datetime.fromtimestamp(moment, self.zone).date()

    def entry(
        self, href: str, title: str, resource: Resource, *related: str, at: int | None = None
    ) -> Entry:
        """An entry below its collection. `at` is when it was published, else with the grant."""
        published = self.grant.created_at if at is None else datetime.fromtimestamp(at, UTC)
        return make_entry(
            href,
            title,
            resource,
            *related,
            published=published,
            updated=self.grant.updated_at if at is None else published,
        )


def make_entry(
    href: str,
    title: str,
    resource: Resource,
    *related: str,
    published: datetime = SINCE,
    updated: datetime = SINCE,
) -> Entry:
    """An entry below the collection that its address names."""
    return Entry(
        id=entry_id(href),
        title=title,
        self_href=href,
        up=href.rpartition("/")[0],
        related=related,
        published=published,
        updated=updated,
        resource=resource,
    )
