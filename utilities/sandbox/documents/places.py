"""An address as the utility has it on file, in the parts that customer.xsd knows."""

from __future__ import annotations

import re

from greenbutton.espi.customer.street_address import StreetAddress, StreetDetail, TownDetail

# "18 Maple Lane, Sault Ste. Marie ON P6A 0A1", "333 W EL CAMINO REAL STE 600, SUNNYVALE CA 94087"
WHOLE = re.compile(
    r"(?P<street>.+), (?P<town>[^,]+) (?P<state>[A-Z]{2}) "
    r"(?P<code>[A-Z][0-9][A-Z] [0-9][A-Z][0-9]|[0-9]{5}(?:-[0-9]{4})?)"
)
STREET = re.compile(
    r"(?P<number>[0-9]+[A-Za-z]?) (?P<name>.+?)(?: (?:Unit|Apt|STE|Suite) (?P<suite>\S+))?"
)


def parts(address: str, country: str) -> StreetAddress | None:
    """The address in its parts; one that is written otherwise stays one line. None for none."""
    if not address:
        return None
    whole = WHOLE.fullmatch(address)
    if whole is None:
        return StreetAddress(street_detail=StreetDetail(address_general=address))
    return StreetAddress(
        street_detail=_street(whole["street"]),
        town_detail=TownDetail(
            name=whole["town"], state_or_province=whole["state"], country=country
        ),
        postal_code=whole["code"],
    )


def _street(line: str) -> StreetDetail:
    found = STREET.fullmatch(line)
    if found is None:
        return StreetDetail(address_general=line)
    return StreetDetail(number=found["number"], name=found["name"], suite_number=found["suite"])
