from dataclasses import dataclass

from greenbutton.espi.element import CUSTOMER
from greenbutton.espi.shape import TEXT, Field, Shape


@dataclass(frozen=True, slots=True)
class ElectronicAddress:
    """customer.xsd ElectronicAddress. Its password, which nobody should send, is not read."""

    lan: str | None = None
    mac: str | None = None
    email1: str | None = None
    email2: str | None = None
    web: str | None = None
    radio: str | None = None
    user_id: str | None = None


ELECTRONIC_ADDRESS = Shape(
    ElectronicAddress,
    Field("lan", "lan", TEXT),
    Field("mac", "mac", TEXT),
    Field("email1", "email1", TEXT),
    Field("email2", "email2", TEXT),
    Field("web", "web", TEXT),
    Field("radio", "radio", TEXT),
    Field("userID", "user_id", TEXT),
    namespace=CUSTOMER,
).nested()
