"""What each resource's module writes, it reads back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenbutton.espi import Entry, write_entry
from greenbutton.espi.authorization import Authorization
from greenbutton.espi.batch_list import BatchList
from greenbutton.espi.interval_block import IntervalBlock, IntervalReading
from greenbutton.espi.line_item import LineItem
from greenbutton.espi.local_time_parameters import LocalTimeParameters
from greenbutton.espi.meter_reading import MeterReading
from greenbutton.espi.reading_type import Rational, ReadingType
from greenbutton.espi.resources import Resource
from greenbutton.espi.service_status import ServiceStatus
from greenbutton.espi.usage_point import ServiceDeliveryPoint, UsagePoint
from greenbutton.espi.usage_summary import SHAPE as SUMMARY_SHAPE
from greenbutton.espi.usage_summary import UsageSummary
from tests.greenbutton.espi.documents import (
    codes,
    codes_of,
    entry,
    feed,
    int16s,
    maybe_text,
    measurements,
    moments,
    numbers,
    periods,
    read_all,
    seconds,
    texts,
)

rationals = st.none() | st.builds(Rational, numerator=st.integers(1, 9), denominator=numbers)
readings = st.builds(
    IntervalReading,
    start=seconds,
    seconds=st.none() | st.integers(1, 2**31 - 1),
    value=numbers,
    cost=numbers,
    qualities=st.lists(st.integers(0, 32767), max_size=3).map(tuple),
    tou=int16s,
    cpp=int16s,
    tier=int16s,
)
blocks = st.builds(
    IntervalBlock,
    start=seconds,
    seconds=seconds,
    readings=st.lists(readings, max_size=4).map(tuple),
)
reading_types = st.builds(
    ReadingType,
    accumulation_behaviour=codes,
    commodity=codes,
    consumption_tier=int16s,
    currency=codes,
    data_qualifier=codes,
    default_quality=codes,
    flow_direction=codes,
    interval_length=seconds,
    kind=codes,
    phase=codes,
    power_of_ten=codes,
    time_attribute=codes,
    tou=int16s,
    uom=st.integers(0, 200),
    cpp=int16s,
    interharmonic=rationals,
    measuring_period=codes,
    argument=rationals,
)
line_items = st.builds(
    LineItem,
    amount=numbers,
    rounding=numbers,
    date_time=seconds,
    note=texts,
    measurement=measurements,
    item_kind=codes,
    unit_cost=numbers,
    item_period=periods,
)
BY_NAME: dict[str, st.SearchStrategy[Any]] = {
    "line_items": st.lists(line_items, max_size=3).map(tuple),
    "billing_period": periods,
    "ratchet_demand_period": periods,
    "bill_last_period": numbers,
    "bill_to_date": numbers,
    "cost_additional_last_period": numbers,
    "currency": codes,
    "quality_of_reading": codes,
    "commodity": codes,
    "status_time_stamp": seconds,
    "tariff_profile": maybe_text,
    "read_cycle": maybe_text,
    "billing_charge_source": maybe_text,
}
summaries = st.fixed_dictionaries(
    {field.name: BY_NAME.get(field.name, measurements) for field in SUMMARY_SHAPE.fields}
).map(lambda values: UsageSummary(**values))
usage_points = st.builds(
    UsagePoint,
    kind=codes,
    status=codes,
    role_flags=maybe_text,
    service_delivery_point=st.none()
    | st.builds(
        ServiceDeliveryPoint, name=texts, tariff_profile=maybe_text, customer_agreement=maybe_text
    ),
)
authorizations = st.builds(
    Authorization,
    authorized_period=periods,
    published_period=periods,
    status=codes,
    expires_at=seconds,
    grant_type=maybe_text,
    scope=maybe_text,
    token_type=maybe_text,
    error=maybe_text,
    error_description=maybe_text,
    error_uri=maybe_text,
    resource_uri=maybe_text,
    authorization_uri=maybe_text,
    customer_resource_uri=maybe_text,
)
local_times = st.builds(
    LocalTimeParameters,
    dst_end_rule=maybe_text,
    dst_offset=seconds,
    dst_start_rule=maybe_text,
    tz_offset=moments,
)


@given(
    st.one_of(
        blocks,
        reading_types,
        summaries,
        usage_points,
        authorizations,
        local_times,
        st.builds(MeterReading, reading_type=st.none() | reading_types),
        st.builds(ServiceStatus, current_status=codes),
        st.builds(BatchList, resources=st.lists(texts, max_size=3).map(tuple)),
    )
)
def test_a_resource_reads_back_as_it_was_written(resource: Resource) -> None:
    (found,) = read_all(write_entry(Entry(resource=resource)))
    assert found.resource == resource
    assert found.type == type(resource).__name__


def test_the_elements_come_in_the_order_of_the_schema() -> None:
    reading = IntervalReading(60, 900, 5, 7, (17, 8), 1, 2, 3)
    written = write_entry(Entry(resource=IntervalBlock(60, 900, (reading,)))).decode()
    inner = written[written.index("<espi:IntervalBlock") : written.index("</content>")]
    names = [piece.split(">")[0].split(" ")[0] for piece in inner.split("<espi:")[1:]]
    assert names == [
        "IntervalBlock",
        "interval",
        "duration",
        "start",
        "IntervalReading",
        "cost",
        "ReadingQuality",
        "quality",
        "ReadingQuality",
        "quality",
        "timePeriod",
        "duration",
        "start",
        "value",
        "consumptionTier",
        "tou",
        "cpp",
    ]


@pytest.mark.parametrize("name", ["serviceDeliveryPoint", "ServiceDeliveryPoint"])
def test_a_service_delivery_point_is_read_in_either_spelling(name: str) -> None:
    inner = (
        f"<espi:{name}><espi:name>N</espi:name><espi:pricingNode>P</espi:pricingNode></espi:{name}>"
    )
    (found,) = read_all(feed(entry(f"<espi:UsagePoint>{inner}</espi:UsagePoint>")))
    assert isinstance(found.resource, UsagePoint)
    assert found.resource.service_delivery_point == ServiceDeliveryPoint(name="N")


@pytest.mark.parametrize(
    "category", ["", "<espi:ServiceCategory><espi:kind/></espi:ServiceCategory>"]
)
def test_a_missing_service_kind_is_found_and_not_guessed(category: str) -> None:
    document = feed(entry(f"<espi:UsagePoint>{category}</espi:UsagePoint>"))
    assert read_all(document)[0].resource == UsagePoint()
    assert codes_of(document) == ["usage_point.no_service_kind"]


def test_codes_that_the_schema_does_not_know_are_kept() -> None:
    inner = (
        "<espi:powerOfTenMultiplier>-5</espi:powerOfTenMultiplier>"
        "<espi:timeAttribute>7</espi:timeAttribute><espi:uom>999</espi:uom>"
    )
    document = feed(entry(f"<espi:ReadingType>{inner}</espi:ReadingType>"))
    assert read_all(document)[0].resource == ReadingType(power_of_ten=-5, time_attribute=7, uom=999)
    assert codes_of(document) == []


def test_the_agency_of_a_bill_and_an_empty_measurement_are_read() -> None:
    inner = (
        "<espi:billingChargeSource><espi:agencyName>SVCE</espi:agencyName></espi:billingChargeSource>"
        "<espi:peakDemand/><espi:costAdditionalDetailLastPeriod><espi:note>Tax</espi:note>"
        "<espi:measurement/><espi:itemPeriod/></espi:costAdditionalDetailLastPeriod>"
    )
    (found,) = read_all(feed(entry(f"<espi:UsageSummary>{inner}</espi:UsageSummary>")))
    assert found.resource == UsageSummary(
        billing_charge_source="SVCE", line_items=(LineItem(note="Tax"),)
    )


def test_tokens_in_an_old_authorization_are_not_read() -> None:
    inner = "<espi:access_token>secret</espi:access_token><espi:status>1</espi:status>"
    (found,) = read_all(feed(entry(f"<espi:Authorization>{inner}</espi:Authorization>")))
    assert "secret" not in repr(found)
