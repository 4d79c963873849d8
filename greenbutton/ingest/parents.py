"""Usage points, meter readings and usage summaries: made or filled in, never blanked.

A feed may leave out what an earlier one said (a later window often does), so an absent value
changes nothing, and a row that a feed adds nothing to is not written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import models

from authorizations.models import Authorization
from greenbutton.espi import Entry
from greenbutton.espi.line_item import LineItem
from greenbutton.espi.links import LinkedMeterReading, LinkedSummary, LinkedUsagePoint, Tree
from greenbutton.espi.usage_point import UsagePoint as EspiUsagePoint
from greenbutton.espi.usage_summary import UsageSummary as EspiUsageSummary
from greenbutton.ingest import days
from greenbutton.ingest.joining import join_meter_readings, join_usage_points
from greenbutton.ingest.known import fitting
from greenbutton.models import MeterReading, UsagePoint, UsageSummary

TITLE_LENGTH = 256
ROLE_FLAGS_LENGTH = 16
# Usage points that are kept at once, with all their bills in memory.
TOGETHER = 20


@dataclass(slots=True)
class Part:
    """One usage point of a document with what hangs on it."""

    usage_point: LinkedUsagePoint
    meter_readings: list[LinkedMeterReading] = field(default_factory=list)
    summaries: list[LinkedSummary] = field(default_factory=list)

    def takes_over(self) -> bool:
        """Whether some of it is stored under another name, which becomes this one's."""
        return bool(self.usage_point.rows or any(one.rows for one in self.meter_readings))


@dataclass(frozen=True, slots=True)
class Kept:
    """A part as it is stored, with its meter readings in their order; how many bills are new."""

    usage_point: UsagePoint
    is_new: bool
    meter_readings: list[MeterReading]
    bills: int
    bills_changed: int


def parts_of(tree: Tree) -> list[Part]:
    """The document by usage point."""
    parts = {identity: Part(linked) for identity, linked in tree.usage_points.items()}
    for meter_reading in tree.meter_readings.values():
        parts[meter_reading.usage_point].meter_readings.append(meter_reading)
    for summary in tree.summaries.values():
        parts[summary.usage_point].summaries.append(summary)
    return list(parts.values())


def together(parts: Sequence[Part]) -> Iterator[Sequence[Part]]:
    """The parts that may be kept at once, in their order.

    Where one takes stored rows over, another one may hang on the same; those come one by one.
    """
    count = 1 if any(part.takes_over() for part in parts) else TOGETHER
    for at in range(0, len(parts), count):
        yield parts[at : at + count]


def keep_parents(authorization: Authorization, parts: Sequence[Part]) -> list[Kept]:
    """Keep the usage points of parts that go together, their meter readings and their bills."""
    points = _keep_usage_points(authorization, [part.usage_point for part in parts])
    return [
        Kept(usage_point, is_new, meter_readings, *bills)
        for (usage_point, is_new), meter_readings, bills in zip(
            points,
            _keep_meter_readings(points, [part.meter_readings for part in parts]),
            _keep_summaries(points, [part.summaries for part in parts]),
            strict=True,
        )
    ]


# A usage point, and whether it is new, so that nothing hangs on it yet.
Point = tuple[UsagePoint, bool]


def _known(points: Iterable[Point]) -> list[UsagePoint]:
    return [usage_point for usage_point, is_new in points if not is_new]


def _keep_usage_points(
    authorization: Authorization, all_linked: Sequence[LinkedUsagePoint]
) -> list[Point]:
    if any(linked.rows for linked in all_linked):
        return [_keep_usage_point(authorization, linked) for linked in all_linked]
    columns = {fitting(linked.identity): _usage_point_columns(linked) for linked in all_linked}
    named = UsagePoint.objects.filter(authorization=authorization, identity__in=list(columns))
    stored = {row.identity: row for row in named}
    for identity, row in stored.items():
        fill(row, **columns[identity])
    new = {
        identity: UsagePoint(authorization=authorization, **_said(values))
        for identity, values in columns.items()
        if identity not in stored
    }
    UsagePoint.objects.bulk_create(new.values())
    return [(stored.get(name) or new[name], name in new) for name in columns]


def _keep_usage_point(authorization: Authorization, linked: LinkedUsagePoint) -> Point:
    """The same of one whose stored rows have other names: they become it, or are added to it."""
    values = _usage_point_columns(linked)
    identity = values["identity"]
    mine = UsagePoint.objects.filter(authorization=authorization)
    row = mine.filter(identity=identity).first()
    others = list(mine.filter(pk__in=linked.rows).exclude(identity=identity).order_by("pk"))
    if row is None and not others:
        return UsagePoint.objects.create(authorization=authorization, **_said(values)), True
    row = row or others.pop(0)
    # Before the others go, whose identity it may take over.
    fill(row, identity=identity)
    for other in others:
        join_usage_points(row, other)
    fill(row, **values)
    return row, False


def _usage_point_columns(linked: LinkedUsagePoint) -> dict[str, Any]:
    values: dict[str, Any] = {"identity": fitting(linked.identity)}
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
    return values


def _keep_meter_readings(
    points: Sequence[Point], linked_of: Sequence[Sequence[LinkedMeterReading]]
) -> list[list[MeterReading]]:
    """The stored meter readings of each usage point."""
    if any(linked.rows for all_linked in linked_of for linked in all_linked):
        return [
            [_keep_meter_reading(usage_point, linked) for linked in all_linked]
            for (usage_point, _), all_linked in zip(points, linked_of, strict=True)
        ]
    below = MeterReading.objects.filter(usage_point__in=known) if (known := _known(points)) else []
    rows = {(row.usage_point_id, row.identity): row for row in below}
    earlier = _EarlierSeries(row for row in rows.values() if row.of_earlier_grant)
    new: list[MeterReading] = []
    kept: list[list[MeterReading]] = []
    for (usage_point, _), all_linked in zip(points, linked_of, strict=True):
        kept.append([])
        for linked in all_linked:
            values = _meter_reading_columns(linked)
            row = rows.get((usage_point.pk, values["identity"]))
            row = row or earlier.taken(usage_point.pk, linked)
            if row is None:
                row = MeterReading(usage_point=usage_point, **_said(values))
                new.append(row)
            else:
                fill(row, **values, of_earlier_grant=False)
            kept[-1].append(row)
    MeterReading.objects.bulk_create(new)
    return kept


class _EarlierSeries:
    """Stored series that came by an earlier consent, by what tells the series of a meter apart.

    After a new consent a utility may give them other names. Where a meter has several of one kind,
    nobody can tell which is which, and none is taken.
    """

    def __init__(self, rows: Iterable[MeterReading]) -> None:
        self._rows: dict[tuple[Any, ...], list[MeterReading]] = defaultdict(list)
        for row in rows:
            self._rows[row.usage_point_id, *kind_of(row)].append(row)

    def taken(self, usage_point: int | None, linked: LinkedMeterReading) -> MeterReading | None:
        """The one that this is; it is nobody else's from then on."""
        if not self._rows or linked.reading_type is None:
            return None
        said = _meter_reading_columns(linked)
        kind = tuple(said.get(name) for name in KIND)
        found = self._rows.get((usage_point, *kind), [])
        return found.pop() if len(found) == 1 else None


# What tells the series of a meter apart, besides their names.
KIND = (
    *("uom", "power_of_ten", "commodity", "flow_direction", "accumulation_behaviour"),
    *("interval_length", "measurement_kind", "tou", "cpp", "consumption_tier", "phase"),
    *("data_qualifier", "time_attribute"),
)


def kind_of(row: MeterReading) -> tuple[int | None, ...]:
    """What tells it apart from the other series of its meter, besides its name."""
    return tuple(getattr(row, name) for name in KIND)


def _keep_meter_reading(usage_point: UsagePoint, linked: LinkedMeterReading) -> MeterReading:
    """The same of one that may be stored elsewhere: what is becomes it, or is added to it."""
    values = _meter_reading_columns(linked)
    identity = values["identity"]
    row = MeterReading.objects.filter(usage_point=usage_point, identity=identity).first()
    found = MeterReading.objects.filter(
        pk__in=linked.rows, usage_point__authorization=usage_point.authorization_id
    )
    others = [other for other in found.order_by("pk") if row is None or other.pk != row.pk]
    if row is None and not others:
        below = MeterReading.objects.filter(usage_point=usage_point, of_earlier_grant=True)
        row = _EarlierSeries(below).taken(usage_point.pk, linked)
    if row is None and not others:
        return MeterReading.objects.create(usage_point=usage_point, **_said(values))
    row = row or others.pop(0)
    fill(row, identity=identity, usage_point_id=usage_point.pk)
    for other in others:
        join_meter_readings(usage_point.authorization_id, row, other)
    fill(row, **values, of_earlier_grant=False)
    return row


def _meter_reading_columns(linked: LinkedMeterReading) -> dict[str, Any]:
    values: dict[str, Any] = {"identity": fitting(linked.identity)}
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
    return values


def _keep_summaries(
    points: Sequence[Point], linked_of: Sequence[Iterable[LinkedSummary]]
) -> list[tuple[int, int]]:
    """How many bills of each usage point are new, and how many changed."""
    said_of = [_said_in(linked) for linked in linked_of]
    known = _known(points) if any(said_of) else []
    below = UsageSummary.objects.filter(usage_point__in=known) if known else []
    rows = {(row.usage_point_id, row.identity): row for row in below}
    earlier: dict[int, list[UsageSummary]] = defaultdict(list)
    for row in rows.values():
        if row.of_earlier_grant:
            earlier[row.usage_point_id].append(row)
    new: list[UsageSummary] = []
    counts: list[tuple[int, int]] = []
    for (usage_point, _), said in zip(points, said_of, strict=True):
        before, changed = len(new), 0
        for name, values in said.items():
            stored = rows.get((usage_point.pk, name))
            stored = stored or _earlier_bill(earlier[usage_point.pk], values)
            if stored is not None:
                changed += fill(stored, **values)
                _is_of_this_grant(stored, name)
            else:
                new.append(UsageSummary(usage_point=usage_point, identity=name, **values))
        counts.append((len(new) - before, changed))
    UsageSummary.objects.bulk_create(new)
    return counts


def _earlier_bill(bills: Sequence[UsageSummary], values: dict[str, Any]) -> UsageSummary | None:
    """The bill of an earlier consent that is for this very period, if one alone is."""
    period = (values.get("start"), values.get("seconds"))
    found = [one for one in bills if one.of_earlier_grant and (one.start, one.seconds) == period]
    return found[0] if len(found) == 1 and period[0] is not None else None


def _is_of_this_grant(bill: UsageSummary, name: str) -> None:
    """It has come by the present consent, under this name."""
    if bill.of_earlier_grant:
        bill.identity, bill.of_earlier_grant = name, False
        bill.save(update_fields=["identity", "of_earlier_grant"])


def _said_in(summaries: Iterable[LinkedSummary]) -> dict[str, dict[str, Any]]:
    """What is said of each bill, by its identity.

    A document may hold one bill several times, and say other things of it each time: the last
    counts, so that the same document changes nothing when it comes again.
    """
    said: dict[str, dict[str, Any]] = defaultdict(dict)
    for linked in summaries:
        summary = linked.entry.resource
        assert isinstance(summary, EspiUsageSummary)
        said[_summary_identity(linked, summary)].update(_said(_columns(summary)))
    return said


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
