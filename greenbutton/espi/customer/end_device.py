from dataclasses import dataclass

from greenbutton.espi.customer.electronic_address import ELECTRONIC_ADDRESS, ElectronicAddress
from greenbutton.espi.customer.identified_object import IDENTIFIED, IdentifiedObject
from greenbutton.espi.customer.status import STATUS, Status
from greenbutton.espi.element import CUSTOMER
from greenbutton.espi.shape import BOOLEAN, NUMBER, SECONDS, TEXT, Field, Shape


@dataclass(frozen=True, slots=True)
class LifecycleDate:
    """customer.xsd LifecycleDate, in UTC seconds."""

    manufactured_date: int | None = None
    purchase_date: int | None = None
    received_date: int | None = None
    installation_date: int | None = None
    removal_date: int | None = None
    retired_date: int | None = None


@dataclass(frozen=True, slots=True)
class AcceptanceTest:
    """customer.xsd AcceptanceTest; `date_time` in UTC seconds."""

    type: str | None = None
    success: bool | None = None
    date_time: int | None = None


@dataclass(frozen=True, slots=True)
class EndDevice(IdentifiedObject):
    """customer.xsd EndDevice (and the Asset that it is): a device at the customer's.

    `initial_loss_of_life` in per cent. A Meter is one too.
    """

    type: str | None = None
    utc_number: str | None = None
    serial_number: str | None = None
    lot_number: str | None = None
    purchase_price: int | None = None
    critical: bool | None = None
    electronic_address: ElectronicAddress | None = None
    lifecycle: LifecycleDate | None = None
    acceptance_test: AcceptanceTest | None = None
    initial_condition: str | None = None
    initial_loss_of_life: int | None = None
    status: Status | None = None
    is_virtual: bool | None = None
    is_pan: bool | None = None
    install_code: str | None = None
    amr_system: str | None = None


LIFECYCLE = Shape(
    LifecycleDate,
    Field("manufacturedDate", "manufactured_date", SECONDS),
    Field("purchaseDate", "purchase_date", SECONDS),
    Field("receivedDate", "received_date", SECONDS),
    Field("installationDate", "installation_date", SECONDS),
    Field("removalDate", "removal_date", SECONDS),
    Field("retiredDate", "retired_date", SECONDS),
    namespace=CUSTOMER,
).nested()
ACCEPTANCE_TEST = Shape(
    AcceptanceTest,
    Field("type", "type", TEXT),
    Field("success", "success", BOOLEAN),
    Field("dateTime", "date_time", SECONDS),
    namespace=CUSTOMER,
).nested()
END_DEVICE = (
    *IDENTIFIED,
    Field("type", "type", TEXT),
    Field("utcNumber", "utc_number", TEXT),
    Field("serialNumber", "serial_number", TEXT),
    Field("lotNumber", "lot_number", TEXT),
    Field("purchasePrice", "purchase_price", NUMBER),
    Field("critical", "critical", BOOLEAN),
    Field("electronicAddress", "electronic_address", ELECTRONIC_ADDRESS),
    Field("lifecycle", "lifecycle", LIFECYCLE),
    Field("acceptanceTest", "acceptance_test", ACCEPTANCE_TEST),
    Field("initialCondition", "initial_condition", TEXT),
    Field("initialLossOfLife", "initial_loss_of_life", NUMBER),
    Field("status", "status", STATUS),
    Field("isVirtual", "is_virtual", BOOLEAN),
    Field("isPan", "is_pan", BOOLEAN),
    Field("installCode", "install_code", TEXT),
    Field("amrSystem", "amr_system", TEXT),
)
SHAPE = Shape(EndDevice, *END_DEVICE, namespace=CUSTOMER, through=("asset",))
read = SHAPE.read
write = SHAPE.write
