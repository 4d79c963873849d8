from dataclasses import dataclass

from greenbutton.espi.enums import ProgramCodeKind
from greenbutton.espi.shape import TEXT, Field, Shape, word


@dataclass(frozen=True, slots=True)
class ProgramIdMapping:
    """What one code means; `kind` (a ProgramCodeKind) says whether it is a tou, cpp or tier."""

    kind: str | None = None
    code: str | None = None
    name: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ProgramIdMappings:
    """espi.xsd ProgramIdMappings: names for a utility's own tou, cpp and tier codes."""

    program_id_mappings: tuple[ProgramIdMapping, ...] = ()


MAPPING = Shape(
    ProgramIdMapping,
    Field("tOUorCPPorConsumptionTier", "kind", word(ProgramCodeKind)),
    Field("code", "code", TEXT),
    Field("name", "name", TEXT),
    Field("note", "note", TEXT),
).nested()
SHAPE = Shape(
    ProgramIdMappings, Field("programIdMapping", "program_id_mappings", MAPPING, many=True)
)
read = SHAPE.read
write = SHAPE.write
