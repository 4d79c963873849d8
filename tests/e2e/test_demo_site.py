"""A developer at the demo site, from the ready-made client to the end of the grant."""

import re

import pytest
from playwright.sync_api import Page, expect

from portal.stack import Stack
from tests.e2e.conftest import AT_A_DESK, Look

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), AT_A_DESK]


def test_a_developer_watches_every_step(page: Page, stack: Stack, look: Look) -> None:
    page.goto(f"{stack.portal.url}/demo/")
    expect(page.get_by_label("Client ID")).to_be_visible()
    look(page, "demo-site")
    page.goto(f"{stack.portal.url}/demo/SSMPUC_ccccccccc/")
    look(page, "demo-ready-made")
    page.get_by_role("button", name="Begin with this client").click()

    page.get_by_label("Scope").fill("FB=4_16_39_51;HistoryLength=2678400")
    page.get_by_label("How the customer signs in (optional)").select_option("test")
    page.get_by_label("What is filled in for them").fill("test_residential")
    page.get_by_role("button", name="Make the authorize URL").click()
    expect(page.get_by_role("table")).to_contain_text("auth-test-test_residential")
    look(page, "demo-asked")
    page.get_by_role("link", name="Go to PUC as a customer").click()
    page.locator("form#consent button[value=allow]").click()

    expect(page.get_by_text("The customer said yes")).to_be_visible()
    page.get_by_role("button", name="Trade the code for tokens").click()
    expect(page.get_by_role("heading", name=re.compile("Trade the code"))).to_be_visible()
    expect(page.locator("pre.demo-xml")).to_contain_text("resourceURI")
    look(page, "demo-token")
    page.get_by_role("link", name="SSMPUC_ccccccccc").click()
    # The sandbox tells of the consent, and a little later of its data; the page looks by itself.
    heard = page.locator("#heard")
    expect(heard.get_by_text("/Authorization/").first).to_be_visible(timeout=30_000)
    expect(heard).to_contain_text("/Batch/Subscription/", timeout=30_000)
    look(page, "demo-visit")

    page.get_by_role("link", name="Everything of this consent").click()
    page.get_by_role("button", name="Read it").click()
    expect(page.locator("pre.demo-xml")).to_contain_text("<feed")
    expect(page.get_by_text("2 UsagePoint")).to_be_visible()
    look(page, "demo-feed", full_page=False)
    page.locator(".demo-entry summary", has_text="UsagePoint").first.click()
    page.locator(".demo-entry[open] button").first.click()
    expect(page.get_by_text("1 UsagePoint")).to_be_visible()
    look(page, "demo-entry")
    page.get_by_role("button", name=re.compile("MeterReading$")).first.click()
    expect(page.get_by_text("MeterReading", exact=False).first).to_be_visible()

    page.get_by_role("link", name="SSMPUC_ccccccccc").click()
    page.get_by_label("Token", exact=True).select_option("unknown")
    page.get_by_label("Address", exact=True).fill("Authorization")
    page.get_by_role("button", name="Read it").click()
    expect(page.get_by_text("does not take the token")).to_be_visible()
    look(page, "demo-refused")
    page.get_by_role("link", name="SSMPUC_ccccccccc").click()
    page.get_by_role("button", name="Get a client token").click()
    page.get_by_role("link", name="SSMPUC_ccccccccc").click()
    expect(page.get_by_role("link", name="The usage of all consents at once")).to_be_visible()
    look(page, "demo-explored")

    page.get_by_role("button", name="End the grant").click()
    expect(page.get_by_role("heading", name=re.compile("End the grant"))).to_be_visible()
    page.get_by_role("link", name="SSMPUC_ccccccccc").click()
    expect(page.get_by_text("Grant ended")).to_be_visible()
    page.get_by_role("button", name="Forget everything now").click()
    expect(page.get_by_text("Everything of this visit is deleted")).to_be_visible()
