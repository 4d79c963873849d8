from dataclasses import dataclass

from greenbutton.espi.customer.electronic_address import ELECTRONIC_ADDRESS, ElectronicAddress
from greenbutton.espi.customer.identified_object import IDENTIFIED, IdentifiedObject
from greenbutton.espi.customer.status import STATUS, Status
from greenbutton.espi.customer.street_address import STREET_ADDRESS, StreetAddress
from greenbutton.espi.customer.telephone_number import TELEPHONE_NUMBER, TelephoneNumber
from greenbutton.espi.element import CUSTOMER
from greenbutton.espi.shape import BOOLEAN, TEXT, Field, Shape


@dataclass(frozen=True, slots=True)
class PositionPoint:
    """customer.xsd PositionPoint: text, in a coordinate system that nothing names."""

    x_position: str | None = None
    y_position: str | None = None
    z_position: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceLocation(IdentifiedObject):
    """customer.xsd ServiceLocation: where a service is delivered.

    `usage_points` are the hrefs of the usage points there, as written: the only bridge from the
    customer's side to the usage.
    """

    type: str | None = None
    main_address: StreetAddress | None = None
    secondary_address: StreetAddress | None = None
    phone1: TelephoneNumber | None = None
    phone2: TelephoneNumber | None = None
    electronic_address: ElectronicAddress | None = None
    geo_info_reference: str | None = None
    direction: str | None = None
    status: Status | None = None
    position_points: tuple[PositionPoint, ...] = ()
    access_method: str | None = None
    site_access_problem: str | None = None
    needs_inspection: bool | None = None
    usage_points: tuple[str, ...] = ()
    outage_block: str | None = None


POSITION_POINT = Shape(
    PositionPoint,
    Field("xPosition", "x_position", TEXT),
    Field("yPosition", "y_position", TEXT),
    Field("zPosition", "z_position", TEXT),
    namespace=CUSTOMER,
).nested()
SHAPE = Shape(
    ServiceLocation,
    *IDENTIFIED,
    Field("type", "type", TEXT),
    Field("mainAddress", "main_address", STREET_ADDRESS),
    Field("secondaryAddress", "secondary_address", STREET_ADDRESS),
    Field("phone1", "phone1", TELEPHONE_NUMBER),
    Field("phone2", "phone2", TELEPHONE_NUMBER),
    Field("electronicAddress", "electronic_address", ELECTRONIC_ADDRESS),
    Field("geoInfoReference", "geo_info_reference", TEXT),
    Field("direction", "direction", TEXT),
    Field("status", "status", STATUS),
    Field("positionPoints", "position_points", POSITION_POINT, many=True),
    Field("accessMethod", "access_method", TEXT),
    Field("siteAccessProblem", "site_access_problem", TEXT),
    Field("needsInspection", "needs_inspection", BOOLEAN),
    Field("UsagePoint", "usage_points", TEXT, many=True, within="UsagePoints"),
    Field("outageBlock", "outage_block", TEXT),
    namespace=CUSTOMER,
    through=("location",),
)
read = SHAPE.read
write = SHAPE.write
