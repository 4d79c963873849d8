from dataclasses import dataclass

from greenbutton.espi.enums import AnodeType
from greenbutton.espi.pnode_ref import PNODE_REF, PnodeRef
from greenbutton.espi.shape import SECONDS, TEXT, Field, Shape, word


@dataclass(frozen=True, slots=True)
class AggregateNodeRef:
    """espi.xsd AggregateNodeRef: several price nodes as one. Dates in UTC seconds."""

    anode_type: str | None = None
    ref: str | None = None
    start_effective_date: int | None = None
    end_effective_date: int | None = None
    pnode_refs: tuple[PnodeRef, ...] = ()


AGGREGATE_NODE_REF = Shape(
    AggregateNodeRef,
    Field("anodeType", "anode_type", word(AnodeType)),
    Field("ref", "ref", TEXT),
    Field("startEffectiveDate", "start_effective_date", SECONDS),
    Field("endEffectiveDate", "end_effective_date", SECONDS),
    Field("pnodeRef", "pnode_refs", PNODE_REF, many=True),
).nested()
