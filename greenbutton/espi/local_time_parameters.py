from dataclasses import dataclass

from greenbutton.espi.element import Element
from greenbutton.espi.findings import Findings
from greenbutton.espi.shape import SECONDS, TEXT, Field, Shape


@dataclass(frozen=True, slots=True)
class LocalTimeParameters:
    """espi.xsd TimeConfiguration: offsets in seconds, rules as HexBinary32 text as sent.

    A hint only: SCE cuts the rules short, and a gas utility's offset has the wrong sign.
    """

    dst_end_rule: str | None = None
    dst_offset: int | None = None
    dst_start_rule: str | None = None
    tz_offset: int | None = None


SHAPE = Shape(
    LocalTimeParameters,
    Field("dstEndRule", "dst_end_rule", TEXT),
    Field("dstOffset", "dst_offset", SECONDS),
    Field("dstStartRule", "dst_start_rule", TEXT),
    Field("tzOffset", "tz_offset", SECONDS),
)


def read(element: Element, findings: Findings) -> LocalTimeParameters:
    return SHAPE.read(element, findings)


def write(parameters: LocalTimeParameters) -> Element:
    return SHAPE.write("LocalTimeParameters", parameters)
