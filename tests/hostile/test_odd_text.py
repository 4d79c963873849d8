"""What no form was made for: a NUL is text of no field, and breaks nothing."""

from __future__ import annotations

import pytest

from tests.hostile.household import Household
from tests.hostile.walking import address_of, our_own

NUL = "a\0b"
FIELDS = (
    *("q", "utility", "email", "state", "redirect_uri", "noredirect", "type", "value", "shown"),
    *("scope", "code", "next", "why", "iss", "error", "error_description", "hub_challenge"),
    *("DataCustodianID", "ThirdPartyID", "time_zone", "browser_zone", "meter", "from", "day"),
    *("client_id", "client_secret", "registration_token", "way", "address", "token"),
)


@pytest.mark.parametrize("fields", [FIELDS, ("utility",), ("address",)])
def test_a_nul_in_a_field_breaks_no_page(household: Household, fields: tuple[str, ...]) -> None:
    """PostgreSQL takes none, not even to compare with."""
    browser = household.owner.browser
    said = dict.fromkeys(fields, NUL)
    for route in our_own():
        url = address_of(route, household.known)
        for ask in (browser.get, browser.post):
            assert ask(url, said).status_code < 500, route
