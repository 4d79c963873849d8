from dataclasses import dataclass

from greenbutton.espi.enums import EnrollmentStatus
from greenbutton.espi.shape import SECONDS, TEXT, Field, Shape, word


@dataclass(frozen=True, slots=True)
class TariffRiderRef:
    """espi.xsd TariffRiderRef: an option on top of the tariff, from `effective_date` (UTC seconds).

    `enrollment_status` is an EnrollmentStatus.
    """

    rider_type: str | None = None
    enrollment_status: str | None = None
    effective_date: int | None = None


TARIFF_RIDER_REF = Shape(
    TariffRiderRef,
    Field("riderType", "rider_type", TEXT),
    Field("enrollmentStatus", "enrollment_status", word(EnrollmentStatus)),
    Field("effectiveDate", "effective_date", SECONDS),
).nested()
TARIFF_RIDER_REFS = Field(
    "tariffRiderRef",
    "tariff_rider_refs",
    TARIFF_RIDER_REF,
    many=True,
    within="tariffRiderRefs",
)
