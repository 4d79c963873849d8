from dataclasses import dataclass

from greenbutton.espi.customer.status import STATUS, Status
from greenbutton.espi.element import CUSTOMER
from greenbutton.espi.shape import BOOLEAN, TEXT, Field, Shape


@dataclass(frozen=True, slots=True)
class StreetDetail:
    """customer.xsd StreetDetail. PG&E puts number and street together into `address_general`."""

    number: str | None = None
    name: str | None = None
    suffix: str | None = None
    prefix: str | None = None
    type: str | None = None
    code: str | None = None
    building_name: str | None = None
    suite_number: str | None = None
    address_general: str | None = None
    address_general2: str | None = None
    address_general3: str | None = None
    within_town_limits: bool | None = None


@dataclass(frozen=True, slots=True)
class TownDetail:
    """customer.xsd TownDetail. PG&E puts the ZIP code into `code`."""

    code: str | None = None
    section: str | None = None
    name: str | None = None
    county: str | None = None
    state_or_province: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class StreetAddress:
    """customer.xsd StreetAddress."""

    street_detail: StreetDetail | None = None
    town_detail: TownDetail | None = None
    status: Status | None = None
    postal_code: str | None = None
    po_box: str | None = None


STREET_DETAIL = Shape(
    StreetDetail,
    Field("number", "number", TEXT),
    Field("name", "name", TEXT),
    Field("suffix", "suffix", TEXT),
    Field("prefix", "prefix", TEXT),
    Field("type", "type", TEXT),
    Field("code", "code", TEXT),
    Field("buildingName", "building_name", TEXT),
    Field("suiteNumber", "suite_number", TEXT),
    Field("addressGeneral", "address_general", TEXT),
    Field("addressGeneral2", "address_general2", TEXT),
    Field("addressGeneral3", "address_general3", TEXT),
    Field("withinTownLimits", "within_town_limits", BOOLEAN),
    namespace=CUSTOMER,
).nested()
TOWN_DETAIL = Shape(
    TownDetail,
    Field("code", "code", TEXT),
    Field("section", "section", TEXT),
    Field("name", "name", TEXT),
    Field("county", "county", TEXT),
    Field("stateOrProvince", "state_or_province", TEXT),
    Field("country", "country", TEXT),
    namespace=CUSTOMER,
).nested()
STREET_ADDRESS = Shape(
    StreetAddress,
    Field("streetDetail", "street_detail", STREET_DETAIL),
    Field("townDetail", "town_detail", TOWN_DETAIL),
    Field("status", "status", STATUS),
    Field("postalCode", "postal_code", TEXT),
    Field("poBox", "po_box", TEXT),
    namespace=CUSTOMER,
).nested()
