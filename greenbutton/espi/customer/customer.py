from dataclasses import dataclass

from greenbutton.espi.customer.enums import CustomerKind
from greenbutton.espi.customer.identified_object import IDENTIFIED, IdentifiedObject
from greenbutton.espi.customer.organisation import ORGANISATION, Organisation
from greenbutton.espi.customer.status import PRIORITY, STATUS, Priority, Status
from greenbutton.espi.element import CUSTOMER
from greenbutton.espi.shape import BOOLEAN, TEXT, Field, Shape, word


@dataclass(frozen=True, slots=True)
class Customer(IdentifiedObject):
    """customer.xsd Customer. `kind` is a CustomerKind; `customer_name` is ESPI 4.0's."""

    organisation: Organisation | None = None
    kind: str | None = None
    special_need: str | None = None
    vip: bool | None = None
    puc_number: str | None = None
    status: Status | None = None
    priority: Priority | None = None
    locale: str | None = None
    customer_name: str | None = None


SHAPE = Shape(
    Customer,
    *IDENTIFIED,
    Field("Organisation", "organisation", ORGANISATION, also=("organisation",)),
    Field("kind", "kind", word(CustomerKind)),
    Field("specialNeed", "special_need", TEXT),
    Field("vip", "vip", BOOLEAN),
    Field("pucNumber", "puc_number", TEXT),
    Field("status", "status", STATUS),
    Field("priority", "priority", PRIORITY),
    Field("locale", "locale", TEXT),
    Field("customerName", "customer_name", TEXT),
    namespace=CUSTOMER,
)
read = SHAPE.read
write = SHAPE.write
