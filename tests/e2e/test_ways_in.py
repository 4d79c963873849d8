"""Ways in, in a real browser: the customer chooses, and goes on to the company's own page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from portal.stack import Stack
from tests.e2e.conftest import Look
from tests.e2e.test_main_job import starting, use_test_account
from tests.e2e.test_staff import press
from tests.lying_utility import LyingUtility

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def register(office: Page, stack: Stack, address: str) -> None:
    """Let links lead to this page of the company's."""
    office.goto(f"{stack.portal.url}/staff/authorizations/returnaddress/add/")
    office.fill("[name=name]", f"A page at {address}")
    office.fill("[name=url]", address)
    office.get_by_role("button", name="Save", exact=True).click()
    expect(office.get_by_text("was added successfully")).to_be_visible()


def make_link(office: Page, stack: Stack, look: Look) -> str:
    """A link for whichever utility the customer has; its address."""
    office.goto(f"{stack.portal.url}/staff/authorizations/sharelink/add/")
    office.get_by_label("Energy use, by interval").check()
    office.get_by_label("Account details").check()
    office.select_option("[name=history]", label="1 year")
    words = office.locator("#scope-words")
    expect(words).to_contain_text("FB=4_51;HistoryLength=31536000")
    expect(words).to_contain_text("Up to 1 year of history")
    office.fill("[name=reference]", "Contract 17")
    office.fill("[name=expected_account]", "9999")
    office.fill("[name=customer_email]", "joe@example.com")
    look(office, "staff-ways-in-new-link")
    office.get_by_role("button", name="Save", exact=True).click()
    address = office.locator("[data-copy]")
    expect(address).to_be_visible()
    expect(office.get_by_alt_text("The link as a QR code")).to_be_visible()
    look(office, "staff-ways-in-link")
    return address.get_attribute("data-copy") or ""


def test_a_customer_chooses_a_utility_consents_and_lands_on_the_companys_page(
    office: Page, stack: Stack, look: Look
) -> None:
    with LyingUtility() as company:
        company.answer("/thanks", body=b"<h1>Thank you</h1>", headers={"Content-Type": "text/html"})
        company.answer("/favicon.ico", 204)
        register(office, stack, f"{company.url}/thanks")
        link = make_link(office, stack, look)
        press(office, "Send by e-mail")
        office.locator("#dialog").get_by_role("button", name="Send by e-mail").click()
        expect(office.get_by_text("The e-mail is on its way.")).to_be_visible()
        office.get_by_role("link", name="What the customer will see").click()
        look(office, "staff-ways-in-preview")
        office.context.clear_cookies()

        page = office  # the customer's from here on
        page.goto(f"{link}?state=7&redirect_uri={company.url}/thanks")
        look(page, "ways-in-choose")
        page.get_by_label("Name or place of your utility").fill("ontario")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=2)).to_have_count(1)
        look(page, "ways-in-choose-found")
        page.get_by_role("link", name="PUC Distribution").click()
        look(page, "ways-in-share")
        page.get_by_role("button", name="Continue to").click()
        use_test_account(page, "test_residential")
        page.locator("#consent button[value=allow]").click()
        expect(page).to_have_url(starting(f"{company.url}/thanks?state=7&authorization_uid="))
        expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
        uid = re.search(r"authorization_uid=(\w+)", page.url)
        assert uid
        page.goto(f"{stack.portal.url}/usage/{uid[1]}/")
        expect(page.get_by_role("heading", level=1)).to_contain_text("PUC Distribution")


def test_a_customer_who_says_no_with_noredirect_is_shown_the_way_back(
    office: Page, stack: Stack, look: Look
) -> None:
    with LyingUtility() as company:
        register(office, stack, f"{company.url}/no")
        page = office
        page.context.clear_cookies()
        address = f"{stack.portal.url}/connect/ssmpuc/?noredirect=1&redirect_uri={company.url}/no"
        page.goto(address)
        page.get_by_role("button", name="Continue to").click()
        use_test_account(page, "test_residential")
        page.locator("#consent button[value=deny]").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Nothing was shared")
        look(page, "ways-in-declined")
        expect(page.get_by_role("link", name="Back to 127.0.0.1")).to_have_attribute(
            "href", f"{company.url}/no?error=access_denied"
        )


def test_a_customer_who_began_at_the_utility_sees_what_it_offers(
    page: Page, stack: Stack, look: Look
) -> None:
    page.goto(
        f"{stack.portal.url}/connect/ssmpuc/scope/?scope=FB=4;HistoryLength=2592000"
        "&scope=FB=1_4_16&DataCustodianID=SSMPUC&ThirdPartyID=us"
    )
    look(page, "ways-in-scope-selection")
    page.get_by_role("button", name="Continue to").first.click()
    expect(page).to_have_url(starting(stack.sandbox.url))
