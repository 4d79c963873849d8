"""Feeds for the tests, written by our own writer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from io import BytesIO

from greenbutton.espi import Entry, write_feed
from greenbutton.espi.interval_block import IntervalBlock, IntervalReading
from greenbutton.espi.meter_reading import MeterReading
from greenbutton.espi.period import Period
from greenbutton.espi.reading_type import ReadingType
from greenbutton.espi.resources import Resource
from greenbutton.espi.usage_point import UsagePoint
from greenbutton.espi.usage_summary import UsageSummary

HOUR = 3600
# 2026-03-02 00:00 in Toronto.
MIDNIGHT = int(datetime(2026, 3, 2, 5, tzinfo=UTC).timestamp())
MEGABYTE = 2**20


def document(*entries: Iterable[Entry] | Entry) -> BytesIO:
    """A feed, as an open file."""
    flat = [one for given in entries for one in ([given] if isinstance(given, Entry) else given)]
    pieces = write_feed(
        flat,
        self_href="Batch",
        title="",
        updated=datetime(2026, 3, 9, tzinfo=UTC),
        id="urn:uuid:3f2a7c1e-0000-4000-8000-000000000001",
    )
    return BytesIO(b"".join(pieces))


def entry(
    resource: Resource,
    self_href: str | None,
    up: str | None = None,
    related: Sequence[str] = (),
    *,
    title: str | None = None,
    updated: datetime | None = None,
    id: str | None = None,  # noqa: A002 (Atom's word)
) -> Entry:
    return Entry(
        id=id,
        title=title,
        self_href=self_href,
        up=up,
        related=tuple(related),
        resource=resource,
        updated=updated,
    )


def meter(
    name: str = "1", *, kind: int | None = 0, interval_length: int | None = None, title: str = ""
) -> list[Entry]:
    """A usage point with its meter reading and reading type, in ESPI's usual links."""
    point = f"UsagePoint/{name}"
    series = f"{point}/MeterReading/1"
    return [
        entry(
            UsagePoint(kind=kind),
            point,
            "UsagePoint",
            [f"{point}/MeterReading", f"{point}/UsageSummary"],
            title=title or None,
        ),
        entry(
            MeterReading(),
            series,
            f"{point}/MeterReading",
            [f"{series}/IntervalBlock", f"ReadingType/{name}"],
        ),
        entry(
            ReadingType(uom=72, power_of_ten=0, interval_length=interval_length),
            f"ReadingType/{name}",
            "ReadingType",
        ),
    ]


def block(
    *readings: IntervalReading,
    of: str = "1",
    number: int = 1,
    start: int = -2_000_000_000,
    updated: datetime | None = None,
) -> Entry:
    """A block whose interval holds any reading of the tests."""
    up = f"UsagePoint/{of}/MeterReading/1/IntervalBlock"
    content = IntervalBlock(start=start, seconds=10_000_000_000, readings=readings)
    return entry(content, f"{up}/{number}", up, updated=updated)


def hours(
    values: Iterable[int | None], start: int = MIDNIGHT, cost: int | None = None
) -> list[IntervalReading]:
    """Hourly readings one after the other."""
    return [
        IntervalReading(start + number * HOUR, HOUR, value, cost)
        for number, value in enumerate(values)
    ]


def bill(start: int, *, of: str = "1", total: int | None = 1_000_000, number: int = 1) -> Entry:
    up = f"UsagePoint/{of}/UsageSummary"
    summary = UsageSummary(
        billing_period=Period(start, 30 * 86_400), bill_last_period=total, currency=124
    )
    return entry(summary, f"{up}/{number}", up)
