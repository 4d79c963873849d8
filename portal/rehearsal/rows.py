"""What is played: both programmes' test tables, transcribed by hand, and Demo Utility's accounts.

Nothing here is read from the portal's registry or from the sandbox's own data, so that a mistake in
either shows as a row that fails.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

# How the utility's own page tells a customer, by scenario, that the way ends there.
REFUSALS = {
    "badlogin": "not_found",
    "websitedown": "website_down",
    "utilityerror": "utility_error",
    "empty": "nothing_to_share",
}
# The customer consents, and then nothing can be collected.
UNCOLLECTED = {"badlogin_after", "websitedown_after"}


@dataclass(frozen=True, slots=True)
class Row:
    """One test account, one way to authenticate with it, and what must come of it."""

    utility: str
    way: str
    value: str
    scenario: str
    # Usage points by service; empty where no such customer is found.
    services: tuple[tuple[str, int], ...] = ()
    bill_amount: str = ""
    bill_date: str = ""
    # What the share link carries as AdditionalScope=auth-{way}-{prefill}; None for typed rows.
    prefill: str | None = None
    # Where an unknown prefill must fall back to.
    falls_back: bool = False
    password: str = ""

    @property
    def refusal(self) -> str:
        """The code of the utility's page where the way ends; empty for who may consent."""
        return REFUSALS.get(self.scenario, "")

    @property
    def is_collected(self) -> bool:
        """Whether the readings of a consent can be had."""
        return self.scenario not in UNCOLLECTED

    @property
    def is_sent(self) -> bool:
        """Whether the passcode is really sent, to a contact that stands where `<your_…>` is."""
        return YOUR_CONTACT.search(self.value) is not None

    def typed(self, contact: str) -> str:
        """What the customer types: the value, with the contact in its place."""
        return YOUR_CONTACT.sub(contact, self.value)

    @property
    def title(self) -> str:
        """The row in one line."""
        prefilled = ", prefilled" if self.prefill is not None else ""
        fallback = ", unknown prefill" if self.falls_back else ""
        return f"{self.utility} {self.way} {self.value} ({self.scenario}{fallback or prefilled})"


YOUR_CONTACT = re.compile(r"<your_(phone_number|email)>")
PUC_HOUSEHOLD = (("electricity", 1), ("water", 1))
SVCE_HOUSEHOLD = (("electricity", 1), ("gas", 1))
SVCE_BUSINESS = (("electricity", 4), ("gas", 1))

# The fourth column of PUC Distribution's first table says N/A where no scenario has a name.
LAST_BILL = [
    Row("SSMPUC", "lastbill", "APUC0000-00", "residential", PUC_HOUSEHOLD, "180.92", "2023-02-22"),
    Row("SSMPUC", "lastbill", "APUC0000-01", "commercial", PUC_HOUSEHOLD, "111.71", "2023-02-28"),
    Row("SSMPUC", "lastbill", "APUC0000-02", "badlogin", (), "300.00", "2023-02-28"),
]
TEST_ACCOUNTS = [
    Row("SSMPUC", "test", "test_residential", "residential", PUC_HOUSEHOLD),
    Row("SSMPUC", "test", "test_commercial", "commercial", PUC_HOUSEHOLD),
    Row("SSMPUC", "test", "test_badlogin", "badlogin"),
]
PHONES = [
    Row("SVCE", "phone", "111-111-1111", "residential", SVCE_HOUSEHOLD),
    Row("SVCE", "phone", "222-222-2222", "commercial", SVCE_BUSINESS),
    Row("SVCE", "phone", "333-333-3333", "badlogin"),
]
EMAILS = [
    Row("SVCE", "email", "uapi-test-residential@example.com", "residential", SVCE_HOUSEHOLD),
    Row("SVCE", "email", "uapi-test-commercial@example.com", "commercial", SVCE_BUSINESS),
    Row("SVCE", "email", "uapi-test-badlogin@example.com", "badlogin"),
]
EL_CAMINO = "333 W EL CAMINO REAL STE {}, SUNNYVALE CA 94087"
ADDRESSES = [
    Row("SVCE", "address", EL_CAMINO.format(600), "residential", SVCE_HOUSEHOLD),
    Row("SVCE", "address", EL_CAMINO.format(700), "commercial", SVCE_BUSINESS),
    Row("SVCE", "address", EL_CAMINO.format(800), "badlogin"),
]
ACCOUNTS = [
    Row("SVCE", "account", "111111111-1", "residential", SVCE_HOUSEHOLD),
    Row("SVCE", "account", "222222222-2", "commercial", SVCE_BUSINESS),
    Row("SVCE", "account", "333333333-3", "badlogin"),
]

OWN_CONTACTS = [
    Row("SVCE", "phone", "TEST_residential_<your_phone_number>", "residential", SVCE_HOUSEHOLD),
    Row("SVCE", "email", "TEST_residential_<your_email>", "residential", SVCE_HOUSEHOLD),
    Row("SVCE", "phone", "TEST_commercial_<your_phone_number>", "commercial", SVCE_BUSINESS),
    Row("SVCE", "email", "TEST_commercial_<your_email>", "commercial", SVCE_BUSINESS),
    Row("SVCE", "phone", "TEST_badlogin_<your_phone_number>", "badlogin"),
    Row("SVCE", "email", "TEST_badlogin_<your_email>", "badlogin"),
]

TYPED = [*LAST_BILL, *TEST_ACCOUNTS, *PHONES, *EMAILS, *ADDRESSES, *ACCOUNTS, *OWN_CONTACTS]

# Each way once more, its value carried by the link.
PREFILLED = [
    replace(table[0], prefill=table[0].value)
    for table in (LAST_BILL, TEST_ACCOUNTS, PHONES, EMAILS, ADDRESSES, ACCOUNTS)
]

# A prefill that the utility does not know: the customer gets the ordinary form and types.
FALLBACK = [replace(PHONES[0], prefill="650-555-0199", falls_back=True)]

# Demo Utility's test accounts, which take any password: on its own form, and at its single sign-on.
DEMO_HOUSEHOLD = (("electricity", 1), ("gas", 1))
DEMO_BUSINESS = (("electricity", 2), ("gas", 1))


def _demo(way: str, scenario: str, services: tuple[tuple[str, int], ...] = ()) -> Row:
    return Row("DEMO", way, f"UAPI_TEST_{scenario}", scenario, services, password="any")


DEMO_TYPED = [
    _demo("username", "residential", DEMO_HOUSEHOLD),
    _demo("username", "commercial", DEMO_BUSINESS),
    _demo("username", "badlogin"),
    _demo("username", "badlogin_after"),
    _demo("username", "websitedown"),
    _demo("username", "websitedown_after"),
    _demo("username", "utilityerror"),
    _demo("username", "empty"),
    _demo("sso", "residential", DEMO_HOUSEHOLD),
    _demo("sso", "badlogin"),
]
DEMO = [*DEMO_TYPED, *(replace(row, prefill=row.value) for row in (DEMO_TYPED[0], DEMO_TYPED[8]))]

# Panels on the roof: shown to whoever tries the demo, and not played.
SOLAR = [
    Row("SSMPUC", "test", "test_solar", "solar"),
    Row("SVCE", "email", "uapi-test-solar@example.com", "solar"),
    _demo("username", "solar"),
]

ALL = [*TYPED, *PREFILLED, *FALLBACK, *DEMO]
