import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from bokeh.models import OpenURL

from authorizations.models import Authorization
from greenbutton.display.charts import PALETTES, chart_json, draw, span_of
from greenbutton.display.periods import Period, View
from greenbutton.display.selection import Selection, selection_of
from greenbutton.display.usage import Chart, chart_of
from greenbutton.models import MeterReading
from tests import cast
from tests.greenbutton.metering import (
    GAS,
    INSTANTANEOUS,
    RECEIVED,
    THERM,
    WATT,
    add_day,
    add_days,
    add_meter_reading,
    add_point,
    hours_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def authorization() -> Authorization:
    """A customer in Toronto, where the clocks change on 8 March and 1 November 2026."""
    return cast.authorize(cast.ada(), cast.make_utility())


@pytest.fixture
def hourly(authorization: Authorization) -> MeterReading:
    return add_meter_reading(add_point(authorization))


def shown(authorization: Authorization, **asked: str) -> tuple[Selection, Chart]:
    selection = selection_of(authorization, asked)
    assert selection is not None
    assert selection.meter is not None
    assert selection.period is not None
    return selection, chart_of(authorization, selection.meter, selection.period)


def amounts(chart: Chart, series: int = 0) -> list[Decimal]:
    quantities = [bar.quantities[series] for bar in chart.bars]
    return [quantity.value for quantity in quantities if quantity is not None]


def drawn_columns(selection: Selection, chart: Chart) -> list[dict[str, Any]]:
    plot = draw(selection, chart, PALETTES["light"])
    return [renderer.data_source.data for renderer in plot.renderers]  # type: ignore[attr-defined]


@pytest.mark.parametrize("view", ["year", "month", "day"])
def test_the_bars_of_a_view_add_up_to_what_the_utility_sent(
    authorization: Authorization, hourly: MeterReading, view: View
) -> None:
    total = add_days(hourly, date(2026, 7, 4), 1, lambda day, hour: 1000 + hour)
    _, chart = shown(authorization, view=view)
    assert sum(amounts(chart)) == Decimal(total) / 1000


def test_a_year_has_a_bar_a_month(authorization: Authorization, hourly: MeterReading) -> None:
    add_days(hourly, date(2026, 1, 1), 365, lambda day, hour: day.month * 1000)
    selection, chart = shown(authorization, view="year")
    hours_in_march = 31 * 24 - 1
    assert len(chart.bars) == 12
    assert amounts(chart)[2] == 3 * hours_in_march
    assert drawn_columns(selection, chart)[0]["label"][2] == "March 2026"


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25), (date(2026, 7, 1), 24)]
)
def test_a_day_has_as_many_bars_as_hours(
    authorization: Authorization, hourly: MeterReading, day: date, hours: int
) -> None:
    assert hours_of(day, authorization.zone) == hours
    add_days(hourly, day, 1, lambda day, hour: hour)
    _, chart = shown(authorization, view="day")
    assert len(chart.bars) == hours
    assert chart.length == hours
    assert amounts(chart) == [Decimal(hour) / 1000 for hour in range(hours)]


def test_the_hour_that_comes_twice_says_which_one_it_is(
    authorization: Authorization, hourly: MeterReading
) -> None:
    add_days(hourly, date(2026, 11, 1), 1, lambda day, hour: hour)
    _, chart = shown(authorization, view="day")
    assert [bar.slot.label for bar in chart.bars[1:3]] == [
        "1 am EDT – 1 am EST",
        "1 am EST – 2 am EST",
    ]
    # The tick of 4 am stands five hours after midnight.
    assert chart.ticks[5.0] == "4 am"


def test_the_hour_that_is_missing_is_not_drawn(
    authorization: Authorization, hourly: MeterReading
) -> None:
    add_days(hourly, date(2026, 3, 8), 1, lambda day, hour: hour)
    _, chart = shown(authorization, view="day")
    assert [bar.slot.label for bar in chart.bars[1:3]] == [
        "1 am EST – 3 am EDT",
        "3 am EDT – 4 am EDT",
    ]


def test_a_quarter_of_an_hour_keeps_its_own_bar(
    authorization: Authorization, hourly: MeterReading
) -> None:
    add_day(hourly, date(2026, 7, 4), range(96), seconds=900)
    _, chart = shown(authorization, view="day")
    assert len(chart.bars) == 96
    assert chart.caption == "kilowatt-hours (kWh) in 15 minutes"


def test_minutes_are_gathered_into_hours(
    authorization: Authorization, hourly: MeterReading
) -> None:
    add_day(hourly, date(2026, 7, 4), [1] * 1440, seconds=60)
    _, chart = shown(authorization, view="day")
    assert amounts(chart) == [Decimal("0.06")] * 24


def test_a_reading_without_a_value_leaves_a_gap(
    authorization: Authorization, hourly: MeterReading
) -> None:
    add_day(hourly, date(2026, 7, 4), [1000, None, 3000])
    selection, chart = shown(authorization, view="day")
    assert chart.bars[1].tallies == (None,)
    assert drawn_columns(selection, chart)[0]["top"] == [1.0, 3.0]


def test_readings_with_offsets_stand_where_they_belong(
    authorization: Authorization, hourly: MeterReading
) -> None:
    day = add_day(hourly, date(2026, 7, 4), [1000, 2000])
    day.offsets, day.durations = [0, 5 * 3600], [3600, 3600]
    day.save()
    _, chart = shown(authorization, view="day")
    assert [at for at, bar in enumerate(chart.bars) if bar.tallies[0]] == [0, 5]


def test_what_was_sent_back_is_a_series_of_its_own_below_the_line(
    authorization: Authorization, hourly: MeterReading
) -> None:
    back = add_meter_reading(hourly.usage_point, flow=RECEIVED)
    add_day(hourly, date(2026, 7, 4), [2000] * 24)
    add_day(back, date(2026, 7, 4), [500] * 24)
    selection, chart = shown(authorization, view="month")
    used, returned = drawn_columns(selection, chart)
    assert (used["top"], returned["top"]) == ([48.0], [-12.0])
    assert returned["amount"] == ["Sent back: 12\u00a0kWh"]


def test_several_meters_are_added_up_whatever_their_power_of_ten(
    authorization: Authorization,
) -> None:
    for power_of_ten, value in ((0, 1500), (3, 2), (-3, 250_000)):
        reading = add_meter_reading(add_point(authorization), power_of_ten=power_of_ten)
        add_day(reading, date(2026, 7, 4), [value])
    selection, chart = shown(authorization, view="month")
    assert [link.label for link in selection.meter_links()] == [
        "All 3 meters",
        "Meter 1",
        "Meter 2",
        "Meter 3",
    ]
    assert amounts(chart) == [Decimal("3.75")]


def test_one_meter_of_several_can_be_chosen(authorization: Authorization) -> None:
    points = [add_point(authorization) for _ in range(2)]
    for value, point in enumerate(points, start=1):
        add_day(add_meter_reading(point), date(2026, 7, 4), [value * 1000])
    _, chart = shown(authorization, view="month", meter=points[1].uid)
    assert amounts(chart) == [Decimal(2)]


def test_the_same_use_by_hour_and_by_day_is_not_counted_twice(
    authorization: Authorization, hourly: MeterReading
) -> None:
    daily = add_meter_reading(hourly.usage_point)
    add_day(daily, date(2026, 7, 4), [24_000], seconds=86_400)
    add_day(hourly, date(2026, 7, 4), [1000] * 24)
    selection, chart = shown(authorization, view="month")
    assert amounts(chart) == [Decimal(24)]
    assert [link.label for link in selection.measure_links()] == [
        "Used",
        "Used, kilowatt-hours, by day",
    ]


def test_meters_of_different_units_are_never_added_up(authorization: Authorization) -> None:
    for uom in (THERM, 42):
        reading = add_meter_reading(add_point(authorization, GAS), uom)
        add_day(reading, date(2026, 7, 4), [1])
    selection, _ = shown(authorization)
    assert [link.label for link in selection.meter_links()] == ["Meter 1", "Meter 2"]


def test_power_is_averaged_and_not_summed(authorization: Authorization) -> None:
    reading = add_meter_reading(add_point(authorization), WATT, accumulation=INSTANTANEOUS)
    add_day(reading, date(2026, 7, 4), [1000, 3000])
    _, chart = shown(authorization, view="month")
    assert amounts(chart) == [Decimal(2)]
    assert chart.caption == "average kilowatts (kW)"


def test_monthly_readings_have_no_days_to_look_into(
    authorization: Authorization, hourly: MeterReading
) -> None:
    add_day(hourly, date(2026, 7, 1), [500_000], seconds=31 * 86_400)
    selection, _ = shown(authorization, view="day")
    assert [link.label for link in selection.view_links()] == ["Year"]


def test_a_tap_on_a_month_opens_it_and_a_day_opens_nothing(
    authorization: Authorization, hourly: MeterReading
) -> None:
    add_days(hourly, date(2026, 7, 4), 2, lambda day, hour: 1)
    selection, chart = shown(authorization, view="year")
    assert drawn_columns(selection, chart)[0]["open"] == [
        f"?service=electricity&meter={hourly.usage_point.uid}&view=month&date=2026-07-01"
    ]
    assert draw(selection, chart, PALETTES["light"]).select_one({"type": OpenURL}) is not None
    selection, chart = shown(authorization, view="day")
    assert draw(selection, chart, PALETTES["light"]).select_one({"type": OpenURL}) is None


def test_the_figure_is_json_without_any_script(
    authorization: Authorization, hourly: MeterReading
) -> None:
    add_days(hourly, date(2026, 7, 4), 1, lambda day, hour: 1000)
    item = chart_json(*shown(authorization), "dark")
    text = json.dumps(item)
    assert "CustomJS" not in text
    assert PALETTES["dark"].services["electricity"] in text
    assert item["doc"]["roots"][0]["name"] == "Figure"


def test_less_than_nothing_hangs_below_the_zero_line(
    authorization: Authorization, hourly: MeterReading
) -> None:
    add_days(hourly, date(2026, 7, 4), 1, lambda day, hour: -1000)
    _, chart = shown(authorization, view="year")
    low, high = span_of(chart)
    assert low < -24
    assert high == 0


def test_a_period_compares_with_the_same_days_of_the_year_before(
    authorization: Authorization, hourly: MeterReading
) -> None:
    add_days(hourly, date(2025, 7, 1), 31, lambda day, hour: 1000)
    add_days(hourly, date(2026, 7, 1), 10, lambda day, hour: 1200)
    _, chart = shown(authorization, view="month")
    assert chart.remark == "20% more than on the same days of July 2025"


def test_a_whole_month_compares_with_the_whole_month(
    authorization: Authorization, hourly: MeterReading
) -> None:
    add_days(hourly, date(2025, 7, 1), 31, lambda day, hour: 1000)
    add_days(hourly, date(2026, 7, 1), 31, lambda day, hour: 1000)
    _, chart = shown(authorization, view="month")
    assert chart.remark == "About as much as in July 2025"


def test_nothing_is_compared_with_days_that_were_hardly_measured(
    authorization: Authorization, hourly: MeterReading
) -> None:
    add_days(hourly, date(2025, 7, 1), 5, lambda day, hour: 1000)
    add_days(hourly, date(2026, 7, 1), 31, lambda day, hour: 1000)
    _, chart = shown(authorization, view="month")
    assert chart.remark == ""


def test_a_day_that_has_only_begun_is_not_compared_with_a_whole_one(
    authorization: Authorization, hourly: MeterReading
) -> None:
    add_days(hourly, date(2026, 7, 4), 1, lambda day, hour: 1000)
    add_day(hourly, date(2026, 7, 11), [1000])
    _, chart = shown(authorization, view="day")
    assert chart.remark == ""


@pytest.mark.parametrize(
    ("period", "before"),
    [
        (Period.holding("month", date(2024, 2, 29)), (date(2023, 2, 1), date(2023, 3, 1))),
        (Period.holding("year", date(2024, 2, 29)), (date(2023, 1, 1), date(2024, 1, 1))),
        (Period.holding("day", date(2024, 2, 29)), (date(2024, 2, 22), date(2024, 2, 23))),
        (
            Period.holding("month", date(2024, 2, 1)).up_to(date(2024, 2, 28)),
            (date(2023, 2, 1), date(2023, 3, 1)),
        ),
    ],
)
def test_a_leap_year_has_a_year_before(period: Period, before: tuple[date, date]) -> None:
    assert (period.a_year_before().first, period.a_year_before().end) == before


@pytest.mark.parametrize("day", [date.min, date.max])
@pytest.mark.parametrize("view", ["year", "month", "day"])
def test_the_ends_of_the_calendar_have_neighbours(view: View, day: date) -> None:
    period = Period.holding(view, day)
    assert period.previous().first <= period.first <= period.next().first
