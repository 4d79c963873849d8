from dataclasses import dataclass

from greenbutton.espi.shape import TEXT, Field


@dataclass(frozen=True, slots=True)
class IdentifiedObject:
    """customer.xsd IdentifiedObject.

    ESPI 4.0 deprecates `name`; before it, and at PG&E and SCE to this day, it held what
    identifies the thing for people: the customer's name, the account's number.
    """

    name: str | None = None


IDENTIFIED = (Field("name", "name", TEXT),)
