"""What of a customer's data a page shows, as its address says it, and the addresses beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from authorizations.models import Authorization
from greenbutton.display.meters import Meter, Service, services_of
from greenbutton.display.periods import VIEWS, Period, View
from greenbutton.display.usage import Slot, views_of


@dataclass(frozen=True, slots=True)
class Link:
    """A choice of the page."""

    label: str
    query: str
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """A service, one of its meters, and a period; the last two are None before any reading."""

    services: list[Service]
    service: Service
    meter: Meter | None
    period: Period | None

    def service_links(self) -> list[Link]:
        return [
            Link(one.label, query(service=one.slug), one.slug == self.service.slug)
            for one in self.services
        ]

    def meter_links(self) -> list[Link]:
        """All meters of the service; none where there is no choice."""
        if self.meter is None or self.period is None:
            return []
        links = [
            Link(one.place_label, self._query(one.key, self.period), one.place == self.meter.place)
            for one in self.service.places()
        ]
        return links if len(links) > 1 else []

    def measure_links(self) -> list[Link]:
        """What else the chosen meter measures; none where that is one thing only."""
        if self.meter is None or self.period is None:
            return []
        links = [
            Link(one.measured, self._query(one.key, self.period), one.key == self.meter.key)
            for one in self.service.measured_at(self.meter)
        ]
        return links if len(links) > 1 else []

    @property
    def about(self) -> str:
        """Which meter of several, and which of its measurements; empty where there is no choice."""
        current = [
            link.label for link in (*self.meter_links(), *self.measure_links()) if link.is_current
        ]
        return ": ".join(current)

    def view_links(self) -> list[Link]:
        if self.meter is None or self.period is None:
            return []
        day = self._day_to_stay_at(self.meter, self.period)
        return [
            Link(view.capitalize(), self._around(view, day), view == self.period.view)
            for view in views_of(self.meter)
        ]

    def previous_link(self) -> Link | None:
        if not self.meter or not self.period or self.period.first <= self.meter.extent.first:
            return None
        period = self.period.previous()
        return Link(period.title, self._query(self.meter.key, period))

    def next_link(self) -> Link | None:
        if not self.meter or not self.period or self.period.end > self.meter.extent.last:
            return None
        period = self.period.next()
        return Link(period.title, self._query(self.meter.key, period))

    def latest_link(self) -> Link | None:
        """Back to the newest readings, for who has strayed to where there are none."""
        if self.meter is None or self.period is None:
            return None
        last = self.meter.extent.last
        return Link("The latest readings", self._around(self.period.view, last))

    def opening(self, slot: Slot) -> str:
        """The query that shows a bar's own month or day; empty where there is nothing finer."""
        if self.meter is None or slot.opens is None or slot.opens.view not in views_of(self.meter):
            return ""
        return self._query(self.meter.key, slot.opens)

    def query(self) -> str:
        """The query that says this selection in full."""
        if self.meter is None or self.period is None:
            return query(service=self.service.slug)
        return self._query(self.meter.key, self.period)

    def _day_to_stay_at(self, meter: Meter, period: Period) -> date:
        """The day that stays in sight when the view changes: the period's last with readings."""
        last_of_period = period.end - timedelta(days=1)
        return max(min(last_of_period, meter.extent.last), period.first)

    def _around(self, view: View, day: date) -> str:
        assert self.meter is not None
        return self._query(self.meter.key, Period.holding(view, day))

    def _query(self, meter: str, period: Period) -> str:
        return query(
            service=self.service.slug,
            meter=meter,
            view=period.view,
            date=period.first.isoformat(),
        )


def query(**parts: str) -> str:
    return f"?{urlencode(parts)}"


def selection_of(authorization: Authorization, asked: Mapping[str, str]) -> Selection | None:
    """What the address asks for; what it leaves out, or says wrongly, is the first or the newest.

    None while the customer has no service at all.
    """
    services = services_of(authorization)
    if not services:
        return None
    slug = asked.get("service", "")
    service = next((one for one in services if one.slug == slug), first_measured(services))
    meter = service.meter(asked.get("meter", ""))
    return Selection(services, service, meter, period_of(meter, asked) if meter else None)


def first_measured(services: list[Service]) -> Service:
    """The first service that has readings, else the first."""
    return next((one for one in services if one.meters), services[0])


def period_of(meter: Meter, asked: Mapping[str, str]) -> Period:
    """The asked period, else the newest month."""
    views = views_of(meter)
    usual: View = "month" if "month" in views else views[0]
    view = next((one for one in VIEWS if one == asked.get("view") and one in views), usual)
    try:
        day = date.fromisoformat(asked.get("date", ""))
    except ValueError:
        day = meter.extent.last
    return Period.holding(view, day)
