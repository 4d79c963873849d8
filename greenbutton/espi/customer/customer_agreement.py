from dataclasses import dataclass

from greenbutton.espi import period, summary_measurement
from greenbutton.espi.customer.document import DOCUMENT, Document
from greenbutton.espi.customer.status import STATUS, Status
from greenbutton.espi.element import CUSTOMER
from greenbutton.espi.enums import Currency, EnrollmentStatus
from greenbutton.espi.period import Period
from greenbutton.espi.shape import BOOLEAN, SECONDS, TEXT, Field, Shape, code, word
from greenbutton.espi.summary_measurement import SummaryMeasurement


@dataclass(frozen=True, slots=True)
class ProgramDate:
    """customer.xsd ProgramDate: the day of an enrolment or its end, in UTC seconds."""

    program_date: int | None = None
    program_date_description: str | None = None


@dataclass(frozen=True, slots=True)
class DemandResponseProgram:
    """customer.xsd DemandResponseProgram. `program_description` is a link."""

    program_name: str | None = None
    enrollment_status: str | None = None
    program_description: str | None = None
    program_dates: tuple[ProgramDate, ...] = ()
    capacity_reservation_level: SummaryMeasurement | None = None
    dr_program_nomination: SummaryMeasurement | None = None


@dataclass(frozen=True, slots=True)
class CustomerAgreement(Document):
    """customer.xsd CustomerAgreement: the contract for one service at one place.

    `agreement_id` is ESPI 4.0's; older feeds have the number in `name`. `pricing_structures` are
    links; `currency` is an ISO 4217 number; times are UTC seconds.
    """

    sign_date: int | None = None
    validity_interval: Period | None = None
    load_mgmt: str | None = None
    is_pre_pay: bool | None = None
    shut_off_date_time: int | None = None
    demand_response_programs: tuple[DemandResponseProgram, ...] = ()
    pricing_structures: tuple[str, ...] = ()
    currency: int | None = None
    future_statuses: tuple[Status, ...] = ()
    agreement_id: str | None = None


MEASUREMENT = summary_measurement.SHAPE.under(CUSTOMER).nested()
PROGRAM_DATE = Shape(
    ProgramDate,
    Field("programDate", "program_date", SECONDS),
    Field("programDateDescription", "program_date_description", TEXT),
    namespace=CUSTOMER,
).nested()
PROGRAM = Shape(
    DemandResponseProgram,
    Field("programName", "program_name", TEXT),
    Field("enrollmentStatus", "enrollment_status", word(EnrollmentStatus)),
    Field("programDescription", "program_description", TEXT),
    Field("programDate", "program_dates", PROGRAM_DATE, many=True),
    Field("capacityReservationLevel", "capacity_reservation_level", MEASUREMENT),
    Field("DRProgramNomination", "dr_program_nomination", MEASUREMENT),
    namespace=CUSTOMER,
).nested()
SHAPE = Shape(
    CustomerAgreement,
    *DOCUMENT,
    Field("signDate", "sign_date", SECONDS),
    Field("validityInterval", "validity_interval", period.SHAPE.under(CUSTOMER).nested()),
    Field("loadMgmt", "load_mgmt", TEXT),
    Field("isPrePay", "is_pre_pay", BOOLEAN),
    Field("shutOffDateTime", "shut_off_date_time", SECONDS),
    Field("DemandResponseProgram", "demand_response_programs", PROGRAM, many=True),
    Field("PricingStructures", "pricing_structures", TEXT, many=True),
    Field("currency", "currency", code(Currency)),
    Field("futureStatus", "future_statuses", STATUS, many=True),
    Field("agreementId", "agreement_id", TEXT),
    namespace=CUSTOMER,
    through=("agreement",),
)
read = SHAPE.read
write = SHAPE.write
