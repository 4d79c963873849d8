from dataclasses import dataclass

from greenbutton.espi.customer.electronic_address import ELECTRONIC_ADDRESS, ElectronicAddress
from greenbutton.espi.customer.street_address import STREET_ADDRESS, StreetAddress
from greenbutton.espi.customer.telephone_number import TELEPHONE_NUMBER, TelephoneNumber
from greenbutton.espi.element import CUSTOMER
from greenbutton.espi.shape import TEXT, Field, Shape


@dataclass(frozen=True, slots=True)
class Organisation:
    """customer.xsd Organisation: how a person or a company is reached. The name is ESPI 4.0's."""

    street_address: StreetAddress | None = None
    postal_address: StreetAddress | None = None
    phone1: TelephoneNumber | None = None
    phone2: TelephoneNumber | None = None
    electronic_address: ElectronicAddress | None = None
    organisation_name: str | None = None


ORGANISATION = Shape(
    Organisation,
    Field("streetAddress", "street_address", STREET_ADDRESS),
    Field("postalAddress", "postal_address", STREET_ADDRESS),
    Field("phone1", "phone1", TELEPHONE_NUMBER),
    Field("phone2", "phone2", TELEPHONE_NUMBER),
    Field("electronicAddress", "electronic_address", ELECTRONIC_ADDRESS),
    Field("organisationName", "organisation_name", TEXT),
    namespace=CUSTOMER,
).nested()
