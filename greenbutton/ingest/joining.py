"""Two rows that turn out to be one usage point, or one meter reading, after both were filled.

It happens where rows were made from bare links, several for one thing, before its entry came.
"""

from __future__ import annotations

from greenbutton.ingest import days
from greenbutton.ingest.reading_days import columns_of, day_of, keep_corrections
from greenbutton.models import MeterReading, ReadingCorrection, ReadingDay, UsagePoint, UsageSummary


def join_usage_points(kept: UsagePoint, other: UsagePoint) -> None:
    """Give the kept one what hangs on the other, which goes.

    Of two bills of one name the kept one's stays. Two meter readings of one name hold readings of
    their own, so the other keeps its one until these are joined.
    """
    series = kept.meter_readings.values("identity")
    MeterReading.objects.filter(usage_point=other).exclude(identity__in=series).update(
        usage_point=kept
    )
    bills = kept.summaries.values("identity")
    UsageSummary.objects.filter(usage_point=other).exclude(identity__in=bills).update(
        usage_point=kept
    )
    if kept.service_location_id is None and other.service_location_id is not None:
        kept.service_location_id = other.service_location_id
        kept.save(update_fields=["service_location"])
    if other.monitoring_stopped_at is not None and kept.is_monitored():
        kept.stop_monitoring(other.monitoring_stopped_by, other.monitoring_stopped_why)
    if not other.meter_readings.exists():
        other.delete()


def join_meter_readings(authorization: int, kept: MeterReading, other: MeterReading) -> None:
    """Give the kept one the other's readings; where both have one, the kept one's is the newer."""
    theirs = ReadingDay.objects.filter(authorization=authorization, meter_reading=other)
    ours = ReadingDay.objects.filter(authorization=authorization, meter_reading=kept)
    by_day = {row.day: row for row in ours.filter(day__in=theirs.values("day"))}
    for row in theirs.filter(day__in=list(by_day)):
        _join_days(by_day[row.day], row)
    theirs.exclude(day__in=list(by_day)).update(meter_reading=kept)
    ReadingCorrection.objects.filter(meter_reading=other).update(meter_reading=kept)
    point = other.usage_point
    other.delete()
    if not point.links and not point.meter_readings.exists() and not point.summaries.exists():
        point.delete()


def _join_days(kept: ReadingDay, other: ReadingDay) -> None:
    merged, corrections = days.merge(day_of(other), day_of(kept))
    ReadingDay.objects.filter(pk=kept.pk).update(**columns_of(merged))
    keep_corrections(kept.authorization_id, kept.meter_reading_id, corrections)
