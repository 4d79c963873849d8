"""Names, and the text of one XML element as a value.

Namespaces are compared by URI, never by prefix. A value that cannot be read is None, with a
Finding; it never stops the document.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import cast

from lxml import etree

from greenbutton.espi.findings import MAX_NAME, Findings
from greenbutton.espi.plain_readings import readings_in

Element = etree._Element

ATOM = "http://www.w3.org/2005/Atom"
ESPI = "http://naesb.org/espi"
CUSTOMER = "http://naesb.org/espi/customer"
# The default namespace has no prefix, for which lxml's stubs have no type.
NSMAP = cast("dict[str, str]", {None: ATOM, "espi": ESPI})

MAX_INT16 = 2**15 - 1
MAX_INT32 = 2**31 - 1
MAX_INT64 = 2**63 - 1

# Years 1 to 9999, which is what datetime and PostgreSQL both hold.
FIRST_TIME = -62_135_596_800
LAST_TIME = 253_402_300_799
# espi.xsd TimeType is in seconds; PG&E sends milliseconds in some places. As seconds, these
# magnitudes lie beyond the year 5000.
MILLISECONDS_FROM = 10**11
MICROSECONDS_FROM = 10**14

_DECIMAL = re.compile(r"([+-]?[0-9]{1,30})(?:\.([0-9]{0,60}))?")
_FLOAT = re.compile(
    r"[+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,2})?"
    # The same without an exponent, which is how it is written.
    r"|[+-]?[0-9]{1,130}(?:\.[0-9]{0,130})?"
)
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{1,32}")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def atom(name: str) -> str:
    return f"{{{ATOM}}}{name}"


def espi(name: str) -> str:
    return f"{{{ESPI}}}{name}"


def local_name(element: Element) -> str:
    return split_name(element)[1]


def split_name(element: Element) -> tuple[str, str]:
    """Namespace ("" for none) and local name. QName would raise on a name with two colons."""
    uri, _, name = str(element.tag).rpartition("}")
    return uri.removeprefix("{"), name


def children(element: Element) -> Iterator[Element]:
    """The child elements, without comments and processing instructions."""
    return element.iterchildren("*")


def note_unknown(element: Element, findings: Findings) -> None:
    """Note an element that is passed over: every reader of children ends with this."""
    note_passed_over(local_name(element), findings, readings_in(element))


def note_passed_over(name: str, findings: Findings, times: int) -> None:
    """The same of so many elements of a name."""
    # espi.xsd Object: whatever there is may have one.
    code = "element.batch_item_info" if name == "batchItemInfo" else "element.unknown"
    findings.note(code, name[:MAX_NAME], times=times)


def text(element: Element) -> str | None:
    """The element's text without blanks at its ends; None if that is nothing."""
    return (element.text or "").strip() or None


def number(element: Element, findings: Findings, limit: int = MAX_INT64) -> int | None:
    """A whole number between -limit and limit."""
    content = element.text
    if content is None:
        return None
    try:
        # int() alone would take 1_000 for a thousand.
        value = int(content) if "_" not in content else None
    except ValueError:
        value = None
    if value is None:
        value = _tolerated(content, local_name(element), findings)
    if value is not None and not -limit <= value <= limit:
        findings.note("number.out_of_range", local_name(element))
        return None
    return value


def seconds(element: Element, findings: Findings) -> int | None:
    """A time or a length of time in whole seconds (espi.xsd TimeType), brought to that scale."""
    content = element.text
    if content is None:
        return None
    try:
        value = int(content) if "_" not in content else None
    except ValueError:
        value = None
    if value is None:
        value = _tolerated(content, local_name(element), findings, cuts_fraction=True)
    if value is None or FIRST_TIME <= value < MILLISECONDS_FROM:
        return value
    return _rescaled(value, local_name(element), findings)


def decimal(element: Element, findings: Findings) -> Decimal | None:
    """An xs:float as it was written, without its infinities."""
    content = text(element)
    if content is None:
        return None
    if not _FLOAT.fullmatch(content):
        findings.note("number.unreadable", local_name(element))
        return None
    return Decimal(content)


def boolean(element: Element, findings: Findings) -> bool | None:
    """An xs:boolean, in any case."""
    content = text(element)
    value = None if content is None else _BOOLEANS.get(content.lower())
    if content is not None and value is None:
        findings.note("boolean.unreadable", local_name(element))
    return value


def hexadecimal(element: Element, findings: Findings) -> str | None:
    """Hexadecimal digits as they were written."""
    content = text(element)
    if content is not None and not _HEXADECIMAL.fullmatch(content):
        findings.note("hex.unreadable", local_name(element))
        return None
    return content


def _tolerated(
    content: str, what: str, findings: Findings, *, cuts_fraction: bool = False
) -> int | None:
    """What int() refuses: 12.0 is still a whole number, twelve is none.

    12.5 is one only where a fraction may be cut off: NGMA writes starts as 1721154384.66136.
    """
    content = content.strip()
    if not content:
        return None
    match = _DECIMAL.fullmatch(content)
    if match is None:
        findings.note("number.unreadable", what)
        return None
    whole, fraction = match.groups()
    if (fraction or "").strip("0"):
        findings.note("time.fraction" if cuts_fraction else "number.not_whole", what)
        if not cuts_fraction:
            return None
    return int(whole)


def _rescaled(value: int, what: str, findings: Findings) -> int | None:
    scale, code = 1, ""
    if abs(value) > MICROSECONDS_FROM:
        scale, code = 1_000_000, "time.microseconds"
    elif abs(value) > MILLISECONDS_FROM:
        scale, code = 1_000, "time.milliseconds"
    value = abs(value) // scale * (-1 if value < 0 else 1)
    if not FIRST_TIME <= value <= LAST_TIME:
        findings.note("time.out_of_range", what)
        return None
    if code:
        findings.note(code, what)
    return value


def date(element: Element, findings: Findings) -> datetime | None:
    """An Atom date (RFC 4287 §3.3) in UTC; SCE and Opower leave out the zone, or the hour."""
    content = text(element)
    if content is None:
        return None
    try:
        moment = datetime.fromisoformat(content)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        findings.note("date.unreadable", local_name(element))
        return None
    findings.note("date.no_zone", local_name(element))
    return moment.replace(tzinfo=UTC)
