"""Store: a whole document, or nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.conf import settings
from django.db import transaction

from authorizations.models import Authorization
from greenbutton.espi.links import LinkedMeterReading, LinkedSummary, LinkedUsagePoint, Tree
from greenbutton.espi.readable import Readable
from greenbutton.ingest import lease
from greenbutton.ingest.copy_in import Incoming, Merged, incoming
from greenbutton.ingest.customers import keep_customers
from greenbutton.ingest.known import Known
from greenbutton.ingest.parents import keep_meter_reading, keep_summaries, keep_usage_point
from greenbutton.ingest.read import (
    Document,
    GroupedFinding,
    Tally,
    add_up,
    grouped,
    read,
    zone_findings,
)
from greenbutton.ingest.reading_days import keep_corrections


@dataclass(slots=True)
class Stored:
    """What a document held, and what of it was new here.

    `readings` counts those in the document, repeated ones too; `new` and `changed` count stored
    ones, exactly. `bills` counts new bills, `bills_changed` corrected ones.
    """

    tally: Tally
    distinct: tuple[int, int]
    findings: list[GroupedFinding]
    new: int = 0
    changed: int = 0
    bills: int = 0
    bills_changed: int = 0

    @property
    def readings(self) -> int:
        """The readings in the document."""
        return self.tally.readings


@dataclass(slots=True)
class Part:
    """One usage point of a document with what hangs on it: what one transaction stores."""

    usage_point: LinkedUsagePoint
    meter_readings: list[LinkedMeterReading] = field(default_factory=list)
    summaries: list[LinkedSummary] = field(default_factory=list)


def store_feed(
    authorization: Authorization,
    file: Readable,
    *,
    max_bytes: int,
    lease_id: str | None = None,
    pulled_to: datetime | None = None,
    progress: Callable[[int], None] = lambda readings: None,
) -> Stored:
    """Read a document and store what is new in it.

    `progress` is told, outside any transaction, how many readings were read so far.

    1. Read it whole into temporary tables. An EspiError ends here, with nothing stored.
    2. Merge each usage point in a transaction of its own, under the authorization's lock.
    3. In the last of them the customer's side is kept, and the cursor moves to `pulled_to`.

    Raises EspiError, or LeaseLostError when the lease is no longer `lease_id`, or the authorization
    no longer active: nothing is stored from that moment.
    """
    with incoming() as tables:
        document = read(
            file,
            tables,
            authorization.zone,
            max_bytes=max_bytes,
            max_entry_bytes=settings.FEED_ENTRY_MAX_BYTES,
            progress=progress,
            recognise=Known.of(authorization).recognise,
        )
        odd_zone = grouped(zone_findings(document.tree, authorization.zone))
        findings = add_up([*document.findings, *odd_zone])
        stored = Stored(document.tally, tables.distinct(), findings)
        # A document without a usage point moves the cursor, too.
        parts: list[Part | None] = [*parts_of(document.tree)] or [None]
        for number, part in enumerate(parts, start=1):
            with transaction.atomic():
                row = lease.locked(authorization, lease_id)
                if part is not None:
                    _store_part(row, part, document, tables, stored)
                if number == len(parts):
                    odd = keep_customers(row, document.customers)
                    stored.findings = add_up([*stored.findings, *grouped(odd)])
                    _pulled(row, pulled_to)
    return stored


def parts_of(tree: Tree) -> list[Part]:
    """The document by usage point."""
    parts = {identity: Part(linked) for identity, linked in tree.usage_points.items()}
    for meter_reading in tree.meter_readings.values():
        parts[meter_reading.usage_point].meter_readings.append(meter_reading)
    for summary in tree.summaries.values():
        parts[summary.usage_point].summaries.append(summary)
    return list(parts.values())


def _store_part(
    authorization: Authorization,
    part: Part,
    document: Document,
    tables: Incoming,
    stored: Stored,
) -> None:
    usage_point, is_new = keep_usage_point(authorization, part.usage_point)
    if is_new:
        authorization.tell("meter_created", usage_point=usage_point.uid)
    merged = Merged()
    for linked in part.meter_readings:
        meter_reading, has_none = keep_meter_reading(usage_point, linked, is_new=is_new)
        if linked.identity in document.series:
            merged += tables.merge(
                authorization.pk,
                document.series[linked.identity],
                meter_reading.pk,
                partial(keep_corrections, authorization.pk, meter_reading.pk),
                is_new=has_none,
            )
    bills, bills_changed = keep_summaries(usage_point, part.summaries, is_new=is_new)
    stored.new += merged.new
    stored.changed += merged.changed
    stored.bills += bills
    stored.bills_changed += bills_changed
    if merged.new or merged.changed:
        authorization.tell("meter_intervals_added", usage_point=usage_point.uid)
    if bills or bills_changed:
        authorization.tell("meter_bills_added", usage_point=usage_point.uid)


def _pulled(authorization: Authorization, up_to: datetime | None) -> None:
    """Move the cursor, in the transaction that stored what it stands for (style rule 22)."""
    if up_to is not None and (authorization.pulled_to is None or authorization.pulled_to < up_to):
        authorization.pulled_to = up_to
        authorization.save(update_fields=["pulled_to"])
