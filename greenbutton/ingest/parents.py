"""Usage points, meter readings and usage summaries: made or filled in, never blanked.

A feed may leave out what an earlier one said (a later window often does), so an absent value
changes nothing, and a row that a feed adds nothing to is not written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from django.db import models

from authorizations.models import Authorization
from greenbutton.espi import Entry
from greenbutton.espi.line_item import LineItem
from greenbutton.espi.links import LinkedMeterReading, LinkedSummary, LinkedUsagePoint
from greenbutton.espi.usage_point import UsagePoint as EspiUsagePoint
from greenbutton.espi.usage_summary import UsageSummary as EspiUsageSummary
from greenbutton.ingest import days
from greenbutton.ingest.joining import join_meter_readings, join_usage_points
from greenbutton.ingest.known import fitting
from greenbutton.models import MeterReading, UsagePoint, UsageSummary

TITLE_LENGTH = 256
ROLE_FLAGS_LENGTH = 16


def keep_usage_point(
    authorization: Authorization, linked: LinkedUsagePoint
) -> tuple[UsagePoint, bool]:
    """The stored usage point, and whether it is new.

    What was stored of it under other names becomes it, or is added to it.
    """
    identity = fitting(linked.identity)
    mine = UsagePoint.objects.filter(authorization=authorization)
    row = mine.filter(identity=identity).first()
    others = list(mine.filter(pk__in=linked.rows).exclude(identity=identity).order_by("pk"))
    values: dict[str, Any] = {"identity": identity}
    if linked.entry is not None:
        resource = linked.entry.resource
        assert isinstance(resource, EspiUsagePoint)
        delivery = resource.service_delivery_point
        values |= {
            "title": (linked.entry.title or "")[:TITLE_LENGTH],
            "kind": resource.kind,
            "status": resource.status,
            "role_flags": (resource.role_flags or "")[:ROLE_FLAGS_LENGTH],
            "links": _links(linked.entry),
            "delivery_point": ((delivery and delivery.name) or "")[:TITLE_LENGTH],
            "tariff_profile": ((delivery and delivery.tariff_profile) or "")[:TITLE_LENGTH],
        }
    if row is None and not others:
        return UsagePoint.objects.create(authorization=authorization, **_said(values)), True
    row = row or others.pop(0)
    # Before the others go, whose identity it may take over.
    fill(row, identity=identity)
    for other in others:
        join_usage_points(row, other)
    fill(row, **values)
    return row, False


def keep_meter_reading(
    usage_point: UsagePoint, linked: LinkedMeterReading, *, is_new: bool
) -> tuple[MeterReading, bool]:
    """The stored meter reading, with what was stored of it elsewhere, and whether it is new.

    `is_new` says that the usage point is, so that there is none of this name.
    """
    identity = fitting(linked.identity)
    named = MeterReading.objects.filter(usage_point=usage_point, identity=identity)
    row = None if is_new else named.first()
    found = MeterReading.objects.filter(
        pk__in=linked.rows, usage_point__authorization=usage_point.authorization_id
    )
    others = [other for other in found.order_by("pk") if row is None or other.pk != row.pk]
    values: dict[str, Any] = {"identity": identity}
    if linked.entry is not None:
        values |= {
            "title": (linked.entry.title or "")[:TITLE_LENGTH],
            "links": _links(linked.entry),
        }
    if (kind := linked.reading_type) is not None:
        values |= {
            "uom": kind.uom,
            "power_of_ten": kind.power_of_ten,
            "commodity": kind.commodity,
            "currency": kind.currency,
            "flow_direction": kind.flow_direction,
            "accumulation_behaviour": kind.accumulation_behaviour,
            "interval_length": kind.interval_length,
            "measurement_kind": kind.kind,
            "default_quality": kind.default_quality,
            "tou": kind.tou,
            "cpp": kind.cpp,
            "consumption_tier": kind.consumption_tier,
            "phase": kind.phase,
            "data_qualifier": kind.data_qualifier,
            "time_attribute": kind.time_attribute,
        }
    if row is None and not others:
        return MeterReading.objects.create(usage_point=usage_point, **_said(values)), True
    row = row or others.pop(0)
    fill(row, identity=identity, usage_point_id=usage_point.pk)
    for other in others:
        join_meter_readings(usage_point.authorization_id, row, other)
    fill(row, **values)
    return row, False


def keep_summaries(
    usage_point: UsagePoint, summaries: Iterable[LinkedSummary], *, is_new: bool
) -> tuple[int, int]:
    """Keep bills; returns how many are new and how many changed.

    `is_new` says that the usage point is, so that it has none.
    """
    # A document may hold one bill several times, and say other things of it each time: the last
    # counts, so that the same document changes nothing when it comes again.
    said: dict[str, dict[str, Any]] = defaultdict(dict)
    for linked in summaries:
        summary = linked.entry.resource
        assert isinstance(summary, EspiUsageSummary)
        said[_summary_identity(linked, summary)].update(_said(_columns(summary)))
    stored = {} if is_new else {row.identity: row for row in usage_point.summaries.all()}
    changed = sum(fill(stored[name], **said[name]) for name in said.keys() & stored.keys())
    new = [
        UsageSummary(usage_point=usage_point, identity=identity, **values)
        for identity, values in said.items()
        if identity not in stored
    ]
    UsageSummary.objects.bulk_create(new)
    return len(new), changed


def _summary_identity(linked: LinkedSummary, summary: EspiUsageSummary) -> str:
    """A UUID stands for one bill for good. A self link does not: SCE gives several bills the same.

    So a link names a bill only together with the start of its period.
    """
    if linked.identity.startswith("urn:uuid:"):
        return linked.identity
    period = summary.billing_period
    start = period.start if period else None
    return fitting(f"{linked.identity} {'' if start is None else start}".strip())


def _columns(summary: EspiUsageSummary) -> dict[str, Any]:
    period = summary.billing_period
    consumed = summary.overall_consumption or summary.current_billing_period_consumption
    start = period.start if period else None
    if start is not None and not days.is_possible(start):
        start = None
    return {
        "start": None if start is None else datetime.fromtimestamp(start, UTC),
        "seconds": period.seconds if period else None,
        "bill_last_period": summary.bill_last_period,
        "bill_to_date": summary.bill_to_date,
        "currency": summary.currency,
        "consumption": consumed.value if consumed else None,
        "consumption_power_of_ten": consumed.power_of_ten if consumed else None,
        "consumption_uom": consumed.uom if consumed else None,
        "line_items": [_line_item(item) for item in summary.line_items],
        "tariff_profile": (summary.tariff_profile or "")[:TITLE_LENGTH],
        "agency": (summary.billing_charge_source or "")[:TITLE_LENGTH],
    }


def _line_item(item: LineItem) -> dict[str, Any]:
    """What the line says, under the ESPI library's names; what it leaves out is absent."""
    return asdict(
        item,
        dict_factory=lambda pairs: {name: value for name, value in pairs if value is not None},
    )


def _links(entry: Entry) -> list[str]:
    """The links by which others point at this entry."""
    own = [entry.self_href] if entry.self_href else []
    return list(dict.fromkeys((*own, *entry.related)))


def fill(row: models.Model, **values: Any) -> bool:
    """Set what a feed says and the row does not; returns whether that changed anything."""
    changed = [name for name, value in _said(values).items() if value != getattr(row, name)]
    for name in changed:
        setattr(row, name, values[name])
    if changed and row.pk is not None:
        row.save(update_fields=changed)
    return bool(changed)


def _said(values: dict[str, Any]) -> dict[str, Any]:
    """The values that say something."""
    return {name: value for name, value in values.items() if value not in (None, "", [])}
