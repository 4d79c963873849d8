"""Small documents of the customer's side."""

from greenbutton.espi import Finding
from tests.greenbutton.espi.documents import entry, feed, findings_of, read_all

CUSTOMER = "http://naesb.org/espi/customer"


def document(name: str, inner: str) -> bytes:
    """One resource, in the way of PG&E: the customer's schema has no prefix."""
    return feed(entry(f'<{name} xmlns="{CUSTOMER}">{inner}</{name}>'))


def read_one(name: str, inner: str) -> object:
    (found,) = read_all(document(name, inner))
    assert found.type == f"{name}@cust"
    return found.resource


def findings_in(name: str, inner: str) -> list[Finding]:
    return findings_of(document(name, inner))
