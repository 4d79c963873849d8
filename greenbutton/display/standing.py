"""How each of a customer's meters stands, in words: collected, left as it is, gone, or stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils import timezone
from django.utils.formats import date_format

from authorizations.models import Authorization
from greenbutton.display.meters import KINDS, OTHER, Service
from greenbutton.models import UsagePoint

State = Literal["collected", "unmonitored", "closed", "stopped"]


@dataclass(frozen=True, slots=True)
class Standing:
    """One meter; `words` is empty for one that is simply collected."""

    uid: str
    label: str
    state: State
    badge: str = ""
    words: str = ""

    @property
    def is_shared(self) -> bool:
        return self.state != "stopped"


def standings_of(
    authorization: Authorization, services: Sequence[Service], company: str
) -> list[Standing]:
    """The meters of an authorization, shared ones first; none where there is nothing to say.

    A single meter that is collected is what the rest of the page is about.
    """
    points = authorization.usage_points.select_related("authorization__utility")
    ordered = sorted(points.order_by("kind", "id"), key=lambda point: not point.is_shared())
    found = [standing_of(point, name_of(point, services), company) for point in ordered]
    return found if len(found) > 1 or any(one.words for one in found) else []


def standing_of(point: UsagePoint, label: str, company: str) -> Standing:
    """How one meter stands."""
    if point.stopped_at is not None:
        who = "You" if point.stopped_by == "customer" else company
        day = _day(point.stopped_at, point)
        words = f"{who} stopped sharing it on {day}. What it measured is deleted."
        return Standing(point.uid, label, "stopped", "Stopped", words)
    if point.monitoring_stopped_at is not None:
        day = _day(point.monitoring_stopped_at, point)
        words = f"{company} has collected nothing new of it since {day}. What is here stays."
        return Standing(point.uid, label, "unmonitored", "Not collected", words)
    if point.closed_at is not None:
        source, day = point.authorization.source_name, _day(point.closed_at, point)
        words = f"No longer in what {source} sends, since {day}. What is here stays."
        return Standing(point.uid, label, "closed", "Closed", words)
    return Standing(point.uid, label, "collected")


def _day(moment: datetime, point: UsagePoint) -> str:
    return date_format(timezone.localtime(moment, point.authorization.zone), "j F Y")


def name_of(point: UsagePoint, services: Sequence[Service]) -> str:
    """What the page calls a meter, with its service where its own name does not say that."""
    for service in services:
        if point.pk in service.point_labels:
            label = service.point_labels[point.pk]
            if label == "Meter":
                break
            says = service.label.lower() in label.lower()
            return label if says else f"{service.label}, {label}"
    return f"{kind_of(point)} meter"


def kind_of(point: UsagePoint) -> str:
    """The service that it measures."""
    return (OTHER if point.kind is None else KINDS.get(point.kind, OTHER))[1]
