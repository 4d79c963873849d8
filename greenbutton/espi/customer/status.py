from dataclasses import dataclass

from greenbutton.espi import element as xml
from greenbutton.espi.element import CUSTOMER, Element
from greenbutton.espi.findings import Findings
from greenbutton.espi.shape import NUMBER, SECONDS, TEXT, Field, Kind, Shape


@dataclass(frozen=True, slots=True)
class Status:
    """customer.xsd Status. `value` is the utility's own word; `date_time` in UTC seconds."""

    value: str | None = None
    date_time: int | None = None
    remark: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Priority:
    """customer.xsd Priority: the lower the `rank` the sooner, and 0 is none."""

    rank: int | None = None
    type: str | None = None
    justification: str | None = None


SHAPE = Shape(
    Status,
    Field("value", "value", TEXT),
    Field("dateTime", "date_time", SECONDS),
    Field("remark", "remark", TEXT),
    Field("reason", "reason", TEXT),
    namespace=CUSTOMER,
)
_NESTED = SHAPE.nested()


def _read(element: Element, findings: Findings) -> Status | None:
    plain = xml.text(element)
    if plain is not None and len(element) == 0:
        # The GBA's own example writes <status>active</status>.
        findings.note("status.plain_text", xml.local_name(element))
        return Status(value=plain)
    status: Status | None = _NESTED.read(element, findings)
    return status


STATUS = Kind(_read, _NESTED.write, SHAPE)
PRIORITY = Shape(
    Priority,
    Field("rank", "rank", NUMBER),
    Field("type", "type", TEXT),
    Field("justification", "justification", TEXT),
    namespace=CUSTOMER,
).nested()
