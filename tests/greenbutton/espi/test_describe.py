from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from greenbutton.espi import EspiError, generator
from greenbutton.espi.describe import Description, as_json, describe
from tests.greenbutton.espi.documents import MEGABYTE, at, block, entry, feed

CUSTOMER = "http://naesb.org/espi/customer"
USAGE_POINT = entry(
    "<espi:UsagePoint><espi:ServiceCategory><espi:kind>0</espi:kind></espi:ServiceCategory>"
    "</espi:UsagePoint>",
    links="self=u related=u/m",
)
METER_READING = entry("<espi:MeterReading/>", links="self=u/m/1 up=u/m related=b related=t")
BLANK_BLOCK = "<espi:interval><espi:start>1000</espi:start></espi:interval>"


def described(*entries: str) -> Description:
    return describe(BytesIO(feed(*entries)), max_bytes=MEGABYTE)


def only_meter_reading(description: Description) -> dict[str, Any]:
    (usage_point,) = as_json(description, personal=False)["usage_points"]
    (meter_reading,) = usage_point["meter_readings"]
    assert isinstance(meter_reading, dict)
    return meter_reading


def reading_type(inner: str) -> str:
    return entry(f"<espi:ReadingType>{inner}</espi:ReadingType>", links="self=t")


def test_blocks_are_added_up_under_their_usage_point() -> None:
    said = only_meter_reading(
        described(
            entry(block(at("7200", "3600", "3"), at("3600", "3600", "-1")), links="self=1 up=b"),
            entry(
                block(at("10800", "1800", "5") + "<espi:cost>7</espi:cost>"), links="self=2 up=b"
            ),
            USAGE_POINT,
            METER_READING,
            reading_type(
                "<espi:powerOfTenMultiplier>-1</espi:powerOfTenMultiplier><espi:uom>42</espi:uom>"
            ),
        )
    )
    assert (said["blocks"], said["readings"], said["value_sum"]) == (2, 3, 7)
    assert (said["quantity"], said["unit"]) == ("0.7", "m³")
    assert (said["cost_sum"], said["money"]) == (7, "0.00007")
    assert (said["first"], said["end"]) == ("1970-01-01T01:00:00Z", "1970-01-01T03:30:00Z")


def test_readings_without_times_reach_as_far_as_their_type_says() -> None:
    value = "<espi:value>1</espi:value>"
    said = only_meter_reading(
        described(
            USAGE_POINT,
            METER_READING,
            reading_type("<espi:intervalLength>60</espi:intervalLength>"),
            entry(block(value, value, interval=BLANK_BLOCK), links="self=1 up=b"),
        )
    )
    assert (said["first"], said["end"]) == ("1970-01-01T00:16:40Z", "1970-01-01T00:18:40Z")


def test_what_a_register_shows_is_not_added_up() -> None:
    said = only_meter_reading(
        described(
            USAGE_POINT,
            METER_READING,
            reading_type("<espi:accumulationBehaviour>3</espi:accumulationBehaviour>"),
            entry(block(at("0", value="5"), at("3600", value="6")), links="self=1 up=b"),
        )
    )
    assert (said["value_sum"], said["quantity"]) == (11, None)


def test_an_offset_that_no_clock_has_is_none() -> None:
    def offset(said: str) -> object:
        local_time = f"<espi:tzOffset>{said}</espi:tzOffset>"
        local_time = f"<espi:LocalTimeParameters>{local_time}</espi:LocalTimeParameters>"
        (usage_point,) = described(USAGE_POINT, entry(local_time)).usage_points
        return usage_point.offset

    assert offset("-18000") == -18000
    assert offset("99999999") is None


def test_personal_data_is_told_only_when_asked_for() -> None:
    customer = (
        f'<Customer xmlns="{CUSTOMER}"><customerName>Ada</customerName><vip>false</vip></Customer>'
    )
    links = "self=Customer/4711 up=x"
    description = describe(
        BytesIO(
            feed(entry(customer, links=links)).replace(
                b"<entry>", b"<title>Ada's data</title><entry>", 1
            )
        ),
        max_bytes=MEGABYTE,
    )
    hidden = as_json(description, personal=False)
    assert hidden["customer_side"] == {"Customer": 1}
    assert "Ada" not in str(hidden)
    assert "4711" not in str(hidden)
    shown = as_json(description, personal=True)
    assert shown["feed"]["title"] == "Ada's data"
    assert shown["customer_side_values"] == [
        {
            "type": "Customer",
            "where": "Customer/4711",
            "values": {"vip": "False", "customer_name": "Ada"},
        }
    ]


def test_findings_are_one_a_sentence() -> None:
    said = as_json(
        described(
            USAGE_POINT,
            entry(block(interval="<espi:interval><espi:start>x</espi:start></espi:interval>")),
            entry(block(interval="<espi:interval><espi:start>y</espi:start></espi:interval>")),
        ),
        personal=False,
    )
    codes = [finding["code"] for finding in said["findings"]]
    assert codes == sorted(codes)
    counts = {finding["code"]: finding["count"] for finding in said["findings"]}
    assert counts["number.unreadable"] == 2


def test_many_usage_points_take_no_longer_each_than_few() -> None:
    # Looking at every meter reading for every usage point would take minutes.
    usage_points = [
        entry("<espi:UsagePoint/>", links=f"self=u{n} related=m{n}") for n in range(3000)
    ]
    meter_readings = [
        entry("<espi:MeterReading/>", links=f"self=m{n}/1 up=m{n}") for n in range(3000)
    ]
    description = described(*usage_points, *meter_readings)
    assert all(len(one.meter_readings) == 1 for one in description.usage_points)


def test_a_generated_feed_is_described_as_it_was_planned() -> None:
    plan = generator.Plan(days=31, usage_points=2)
    document = b"".join(generator.generate(plan))
    said = as_json(describe(BytesIO(document), max_bytes=8 * MEGABYTE), personal=False)
    assert [one["service"] for one in said["usage_points"]] == ["electricity"] * 2
    assert [len(one["bills"]) for one in said["usage_points"]] == [1, 1]
    for one in said["usage_points"]:
        (meter_reading,) = one["meter_readings"]
        assert (meter_reading["readings"], meter_reading["blocks"]) == (31 * 24, 31)
        assert meter_reading["first"] == "2025-01-01T05:00:00Z"
        assert meter_reading["end"] == "2025-02-01T05:00:00Z"
        assert meter_reading["quantity"] == one["bills"][0]["quantity"]
    assert said["findings"] == []


def test_a_document_that_is_refused_is_refused_here_too() -> None:
    with pytest.raises(EspiError, match="begins with html"):
        describe(BytesIO(b"<html/>"), max_bytes=MEGABYTE)
