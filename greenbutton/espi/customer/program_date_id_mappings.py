from dataclasses import dataclass

from greenbutton.espi.customer.enums import ProgramDateKind
from greenbutton.espi.customer.identified_object import IDENTIFIED, IdentifiedObject
from greenbutton.espi.element import CUSTOMER
from greenbutton.espi.shape import TEXT, Field, Shape, word


@dataclass(frozen=True, slots=True)
class ProgramDateIdMapping:
    """customer.xsd ProgramDateIdMapping. `program_date_type` is a ProgramDateKind."""

    program_date_type: str | None = None
    code: str | None = None
    name: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ProgramDateIdMappings(IdentifiedObject):
    """customer.xsd ProgramDateIdMappings: what the codes of a utility's programmes mean."""

    program_date_id_mappings: tuple[ProgramDateIdMapping, ...] = ()


MAPPING = Shape(
    ProgramDateIdMapping,
    Field("programDateType", "program_date_type", word(ProgramDateKind)),
    Field("code", "code", TEXT),
    Field("name", "name", TEXT),
    Field("note", "note", TEXT),
    namespace=CUSTOMER,
).nested()
SHAPE = Shape(
    ProgramDateIdMappings,
    *IDENTIFIED,
    Field("programDateIdMapping", "program_date_id_mappings", MAPPING, many=True),
    namespace=CUSTOMER,
)
read = SHAPE.read
write = SHAPE.write
