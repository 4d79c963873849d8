from dataclasses import dataclass

from greenbutton.espi.customer.enums import SupplierKind
from greenbutton.espi.customer.identified_object import IDENTIFIED, IdentifiedObject
from greenbutton.espi.customer.organisation import ORGANISATION, Organisation
from greenbutton.espi.element import CUSTOMER
from greenbutton.espi.shape import SECONDS, TEXT, Field, Shape, word


@dataclass(frozen=True, slots=True)
class ServiceSupplier(IdentifiedObject):
    """customer.xsd ServiceSupplier. `kind` is a SupplierKind; an agreement may have several."""

    organisation: Organisation | None = None
    kind: str | None = None
    issuer_identification_number: str | None = None
    effective_date: int | None = None


SHAPE = Shape(
    ServiceSupplier,
    *IDENTIFIED,
    Field("Organisation", "organisation", ORGANISATION, also=("organisation",)),
    Field("kind", "kind", word(SupplierKind)),
    Field("issuerIdentificationNumber", "issuer_identification_number", TEXT),
    Field("effectiveDate", "effective_date", SECONDS),
    namespace=CUSTOMER,
)
read = SHAPE.read
write = SHAPE.write
