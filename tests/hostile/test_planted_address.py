"""An address that a link's own address writes (`?email=`) is a stranger's word: anybody can put
theirs there, and send the link on."""

from __future__ import annotations

import pytest

from authorizations.models import Authorization, ShareLink
from tests.cast import Person, authorize, code_sent_to, new_address
from utilities.models import Utility


@pytest.fixture
def mallorys() -> str:
    return new_address("mallory")


def led_by(person: Person, utility: Utility, address: str) -> Authorization:
    """What comes of a link that says it is for this address."""
    authorization = authorize(person, utility)
    authorization.attempts.update(customer_email=address)
    return authorization


def confirms(person: Person, authorization: Authorization) -> int:
    path = f"/connections/{authorization.uid}/come-back/confirm/"
    return int(person.browser.post(path).status_code)


def test_a_yes_too_quick_gives_whoever_wrote_the_link_nothing(
    utility: Utility, ada: Person, cy: Person, mallorys: str
) -> None:
    authorization = led_by(ada, utility, mallorys)
    assert confirms(ada, authorization) == 302
    cy.signs_in(mallorys)
    authorization.refresh_from_db()
    assert not cy.sees(authorization)
    assert ada.sees(authorization)
    # Neither a receipt nor a reminder goes there.
    assert (authorization.owner, authorization.customer_email) == (None, "")


def test_whoever_proves_it_in_the_same_browser_has_what_it_was_asked_for(
    utility: Utility, ada: Person, ben: Person
) -> None:
    address = new_address("ada")
    hers, bens = led_by(ada, utility, address.upper()), led_by(ben, utility, address)
    not_asked = led_by(ada, utility, address)
    assert confirms(ada, hers) == 302
    ada.types_code(code_sent_to(address))
    for row in (hers, bens, not_asked):
        row.refresh_from_db()
    assert hers.owner is not None
    assert hers.customer_email == address
    assert bens.owner is None
    assert not_asked.owner is None


def test_the_address_of_the_companys_own_link_counts_from_the_yes_on(
    utility: Utility, ada: Person, ben: Person
) -> None:
    address = new_address("ada")
    authorization = led_by(ada, utility, address)
    authorization.share_link = ShareLink.objects.create(utility=utility, customer_email=address)
    authorization.save()
    authorization.attempts.update(share_link=authorization.share_link)
    assert confirms(ada, authorization) == 302
    ben.signs_in(address)
    assert ben.sees(authorization)
