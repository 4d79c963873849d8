from greenbutton.espi.customer.service_location import PositionPoint, ServiceLocation
from greenbutton.espi.customer.street_address import StreetAddress, StreetDetail, TownDetail
from tests.greenbutton.espi.customer.documents import findings_in, read_one

ADDRESS = (
    "<mainAddress><streetDetail><addressGeneral>140 HAN RD</addressGeneral></streetDetail>"
    "<townDetail><code>95101</code><name>KING CITY</name></townDetail></mainAddress>"
)


def test_an_address_is_read_as_pge_sends_it() -> None:
    assert read_one("ServiceLocation", ADDRESS) == ServiceLocation(
        main_address=StreetAddress(
            StreetDetail(address_general="140 HAN RD"), TownDetail("95101", name="KING CITY")
        )
    )
    assert read_one("ServiceLocation", f"<location>{ADDRESS}</location>") == read_one(
        "ServiceLocation", ADDRESS
    )


def test_the_hrefs_of_its_usage_points_are_kept_as_written_and_in_order() -> None:
    inner = (
        "<UsagePoints><UsagePoint> a/UsagePoint/1 </UsagePoint><UsagePoint>b</UsagePoint>"
        "<UsagePoint/></UsagePoints><UsagePoints/><UsagePoints><UsagePoint>c</UsagePoint>"
        "</UsagePoints>"
    )
    assert read_one("ServiceLocation", inner) == ServiceLocation(
        usage_points=("a/UsagePoint/1", "b", "c")
    )
    assert findings_in("ServiceLocation", inner) == []


def test_positions_and_flags_are_read() -> None:
    inner = (
        "<positionPoints><xPosition>1.0</xPosition><yPosition>-2</yPosition></positionPoints>"
        "<needsInspection>1</needsInspection><outageBlock>50</outageBlock>"
    )
    assert read_one("ServiceLocation", inner) == ServiceLocation(
        position_points=(PositionPoint("1.0", "-2"),), needs_inspection=True, outage_block="50"
    )


def test_an_empty_address_is_none() -> None:
    inner = "<mainAddress><streetDetail><number/></streetDetail></mainAddress>"
    assert read_one("ServiceLocation", inner) == ServiceLocation()
