"""Caches: what a shared computer's browser, or a proxy in between, would keep of a customer."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.test import Client as Browser

from tests.cast import new_address
from tests.hostile.household import Household
from tests.hostile.walking import address_of, our_own, routes


def test_every_page_of_a_customers_is_kept_by_no_cache(household: Household) -> None:
    browser = household.owner.browser
    kept = set()
    for route in our_own():
        for uid in (household.authorization.uid, household.file.uid):
            answer = browser.get(address_of(route, household.known | {"uid": uid}))
            told = answer.headers.get("Cache-Control", "")
            if answer.status_code in {200, 301, 302} and not {"no-store", "private"} <= {
                one.strip() for one in told.split(",")
            }:
                kept.add(route.name)
    assert kept == set()


def test_pages_behind_a_sign_in_are_kept_by_no_cache(
    household: Household,
) -> None:
    ada = household.owner
    ada.signs_in(new_address("ada"))
    for path in ("/account/", "/account/address/", "/account/end/", "/connections/"):
        assert "no-store" in ada.browser.get(path)["Cache-Control"], path


def test_no_page_of_the_staffs_is_kept_by_a_cache(office: Browser, boss: User) -> None:
    Authenticator.objects.create(
        user=boss, type=Authenticator.Type.RECOVERY_CODES, data={"seed": "x", "used_mask": 0}
    )
    kept = set()
    for route in routes():
        if (route.is_staffs or route.is_allauths) and not route.arguments:
            answer = office.get(route.path)
            told = answer.headers.get("Cache-Control", "")
            if answer.status_code == 200 and "no-store" not in told:
                kept.add(route.name)
    assert kept == set()


def test_no_page_may_be_framed_sniffed_or_tells_where_its_reader_was(
    household: Household,
) -> None:
    for route in our_own():
        answer = household.owner.browser.get(address_of(route, household.known))
        assert answer["X-Frame-Options"] == "DENY", route
        assert answer["X-Content-Type-Options"] == "nosniff", route
        assert answer["Referrer-Policy"] == "same-origin", route
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"], route
