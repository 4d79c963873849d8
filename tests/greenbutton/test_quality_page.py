"""The report on the usage page: a panel that is filled when it is opened, and a page by itself."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from authorizations.models import Authorization
from greenbutton.models import MeterReading, ReadingDay
from tests import cast
from tests.greenbutton.metering import (
    HOUR,
    INSTANTANEOUS,
    NET,
    RECEIVED,
    THERM,
    WATT,
    WH,
    add_bill,
    add_day,
    add_days,
    add_meter_reading,
    add_point,
)
from tests.greenbutton.test_usage_page import words

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> cast.Person:
    return cast.ada()


@pytest.fixture
def authorization(ada: cast.Person) -> Authorization:
    """Ada's; nothing is due."""
    authorization = cast.authorize(ada, cast.make_utility())
    authorization.next_pull_at = None
    authorization.save()
    return authorization


def report(
    person: cast.Person, authorization: Authorization, query: str = "", *, htmx: bool = True
) -> HttpResponse:
    headers = {"HX-Request": "true"} if htmx else {}
    answer = person.browser.get(f"/usage/{authorization.uid}/quality/{query}", headers=headers)
    assert isinstance(answer, HttpResponse)
    return answer


# --- Who may look ---------------------------------------------------------------------------------


def test_nobody_else_opens_it(ada: cast.Person, authorization: Authorization) -> None:
    add_day(add_meter_reading(add_point(authorization)), date(2026, 7, 4), [1])
    ben = cast.ben()
    cast.authorize(ben, cast.make_utility(slug="other"))
    assert report(ben, authorization).status_code == 404
    assert report(cast.cy(), authorization).status_code == 404
    assert report(ada, authorization).status_code == 200


def test_it_is_only_for_reading_and_no_cache_keeps_it(
    ada: cast.Person, authorization: Authorization
) -> None:
    add_day(add_meter_reading(add_point(authorization)), date(2026, 7, 4), [1])
    assert ada.browser.post(f"/usage/{authorization.uid}/quality/").status_code == 405
    assert "no-store" in report(ada, authorization)["Cache-Control"]


def test_there_is_no_report_of_nothing(ada: cast.Person, authorization: Authorization) -> None:
    assert report(ada, authorization).status_code == 404
    add_meter_reading(add_point(authorization))
    assert report(ada, authorization).status_code == 404
    assert "How complete" not in words(usage(ada, authorization))


@pytest.mark.parametrize("query", ["?meter=1", "?service=plutonium", "?date=9999-12-31&view=day"])
def test_an_address_that_makes_no_sense_shows_something_that_does(
    ada: cast.Person, authorization: Authorization, query: str
) -> None:
    add_day(add_meter_reading(add_point(authorization)), date(2026, 7, 4), [1])
    assert report(ada, authorization, query).status_code == 200


# --- The panel ------------------------------------------------------------------------------------


def usage(person: cast.Person, authorization: Authorization) -> HttpResponse:
    answer = person.browser.get(f"/usage/{authorization.uid}/")
    assert isinstance(answer, HttpResponse)
    return answer


def test_the_usage_page_has_a_panel_that_asks_only_when_it_is_opened(
    ada: cast.Person, authorization: Authorization
) -> None:
    add_day(add_meter_reading(add_point(authorization)), date(2026, 7, 4), [1])
    html = usage(ada, authorization).content.decode()
    (panel,) = re.findall(r'<details class="quality"[^>]*>', html)
    assert 'hx-trigger="toggle once"' in panel
    address = re.search(r'hx-get="([^"]+)"', panel)
    assert address is not None
    assert ada.browser.get(address[1].replace("&amp;", "&")).status_code == 200
    # Without JavaScript the same address is a link.
    assert f'<a href="{address[1]}"' in html
    assert "Covered" not in words(usage(ada, authorization))


def test_for_htmx_it_is_a_part_and_else_a_page(
    ada: cast.Person, authorization: Authorization
) -> None:
    add_day(add_meter_reading(add_point(authorization)), date(2026, 7, 4), [1] * 24)
    part, page = report(ada, authorization), report(ada, authorization, htmx=False)
    assert "<html" not in part.content.decode()
    assert "<h1>How complete is this?</h1>" in page.content.decode()
    assert words(part).strip() in words(page)


# --- What it says ---------------------------------------------------------------------------------


def test_what_is_complete_is_said_in_a_few_words(
    ada: cast.Person, authorization: Authorization
) -> None:
    add_days(add_meter_reading(add_point(authorization)), date(2026, 3, 1), 31, lambda *_: 1)
    text = words(report(ada, authorization))
    assert "Covered 100% 1 Mar 2026 – 31 Mar 2026" in text
    assert "Missing Nothing" in text
    assert "Measured twice Nothing" in text
    assert "Estimated Not known the utility does not say" in text
    assert "One day had 23 hours, since clocks changed; its readings last as long." in text
    assert "Gaps" not in text


def test_gaps_are_named_by_the_local_clock(ada: cast.Person, authorization: Authorization) -> None:
    reading = add_meter_reading(add_point(authorization))
    add_days(reading, date(2026, 3, 1), 20, lambda *_: 1)
    ReadingDay.objects.filter(day__in=[date(2026, 3, 4), date(2026, 3, 5)]).delete()
    shorten(reading, date(2026, 3, 8), 21)  # of 23: ends at 10 pm
    shorten(reading, date(2026, 3, 12), 1)
    text = words(report(ada, authorization))
    assert "Missing 3 days 1 hour in 3 gaps, the longest 2 days" in text
    gaps = text[text.index("Gaps When How long") :]
    assert gaps.index("12 Mar 2026, 1 am – 12 am 23 hours") < gaps.index("8 Mar 2026")
    assert "8 Mar 2026, 10 pm EDT – 12 am 2 hours" in gaps
    assert "4 Mar 2026 – 5 Mar 2026 2 days" in gaps
    assert "its readings do not last as long." in text
    assert "8 Mar 2026: 23 hours, readings for 21" in text


def test_a_file_is_told_by_the_clock_of_its_own_zone(
    ada: cast.Person, authorization: Authorization
) -> None:
    reading = add_meter_reading(add_point(authorization))
    add_days(reading, date(2026, 7, 1), 3, lambda *_: 1)
    shorten(reading, date(2026, 7, 2), 20)
    Authorization.objects.update(
        origin="file", utility=None, client=None, time_zone="America/Los_Angeles"
    )
    answer = report(ada, authorization, htmx=False)
    assert "2 Jul 2026, 5 pm – 9 pm 4 hours" in words(answer)
    assert "Your Green Button file, Electricity" in words(answer)


def shorten(reading: MeterReading, day: date, count: int) -> None:
    """Leave only the day's first readings."""
    rows = ReadingDay.objects.filter(meter_reading=reading, day=day)
    rows.update(values=[1] * count, count=count, total=count)


def test_of_many_gaps_the_longest_are_named(ada: cast.Person, authorization: Authorization) -> None:
    reading = add_meter_reading(add_point(authorization))
    for n in range(28):
        add_day(reading, date(2026, 2, 1 + n), [1] * (23 if n % 2 else 24 - n // 2))
    text = words(report(ada, authorization))
    assert "the 12 longest of" in text


def test_readings_without_a_value_are_counted(
    ada: cast.Person, authorization: Authorization
) -> None:
    add_day(add_meter_reading(add_point(authorization)), date(2026, 7, 4), [1, None, 3, None])
    assert "2 readings have no value." in words(report(ada, authorization))


def test_a_reading_that_says_no_quality_has_its_types(
    ada: cast.Person, authorization: Authorization
) -> None:
    reading = add_meter_reading(add_point(authorization))
    reading.default_quality = 17
    reading.save()
    add_day(reading, date(2026, 7, 4), [1] * 24)
    row = add_day(reading, date(2026, 7, 5), [1] * 24)
    row.qualities = [8] * 11 + [None] * 12 + [99]
    row.save()
    text = words(report(ada, authorization))
    assert "Estimated 22.91% of 48 readings; of 2.08% it is not known" in text
    assert "Validated 36 Estimated from a similar day 11 Code 99 1" in text


# --- Bills ----------------------------------------------------------------------------------------


def test_bills_stand_beside_the_sums_of_their_readings(
    ada: cast.Person, authorization: Authorization
) -> None:
    point = add_point(authorization)
    add_days(add_meter_reading(point), date(2026, 2, 1), 60, lambda *_: 1000)
    add_bill(point, date(2026, 2, 3), 28, consumption=672_000, consumption_uom=WH)
    add_bill(
        point, date(2026, 3, 3), 28, consumption=700, consumption_uom=WH, consumption_power_of_ten=3
    )
    add_bill(point, date(2026, 3, 31), 28, consumption=1, consumption_uom=WH)
    add_bill(point, date(2025, 3, 31), 28, consumption=1, consumption_uom=WH)
    text = words(report(ada, authorization))
    assert "3 Feb 2026 – 2 Mar 2026 672 kWh 672 kWh none" in text
    assert "3 Mar 2026 – 30 Mar 2026 700 kWh 671 kWh −4.1%" in text
    assert "31 Mar 2026 – 27 Apr 2026 Not fully measured: readings cover 7.14% of it." in text
    assert "2025" not in text
    assert "counts whole" in text


@pytest.mark.parametrize(
    ("flow", "said"),
    [
        (RECEIVED, "What was sent back is not taken off in these readings."),
        (NET, "What was sent back is not taken off in these readings."),
        (1, "even if it ends in the next one."),
    ],
)
def test_it_says_whether_what_was_sent_back_is_taken_off(
    ada: cast.Person, authorization: Authorization, flow: int, said: str
) -> None:
    point = add_point(authorization)
    add_days(add_meter_reading(point), date(2026, 2, 1), 30, lambda *_: 1000)
    add_days(add_meter_reading(point, flow=flow), date(2026, 2, 1), 30, lambda *_: 500)
    add_bill(point, date(2026, 2, 3), 10, consumption=1, consumption_uom=WH)
    text = words(report(ada, authorization))
    assert said in text
    assert ("Bills are not compared with what was sent back." in text) == (flow == RECEIVED)
    assert text.count("3 Feb 2026 – 12 Feb 2026") == 1
    assert "240 kWh" in text


def test_a_net_meter_is_compared_by_what_is_left(
    ada: cast.Person, authorization: Authorization
) -> None:
    point = add_point(authorization)
    add_days(add_meter_reading(point, flow=NET), date(2026, 2, 1), 28, lambda *_: -500)
    add_bill(point, date(2026, 2, 1), 28, consumption=-336_000, consumption_uom=WH)
    text = words(report(ada, authorization))
    assert "What was sent back is taken off in these readings." in text
    assert "−336 kWh −336 kWh none" in text


def test_what_is_left_is_not_compared_where_what_was_delivered_is(
    ada: cast.Person, authorization: Authorization
) -> None:
    point = add_point(authorization)
    add_days(add_meter_reading(point), date(2026, 2, 1), 28, lambda *_: 1000)
    net = add_meter_reading(point, flow=NET)
    add_days(net, date(2026, 2, 1), 28, lambda *_: -500)
    add_bill(point, date(2026, 2, 1), 28, consumption=672_000, consumption_uom=WH)
    text = words(report(ada, authorization, f"?meter={net.uid}"))
    assert "Bills are compared with what came from the grid" in text
    assert "Bills beside their readings" not in text


def test_levels_are_not_added_up_for_a_bill(ada: cast.Person, authorization: Authorization) -> None:
    point = add_point(authorization)
    power = add_meter_reading(point, WATT, accumulation=INSTANTANEOUS)
    add_days(power, date(2026, 2, 1), 28, lambda *_: 500)
    add_bill(point, date(2026, 2, 1), 28, consumption=1, consumption_uom=WATT)
    assert "not amounts that add up" in words(report(ada, authorization))


def test_another_unit_is_said_and_not_compared(
    ada: cast.Person, authorization: Authorization
) -> None:
    point = add_point(authorization)
    add_days(add_meter_reading(point), date(2026, 2, 1), 28, lambda *_: 500)
    add_bill(point, date(2026, 2, 1), 28, consumption=10, consumption_uom=THERM)
    text = words(report(ada, authorization))
    assert "It is billed in another unit than the readings are in. 10 therms – –" in text


@pytest.mark.parametrize(
    "values",
    [
        {"seconds": 2**62},
        {"seconds": -5},
        {"seconds": None},
        {"start": None},
        {"consumption": None},
        {"consumption": 2**62, "consumption_power_of_ten": 15},
        {"consumption_power_of_ten": -999},
    ],
)
def test_a_bill_that_makes_no_sense_breaks_nothing(
    ada: cast.Person, authorization: Authorization, values: dict[str, object]
) -> None:
    point = add_point(authorization)
    add_days(add_meter_reading(point), date(2026, 2, 1), 28, lambda *_: 500)
    bill = {"consumption": 336_000, "consumption_uom": WH, **values}
    add_bill(point, date(2026, 2, 1), 28, **bill)
    assert report(ada, authorization).status_code == 200
    assert usage(ada, authorization).status_code == 200


def test_values_beyond_all_meters_break_nothing(
    ada: cast.Person, authorization: Authorization
) -> None:
    point = add_point(authorization)
    add_day(add_meter_reading(point, power_of_ten=15), date(2026, 7, 4), [2**63 - 1])
    add_bill(point, date(2026, 7, 4), 1, consumption=-1, consumption_uom=WH)
    assert report(ada, authorization).status_code == 200
    assert usage(ada, authorization).status_code == 200


def test_several_meters_are_told_apart(ada: cast.Person, authorization: Authorization) -> None:
    for title in ("Barn", "<b>House</b>"):
        point = add_point(authorization, title=title)
        add_day(add_meter_reading(point), date(2026, 7, 4), [1])
    html = report(ada, authorization).content.decode()
    assert "<h3>Barn: used</h3>" in html
    assert "<h3>&lt;b&gt;House&lt;/b&gt;: used</h3>" in html


def test_gapless_days_stay_closed_and_only_a_bills_own_ends_are_opened(
    ada: cast.Person, authorization: Authorization
) -> None:
    point = add_point(authorization)
    add_days(add_meter_reading(point), date(2026, 2, 1), 60, lambda *_: 1000)
    bill = add_bill(point, date(2026, 2, 3), 28, consumption=1, consumption_uom=WH)
    assert opened(ada, authorization) == []
    bill.seconds = 28 * 24 * HOUR + HOUR
    bill.save()
    (query,) = opened(ada, authorization)
    assert "IN ('2026-03-03'::date)" in query


def opened(person: cast.Person, authorization: Authorization) -> list[str]:
    """The queries of a report that fetch the values of days."""
    fetches = 'SELECT "greenbutton_readingday"."day" AS "day", "greenbutton_readingday"."values"'
    with CaptureQueriesContext(connection) as queries:
        report(person, authorization)
    assert len(queries) < 12
    return [one["sql"] for one in queries.captured_queries if one["sql"].startswith(fetches)]


def test_a_bill_that_ends_within_a_day_is_summed_by_its_hours(
    ada: cast.Person, authorization: Authorization
) -> None:
    point = add_point(authorization)
    add_days(add_meter_reading(point), date(2026, 2, 1), 20, lambda _, hour: 1000 + hour)
    bill = add_bill(point, date(2026, 2, 3), 10, consumption=1, consumption_uom=WH)
    bill.seconds = 10 * 24 * HOUR - 5 * HOUR
    bill.consumption = 10 * sum(range(1000, 1024)) - sum(range(1019, 1024))
    bill.save()
    assert "3 Feb 2026 – 12 Feb 2026 237.66 kWh 237.66 kWh none" in words(
        report(ada, authorization)
    )
