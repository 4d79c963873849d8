"""What the schemas (espi.xsd, customer.xsd) say of the text of an element."""

from __future__ import annotations

import re
from functools import lru_cache

from greenbutton.espi.enums import Code, Word
from greenbutton.espi.shape import BOOLEAN, DECIMAL, HEX, INT16, NUMBER, SECONDS, Kind

# The characters that a text may have (espi.xsd String32 to String512), where it is limited.
LONGEST = {
    "servicePriority": 32,
    "thirdPartyPhone": 32,
    "client_id": 64,
    "dataCustodianId": 64,
    "client_secret": 512,
    "agencyName": 256,
    "customerAgreement": 256,
    "name": 256,
    "note": 256,
    "outageRegion": 256,
    "readCycle": 256,
    "readRoute": 256,
    "riderType": 256,
    "serviceDeliveryRemark": 256,
    "tariffProfile": 256,
    "thirdPartyApplicationDescription": 256,
}
# espi.xsd Int48, UInt8 and UInt32; the rest of the numbers are xs:long or smaller.
INT48 = 2**47 - 1
INT64 = 2**63 - 1
RANGES = {
    **dict.fromkeys(("value", "cost", "amount", "rounding", "unitCost"), (-INT48, INT48)),
    **dict.fromkeys(
        ("billLastPeriod", "billToDate", "costAdditionalLastPeriod", "lastBillAmount"),
        (-INT48, INT48),
    ),
    "measurementProtocol": (0, 255),
    "intervalLength": (0, 2**32 - 1),
    "duration": (0, 2**32 - 1),
}
DIGITS = {"roleFlags": 4, "dstStartRule": 8, "dstEndRule": 8}

WHOLE = re.compile(r"[+-]?[0-9]+")
DECIMAL_TEXT = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


@lru_cache(maxsize=4096)
def wrong(text: str, tag: str, kind: Kind) -> str:
    """What is wrong with a text of this kind; "" for nothing."""
    known = kind.made_of
    if isinstance(known, type) and issubclass(known, Word):
        return "" if known.known(text) is not None else "is no word of its enumeration"
    if isinstance(known, type) and issubclass(known, Code):
        is_known = WHOLE.fullmatch(text) and known.known(int(text)) is not None
        return "" if is_known else "is no number of its enumeration"
    if kind in (NUMBER, SECONDS, INT16):
        limit = 2**15 - 1 if kind is INT16 else INT64
        low, high = RANGES.get(tag, (-limit - 1, limit))
        is_whole = WHOLE.fullmatch(text) and low <= int(text) <= high
        return "" if is_whole else "is no whole number of its type"
    if kind is BOOLEAN:
        return "" if text in {"true", "false", "1", "0"} else "is neither true nor false"
    if kind is DECIMAL:
        return "" if DECIMAL_TEXT.fullmatch(text) else "is no number"
    if kind is HEX or tag in DIGITS:
        digits = DIGITS.get(tag, len(text))
        is_hex = re.fullmatch(r"[0-9A-Fa-f]+", text) and len(text) == digits
        return "" if is_hex else f"is not {digits} hexadecimal digits"
    if len(text) > LONGEST.get(tag, len(text)):
        return f"is longer than {LONGEST[tag]} characters"
    return "" if text.strip() else "says nothing"
