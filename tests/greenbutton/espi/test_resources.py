"""What each resource's module writes, it reads back."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenbutton.espi import Entry, write_entry
from greenbutton.espi.application_information import ApplicationInformation
from greenbutton.espi.interval_block import IntervalBlock, IntervalReading
from greenbutton.espi.line_item import LineItem
from greenbutton.espi.reading_type import ReadingType
from greenbutton.espi.resources import CODECS, Other
from greenbutton.espi.shape import Shape
from greenbutton.espi.summary_measurement import SummaryMeasurement
from greenbutton.espi.tariff_rider_ref import TariffRiderRef
from greenbutton.espi.usage_point import ServiceDeliveryPoint, UsagePoint
from greenbutton.espi.usage_summary import UsageSummary
from tests.greenbutton.espi.documents import (
    codes_of,
    entry,
    feed,
    findings_of,
    int16s,
    numbers,
    read_all,
    seconds,
)
from tests.greenbutton.espi.shapes import made_of

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


def shape_of(name: str) -> Shape[Any]:
    codec: Any = CODECS[name]
    return codec if isinstance(codec, Shape) else codec.SHAPE


def of_type(name: str) -> st.SearchStrategy[Any]:
    return blocks if name == "IntervalBlock" else made_of(shape_of(name))


@pytest.mark.parametrize("name", CODECS)
def test_every_type_reads_back_as_it_was_written(name: str) -> None:
    @given(of_type(name))
    @settings(max_examples=12)
    def check(resource: Any) -> None:
        written = Entry(ordinal=1, resource=resource, type=name)
        assert read_all(write_entry(written)) == [written]

    check()


@pytest.mark.parametrize("name", CODECS)
def test_a_resource_that_says_nothing_reads_back_too(name: str) -> None:
    made = IntervalBlock if name == "IntervalBlock" else shape_of(name).made
    written = Entry(ordinal=1, resource=made(), type=name)
    assert read_all(write_entry(written)) == [written]


@pytest.mark.parametrize("name", sorted({*CODECS} - {"IntervalBlock"}))
def test_every_attribute_has_its_element(name: str) -> None:
    shape = shape_of(name)
    assert {field.name for field in shape.fields} == set(shape.made.__dataclass_fields__)


@pytest.mark.parametrize("name", sorted({*CODECS} - {"ElectricPowerUsageSummary"}))
def test_a_resource_of_our_own_is_written_under_its_own_name(name: str) -> None:
    made = IntervalBlock if name == "IntervalBlock" else shape_of(name).made
    assert Entry(resource=made()).type == name.replace("LocalTimeParameters@cust", made.__name__)


def test_the_elements_of_a_block_come_in_the_order_of_the_schema() -> None:
    reading = IntervalReading(60, 900, 5, 7, (17, 8), 1, 2, 3)
    assert names_in(IntervalBlock(60, 900, (reading,))) == (
        "IntervalBlock interval duration start IntervalReading cost ReadingQuality quality "
        "ReadingQuality quality timePeriod duration start value consumptionTier tou cpp"
    )


def test_the_elements_of_a_usage_point_come_in_the_order_of_the_schema() -> None:
    rider = TariffRiderRef("R", "enrolled", 1)
    point = UsagePoint(
        kind=0,
        status=1,
        role_flags="0010",
        service_delivery_point=ServiceDeliveryPoint(name="N", tariff_rider_refs=(rider, rider)),
        check_billing=False,
        estimated_load=SummaryMeasurement(value=1, uom=38),
        phase_code=128,
        read_cycle="C",
    )
    assert names_in(point) == (
        "UsagePoint roleFlags ServiceCategory kind status serviceDeliveryPoint name "
        "tariffRiderRefs tariffRiderRef riderType enrollmentStatus effectiveDate "
        "tariffRiderRef riderType enrollmentStatus effectiveDate "
        "checkBilling estimatedLoad uom value phaseCode readCycle"
    )


def names_in(resource: Any) -> str:
    """The names of the elements that it is written as, in their order."""
    written = write_entry(Entry(resource=resource)).decode()
    inner = written[written.index("<content>") : written.index("</content>")]
    return " ".join(piece.split(">")[0].split(" ")[0] for piece in inner.split("<espi:")[1:])


@pytest.mark.parametrize("name", ["serviceDeliveryPoint", "ServiceDeliveryPoint"])
def test_a_service_delivery_point_is_read_in_either_spelling(name: str) -> None:
    inner = f"<espi:{name}><espi:name>N</espi:name><espi:other>O</espi:other></espi:{name}>"
    (found,) = read_all(feed(entry(f"<espi:UsagePoint>{inner}</espi:UsagePoint>")))
    assert found.resource == UsagePoint(service_delivery_point=ServiceDeliveryPoint(name="N"))


def test_what_sce_adds_to_a_usage_point_is_kept() -> None:
    inner = "<espi:pricingNode>P</espi:pricingNode><espi:timezone>-0500</espi:timezone>"
    (found,) = read_all(feed(entry(f"<espi:UsagePoint>{inner}</espi:UsagePoint>")))
    assert found.resource == UsagePoint(pricing_node="P")


@pytest.mark.parametrize(
    "category", ["", "<espi:ServiceCategory><espi:kind/></espi:ServiceCategory>"]
)
def test_a_missing_service_kind_is_found_and_not_guessed(category: str) -> None:
    document = feed(entry(f"<espi:UsagePoint>{category}</espi:UsagePoint>"))
    assert read_all(document)[0].resource == UsagePoint()
    assert codes_of(document) == ["usage_point.no_service_kind"]


def test_codes_that_the_schema_does_not_know_are_kept_and_said() -> None:
    inner = (
        "<espi:powerOfTenMultiplier>-5</espi:powerOfTenMultiplier>"
        "<espi:timeAttribute>7</espi:timeAttribute><espi:uom>999</espi:uom>"
    )
    document = feed(entry(f"<espi:ReadingType>{inner}</espi:ReadingType>"))
    assert read_all(document)[0].resource == ReadingType(power_of_ten=-5, time_attribute=7, uom=999)
    assert [(one.code, one.detail.split(",")[0]) for one in findings_of(document)] == [
        ("enum.unknown", "powerOfTenMultiplier is -5"),
        ("enum.unknown", "timeAttribute is 7"),
        ("enum.unknown", "uom is 999"),
    ]


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


def test_a_number_in_cdata_is_read() -> None:
    inner = "<espi:uom><![CDATA[ 72 ]]></espi:uom>"
    document = feed(entry(f"<espi:ReadingType>{inner}</espi:ReadingType>"))
    assert read_all(document)[0].resource == ReadingType(uom=72)
    assert codes_of(document) == []


def test_tokens_in_an_old_authorization_are_not_read() -> None:
    inner = "<espi:access_token>secret</espi:access_token><espi:status>1</espi:status>"
    (found,) = read_all(feed(entry(f"<espi:Authorization>{inner}</espi:Authorization>")))
    assert "secret" not in repr(found)


def test_the_secrets_of_a_registration_are_read_and_stay_out_of_its_repr() -> None:
    inner = (
        "<espi:client_secret>hush1</espi:client_secret>"
        "<espi:registration_access_token>hush2</espi:registration_access_token>"
        "<espi:thirdPartyName>T</espi:thirdPartyName>"
    )
    payload = f"<espi:ApplicationInformation>{inner}</espi:ApplicationInformation>"
    (found,) = read_all(feed(entry(payload)))
    assert found.resource == ApplicationInformation(
        client_secret="hush1", registration_access_token="hush2", third_party_name="T"
    )
    assert "hush" not in repr(found)


def test_a_resource_that_nobody_knows_is_named_and_its_payload_is_not_in_its_repr() -> None:
    document = feed(entry("<espi:Secret>hush</espi:Secret>"))
    (found,) = read_all(document)
    assert isinstance(found.resource, Other)
    assert found.resource.xml is not None
    assert "hush" in found.resource.xml
    assert "hush" not in repr(found)
    assert codes_of(document) == ["resource.unknown"]
