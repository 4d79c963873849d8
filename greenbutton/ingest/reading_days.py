"""A Day as a row of ReadingDay, and back; and the corrections that are kept beside it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from greenbutton.ingest.days import Correction, Day
from greenbutton.models import ReadingCorrection, ReadingDay


def day_of(row: ReadingDay) -> Day:
    """The day that a row holds."""
    values = {name: getattr(row, name) for name in Day.__slots__}
    return Day(**{**values, "start": int(row.start.timestamp())})


def columns_of(day: Day) -> dict[str, Any]:
    """What a row holds of the day."""
    values = {name: getattr(day, name) for name in Day.__slots__}
    return {**values, "start": datetime.fromtimestamp(day.start, UTC)}


def keep_corrections(
    authorization: int, meter_reading: int, corrections: Iterable[Correction]
) -> None:
    """Keep what the utility said before, and what it says now."""
    ReadingCorrection.objects.bulk_create(
        [
            ReadingCorrection(
                authorization_id=authorization,
                meter_reading_id=meter_reading,
                start=datetime.fromtimestamp(old.start, UTC),
                seconds=old.seconds,
                old_value=old.value,
                new_value=new.value,
                old_cost=old.cost,
                new_cost=new.cost,
                old_quality=old.quality,
                new_quality=new.quality,
            )
            for old, new in corrections
        ]
    )
