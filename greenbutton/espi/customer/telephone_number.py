from dataclasses import dataclass

from greenbutton.espi.element import CUSTOMER
from greenbutton.espi.shape import TEXT, Field, Shape


@dataclass(frozen=True, slots=True)
class TelephoneNumber:
    """customer.xsd TelephoneNumber. `itu_phone` is the whole number as in ITU E.164."""

    country_code: str | None = None
    area_code: str | None = None
    city_code: str | None = None
    local_number: str | None = None
    ext: str | None = None
    dial_out: str | None = None
    international_prefix: str | None = None
    itu_phone: str | None = None


TELEPHONE_NUMBER = Shape(
    TelephoneNumber,
    Field("countryCode", "country_code", TEXT),
    Field("areaCode", "area_code", TEXT),
    Field("cityCode", "city_code", TEXT),
    Field("localNumber", "local_number", TEXT),
    Field("ext", "ext", TEXT),
    Field("dialOut", "dial_out", TEXT),
    Field("internationalPrefix", "international_prefix", TEXT),
    Field("ituPhone", "itu_phone", TEXT),
    namespace=CUSTOMER,
).nested()
