"""What a page shows for a day or a month is the sum of the readings whose local date is in it.

Each reading is asked for its date alone, of zoneinfo; the page goes by the days that were stored.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authorizations.models import Authorization
from greenbutton.display.meters import Meter, services_of
from greenbutton.display.periods import Period
from greenbutton.display.quality_reports import reports_of
from greenbutton.display.usage import Chart, Tally, chart_of, views_of
from greenbutton.espi.interval_block import IntervalReading, Readings
from greenbutton.ingest.calendar import Calendar
from greenbutton.ingest.days import Oddities, gather
from greenbutton.models import MeterReading, ReadingDay
from tests import cast
from tests.greenbutton.clocks import ZONES, anchors, instant, local_date, zones
from tests.greenbutton.metering import WH, add_bill, add_day, add_meter_reading, add_point

pytestmark = pytest.mark.django_db

DAY = 86_400
# The database of a test is emptied after the test; here each example empties what it filled.
in_one_database = settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def reading() -> MeterReading:
    authorization = cast.authorize(cast.ada(), cast.make_utility())
    return add_meter_reading(add_point(authorization))


class Known(NamedTuple):
    start: int
    seconds: int
    value: int


@st.composite
def runs(draw: st.DrawFn) -> list[Known]:
    """Readings of one length without a gap, for some days about a change of clocks."""
    lasts = draw(st.sampled_from([300, 900, 1800, 3600]))
    begin = instant(draw(anchors)) + 900 * draw(st.integers(-8 * 96, 4 * 96))
    count = draw(st.integers(1, 4 * DAY // lasts))
    first, step = draw(st.integers(-500, 500)), draw(st.integers(0, 7))
    return [Known(begin + n * lasts, lasts, first + n * step) for n in range(count)]


def stored(
    reading: MeterReading, zone: ZoneInfo, known: list[Known]
) -> tuple[Authorization, Meter]:
    """The readings in the tables, as a collection leaves them there."""
    authorization = reading.usage_point.authorization
    assert authorization.utility is not None
    authorization.time_zone = zone.key
    ReadingDay.objects.all().delete()
    readings = Readings.of([IntervalReading(*one) for one in known])
    ReadingDay.objects.bulk_create(
        ReadingDay(
            authorization=authorization,
            meter_reading=reading,
            day=day.day,
            start=datetime.fromtimestamp(day.start, UTC),
            seconds=day.seconds,
            values=day.values,
            offsets=day.offsets,
            durations=day.durations,
            count=day.count,
            total=day.total,
        )
        for day in gather(readings, Calendar(zone), Oddities())
    )
    (service,) = services_of(authorization)
    return authorization, service.meters[0]


def kwh(values: list[int]) -> Decimal:
    return Decimal(sum(values)) / 1000


def shown(chart: Chart) -> Decimal:
    """The bars of a chart together."""
    return sum((bar.tallies[0].amount for bar in chart.bars if bar.tallies[0]), Decimal(0))


@in_one_database
@given(zones, runs())
def test_months_and_years_show_the_sum_of_their_local_dates(
    reading: MeterReading, zone: ZoneInfo, known: list[Known]
) -> None:
    authorization, meter = stored(reading, zone, known)
    dates = {local_date(one.start, zone) for one in known}
    for period in {Period.holding(view, day) for view in ("month", "year") for day in dates}:
        chart = chart_of(authorization, meter, period)
        inside = [one for one in known if period.first <= local_date(one.start, zone) < period.end]
        assert shown(chart) == kwh([one.value for one in inside])
        for bar in chart.bars:
            assert bar.slot.opens is not None
            first, end = bar.slot.opens.first, bar.slot.opens.end
            of_bar = [one.value for one in known if first <= local_date(one.start, zone) < end]
            tally = bar.tallies[0] or Tally()
            assert (tally.amount, tally.count) == (kwh(of_bar), len(of_bar))


@in_one_database
@given(zones, runs())
def test_a_day_shows_every_reading_of_its_local_date_and_no_other(
    reading: MeterReading, zone: ZoneInfo, known: list[Known]
) -> None:
    authorization, meter = stored(reading, zone, known)
    for day in {local_date(one.start, zone) for one in known}:
        chart = chart_of(authorization, meter, Period.holding("day", day))
        inside = [one.value for one in known if local_date(one.start, zone) == day]
        assert shown(chart) == kwh(inside)
        assert sum(bar.tallies[0].count for bar in chart.bars if bar.tallies[0]) == len(inside)


def test_a_day_that_was_left_and_begun_again_shows_all_of_its_readings(
    reading: MeterReading,
) -> None:
    """7 November 2010 began in St. John's at 00:00, was left at 00:01, and began once more."""
    zone = ZONES["America/St_Johns"]
    begin = instant(date(2010, 11, 5))
    known = [Known(begin + n * 300, 300, 1000) for n in range(4 * 288)]
    authorization, meter = stored(reading, zone, known)
    for day, count in ((6, 24 * 12 + 11), (7, 24 * 12 + 1)):
        chart = chart_of(authorization, meter, Period.holding("day", date(2010, 11, day)))
        assert shown(chart) == count


@in_one_database
@given(zones, runs(), st.data())
def test_a_bill_is_compared_with_the_sum_of_the_readings_of_its_local_days(
    reading: MeterReading, zone: ZoneInfo, known: list[Known], data: st.DataObject
) -> None:
    authorization, meter = stored(reading, zone, known)
    dates = sorted({local_date(one.start, zone) for one in known})
    first = data.draw(st.sampled_from(dates))
    last = data.draw(st.sampled_from([day for day in dates if day >= first]))
    reading.usage_point.summaries.all().delete()
    reading.usage_point.authorization = authorization
    days = (last - first).days + 1
    add_bill(reading.usage_point, first, days, consumption=1000, consumption_uom=WH)
    (service,) = services_of(authorization)
    (said,) = reports_of(authorization, service, meter)
    inside = [one.value for one in known if first <= local_date(one.start, zone) <= last]
    (check,) = said.report.bills
    assert (check.billed.first, check.billed.last) == (first, last)
    if check.measured is not None:
        assert check.measured.value == kwh(inside)
    else:
        # The run begins or ends within the bill's days.
        assert first == dates[0] or last == dates[-1]


@pytest.mark.parametrize("zone", list(ZONES.values()), ids=list(ZONES))
@pytest.mark.parametrize("lasts", [900, 3600])
@pytest.mark.parametrize("month", [date(2026, 3, 1), date(2026, 4, 1), date(2026, 10, 1)])
def test_a_months_bill_over_a_change_of_clocks_is_the_sum_of_its_month(
    reading: MeterReading, zone: ZoneInfo, lasts: int, month: date
) -> None:
    begin = instant(month - timedelta(days=3))
    known = [Known(begin + n * lasts, lasts, n % 97) for n in range(40 * DAY // lasts)]
    inside = [one.value for one in known if local_date(one.start, zone).month == month.month]
    authorization, meter = stored(reading, zone, known)
    days = Period.holding("month", month).days
    reading.usage_point.authorization = authorization
    add_bill(reading.usage_point, month, days, consumption=sum(inside), consumption_uom=WH)
    (service,) = services_of(authorization)
    (found,) = reports_of(authorization, service, meter)
    (check,) = found.report.bills
    assert check.outcome == "compared"
    assert check.difference is not None
    assert check.difference.value == 0
    assert shown(chart_of(authorization, meter, Period.holding("month", month))) == kwh(inside)
    assert (found.report.coverage.gaps, found.report.coverage.overlaps) == ((), ())
    assert found.report.misfits == []


@pytest.mark.parametrize(
    ("zone", "day", "ticks"),
    [
        (
            "America/Toronto",
            date(2026, 3, 8),
            {0: "12 am", 3: "4 am", 7: "8 am", 11: "noon", 15: "4 pm", 19: "8 pm"},
        ),
        (
            "Australia/Lord_Howe",
            date(2026, 4, 5),
            {0: "12 am", 4.5: "4 am", 8.5: "8 am", 12.5: "noon", 16.5: "4 pm", 20.5: "8 pm"},
        ),
        (
            "Australia/Lord_Howe",
            date(2026, 10, 4),
            {0: "12 am", 3.5: "4 am", 7.5: "8 am", 11.5: "noon", 15.5: "4 pm", 19.5: "8 pm"},
        ),
    ],
)
def test_the_hours_below_a_day_stand_where_the_local_clock_shows_them(
    reading: MeterReading, zone: str, day: date, ticks: dict[float, str]
) -> None:
    known = [Known(instant(day) + n * 1800, 1800, 1) for n in range(-48, 96)]
    authorization, meter = stored(reading, ZONES[zone], known)
    assert chart_of(authorization, meter, Period.holding("day", day)).ticks == ticks


def test_readings_by_day_have_no_day_to_look_into_also_where_one_lasts_23_hours(
    reading: MeterReading,
) -> None:
    add_day(reading, date(2026, 3, 7), [1], seconds=DAY)
    add_day(reading, date(2026, 3, 8), [1], seconds=DAY - 3600)
    (service,) = services_of(reading.usage_point.authorization)
    assert views_of(service.meters[0]) == ["year", "month"]
