"""Store: a whole document, or nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.conf import settings
from django.db import transaction

from authorizations.models import Authorization
from greenbutton.espi.members import Limits
from greenbutton.espi.readable import Readable
from greenbutton.ingest import closing, lease
from greenbutton.ingest.copy_in import Incoming, Merged, do_not_wait_for_disk, incoming
from greenbutton.ingest.customers import keep_customers
from greenbutton.ingest.known import Known
from greenbutton.ingest.lease import LeaseLostError
from greenbutton.ingest.monitored import Monitored
from greenbutton.ingest.parents import Kept, Part, keep_parents, parts_of, together
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
from greenbutton.ingest.stopped import Stopped
from greenbutton.models import UsagePoint
from utilities.quirks import STANDARD_COST_EXPONENT


@dataclass(slots=True)
class Stored:
    """What a document held, and what of it was new here.

    `readings` counts those in the document, repeated ones too; `new` and `changed` count stored
    ones, exactly. `bills` counts new bills, `bills_changed` corrected ones. `named` has the usage
    points that are in it, stored or not; where `lists` is false, it has no usage point's own entry.
    """

    tally: Tally
    distinct: tuple[int, int]
    findings: list[GroupedFinding]
    new: int = 0
    changed: int = 0
    bills: int = 0
    bills_changed: int = 0
    named: set[int] = field(default_factory=set)
    lists: bool = False

    @property
    def readings(self) -> int:
        """The readings in the document."""
        return self.tally.readings


def limits() -> Limits:
    """How much of a document this installation holds in memory."""
    return Limits(
        entry_bytes=settings.FEED_ENTRY_MAX_BYTES,
        entry_elements=settings.FEED_ENTRY_MAX_ELEMENTS,
        resources=settings.FEED_MAX_RESOURCES,
    )


def store_feed(
    authorization: Authorization,
    file: Readable,
    *,
    max_bytes: int,
    lease_id: str | None = None,
    pulled_to: datetime | None = None,
    only: UsagePoint | None = None,
    progress: Callable[[int], None] = lambda readings: None,
) -> Stored:
    """Read a document and store what is new in it; of one usage point `only`, if so.

    `progress` is told, outside any transaction, how many readings were read so far. Usage points
    that are no longer shared are passed over, those that are not monitored are left as they are.

    1. Read it whole into temporary tables. An EspiError ends here, with nothing stored.
    2. Merge each usage point in a transaction of its own, under the authorization's lock. The first
       one keeps usage points, meter readings and bills for some of those after it as well.
    3. In the last of them the customer's side is kept, and the cursor moves to `pulled_to`.

    Raises EspiError, or LeaseLostError when the lease is no longer `lease_id`, or the authorization
    no longer active: nothing is stored from that moment.
    """
    stopped = Stopped.of(authorization)
    with incoming() as tables:
        document = read(
            file,
            tables,
            authorization.zone,
            max_bytes=max_bytes,
            limits=limits(),
            max_usage_points=settings.FEED_MAX_USAGE_POINTS,
            cost_exponent=_cost_exponent(authorization),
            progress=progress,
            recognise=lambda tree: Known.of(authorization).recognise(stopped.without(tree)),
            passes_over=stopped.holds,
        )
        odd_zone = grouped(zone_findings(document.tree, authorization.zone))
        findings = add_up(stopped.hide([*document.findings, *odd_zone]))
        stored = Stored(document.tally, tables.distinct(), findings)
        monitored = Monitored.of(authorization, only)
        work = _Work(authorization, lease_id, document, tables, stored, stopped, monitored)
        work.store(pulled_to)
    return stored


def _cost_exponent(authorization: Authorization) -> int:
    """In which unit this utility's money is, also in a file that was downloaded there."""
    utility = authorization.utility
    return STANDARD_COST_EXPONENT if utility is None else utility.behaviour.cost_exponent


@dataclass(frozen=True, slots=True)
class _Work:
    """A document that was read whole, on its way into the real tables."""

    authorization: Authorization
    lease_id: str | None
    document: Document
    tables: Incoming
    stored: Stored
    stopped: Stopped
    monitored: Monitored

    def store(self, pulled_to: datetime | None) -> None:
        found = parts_of(self.document.tree)
        self.stored.lists = any(part.usage_point.entry for part in found)
        self.stored.named |= self.monitored.passed_over(found)
        parts = [part for part in found if self.monitored.takes(part)]
        for some in together(parts):
            kept: list[Kept] = []
            for number, part in enumerate(some):
                with self._transaction(is_last=part is parts[-1]) as row:
                    kept = kept or keep_parents(row, some)
                    self._merge(row, part, kept[number], news=[] if number else kept)
                    if part is parts[-1]:
                        self._end(row, pulled_to)
        if not parts:
            # A document without a usage point moves the cursor, too.
            with self._transaction(is_last=True) as row:
                self._end(row, pulled_to)

    @contextmanager
    def _transaction(self, *, is_last: bool) -> Iterator[Authorization]:
        with transaction.atomic():
            if not is_last:
                do_not_wait_for_disk()
            row = lease.locked(self.authorization, self.lease_id)
            # One of its meters was stopped after the document was read, which may hold it.
            if row.meters_stopped != self.stopped.count:
                raise LeaseLostError
            yield row

    def _merge(self, row: Authorization, part: Part, kept: Kept, news: list[Kept]) -> None:
        """Merge the readings of a part, and tell of them and of the parents that are new."""
        self.stored.named.add(kept.usage_point.pk)
        closing.reopen(kept.usage_point)
        merged = Merged()
        for linked, meter_reading in zip(part.meter_readings, kept.meter_readings, strict=True):
            if linked.identity in self.document.series:
                merged += self.tables.merge(
                    row.pk,
                    self.document.series[linked.identity],
                    meter_reading.pk,
                    partial(keep_corrections, row.pk, meter_reading.pk),
                )
        self.stored.new += merged.new
        self.stored.changed += merged.changed
        self.stored.bills += sum(one.bills for one in news)
        self.stored.bills_changed += sum(one.bills_changed for one in news)
        billed = [one for one in news if one.bills or one.bills_changed]
        told = (
            ("meter_created", [one for one in news if one.is_new]),
            ("meter_intervals_added", [kept] if merged.new or merged.changed else []),
            ("meter_bills_added", billed),
        )
        row.tell_all(
            (event, {"usage_point": one.usage_point.uid}) for event, whose in told for one in whose
        )

    def _end(self, row: Authorization, pulled_to: datetime | None) -> None:
        odd = grouped(keep_customers(row, self.document.customers, self.stopped.without_places))
        self.stored.findings = add_up([*self.stored.findings, *self.stopped.hide(odd)])
        self.stopped.remember()
        _pulled(row, pulled_to)


def _pulled(authorization: Authorization, up_to: datetime | None) -> None:
    """Move the cursor, in the transaction that stored what it stands for (style rule 22)."""
    if up_to is not None and (authorization.pulled_to is None or authorization.pulled_to < up_to):
        authorization.pulled_to = up_to
        authorization.save(update_fields=["pulled_to"])
