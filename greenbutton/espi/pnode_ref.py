from dataclasses import dataclass

from greenbutton.espi.enums import ApnodeType
from greenbutton.espi.shape import SECONDS, TEXT, Field, Shape, word


@dataclass(frozen=True, slots=True)
class PnodeRef:
    """espi.xsd PnodeRef: where the grid operator sets a price. Dates in UTC seconds."""

    apnode_type: str | None = None
    ref: str | None = None
    start_effective_date: int | None = None
    end_effective_date: int | None = None


PNODE_REF = Shape(
    PnodeRef,
    Field("apnodeType", "apnode_type", word(ApnodeType)),
    Field("ref", "ref", TEXT),
    Field("startEffectiveDate", "start_effective_date", SECONDS),
    Field("endEffectiveDate", "end_effective_date", SECONDS),
).nested()
