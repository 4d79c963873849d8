from dataclasses import dataclass

from greenbutton.espi.customer.enums import MediaType
from greenbutton.espi.customer.identified_object import IDENTIFIED, IdentifiedObject
from greenbutton.espi.element import CUSTOMER
from greenbutton.espi.shape import SECONDS, TEXT, Field, Shape, word


@dataclass(frozen=True, slots=True)
class StatementRef:
    """customer.xsd StatementRef: a document of a bill. `media_type` is a MediaType.

    Nobody but the utility may be asked for `statement_url`: its client decides.
    """

    file_name: str | None = None
    media_type: str | None = None
    statement_url: str | None = None


@dataclass(frozen=True, slots=True)
class Statement(IdentifiedObject):
    """customer.xsd Statement (ESPI 4.0): a bill as it was sent; issued at UTC seconds."""

    issue_date_time: int | None = None
    statement_refs: tuple[StatementRef, ...] = ()


STATEMENT_REF = Shape(
    StatementRef,
    Field("fileName", "file_name", TEXT),
    Field("mediaType", "media_type", word(MediaType)),
    Field("statementURL", "statement_url", TEXT),
    namespace=CUSTOMER,
).nested()
SHAPE = Shape(
    Statement,
    *IDENTIFIED,
    Field("issueDateTime", "issue_date_time", SECONDS),
    Field("statementRef", "statement_refs", STATEMENT_REF, many=True),
    namespace=CUSTOMER,
)
read = SHAPE.read
write = SHAPE.write
