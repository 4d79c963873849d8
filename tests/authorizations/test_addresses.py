"""E-mail addresses as people, and attackers, type them."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from authorizations.customers import addresses


@pytest.mark.parametrize(
    ("typed", "is_read_as"),
    [
        ("ada@example.org", "ada@example.org"),
        ("  Ada@Example.ORG\n", "ada@example.org"),
        ("ada+meter@example.org", "ada+meter@example.org"),
        ("a.d.a@sub.example.org", "a.d.a@sub.example.org"),
        ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
    ],
)
def test_one_spelling_for_one_address(typed: str, is_read_as: str) -> None:
    assert addresses.read(typed) == is_read_as


def test_what_is_behind_a_plus_and_a_dot_is_part_of_it() -> None:
    spellings = ["ada@example.org", "ada+1@example.org", "a.da@example.org"]
    assert len({addresses.read(one) for one in spellings}) == 3


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "ada",
        "ada@",
        "@example.org",
        "ada@localhost",
        "ada@example",
        "ada@[127.0.0.1]",
        '"ada lovelace"@example.org',
        "Ada <ada@example.org>",
        "ada@example.org, ben@example.org",
        "ada@example.org;ben@example.org",
        "ada@example.org\nBcc: ben@example.org",
        "ada@example.org\r\nBcc: ben@example.org",
        "ada\n@example.org",
        "ada@example.org\0",
        "ada@exam\tple.org",
        # Folded, these would be somebody else's.
        "m\u0131ke@example.org",
        "ada@ex\u0430mple.org",
        "\uff41da@example.org",
        "ada@exam\u2028ple.org",
        "a" * 250 + "@example.org",
        "a" * 65 + "@example.org" * 30,
    ],
)
def test_what_is_no_plain_address_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError) as caught:
        addresses.read(typed)
    assert caught.value.messages[0].endswith(".")


@pytest.mark.parametrize(
    ("address", "shown"),
    [("diana@example.com", "d•••@example.com"), ("d@example.com", "d•••@example.com"), ("", "")],
)
def test_a_masked_address_tells_its_owner_and_nobody_else(address: str, shown: str) -> None:
    assert addresses.masked(address) == shown
