"""The company's own pages, to which links may lead."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser

from authorizations.models import ReturnAddress
from tests.staff.conftest import page_of, press, says

ADD = "/staff/authorizations/returnaddress/add/"


def test_an_address_is_registered_and_withdrawn(office: Browser, boss: User) -> None:
    said = {"name": "Solar", "url": "https://solar.example/thanks"}
    assert "was added" in says(office.post(ADD, said, follow=True))
    address = ReturnAddress.objects.get()
    assert address.created_by == boss
    assert ReturnAddress.registered(said["url"]) == address
    office.post(page_of(address), {"name": "Sun", "url": "https://evil.example/"})
    address.refresh_from_db()
    assert (address.name, address.url) == ("Sun", said["url"])
    press(office, address, "withdraw")
    assert ReturnAddress.registered(said["url"]) is None


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://solar.example/", "must begin with https://"),
        ("javascript:alert(1)", "whole address of a page"),
        ("https://solar.example/#a", "may not have a fragment"),
        ("https://solar.example@evil.example/", "whole address of a page"),
        ("", "This field is required."),
    ],
)
def test_what_browsers_may_not_be_sent_to_is_refused(
    office: Browser, url: str, sentence: str
) -> None:
    assert sentence in says(office.post(ADD, {"name": "Solar", "url": url}))
    assert not ReturnAddress.objects.exists()


def test_there_is_one_for_links_that_name_none(office: Browser) -> None:
    first = {"name": "Solar", "url": "https://solar.example/", "is_default": "on"}
    office.post(ADD, first)
    page = says(office.post(ADD, {**first, "url": "https://other.example/"}))
    assert "Solar is the one for links that name none." in page
    assert ReturnAddress.objects.count() == 1
