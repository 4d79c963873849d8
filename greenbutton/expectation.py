"""Is it the account that the link was made for? What arrived is compared with what staff said."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from authorizations.models import Authorization
from greenbutton.models import Customer, CustomerAccount, ServiceLocation

# Characters that stand for digits which the utility does not show.
MASKS = "*•"
# As envelopes shorten them; both sides are brought to one spelling.
SHORT = {
    "apartment": "",
    "apt": "",
    "suite": "",
    "ste": "",
    "unit": "",
    "street": "st",
    "avenue": "ave",
    "av": "ave",
    "road": "rd",
    "drive": "dr",
    "boulevard": "blvd",
    "lane": "ln",
    "court": "ct",
    "crescent": "cres",
    "place": "pl",
    "terrace": "ter",
    "parkway": "pkwy",
    "highway": "hwy",
    "north": "n",
    "south": "s",
    "east": "e",
    "west": "w",
    "saint": "st",
}


def check(authorization: Authorization) -> None:
    """Compare what arrived with what the link expects, and note the answer on the authorization.

    Where nothing has arrived that could be compared, nothing is noted. Of several accounts or
    addresses one has to be the expected one.
    """
    link = authorization.share_link
    if link is None or not link.expects_somebody():
        return
    answers = []
    if link.expected_account and (numbers := account_numbers(authorization)):
        answers.append(any(same_number(link.expected_account, one) for one in numbers))
    if link.expected_address and (addresses := _addresses_of(authorization)):
        answers.append(any(same_address(link.expected_address, one) for one in addresses))
    if answers:
        authorization.expected(all(answers))


def same_number(expected: str, arrived: str) -> bool:
    """Whether two account numbers are one, whatever stands between their digits."""
    return plain_number(expected) == plain_number(arrived)


def plain_number(number: str) -> str:
    """A number without what only parts it, in the spelling in which numbers are compared."""
    return _characters(number).lstrip("0")


def plain_words(text: str) -> str:
    """An address in the spelling in which addresses are compared."""
    return " ".join(_words(text))


def same_address(expected: str, arrived: str) -> bool:
    """Whether the street of the expected address is in the one that arrived.

    What stands behind the first comma is left out: towns are spelt in too many ways.
    """
    street = _words(re.split(r"[,\n]", expected.strip(), maxsplit=1)[0])
    return bool(street) and f" {' '.join(street)} " in f" {' '.join(_words(arrived))} "


def account_numbers(authorization: Authorization) -> set[str]:
    """The account numbers that the utility shows whole, as it writes them."""
    accounts = CustomerAccount.objects.filter(authorization=authorization)
    numbers = {number for one in accounts for number in (one.account_id, one.name) if number}
    return {number for number in numbers if not any(mask in number for mask in MASKS)}


def _addresses_of(authorization: Authorization) -> set[str]:
    """Where it is delivered to; else where the customer lives."""
    places = ServiceLocation.objects.filter(authorization=authorization)
    return _lines(places) or _lines(Customer.objects.filter(authorization=authorization))


def _lines(rows: Iterable[ServiceLocation | Customer]) -> set[str]:
    return {" ".join(row.address_lines) for row in rows if row.address_lines}


def _words(text: str) -> list[str]:
    words = re.findall(r"[a-z0-9]+", _plain(text))
    return [short for word in words if (short := SHORT.get(word, word))]


def _characters(text: str) -> str:
    return "".join(re.findall(r"[a-z0-9]", _plain(text)))


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in letters if not unicodedata.combining(c))
