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
SHORT_WORDS = {
    "avenue": "ave",
    "boulevard": "blvd",
    "california": "ca",
    "court": "ct",
    "crescent": "cres",
    "drive": "dr",
    "east": "e",
    "lane": "ln",
    "north": "n",
    "ontario": "on",
    "place": "pl",
    "road": "rd",
    "south": "s",
    "street": "st",
    "west": "w",
}
DATE_FORMATS = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%m/%d/%Y",
    "%m-%d-%Y",
    "%B %d %Y",
    "%b %d %Y",
    "%d %B %Y",
    "%d %b %Y",
]
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
    # An account number, or the name of a test account.
    return "".join(value.casefold().split())


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
    words = re.findall(r"\w+", value.casefold())
    return " ".join(SHORT_WORDS.get(word, word) for word in words if word not in UNIT_WORDS)


def amount(text: str) -> Decimal | None:
    """Money as people write it: $180.92, 180,92, 1,180.92 CAD. None if it is no amount."""
    plain = re.sub(r"(?i)cad|usd|ca\$|us\$|\$|\s", "", text[:MAX_LENGTH])
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
    plain = " ".join(text[:MAX_LENGTH].replace(",", " ").split())
    for form in DATE_FORMATS:
        with suppress(ValueError):
            return datetime.strptime(plain, form).date()  # noqa: DTZ007 (a date has no zone)
    return None
