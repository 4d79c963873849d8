"""Enumeration: is she a customer? Nothing that answers strangers says so."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail

from authorizations.models import Authorization, ShareLink
from tests.cast import Person, ada, authorize, new_address
from utilities.models import Utility


def words(answer: Any, *besides: str) -> tuple[int, str, str]:
    text = answer.content.decode()
    text = re.sub(r'(csrfmiddlewaretoken" value=|name="shown" value=|nonce=)"[^"]+"', "", text)
    for one in besides:
        text = text.replace(one, "…")
    return answer.status_code, answer.headers.get("Location", ""), text


def customer(address: str) -> Authorization:
    """Somebody who shares, and has an account with this address."""
    person = ada()
    authorization = authorize(person, Utility.objects.get())
    authorization.give_email(address)
    person.signs_in(address)
    return authorization


@pytest.mark.parametrize("kind", ["share", "connect"])
def test_a_link_with_a_customers_address_says_what_one_with_a_strangers_says(
    utility: Utility, cy: Person, kind: str
) -> None:
    hers, nobodys = new_address("ada"), new_address("bob")
    customer(hers)
    link = ShareLink.objects.create(utility=utility)
    page = f"/share/{link.code}/" if kind == "share" else f"/connect/{utility.slug}/"
    told = {
        words(cy.browser.get(page, {"email": address}), address, address.replace("@", "%40"))
        for address in (hers, nobodys)
    }
    assert len(told) == 1


def test_a_guest_who_gives_a_customers_address_sees_no_difference(
    utility: Utility, ben: Person
) -> None:
    hers, nobodys = new_address("ada"), new_address("bob")
    customer(hers)
    told = set()
    for address in (hers, nobodys):
        his = authorize(ben, utility)
        page = f"/connections/{his.uid}/come-back/give/"
        answers = [
            ben.browser.post(page, {"email": address}),
            ben.browser.get("/account/code/"),
            ben.types_code("0000-0000"),
        ]
        told.add(tuple(words(answer, address, his.uid) for answer in answers))
    assert len(told) == 1


def test_the_staffs_door_and_a_forgotten_password_tell_no_account_apart(
    db: None, cy: Person
) -> None:
    known, unknown = new_address("boss"), new_address("nobody")
    User.objects.create_user(known, known, "correct horse battery", is_staff=True)
    for path, fields in (
        ("/accounts/login/", {"password": "wrong"}),
        ("/accounts/password/reset/", {}),
    ):
        name = "login" if "login" in path else "email"
        told = {
            words(cy.browser.post(path, {name: address, **fields}), address)
            for address in (known, unknown)
        }
        assert len(told) == 1, path
    assert [message.to for message in mail.outbox] == [[known]]


def test_an_account_that_another_customer_has_is_not_told_before_it_is_proved(
    utility: Utility, ben: Person
) -> None:
    hers, nobodys = new_address("ada"), new_address("bob")
    customer(hers)
    ben.signs_in(new_address("ben"))
    ben.browser.get("/account/")  # which welcomes him, once
    told = set()
    for address in (hers, nobodys):
        answers = [
            ben.browser.post("/account/address/send/", {"email": address}),
            ben.browser.get("/account/code/"),
            ben.types_code("0000-0000"),
        ]
        told.add(tuple(words(answer, address) for answer in answers))
    assert len(told) == 1


def test_how_many_customers_there_are_shows_nowhere(
    utility: Utility, ada: Person, cy: Person
) -> None:
    pages = ["/", "/connect/", f"/connect/{utility.slug}/", "/connections/", "/upload/"]
    before = [words(cy.browser.get(page)) for page in pages]
    for _ in range(3):
        authorize(ada, utility)
    assert [words(cy.browser.get(page)) for page in pages] == before
