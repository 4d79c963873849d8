"""How people write what identifies them, brought to one form that can be compared.

Forgiving about how it is written, strict about what it says.
"""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

import phonenumbers

from utilities.sandbox.programmes import Programme

UNIT_WORDS = {"apartment", "apt", "no", "number", "ste", "suite", "unit"}
# "Ste600" is "Ste 600".
GLUED_UNIT = re.compile(rf"\b({'|'.join(sorted(UNIT_WORDS))})(?=\d)")
# The four digits behind a ZIP code, which bills have and people leave out.
ZIP_TAIL = re.compile(r"\b(\d{5})-\d{4}\b")
# A Canadian postal code, with or without its blank.
POSTAL_CODE = re.compile(r"\b([a-z]\d[a-z]) (\d[a-z]\d)\b")
SHORT_WORDS = {
    "avenue": "ave",
    "boulevard": "blvd",
    "california": "ca",
    "circle": "cir",
    "court": "ct",
    "crescent": "cres",
    "drive": "dr",
    "east": "e",
    "highway": "hwy",
    "lane": "ln",
    "north": "n",
    "ontario": "on",
    "parkway": "pkwy",
    "place": "pl",
    "road": "rd",
    "south": "s",
    "square": "sq",
    "street": "st",
    "terrace": "ter",
    "west": "w",
}
DATE_FORMATS = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%m/%d/%Y",
    "%m-%d-%Y",
    # Only where the month cannot come first: 22/02/2023.
    "%d/%m/%Y",
    "%d-%m-%Y",
    "%B %d %Y",
    "%b %d %Y",
    "%d %B %Y",
    "%d %b %Y",
]
# What stands between the parts of "Feb. 22nd, 2023" and of "22-Feb-2023".
DATE_STOPS = re.compile(
    r",|(?<=[a-z])\.|(?<=\d)(?:st|nd|rd|th)\b|(?<=[a-z])-|-(?=[a-z])", re.IGNORECASE
)
# Longer than any of them is written; what is longer is not read at all.
MAX_LENGTH = 300


def key(type: str, value: str, programme: Programme) -> str:  # noqa: A002 (the seeds' word)
    """The comparable form of an identifier; "" for one that says nothing."""
    value = unicodedata.normalize("NFKC", value[:MAX_LENGTH].replace("\0", "")).strip()
    if type == "phone":
        return _phone(value, programme.country)
    if type == "address":
        return _address(value)
    if type == "email":
        return value.casefold()
    # An account number, or the name of a test account. Word processors make dashes of hyphens.
    return "".join(re.sub(r"[\u2010-\u2015\u2212]", "-", value).casefold().split())


def _phone(value: str, country: str) -> str:
    """The national digits. 111-111-1111 is possible, not valid: it must be found all the same."""
    digits = "".join(character for character in value if character.isdecimal())
    if len(digits) == 11 and digits.startswith("1"):
        # North America's own prefix. The library takes it off twice from 1-111-111-1111.
        return digits[1:]
    with suppress(phonenumbers.NumberParseException):
        number = phonenumbers.parse(value, country)
        if number.country_code == phonenumbers.country_code_for_region(country):
            return phonenumbers.national_significant_number(number)
    return digits


def _address(value: str) -> str:
    value = ZIP_TAIL.sub(r"\1", GLUED_UNIT.sub(r"\1 ", value.casefold()))
    words = re.findall(r"\w+", POSTAL_CODE.sub(r"\1\2", value))
    return " ".join(SHORT_WORDS.get(word, word) for word in words if word not in UNIT_WORDS)


def amount(text: str) -> Decimal | None:
    """Money as people write it: $180.92, 180,92, 1,180.92 CAD. None if it is no amount."""
    text = unicodedata.normalize("NFKC", text[:MAX_LENGTH])
    plain = re.sub(r"(?i)cad|usd|cdn|ca\$|us\$|\$|\s", "", text)
    if re.fullmatch(r"\d+,\d{1,2}", plain):
        plain = plain.replace(",", ".")
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", plain):
        plain = plain.replace(",", "")
    if not re.fullmatch(r"\d{1,9}(\.\d{1,2})?", plain, re.ASCII):
        return None
    with suppress(InvalidOperation):
        return Decimal(plain)
    return None


def day(text: str) -> date | None:
    """A date as people write it: 2023-02-22, 02/22/2023, Feb 22, 2023. None if it is no date."""
    text = unicodedata.normalize("NFKC", text[:MAX_LENGTH])
    plain = " ".join(DATE_STOPS.sub(" ", text).split())
    for form in DATE_FORMATS:
        with suppress(ValueError):
            return datetime.strptime(plain, form).date()  # noqa: DTZ007 (a date has no zone)
    return None
