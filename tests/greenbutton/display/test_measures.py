"""What a meter measures beside use, and both of its flows: each called what it is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from authorizations.models import Authorization
from greenbutton.display.charts import PALETTES, draw, span_of
from greenbutton.display.selection import Selection, selection_of
from greenbutton.display.usage import Chart, chart_of
from greenbutton.models import Meter, MeterReading, ServiceLocation, UsagePoint
from tests import cast
from tests.greenbutton.metering import (
    BULK,
    INSTANTANEOUS,
    MAXIMUM,
    NET,
    RECEIVED,
    WATT,
    add_day,
    add_days,
    add_meter_reading,
    add_point,
)

pytestmark = pytest.mark.django_db

DAY = 86_400
VOLT_AMPERE, VOLT = 61, 29


@pytest.fixture
def authorization() -> Authorization:
    return cast.authorize(cast.ada(), cast.make_utility())


@pytest.fixture
def point(authorization: Authorization) -> UsagePoint:
    """A meter whose use was measured for two days."""
    made = add_point(authorization)
    add_days(add_meter_reading(made), date(2026, 7, 4), 2, lambda *_: 1000)
    return made


def add_demand(point: UsagePoint, uom: int = WATT, *watts: int) -> MeterReading:
    """The highest demand of each day from 4 July on, in watts."""
    made = add_meter_reading(point, uom, accumulation=INSTANTANEOUS, qualifier=MAXIMUM)
    for number, value in enumerate(watts or (3000,)):
        add_day(made, date(2026, 7, 4 + number), [value], seconds=DAY, costs=[0])
    return made


def shown(authorization: Authorization, **asked: str) -> tuple[Selection, Chart]:
    selection = selection_of(authorization, asked)
    assert selection
    assert selection.meter
    assert selection.period
    return selection, chart_of(authorization, selection.meter, selection.period)


def figures(chart: Chart) -> dict[str, str]:
    return {figure.name: figure.value.replace("\xa0", " ") for figure in chart.figures}


def measures(selection: Selection) -> list[str]:
    return [link.label for link in selection.measure_links()]


# --- Demand ---------------------------------------------------------------------------------------


def test_demand_is_a_choice_of_its_own_and_stays_out_of_the_use(
    authorization: Authorization, point: UsagePoint
) -> None:
    add_demand(point)
    add_demand(point, VOLT_AMPERE)
    selection, chart = shown(authorization)
    assert measures(selection) == ["Used", "Highest demand", "Highest apparent demand"]
    assert figures(chart)["Used"] == "48 kWh"
    assert selection.meter_links() == []


@pytest.mark.parametrize("view", ["year", "month"])
def test_of_highest_demands_the_highest_counts(
    authorization: Authorization, point: UsagePoint, view: str
) -> None:
    demand = add_demand(point, WATT, 3000, 7000, 5000)
    _, chart = shown(authorization, meter=demand.uid, view=view)
    assert figures(chart) == {"Highest demand": "7 kW"}
    assert chart.figures[0].remark == "5 July 2026"
    assert chart.caption.startswith("highest kilowatts (kW) a ")
    tops = [bar.quantities[0] for bar in chart.bars if bar.quantities[0]]
    assert max(top.value for top in tops) == 7
    assert len(tops) == (1 if view == "year" else 3)


def test_the_highest_of_several_readings_a_day_is_the_days(
    authorization: Authorization, point: UsagePoint
) -> None:
    demand = add_meter_reading(point, WATT, accumulation=INSTANTANEOUS, qualifier=MAXIMUM)
    add_day(demand, date(2026, 7, 4), [1000, None, 4000, 2000])
    add_day(demand, date(2026, 7, 5), [None])
    _, chart = shown(authorization, meter=demand.uid, view="month")
    assert figures(chart) == {"Highest demand": "4 kW"}


def test_demand_has_no_costs_to_show(authorization: Authorization, point: UsagePoint) -> None:
    _, chart = shown(authorization, meter=add_demand(point).uid)
    assert not chart.has_costs


def test_a_level_that_is_no_maximum_is_averaged_and_called_by_what_it_is(
    authorization: Authorization, point: UsagePoint
) -> None:
    volts = add_meter_reading(point, VOLT, accumulation=INSTANTANEOUS)
    add_day(volts, date(2026, 7, 4), [118, 122])
    selection, chart = shown(authorization, meter=volts.uid, view="month")
    assert measures(selection) == ["Used", "Voltage"]
    assert figures(chart) == {"Voltage, on average": "120 V"}


# --- Registers ------------------------------------------------------------------------------------


def test_a_register_says_what_it_showed_last_and_how_far_it_went(
    authorization: Authorization, point: UsagePoint
) -> None:
    register = add_meter_reading(point, accumulation=BULK)
    for day, value in ((4, 145_000_000), (5, 145_030_000), (6, 145_080_000)):
        add_day(register, date(2026, 7, day), [value], seconds=DAY)
    selection, chart = shown(authorization, meter=register.uid, view="month")
    assert measures(selection) == ["Used", "Meter reading"]
    assert figures(chart) == {"The meter showed": "145,080 kWh", "It went on by": "80 kWh"}
    assert chart.remark == ""


def test_a_register_is_drawn_in_its_range_and_not_as_bars(
    authorization: Authorization, point: UsagePoint
) -> None:
    register = add_meter_reading(point, accumulation=BULK)
    for day, value in ((4, 145_000_000), (5, 145_100_000)):
        add_day(register, date(2026, 7, day), [value], seconds=DAY)
    selection, chart = shown(authorization, meter=register.uid, view="month")
    low, high = span_of(chart)
    assert (low > 144_900, high < 145_200) == (True, True)
    [drawn] = draw(selection, chart, PALETTES["light"]).renderers
    assert type(drawn.glyph).__name__ == "Scatter"  # type: ignore[attr-defined]


def test_a_month_of_a_year_has_the_registers_last_number(
    authorization: Authorization, point: UsagePoint
) -> None:
    register = add_meter_reading(point, accumulation=BULK)
    add_day(register, date(2026, 7, 4), [1000, 2000, 9000])
    add_day(register, date(2026, 7, 5), [10_000, 11_000])
    _, chart = shown(authorization, meter=register.uid, view="year")
    july = chart.bars[6].quantities[0]
    assert july is not None
    assert july.value == 11


# --- Both flows -----------------------------------------------------------------------------------


def test_what_comes_from_the_grid_is_not_called_use_where_some_is_sent_back(
    authorization: Authorization, point: UsagePoint
) -> None:
    back = add_meter_reading(point, flow=RECEIVED)
    add_days(back, date(2026, 7, 4), 2, lambda *_: 1500)
    selection, chart = shown(authorization)
    assert [series.label for series in chart.meter.series] == ["From the grid", "Sent back"]
    found = figures(chart)
    assert (found["From the grid"], found["Sent back"], found["Net"]) == (
        "48 kWh",
        "72 kWh",
        "−24 kWh",
    )
    assert selection.measure_links() == []


def test_net_is_a_choice_of_its_own_and_is_not_added_to_the_flows(
    authorization: Authorization, point: UsagePoint
) -> None:
    for flow, value in ((RECEIVED, 1500), (NET, -500)):
        add_days(add_meter_reading(point, flow=flow), date(2026, 7, 4), 2, lambda *_, v=value: v)
    selection, chart = shown(authorization)
    assert measures(selection) == ["From and to the grid", "Net"]
    assert figures(chart)["From the grid"] == "48 kWh"


def test_no_net_is_made_of_flows_that_were_not_measured_equally_often(
    authorization: Authorization, point: UsagePoint
) -> None:
    back = add_meter_reading(point, flow=RECEIVED)
    add_days(back, date(2026, 7, 4), 1, lambda *_: 1500)
    _, chart = shown(authorization)
    assert "Net" not in figures(chart)


def test_a_comparison_with_the_year_before_says_of_which_flow_it_is(
    authorization: Authorization, point: UsagePoint
) -> None:
    add_days(add_meter_reading(point, flow=RECEIVED), date(2026, 7, 4), 2, lambda *_: 1)
    main = point.meter_readings.order_by("pk")[0]
    add_days(main, date(2025, 7, 4), 2, lambda *_: 2000)
    _, chart = shown(authorization, view="month", date="2026-07-01")
    assert chart.remark.startswith("50% less from the grid than ")


def test_meters_with_and_without_panels_are_put_together_by_flow(
    authorization: Authorization, point: UsagePoint
) -> None:
    other = add_point(authorization)
    add_days(add_meter_reading(other), date(2026, 7, 4), 2, lambda *_: 1000)
    add_days(add_meter_reading(other, flow=RECEIVED), date(2026, 7, 4), 2, lambda *_: 500)
    _, chart = shown(authorization)
    assert chart.meter.place_label == "All 2 meters"
    assert [series.label for series in chart.meter.series] == ["From the grid", "Sent back"]
    amounts = [bar.quantities[0] for bar in chart.bars if bar.quantities[0]]
    assert sum(one.value for one in amounts) == Decimal(96)


# --- Names ----------------------------------------------------------------------------------------


def number_of(point: UsagePoint, *numbers: str) -> None:
    """What stands on the meters at a place of its own."""
    authorization = point.authorization
    point.service_location = ServiceLocation.objects.create(
        authorization=authorization, identity=f"place-{point.pk}"
    )
    point.save()
    for number in numbers:
        Meter.objects.create(
            authorization=authorization,
            identity=f"meter-{number}-{point.pk}",
            service_location=point.service_location,
            serial_number=number,
        )


def places(authorization: Authorization) -> list[str]:
    selection, _ = shown(authorization)
    return [link.label for link in selection.meter_links()]


def test_meters_are_called_by_the_numbers_that_stand_on_them(
    authorization: Authorization, point: UsagePoint
) -> None:
    other = add_point(authorization)
    add_day(add_meter_reading(other), date(2026, 7, 4), [1000])
    number_of(point, "A-17")
    number_of(other, "B-18")
    assert places(authorization) == ["All 2 meters", "Meter A-17", "Meter B-18"]


@pytest.mark.parametrize("numbers", [("A-17",), ("A-17", "A-18"), ()])
def test_a_number_that_tells_no_meter_apart_is_not_used(
    authorization: Authorization, point: UsagePoint, numbers: tuple[str, ...]
) -> None:
    other = add_point(authorization)
    add_day(add_meter_reading(other), date(2026, 7, 4), [1000])
    number_of(point, *numbers)
    number_of(other, *numbers)
    assert places(authorization) == ["All 2 meters", "Meter 1", "Meter 2"]


def test_what_one_meter_of_several_measures_shows_once_that_is_chosen(
    authorization: Authorization, point: UsagePoint
) -> None:
    other = add_point(authorization)
    add_day(add_meter_reading(other), date(2026, 7, 4), [1000])
    demand = add_demand(point)
    assert shown(authorization)[0].measure_links() == []
    selection, _ = shown(authorization, meter=demand.uid)
    assert measures(selection) == ["Used", "Highest demand"]
    assert selection.about == "Meter 1: Highest demand"
    current = [link.label for link in selection.meter_links() if link.is_current]
    assert current == ["Meter 1"]
