from decimal import Decimal

from greenbutton.espi.customer.end_device import EndDevice, LifecycleDate
from greenbutton.espi.customer.meter import Meter, MeterMultiplier
from tests.greenbutton.espi.customer.documents import findings_in, read_one

ASSET = (
    "<type>C2SOD</type><serialNumber>2.16.840</serialNumber>"
    "<lifecycle><installationDate>1376550000</installationDate></lifecycle>"
)
LIFECYCLE = LifecycleDate(installation_date=1376550000)


def test_a_meter_is_read_as_sce_sends_it() -> None:
    inner = (
        "<name>ITRON</name><type>C2SOD</type><formNumber>2S</formNumber>"
        "<MeterMultipliers><kind>ctRatio</kind></MeterMultipliers>"
        "<MeterMultipliers><kind>kR</kind><value>1.50</value></MeterMultipliers>"
        "<intervalLength>900</intervalLength>"
    )
    assert read_one("Meter", inner) == Meter(
        name="ITRON",
        type="C2SOD",
        form_number="2S",
        meter_multipliers=(MeterMultiplier("ctRatio"), MeterMultiplier("kR", Decimal("1.5"))),
        interval_length=900,
    )
    assert findings_in("Meter", inner) == []


def test_what_it_inherits_is_read_as_4_0_and_as_the_draft_of_4_1_write_it() -> None:
    wrapped = f"<endDevice><asset>{ASSET}</asset><isVirtual>false</isVirtual></endDevice>"
    for inner in (f"{ASSET}<isVirtual>false</isVirtual>", wrapped):
        assert read_one("Meter", inner) == Meter(
            type="C2SOD", serial_number="2.16.840", lifecycle=LIFECYCLE, is_virtual=False
        )


def test_an_end_device_is_no_meter_but_a_meter_is_one() -> None:
    device = read_one("EndDevice", f"<asset>{ASSET}</asset>")
    assert device == EndDevice(type="C2SOD", serial_number="2.16.840", lifecycle=LIFECYCLE)
    assert not isinstance(device, Meter)
    assert isinstance(read_one("Meter", ASSET), EndDevice)
