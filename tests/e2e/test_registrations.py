"""Staff look after a registration in a real browser: how the utility sees it, and a test of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from portal.stack import Stack
from tests.e2e.conftest import AT_A_DESK, Look
from tests.e2e.test_staff import open_row, press

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), AT_A_DESK]


def test_staff_test_a_client_and_watch_each_step(office: Page, stack: Stack, look: Look) -> None:
    open_row(office, f"{stack.portal.url}/staff/utilities/client/", "DEMO_ccccccccc")
    look(office, "staff-client-testable")
    press(office, "Test this client")
    dialog = office.locator("#dialog")
    dialog.locator("[name=why]").fill("Before we start")
    dialog.get_by_role("button", name="Test this client").click()
    expect(office.get_by_text("A worker tests it now")).to_be_visible()
    office.goto(f"{stack.portal.url}/staff/greenbutton/clientcheck/")
    office.locator("#result_list a[href*='/change/']").first.click()
    # Nobody reloads the page.
    expect(office.locator("#client-check strong")).to_have_text("Passed", timeout=120_000)
    expect(office.get_by_text("Nothing of the test customer is left")).to_be_visible()
    look(office, "staff-client-check")


def test_staff_see_how_the_utility_sees_a_registration(
    office: Page, stack: Stack, look: Look
) -> None:
    open_row(office, f"{stack.portal.url}/staff/utilities/client/", "SVCE_ccccccccc")
    office.get_by_role("link", name="How the utility sees it").click()
    office.get_by_role("button", name="Look now").click()
    expect(office.get_by_text("Silicon Valley Clean Energy says: review.")).to_be_visible()
    look(office, "staff-registration")
