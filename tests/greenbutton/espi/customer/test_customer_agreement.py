from greenbutton.espi import Entry, write_entry
from greenbutton.espi.customer.customer_agreement import (
    CustomerAgreement,
    DemandResponseProgram,
    ProgramDate,
)
from greenbutton.espi.customer.status import Status
from greenbutton.espi.period import Period
from greenbutton.espi.summary_measurement import SummaryMeasurement
from tests.greenbutton.espi.customer.documents import findings_in, read_one

INHERITED = "<type>AGR</type><signDate>1376550000</signDate>"
OWN = "<validityInterval><start>1376550000</start></validityInterval><isPrePay>true</isPrePay>"


def test_an_agreement_is_read_as_pge_sends_it() -> None:
    inner = f"<name>1112</name><docStatus><value>Active</value></docStatus>{INHERITED}"
    assert read_one("CustomerAgreement", inner) == CustomerAgreement(
        name="1112", type="AGR", doc_status=Status("Active"), sign_date=1376550000
    )
    assert findings_in("CustomerAgreement", inner) == []


def test_what_it_inherits_is_read_as_4_0_and_as_the_draft_of_4_1_write_it() -> None:
    for inner in (INHERITED + OWN, f"<agreement>{INHERITED}</agreement>{OWN}"):
        assert read_one("CustomerAgreement", inner) == CustomerAgreement(
            type="AGR",
            sign_date=1376550000,
            validity_interval=Period(start=1376550000),
            is_pre_pay=True,
        )


def test_periods_and_measurements_are_of_the_customers_namespace() -> None:
    inner = '<validityInterval><start xmlns="http://naesb.org/espi">1</start></validityInterval>'
    assert read_one("CustomerAgreement", inner) == CustomerAgreement()
    program = DemandResponseProgram(
        program_name="P",
        enrollment_status="enrolled",
        program_dates=(ProgramDate(1, "start"), ProgramDate(2)),
        capacity_reservation_level=SummaryMeasurement(5, 3, 38),
    )
    agreement = CustomerAgreement(demand_response_programs=(program,), validity_interval=Period(1))
    written = write_entry(Entry(resource=agreement))
    inner_names = written[written.index(b"<content>") : written.index(b"</content>")]
    assert b"espi:" not in inner_names
    assert inner_names.count(b"<cust:programDate>") == 4  # the schema names both alike
