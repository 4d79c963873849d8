from __future__ import annotations

from greenbutton_objects.parse import parse_feed

from greenbutton.bench.job import Job, Stopwatch


def run(job: Job, timed: Stopwatch) -> None:
    """Read the document with the package that PyPI offers for it."""
    with timed:
        usage_points = parse_feed(str(job.feed))
    readings = [
        reading
        for usage_point in usage_points
        for meter_reading in usage_point.meterReadings
        for reading in meter_reading.intervalReadings
    ]
    job.check(readings=len(readings), value_sum=sum(reading.value for reading in readings))
